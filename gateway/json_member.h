// Members of JSON that a client or a provider sent, of whatever shape it is.
#ifndef FOVEA_GATEWAY_JSON_MEMBER_H_
#define FOVEA_GATEWAY_JSON_MEMBER_H_

#include <cstdint>
#include <string>

#include "transcripts/lossless_json.h"

namespace fovea::gateway {

// The member; null where there is none.
const transcripts::Json& MemberAt(const transcripts::Json& object, const char* key);
// The member's text; "" where there is none or it is of another type.
std::string TextAt(const transcripts::Json& object, const char* key);
// The member's integer; 0 where there is none or it is of another type. At most 2^48 either way, so
// that sums of what a provider counts have room.
int64_t NumberAt(const transcripts::Json& object, const char* key);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_JSON_MEMBER_H_
