#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
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

std::string ImageNote(const ImagePart& image) {
  return absl::StrCat("[image: ", image.media_type, ", ", image.data.size(), " bytes]");
}

std::string PictureNote(const ImagePart& image, const ImageSize& size) {
  return absl::StrCat("[image: ", image.media_type, ", ", size.width, "x", size.height, "]");
}

class TurnDrawer {
 public:
  // `owner` keeps the turn alive for its pictures; if it is null, there are none.
  TurnDrawer(const Turn& turn, TurnPtr owner, PageContent* content)
      : turn_(turn), owner_(std::move(owner)), content_(*content) {}

  void Draw() {
    Add(Style::kLabel, absl::StrCat("#", turn_.seq, " ", RoleName(turn_.role)));
    for (const Part& part : turn_.parts) std::visit(*this, part);
  }

  void operator()(const TextPart& part) {
    if (turn_.role == Role::kAssistant) return AddMarkdown(part.text);
    Add(BodyStyle(turn_.role), part.text);
  }
  void operator()(const ImagePart& part) { AddImage(part); }
  void operator()(const ToolCallPart& part) {
    Add(Style::kBody, absl::StrCat("→ ", part.name, " ", part.arguments_json));
  }
  void operator()(const ToolResultPart& part) {
    const Style style = part.is_error ? Style::kError : Style::kBody;
    for (const auto& item : part.content) {
      if (const auto* text = std::get_if<TextPart>(&item)) {
        Add(style, text->text);
      } else {
        AddImage(std::get<ImagePart>(item));
      }
    }
  }
  void operator()(const OpaquePart&) {}

 private:
  void Add(Style style, std::string text, bool joined = false) {
    if (text.empty()) return;
    content_.blocks.push_back({.seq = turn_.seq,
                               .role = turn_.role,
                               .style = style,
                               .joined = joined,
                               .text = std::move(text)});
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
        owner_ == nullptr ? std::nullopt : DrawableSize(image.data);
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
  PageContent& content_;
};

}  // namespace

void AppendTurnToPage(const Turn& turn, PageContent* content) {
  TurnDrawer(turn, nullptr, content).Draw();
}

void AppendTurnWithPictures(const TurnPtr& turn, PageContent* content) {
  TurnDrawer(*turn, turn, content).Draw();
}

}  // namespace fovea
