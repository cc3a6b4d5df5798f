#include "tests/service/payload_check_common.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace fovea::testing {

void Checker::CheckKeys(const Json& object, std::initializer_list<const char*> known) {
  for (const auto& [key, value] : object.items()) {
    const bool is_known = std::find(known.begin(), known.end(), key) != known.end();
    if (!is_known) Say("unknown field " + key);
  }
}

bool IsPlain(const std::string& name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                              std::string::npos;
}

namespace {

// The bytes of the space, as Python's str.isspace has it, that `text` ends with; 0 if there is
// none.
size_t SpaceAtEnd(std::string_view text) {
  static const char* const kSpaces[] = {" ",      "\t",     "\n",     "\v",     "\f",     "\r",
                                        "\x1C",   "\x1D",   "\x1E",   "\x1F",   "\u0085", "\u00A0",
                                        "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                        "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
                                        "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  for (const std::string_view space : kSpaces) {
    if (text.ends_with(space)) return space.size();
  }
  return 0;
}

// The type of image that begins like this base64; "" if none does.
std::string TypeOf(std::string_view base64) {
  if (base64.starts_with("iVBORw0KGg")) return "image/png";
  if (base64.starts_with("/9j")) return "image/jpeg";
  if (base64.starts_with("R0lGODdh") || base64.starts_with("R0lGODlh")) return "image/gif";
  if (base64.starts_with("UklGR")) return "image/webp";
  return "";
}

}  // namespace

bool EndsWhite(const std::string& text) { return SpaceAtEnd(text) > 0; }

bool IsBlank(const std::string& text) {
  std::string_view left = text;
  for (size_t space = SpaceAtEnd(left); space > 0; space = SpaceAtEnd(left)) {
    left.remove_suffix(space);
  }
  return left.empty();
}

bool IsImageData(const std::string& type, const std::string& base64) {
  return IsBase64(base64) && TypeOf(base64) == type;
}

bool IsBase64(const std::string& text) {
  const size_t end = text.find_last_not_of('=');
  return !text.empty() && text.size() % 4 == 0 && end != std::string::npos &&
         text.size() - end <= 3 &&
         std::all_of(text.begin(), text.begin() + static_cast<long>(end) + 1,
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; });
}

bool IsImageUrl(const std::string& url) {
  for (const char* type : {"image/png", "image/jpeg", "image/webp", "image/gif"}) {
    const std::string start = std::string("data:") + type + ";base64,";
    if (url.rfind(start, 0) == 0) return IsImageData(type, url.substr(start.size()));
  }
  return IsPageUrl(url);
}

bool IsPageUrl(const std::string& url) {
  const std::string reference = "fovea:page/";
  return url.rfind(reference, 0) == 0 && IsPageId(url.substr(reference.size()));
}

bool IsPageId(const std::string& id) {
  return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace fovea::testing
