#include "core/log/part_text.h"

#include <algorithm>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"

namespace fovea {
namespace {

constexpr size_t kMaxNameBytes = 200;

// A name as a note can hold it: short, on one line.
std::string Short(std::string_view name) {
  std::string shown(name.substr(0, CharacterStart(name, std::min(name.size(), kMaxNameBytes))));
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return shown.size() < name.size() ? shown + "…" : shown;
}

std::string Named(std::string_view name) {
  return name.empty() ? "" : absl::StrCat(", \"", Short(name), "\"");
}

}  // namespace

bool IsTextDocument(const DocumentPart& document) {
  return absl::StartsWith(document.media_type, "text/");
}

void TextsOf::operator()(const ToolResultPart& part) const {
  for (const ResultItem& item : part.content) std::visit(*this, item);
}

void TextsOf::operator()(const DocumentPart& part) const {
  Give(part.context);
  if (IsTextDocument(part)) Give(part.data);
}

void TextsOf::operator()(const SearchResultPart& part) const {
  for (const std::string& text : part.text) Give(text);
}

void ForEachText(const Part& part, TextVisitor visit) { std::visit(TextsOf(visit), part); }

std::string ImageNote(const ImagePart& image) {
  return absl::StrCat("[image: ", image.media_type, ", ", image.data.size(), " bytes]");
}

std::string DocumentNote(const DocumentPart& document) {
  const std::string type =
      document.media_type.empty() ? "unknown type" : Short(document.media_type);
  const std::string where =
      document.uri.empty() ? absl::StrCat(document.data.size(), " bytes") : Short(document.uri);
  return absl::StrCat("[document: ", type, Named(document.name), ", ", where, "]");
}

std::string SearchResultNote(const SearchResultPart& result) {
  return absl::StrCat("[search result: ", Short(result.title), result.title.empty() ? "" : ", ",
                      Short(result.source), "]");
}

std::string ToolReferenceNote(const ToolReferencePart& reference) {
  return absl::StrCat("[tool: ", Short(reference.tool_name), "]");
}

std::string AudioNote(const AudioPart& audio) {
  const std::string type = audio.media_type.empty() ? "unknown type" : Short(audio.media_type);
  return absl::StrCat("[audio: ", type, ", ", audio.data.size(), " bytes",
                      audio.transcript.empty() ? "" : "; transcript follows", "]");
}

std::string OpaqueNote(const OpaquePart& opaque) {
  return absl::StrCat("[", Short(opaque.kind), " block, ", opaque.data.size(), " bytes]");
}

}  // namespace fovea
