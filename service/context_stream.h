// A context in chunks that every gRPC client receives.
#ifndef FOVEA_SERVICE_CONTEXT_STREAM_H_
#define FOVEA_SERVICE_CONTEXT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "fovea/v1/context.pb.h"
#include "service/memory_budget.h"
#include "service/reactors.h"
#include "service/rpc.h"

namespace fovea::service {

// Thread-compatible.
class ContextStream {
 public:
  bool begun() const { return begun_; }

  // Takes the answer, whose bytes are held in the call's memory until the last is given.
  // RESOURCE_EXHAUSTED.
  absl::Status Begin(const Call& call, const v1::BuildContextResponse& response);

  Answered Next(v1::ContextChunk* chunk);

 private:
  bool begun_ = false;
  MemoryBudget::Hold memory_;
  std::string bytes_;
  size_t at_ = 0;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONTEXT_STREAM_H_
