// What the server asks of a method's callers, and what it gives to their calls.
#ifndef FOVEA_SERVICE_METHOD_H_
#define FOVEA_SERVICE_METHOD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fovea::service {

// What a caller must be allowed to do. Each includes those before it.
enum class Access : uint8_t {
  kRead,   // read a tenant's sessions
  kWrite,  // change them
  kAdmin   // what reaches over all tenants
};

// Who waits for whom: calls of one lane share its threads, and no lane waits for another's.
enum class Lane : uint8_t {
  kAppend,  // waits for the disk alone
  kRead,    // a few rows; what reads large turns goes on in kLarge
  kLarge,   // reads turns that are large, in time and in memory
  kSearch,  // the index
  kWarm,    // computes for milliseconds; what takes longer goes on in kCold
  kCold,    // computes for seconds, in slices
  kUpkeep   // deletes, copies and reads whole sessions
};
constexpr size_t kLanes = 7;

// What a call costs its tenant, beside being a call and, where it writes, its bytes.
enum class Cost : uint8_t {
  kCall,   // no more than that
  kTurns,  // the turns that it brings or copies: its handler takes them as they come
  kView,   // a build if the view has to be made: its handler takes it then
  kBuild   // a build: it makes a view, or draws pages
};

constexpr size_t kSmallRequest = size_t{128} << 10;  // ids, titles and metadata
constexpr size_t kListRequest = size_t{4} << 20;     // and lists of ids
constexpr size_t kTextRequest = size_t{17} << 20;    // a document
// A turn of the largest size must fit, with its framing.
constexpr size_t kLargeRequest = (size_t{64} << 20) + (size_t{1} << 20);

struct Method {
  std::string_view name;
  Lane lane = Lane::kRead;
  Access access = Access::kRead;
  Cost cost = Cost::kCall;
  size_t max_request_bytes = kSmallRequest;
  bool names_session = true;  // a session_id of the request must be one, if there is that field
  // Each call leaves a line in the audit log: false only of what neither reads a session's content,
  // nor deletes, nor administers.
  bool audited = true;
  bool quick = false;  // may begin on gRPC's own thread, where it waits for nothing
  // A stream of requests that waits for its tenant's quotas of turns and bytes, where others are
  // refused: half of it would be of no use.
  bool waits_for_quota = false;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_METHOD_H_
