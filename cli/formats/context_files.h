// A served context as files: context.json, and its pages as images.
#ifndef FOVEA_CLI_FORMATS_CONTEXT_FILES_H_
#define FOVEA_CLI_FORMATS_CONTEXT_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/formats/json.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {

// "007-faint-2-57.png": the number of the page in the context, from 1, its rung and its turns.
std::string PageFileName(size_t number, const v1::PageRef& page);

// The images that a wire-format payload carries, decoded, in the payload's order. INVALID_ARGUMENT
// if it is not JSON.
absl::StatusOr<std::vector<std::string>> PayloadImages(std::string_view payload);

// Whether `png` is a PNG image of the page's size.
bool IsImageOf(const v1::PageRef& page, std::string_view png);

// A native context's blocks, with each page by the name of its file.
Json NativeContextJson(const v1::BuildContextResponse& response);

// Makes DIR/pages, removes the pages of an earlier run from it, and writes `pages` (one for each
// page of the summary, in its order) and DIR/context.json. UNAVAILABLE and others if the disk
// refuses.
absl::Status WriteContextFiles(const std::string& folder, const v1::ContextSummary& summary,
                               const std::vector<std::string>& pages,
                               std::string_view context_json);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_CONTEXT_FILES_H_
