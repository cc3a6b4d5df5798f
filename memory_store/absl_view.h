#ifndef FOVEA_MEMORY_STORE_ABSL_VIEW_H_
#define FOVEA_MEMORY_STORE_ABSL_VIEW_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace fovea {

// Debian builds Abseil with a string_view of its own, which std's does not turn into.
inline absl::string_view AbslView(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view StdView(absl::string_view view) { return {view.data(), view.size()}; }

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_ABSL_VIEW_H_
