#include "core/base/bounded_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fovea {

JsonSize MeasureJson(std::string_view text) {
  JsonSize size{.values = 1};
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        break;
      case '{':
      case '[':
        size.depth = std::max(size.depth, ++depth);
        ++size.values;
        break;
      case '}':
      case ']':
        depth -= depth > 0 ? 1 : 0;
        break;
      case ',':
      case ':':
        ++size.values;
        break;
      default:
        break;
    }
  }
  return size;
}

nlohmann::json ParseBoundedJson(std::string_view text, size_t max_values) {
  const JsonSize size = MeasureJson(text);
  if (size.depth > kMaxJsonDepth || size.values > max_values) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace fovea
