// One bound on the JSON that callers send: nothing that they nest or list makes the process recurse
// or take memory without end.
#ifndef FOVEA_CORE_BASE_BOUNDED_JSON_H_
#define FOVEA_CORE_BASE_BOUNDED_JSON_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace fovea {

// nlohmann/json writes, copies and compares values by recursion: a value may be nested this deep.
constexpr size_t kMaxJsonDepth = 64;
// A value of a parsed tree takes up to about 150 bytes, however few it has in the text.
constexpr size_t kMaxJsonValues = 100'000;

struct JsonSize {
  size_t depth = 0;   // of nested objects and arrays
  size_t values = 0;  // names and values, at least as many as there are
};

// Read without recursion and without memory. Of text that is not JSON: never less than what a
// parser meets before it finds that out.
JsonSize MeasureJson(std::string_view text);

// False if `text` is nested deeper than kMaxJsonDepth.
inline bool IsShallowJson(std::string_view text) {
  return MeasureJson(text).depth <= kMaxJsonDepth;
}

// The parsed text, or a discarded value (is_discarded()) if it is not JSON or is larger than the
// bounds. Never throws.
nlohmann::json ParseBoundedJson(std::string_view text, size_t max_values = kMaxJsonValues);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_BOUNDED_JSON_H_
