#include "core/tokens/opaque_tokens.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "core/base/bounded_json.h"

namespace fovea {
namespace {

struct Provider {
  std::string_view family;  // how its readers' families begin
  std::string_view api;     // how its blocks' kinds begin
};
constexpr std::array kProviders = {Provider{"claude", "anthropic."}, Provider{"gpt-", "openai."},
                                   Provider{"o3", "openai."},        Provider{"o4-", "openai."},
                                   Provider{"computer-", "openai."}, Provider{"gemini", "gemini."},
                                   Provider{"deepseek", "deepseek."}};

const std::string* TextIn(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get_ptr<const std::string*>()
                                                     : nullptr;
}

// {"type": "base64", "media_type": ..., "data": ...} or {"mimeType": ..., "data": ...}
nlohmann::json* SourceIn(nlohmann::json& block) {
  for (const char* member : {"source", "inlineData", "inline_data"}) {
    const auto found = block.find(member);
    if (found != block.end() && found->is_object() && TextIn(*found, "data") != nullptr) {
      return &*found;
    }
  }
  return nullptr;
}

}  // namespace

bool MayBeSent(std::string_view family, std::string_view kind) {
  const auto* const own = std::ranges::find_if(
      kProviders, [family](const Provider& known) { return family.starts_with(known.family); });
  const bool known_api = std::ranges::any_of(
      kProviders, [kind](const Provider& known) { return kind.starts_with(known.api); });
  return own == kProviders.end() || !known_api || kind.starts_with(own->api);
}

std::optional<CarriedFile> FileIn(const OpaquePart& opaque) {
  if (opaque.data.find("\"data\"") == std::string::npos) return std::nullopt;
  auto block = ParseBoundedJson(opaque.data);
  if (!block.is_object()) return std::nullopt;
  nlohmann::json* const source = SourceIn(block);
  if (source == nullptr) return std::nullopt;
  CarriedFile carried;
  for (const char* member : {"media_type", "mimeType", "mime_type"}) {
    if (const std::string* type = TextIn(*source, member)) carried.file.media_type = *type;
  }
  const std::string* type = TextIn(*source, "type");
  const std::string& data = *TextIn(*source, "data");
  if (type != nullptr && *type != "base64") return std::nullopt;
  if (!absl::Base64Unescape(data, &carried.file.data)) return std::nullopt;
  source->erase("data");
  carried.rest = block.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return carried;
}

}  // namespace fovea
