#include "service/context_stream.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

}  // namespace

absl::Status ContextStream::Begin(const Call& call, const v1::BuildContextResponse& response) {
  FOVEA_ASSIGN_OR_RETURN(memory_, call.TakeMemory(response.ByteSizeLong()));
  begun_ = true;
  if (response.SerializeToString(&bytes_)) return absl::OkStatus();
  return absl::InternalError("the context does not serialize");
}

Answered ContextStream::Next(v1::ContextChunk* chunk) {
  if (at_ == bytes_.size()) return Answered::kNothing;
  const size_t length = std::min(kChunkBytes, bytes_.size() - at_);
  chunk->set_data(bytes_.substr(at_, length));
  chunk->set_total_bytes(bytes_.size());
  at_ += length;
  return at_ < bytes_.size() ? Answered::kMore : Answered::kLast;
}

}  // namespace fovea::service
