// Contexts as native blocks.
#ifndef FOVEA_SERVICE_NATIVE_H_
#define FOVEA_SERVICE_NATIVE_H_

#include <string>

#include "core/context/context.h"
#include "fovea/v1/context.pb.h"

namespace fovea::service {

// The context as native blocks, with the digests of the prefix and of all blocks: SHA-256 over each
// block's deterministic serialisation, its length first as 8 little-endian bytes.
struct NativeDigests {
  std::string prefix_sha256;
  std::string sha256;
};
NativeDigests WriteNative(const Context& context,
                          google::protobuf::RepeatedPtrField<v1::ContextBlock>* blocks);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_NATIVE_H_
