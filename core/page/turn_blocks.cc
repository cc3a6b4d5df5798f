#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "core/log/part_text.h"
#include "core/page/markdown.h"
#include "core/page/page.h"
#include "core/page/picture_size.h"

namespace fovea {
namespace {

// Bounds the blocks of a turn, which take more memory than the text that they hold.
constexpr size_t kMaxEmphasisedSpans = 2048;

using Style = PageBlock::Style;

Style BodyStyle(Role role) {
  return role == Role::kUser || role == Role::kSystem ? Style::kUser : Style::kBody;
}

std::string PictureNote(const ImagePart& image, const ImageSize& size) {
  return absl::StrCat("[image: ", image.media_type, ", ", size.width, "x", size.height, "]");
}

class TurnDrawer {
 public:
  // `owner` keeps the turn alive for its pictures; if it is null, there are none.
  TurnDrawer(const Turn& turn, TurnPtr owner, const Elision& elision, PageContent* content)
      : turn_(turn), owner_(std::move(owner)), elision_(elision), content_(*content) {}

  void Draw() {
    Add(Style::kLabel, absl::StrCat("#", turn_.seq, " ", RoleName(turn_.role)));
    for (size_t i = 0; i < turn_.parts.size(); ++i) {
      ends_ = elision_.empty() ? std::nullopt : EndsKept(turn_, i, elision_);
      std::visit(*this, turn_.parts[i]);
    }
  }

  void operator()(const TextPart& part) {
    if (result_style_.has_value()) return AddTexts(part);
    AddEnds(part.text, "", [this](std::string text) {
      if (turn_.role == Role::kAssistant) return AddMarkdown(text);
      Add(BodyStyle(turn_.role), std::move(text));
    });
  }
  void operator()(const ImagePart& part) { AddImage(part); }
  void operator()(const ToolCallPart& part) {
    AddEnds(part.arguments_json, absl::StrCat("→ ", part.name, " "),
            [this](std::string text) { Add(Style::kBody, std::move(text)); });
  }
  void operator()(const ToolResultPart& part) {
    const Style style = part.is_error ? Style::kError : Style::kBody;
    const size_t before = content_.blocks.size();
    result_style_ = style;
    for (const ResultItem& item : part.content) std::visit(*this, item);
    result_style_.reset();
    // That it failed is all that such a result says.
    if (part.is_error && content_.blocks.size() == before) Add(style, "[error without text]");
  }
  void operator()(const OpaquePart&) {}
  void operator()(const DocumentPart& part) {
    Add(Style::kBody, DocumentNote(part));
    AddTexts(part);
  }
  void operator()(const SearchResultPart& part) {
    Add(Style::kBody, SearchResultNote(part));
    AddTexts(part);
  }
  void operator()(const ToolReferencePart& part) { Add(Style::kBody, ToolReferenceNote(part)); }
  void operator()(const RefusalPart& part) { AddTexts(part); }
  void operator()(const AudioPart& part) {
    Add(Style::kBody, AudioNote(part));
    AddTexts(part);
  }

 private:
  void Add(Style style, std::string text, bool joined = false) {
    if (text.empty()) return;
    content_.blocks.push_back({.seq = turn_.seq,
                               .role = turn_.role,
                               .style = style,
                               .joined = joined,
                               .text = std::move(text)});
  }

  // Adds the text behind `before`, or its two ends with a note between them.
  void AddEnds(std::string_view text, std::string before,
               absl::FunctionRef<void(std::string)> add) {
    const std::optional<ElidedMiddle> middle =
        ends_.has_value() ? MiddleOf(text, *ends_) : std::nullopt;
    before += text.substr(0, middle.has_value() ? middle->begin : text.size());
    add(std::move(before));
    if (!middle.has_value()) return;
    content_.elided_characters += middle->characters;
    Add(Style::kLabel, ElisionNote(turn_.seq, middle->characters));
    add(std::string(text.substr(middle->end)));
  }

  template <typename AnyPart>
  void AddTexts(const AnyPart& part) {
    const Style style = result_style_.value_or(Style::kBody);
    TextsOf([&](std::string_view text) {
      AddEnds(text, "", [this, style](std::string end) { Add(style, std::move(end)); });
    })(part);
  }

  void AddMarkdown(std::string_view text) {
    size_t at = 0;
    for (const EmphasisedSpan& span : FindEmphasis(text, kMaxEmphasisedSpans)) {
      Add(Style::kBody, std::string(text.substr(at, span.begin - at)), at > 0);
      Add(span.heading ? Style::kHeading : Style::kStrong,
          std::string(text.substr(span.begin, span.end - span.begin)), span.begin > 0);
      at = span.end;
    }
    Add(Style::kBody, std::string(text.substr(at)), at > 0);
  }

  void AddImage(const ImagePart& image) {
    const std::optional<ImageSize> size =
        owner_ == nullptr || elision_.bulk ? std::nullopt : DrawableSize(image.data);
    if (!size.has_value()) return Add(Style::kBody, ImageNote(image));
    Add(Style::kBody, PictureNote(image, *size));
    content_.blocks.push_back(
        {.seq = turn_.seq,
         .role = turn_.role,
         .picture = {.size = *size,
                     .data = std::shared_ptr<const std::string>(owner_, &image.data)}});
  }

  const Turn& turn_;
  const TurnPtr owner_;
  const Elision& elision_;
  PageContent& content_;
  std::optional<KeptEnds> ends_;       // of the part at hand
  std::optional<Style> result_style_;  // inside a tool result: how its texts are drawn
};

}  // namespace

void AppendTurnToPage(const Turn& turn, const Elision& elision, PageContent* content) {
  TurnDrawer(turn, nullptr, elision, content).Draw();
}

void AppendTurnWithPictures(const TurnPtr& turn, const Elision& elision, PageContent* content) {
  TurnDrawer(*turn, turn, elision, content).Draw();
}

}  // namespace fovea
