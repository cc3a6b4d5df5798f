#include "core/log/blobs.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"

namespace fovea {
namespace {

constexpr size_t kMinLine = 60;
// What stays of a blob's ends: enough to tell one from another.
constexpr size_t kFirst = 48;
constexpr size_t kLast = 16;
constexpr size_t kDigestDigits = 12;

bool IsBase64(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '-' ||
         c == '_' || c == '=';
}

bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

size_t EndOfRun(std::string_view text, size_t at) {
  while (at < text.size() && IsBase64(text[at])) ++at;
  return at;
}

// Behind the line break at `at`; `at` if there is none.
size_t SkipBreak(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '\r') ++at;
  return at < text.size() && text[at] == '\n' ? at + 1 : at;
}

// The end of the base64 that begins at `begin`, over lines of one length, the last one shorter.
size_t EndOfBase64(std::string_view text, size_t begin) {
  const size_t first = EndOfRun(text, begin);
  const size_t length = first - begin;
  if (length < kMinLine) return first;
  bool hex = std::all_of(text.begin() + static_cast<long>(begin),
                         text.begin() + static_cast<long>(first), IsHex);
  size_t end = first;
  while (true) {
    const size_t line = SkipBreak(text, end);
    if (line == end) break;
    const size_t line_end = EndOfRun(text, line);
    const bool ends_there = line_end == text.size() || text[line_end] == '\n' ||
                            text[line_end] == '\r' || line_end - line == length;
    if (line_end == line || line_end - line > length || !ends_there) break;
    hex = hex && std::all_of(text.begin() + static_cast<long>(line),
                             text.begin() + static_cast<long>(line_end), IsHex);
    end = line_end;
    if (line_end - line < length) break;
  }
  return hex ? first : end;
}

bool IsBinary(std::string_view text) {
  if (text.size() < kMinBlobBytes) return false;
  size_t noise = 0;
  for (size_t at = 0; at < text.size();) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    const char32_t c = character.code_point;
    const bool control = c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != 0x1B;
    if (!character.well_formed || control) ++noise;
    at += character.length;
  }
  return noise > text.size() / 8;
}

const char* NameOf(Blob::Kind kind) {
  return kind == Blob::Kind::kBase64 ? "base64" : "binary bytes";
}

// Appends `blob` of `text` as its gist; gives the characters left out.
uint64_t AppendGist(std::string_view text, const Blob& blob, uint64_t seq, std::string& out) {
  const std::string_view all = text.substr(blob.begin, blob.end - blob.begin);
  const size_t first = CharacterStart(all, kFirst);
  const size_t last = CharacterStart(all, all.size() - kLast);
  const std::string_view middle = all.substr(first, last - first);
  out += all.substr(0, first);
  absl::StrAppend(&out, "… [", all.size(), " bytes of ", NameOf(blob.kind), ", SHA-256 ",
                  Sha256Hex(all).substr(0, kDigestDigits), "…: recall #", seq,
                  " for at most 4,000 bytes at a time] …");
  out += all.substr(last);
  return CountCharacters(middle);
}

}  // namespace

std::vector<Blob> FindBlobs(std::string_view text) {
  if (text.size() < kMinBlobBytes) return {};
  if (IsBinary(text)) return {{.kind = Blob::Kind::kBinary, .begin = 0, .end = text.size()}};
  std::vector<Blob> blobs;
  for (size_t at = 0; at < text.size();) {
    if (!IsBase64(text[at])) {
      ++at;
      continue;
    }
    const size_t end = EndOfBase64(text, at);
    if (end - at >= kMinBlobBytes) blobs.push_back({.begin = at, .end = end});
    at = end;
  }
  return blobs;
}

std::optional<GistOfBlobs> WithoutBlobs(const Turn& turn) {
  std::optional<GistOfBlobs> gist;
  for (size_t i = 0; i < turn.parts.size(); ++i) {
    const auto* result = std::get_if<ToolResultPart>(&turn.parts[i]);
    if (result == nullptr) continue;
    for (size_t item = 0; item < result->content.size(); ++item) {
      const auto* text = std::get_if<TextPart>(&result->content[item]);
      if (text == nullptr) continue;
      const std::vector<Blob> blobs = FindBlobs(text->text);
      if (blobs.empty()) continue;
      if (!gist.has_value()) gist = GistOfBlobs{.turn = turn};
      std::string shorter;
      size_t at = 0;
      for (const Blob& blob : blobs) {
        shorter.append(text->text, at, blob.begin - at);
        gist->elided_characters += AppendGist(text->text, blob, turn.seq, shorter);
        at = blob.end;
      }
      shorter.append(text->text, at);
      auto& copy = std::get<ToolResultPart>(gist->turn.parts[i]);
      std::get<TextPart>(copy.content[item]).text = std::move(shorter);
    }
  }
  return gist;
}

}  // namespace fovea
