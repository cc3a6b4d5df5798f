// What of a part is text, and what stands for a part where it cannot be shown.
#ifndef FOVEA_CORE_LOG_PART_TEXT_H_
#define FOVEA_CORE_LOG_PART_TEXT_H_

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "core/log/turn.h"

namespace fovea {

// The document's data is text, and read as such everywhere: its media type is text/....
bool IsTextDocument(const DocumentPart& document);

using TextVisitor = absl::FunctionRef<void(std::string_view)>;

// Visits a part's or content's texts that are not empty, in order. A document gives its context
// and, where it is text, its data; a search result each of its passages; a sound its transcript.
// Calls, images and opaque blocks have none.
class TextsOf {
 public:
  explicit TextsOf(TextVisitor visit) : visit_(visit) {}

  void operator()(const TextPart& part) const { Give(part.text); }
  void operator()(const ImagePart&) const {}
  void operator()(const ToolCallPart&) const {}
  void operator()(const ToolResultPart& part) const;
  void operator()(const OpaquePart&) const {}
  void operator()(const DocumentPart& part) const;
  void operator()(const SearchResultPart& part) const;
  void operator()(const ToolReferencePart&) const {}
  void operator()(const RefusalPart& part) const { Give(part.text); }
  void operator()(const AudioPart& part) const { Give(part.transcript); }

 private:
  void Give(std::string_view text) const {
    if (!text.empty()) visit_(text);
  }
  const TextVisitor visit_;
};

void ForEachText(const Part& part, TextVisitor visit);

// Notes, each in brackets and on one line: what it was, by type, name and size.
std::string ImageNote(const ImagePart& image);
// "[document: application/pdf, \"plan.pdf\", 1234 bytes]", or its address in place of its size.
std::string DocumentNote(const DocumentPart& document);
// What stands before a search result's passages: "[search result: title, source]".
std::string SearchResultNote(const SearchResultPart& result);
std::string ToolReferenceNote(const ToolReferencePart& reference);
std::string AudioNote(const AudioPart& audio);
// "[anthropic.mcp_tool_use block, 321 bytes]"
std::string OpaqueNote(const OpaquePart& opaque);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_PART_TEXT_H_
