#ifndef FOVEA_TESTS_SUPPORT_WIRE_FORMATS_H_
#define FOVEA_TESTS_SUPPORT_WIRE_FORMATS_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "fovea/v1/context.pb.h"

namespace fovea::testing {

// All that the API has: a new one is tested as the others are.
inline std::vector<v1::WireFormat> AllFormats() {
  std::vector<v1::WireFormat> formats;
  const google::protobuf::EnumDescriptor& all = *v1::WireFormat_descriptor();
  for (int i = 0; i < all.value_count(); ++i) {
    if (all.value(i)->number() == v1::WIRE_FORMAT_UNSPECIFIED) continue;
    formats.push_back(static_cast<v1::WireFormat>(all.value(i)->number()));
  }
  return formats;
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_WIRE_FORMATS_H_
