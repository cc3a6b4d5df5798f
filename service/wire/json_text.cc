#include "service/wire/json_text.h"

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "core/base/bounded_json.h"
#include "core/base/image_size.h"
#include "nlohmann/json.hpp"

namespace fovea::wire {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscape(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 0xF];
  }
}

}  // namespace

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  size_t plain_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out.append(text, plain_from, i - plain_from);
    AppendEscape(text[i], out);
    plain_from = i + 1;
  }
  out.append(text, plain_from);
  out += '"';
}

void AppendBase64(std::string_view bytes, std::string& out) {
  std::string encoded;
  absl::Base64Escape({bytes.data(), bytes.size()}, &encoded);
  out += encoded;
}

bool IsJsonObject(const std::string& text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string::npos && text[start] == '{' && IsShallowJson(text) &&
         nlohmann::json::accept(text);
}

bool IsDetail(std::string_view resolution) {
  return resolution == "low" || resolution == "high" || resolution == "original" ||
         resolution == "auto";
}

const std::string* ImageBytes(const Image& image, const PageBytes& pages) {
  if (image.own != nullptr) return &image.own->data;
  auto found = pages.find(image.page_id);
  return found == pages.end() ? nullptr : found->second.get();
}

std::string_view MediaType(const Image& image) {
  return image.own != nullptr ? ImageMediaType(image.own->data) : "image/png";
}

void AppendImageUrl(const Image& image, const PageBytes& pages, std::string& out) {
  const std::string* bytes = ImageBytes(image, pages);
  if (bytes == nullptr) {
    out += "fovea:page/";
    out += image.page_id;
    return;
  }
  out += "data:";
  out += MediaType(image);
  out += ";base64,";
  AppendBase64(*bytes, out);
}

}  // namespace fovea::wire
