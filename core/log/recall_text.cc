#include "core/log/recall_text.h"

#include <optional>
#include <string_view>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/image_size.h"
#include "core/log/part_text.h"

namespace fovea {
namespace {

class TextLayout {
 public:
  void operator()(const TextPart& part) { Add(part.text); }
  void operator()(const ImagePart& part) {
    Begin();
    layout_.images.push_back(layout_.text.size());
    absl::StrAppend(&layout_.text, "[image ", layout_.images.size(), ": ", part.media_type);
    if (const std::optional<ImageSize> size = ReadImageSize(part.data)) {
      absl::StrAppend(&layout_.text, ", ", size->width, "x", size->height);
    }
    absl::StrAppend(&layout_.text, ", ", part.data.size(), " bytes]");
  }
  void operator()(const ToolCallPart& part) {
    Begin();
    absl::StrAppend(&layout_.text, "→ ", part.name, " ");
    const size_t begin = layout_.text.size();
    layout_.text += part.arguments_json;
    if (!part.custom) layout_.arguments.push_back({begin, layout_.text.size()});
  }
  void operator()(const ToolResultPart& part) {
    if (part.is_error) Add("[error]");
    for (const ResultItem& item : part.content) std::visit(*this, item);
  }
  void operator()(const OpaquePart& part) { Add(OpaqueNote(part)); }
  void operator()(const DocumentPart& part) {
    Add(DocumentNote(part));
    AddTexts(part);
  }
  void operator()(const SearchResultPart& part) {
    Add(SearchResultNote(part));
    AddTexts(part);
  }
  void operator()(const ToolReferencePart& part) { Add(ToolReferenceNote(part)); }
  void operator()(const RefusalPart& part) { AddTexts(part); }
  void operator()(const AudioPart& part) {
    Add(AudioNote(part));
    AddTexts(part);
  }

  RecallText Take() { return std::move(layout_); }

 private:
  // A newline stands between two parts.
  void Begin() {
    if (!first_) layout_.text += '\n';
    first_ = false;
  }
  void Add(std::string_view text) {
    if (text.empty()) return;
    Begin();
    layout_.text += text;
  }

  template <typename AnyPart>
  void AddTexts(const AnyPart& part) {
    TextsOf([this](std::string_view text) { Add(text); })(part);
  }

  RecallText layout_;
  bool first_ = true;
};

}  // namespace

RecallText RecallTextOf(const Turn& turn) {
  TextLayout layout;
  for (const Part& part : turn.parts) std::visit(layout, part);
  return layout.Take();
}

}  // namespace fovea
