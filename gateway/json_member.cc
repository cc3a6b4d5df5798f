#include "gateway/json_member.h"

#include <algorithm>

namespace fovea::gateway {

using transcripts::Json;

const Json& MemberAt(const Json& object, const char* key) {
  static const Json* const kNone = new Json();
  if (!object.is_object()) return *kNone;
  const auto found = object.find(key);
  return found == object.end() ? *kNone : *found;
}

std::string TextAt(const Json& object, const char* key) {
  const Json& member = MemberAt(object, key);
  return member.is_string() ? member.get<std::string>() : "";
}

int64_t NumberAt(const Json& object, const char* key) {
  const Json& member = MemberAt(object, key);
  if (!member.is_number_integer()) return 0;
  constexpr int64_t kMax = int64_t{1} << 48;
  return std::clamp(member.get<int64_t>(), -kMax, kMax);
}

}  // namespace fovea::gateway
