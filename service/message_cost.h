// What a message will take in memory, told from its bytes before it is parsed.
#ifndef FOVEA_SERVICE_MESSAGE_COST_H_
#define FOVEA_SERVICE_MESSAGE_COST_H_

#include <cstdint>

#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"

namespace fovea::service {

// Bytes that the message in `bytes`, of `prototype`'s type, takes once it is parsed: about right
// for long texts, rather more than less for many small fields. Stops counting once it is past
// `enough`. Reads without recursion. Of bytes that are no such message it says what the parser
// would take before it finds that out. Thread-safe.
uint64_t ParsedBytes(const grpc::ByteBuffer& bytes, const google::protobuf::Message& prototype,
                     uint64_t enough);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_MESSAGE_COST_H_
