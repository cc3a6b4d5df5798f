// How many calls of a connection have ended, whoever ended them.
#ifndef FOVEA_SERVICE_ENDED_CALLS_H_
#define FOVEA_SERVICE_ENDED_CALLS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "service/steady_clock.h"

namespace fovea::service {

// Calls that are refused for their token are seen by gRPC alone, which does not say of which
// connection they are; but its channelz counts the calls of each. Thread-compatible.
class EndedCalls {
 public:
  // Of the connection from `peer`, as gRPC names it. 0 if gRPC does not have it, which is looked up
  // some times a second.
  uint64_t Of(const std::string& peer);

 private:
  void FindSockets();

  absl::flat_hash_map<std::string, int64_t> sockets_;  // channelz's ids, by peer
  std::optional<SteadyTime> looked_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_ENDED_CALLS_H_
