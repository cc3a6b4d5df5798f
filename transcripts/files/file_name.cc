#include "transcripts/files/file_name.h"

namespace fovea::transcripts {

bool CouldHoldASession(std::string_view path) {
  constexpr std::string_view kPacked = ".gz";
  if (path.ends_with(kPacked)) path.remove_suffix(kPacked.size());
  return path.ends_with(".jsonl") || path.ends_with(".json") || path.ends_with(".traj");
}

}  // namespace fovea::transcripts
