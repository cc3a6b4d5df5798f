#include "cli/formats/suggest.h"

#include <edlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fovea::cli {

std::string Nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string nearest;
  int least = (static_cast<int>(word.size()) + 2) / 3 + 1;
  for (const std::string& candidate : candidates) {
    EdlibAlignResult result =
        edlibAlign(word.data(), static_cast<int>(word.size()), candidate.data(),
                   static_cast<int>(candidate.size()),
                   edlibNewAlignConfig(least, EDLIB_MODE_NW, EDLIB_TASK_DISTANCE, nullptr, 0));
    if (result.status == EDLIB_STATUS_OK && result.editDistance >= 0 &&
        result.editDistance < least) {
      least = result.editDistance;
      nearest = candidate;
    }
    edlibFreeAlignResult(result);
  }
  return nearest;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

}  // namespace fovea::cli
