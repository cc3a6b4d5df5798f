#include "tests/service/payload_check_common.h"

#include <algorithm>
#include <cctype>

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

bool IsBlank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
}

bool IsBase64(const std::string& text) {
  const size_t end = text.find_last_not_of('=');
  return !text.empty() && text.size() % 4 == 0 && end != std::string::npos &&
         text.size() - end <= 3 &&
         std::all_of(text.begin(), text.begin() + static_cast<long>(end) + 1,
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; });
}

bool IsImageUrl(const std::string& url) {
  for (const char* type : {"png", "jpeg", "webp", "gif"}) {
    const std::string start = std::string("data:image/") + type + ";base64,";
    if (url.rfind(start, 0) == 0) return IsBase64(url.substr(start.size()));
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
