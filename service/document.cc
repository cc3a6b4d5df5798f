#include "service/document.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/tokens/token_counter.h"

namespace fovea::service {
namespace {

constexpr size_t kMaxTextBytes = size_t{16} << 20;
constexpr size_t kMaxTitleBytes = 1000;
// Small pages are many: this bounds how many, as the larger limit does on a reader's papers.
constexpr size_t kMaxTextBytesWithSetting = size_t{1} << 20;
constexpr int kMinSide = 64;
constexpr int kMaxSide = 4096;
// A thread that is done with a small page early finds another.
constexpr size_t kPagesAheadForThread = 2;

absl::StatusOr<const Rung*> FindRung(const ReaderProfile& reader, const std::string& name) {
  if (reader.ladder.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("reader: ", reader.name, " takes no pages: it gets text only"));
  }
  if (name.empty()) return &reader.ladder.front();
  for (const Rung& rung : reader.ladder) {
    if (rung.name == name) return &rung;
  }
  const std::string known =
      absl::StrJoin(reader.ladder, ", ",
                    [](std::string* out, const Rung& rung) { absl::StrAppend(out, rung.name); });
  return absl::NotFoundError(
      absl::StrCat("rung: ", reader.name, " has none named \"", name, "\"; there are: ", known));
}

absl::Status CheckText(const std::string& text, const std::string& title, size_t max_bytes) {
  if (text.empty()) return absl::InvalidArgumentError("text: must not be empty");
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("text: has ", text.size(), " bytes; at most ", max_bytes));
  }
  if (title.size() > kMaxTitleBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("title: has ", title.size(), " bytes; at most ", kMaxTitleBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckWithin(const char* field, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("setting.", field, ": ", value, " is not within ", least, " to ", most));
}

absl::Status CheckSetting(const v1::PageSetting& setting) {
  absl::Status status = CheckWithin("line_pitch_px", setting.line_pitch_px(), 5, 64);
  status.Update(CheckWithin("width", setting.width(), kMinSide, kMaxSide));
  status.Update(CheckWithin("height", setting.height(), kMinSide, kMaxSide));
  const int bits = setting.grey_bits();
  if (status.ok() && bits != 1 && bits != 2 && bits != 4 && bits != 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("setting.grey_bits: ", bits, " is not 1, 2, 4 or 8"));
  }
  return status;
}

// A rung that is nobody's: no price and no legibility.
Rung RungOf(const v1::PageSetting& setting) {
  const int height = setting.height();
  return {
      .name = absl::StrCat(setting.line_pitch_px(), " px"),
      .typography = {.line_pitch_px = setting.line_pitch_px(), .grey_bits = setting.grey_bits()},
      .papers = {{.box = {.width = setting.width(), .min_height = height, .max_height = height}}}};
}

uint64_t Newlines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Document::Document(DocumentInputs inputs, std::string tenant,
                   const v1::RenderDocumentRequest& request)
    : in_(inputs),
      tenant_(std::move(tenant)),
      reader_name_(request.reader()),
      rung_name_(request.rung()),
      title_(request.title()),
      webp_(request.webp()) {
  if (request.has_setting()) setting_ = request.setting();
  content_.blocks.push_back(
      {.seq = 1, .role = Role::kUser, .style = PageBlock::Style::kBody, .text = request.text()});
}

absl::StatusOr<Answered> Document::Next(const StillWanted& still_wanted,
                                        v1::RenderDocumentResponse* response) {
  if (state_ == State::kNew) {
    FOVEA_RETURN_IF_ERROR(LayOut());
    state_ = State::kPages;
  }
  if (state_ == State::kEnded) return Answered::kNothing;
  if (drawn_.empty() && next_ < pages_.size()) {
    FOVEA_RETURN_IF_ERROR(DrawAhead(still_wanted));
  }
  if (drawn_.empty()) {
    *response->mutable_totals() = totals_;
    state_ = State::kEnded;
    return Answered::kLast;
  }
  *response->mutable_page() = std::move(drawn_.front());
  drawn_.pop_front();
  return Answered::kMore;
}

absl::Status Document::LayOut() {
  FOVEA_RETURN_IF_ERROR(CheckText(content_.blocks.front().text, title_,
                                  setting_ ? kMaxTextBytesWithSetting : kMaxTextBytes));
  FOVEA_RETURN_IF_ERROR(setting_ ? LayOutAsSet() : LayOutForReader());
  totals_.set_pages(static_cast<uint32_t>(pages_.size()));
  totals_.set_rung(rung_->name);
  return absl::OkStatus();
}

absl::Status Document::LayOutAsSet() {
  if (!reader_name_.empty() || !rung_name_.empty()) {
    return absl::InvalidArgumentError("setting: stands in the place of a reader and a rung");
  }
  if (webp_) return absl::InvalidArgumentError("webp: needs a reader that takes it");
  FOVEA_RETURN_IF_ERROR(CheckSetting(*setting_));
  set_rung_ = RungOf(*setting_);
  rung_ = &set_rung_;
  const PagePaper& paper = rung_->papers.front();
  const PagePosition end{content_.blocks.size(), 0};
  for (PagePosition at; at < end; at = pages_.back().extent.end) {
    FOVEA_ASSIGN_OR_RETURN(auto extent,
                           in_.renderer->LayOut(content_, at, paper.box, rung_->typography));
    pages_.push_back({.extent = extent, .paper = &paper});
  }
  return absl::OkStatus();
}

absl::Status Document::LayOutForReader() {
  FOVEA_ASSIGN_OR_RETURN(reader_, in_.readers->Find(reader_name_));
  counter_.emplace(*reader_);
  if (webp_ && !reader_->takes_webp) {
    return absl::InvalidArgumentError(
        absl::StrCat("webp: ", reader_->name, " is not known to take it"));
  }
  FOVEA_ASSIGN_OR_RETURN(rung_, FindRung(*reader_, rung_name_));
  FOVEA_ASSIGN_OR_RETURN(pages_, LayOutPages(content_, *rung_, *reader_, *in_.renderer));

  bool flat = false;
  for (const LaidOutPage& page : pages_) {
    totals_.set_image_tokens(totals_.image_tokens() + page.tokens);
    flat |= page.paper->flat_tokens > 0;
  }
  totals_.set_text_tokens(counter_->Text(content_.blocks.front().text));
  totals_.set_image_tokens_exact(reader_->image_rule.evidence <= Evidence::kPublished && !flat);
  totals_.set_text_tokens_exact(reader_->text_tokens_exact());
  totals_.set_legibility(rung_->legibility);
  totals_.set_exact_legibility(rung_->exact_legibility);
  totals_.set_evidence(EvidenceName(rung_->evidence));
  return absl::OkStatus();
}

absl::Status Document::DrawAhead(const StillWanted& still_wanted) {
  const size_t count =
      std::min(pages_.size() - next_, kPagesAheadForThread * in_.drawing->threads());
  std::vector<v1::DocumentPage> drawn(count);
  const size_t first = next_;
  for (v1::DocumentPage& page : drawn) page = Describe(pages_[next_]);
  FOVEA_RETURN_IF_ERROR(in_.drawing->ForEach({.tenant = tenant_}, count, [&](size_t i) {
    FOVEA_RETURN_IF_ERROR(Ask(still_wanted));
    return Draw(pages_[first + i], &drawn[i]);
  }));
  in_.metrics->pages_drawn += count;
  for (v1::DocumentPage& page : drawn) {
    totals_.set_missing_glyphs(totals_.missing_glyphs() + page.missing_glyphs());
    totals_.set_hidden_characters(totals_.hidden_characters() + page.hidden_characters());
    drawn_.push_back(std::move(page));
  }
  return absl::OkStatus();
}

absl::Status Document::Draw(const LaidOutPage& laid_out, v1::DocumentPage* page) const {
  const PageExtent& extent = laid_out.extent;
  const PageHeader header = HeaderOf(*page);
  FOVEA_ASSIGN_OR_RETURN(auto drawn,
                         in_.renderer->Draw(content_, extent, rung_->typography, header));
  page->set_page_id(PageId(in_.renderer->Version(), content_, extent, rung_->typography, header));
  if (counter_) page->set_text_tokens(counter_->Text(TextOf(extent)));
  page->set_missing_glyphs(drawn.missing_glyphs);
  page->set_hidden_characters(drawn.hidden_characters);
  if (!webp_) {
    page->set_png(std::move(drawn.png));
    return absl::OkStatus();
  }
  FOVEA_ASSIGN_OR_RETURN(auto webp, in_.renderer->ToWebp(drawn.png));
  page->set_webp(std::move(webp));
  return absl::OkStatus();
}

v1::DocumentPage Document::Describe(const LaidOutPage& page) {
  const std::string_view text = TextOf(page.extent);
  v1::DocumentPage proto;
  proto.set_number(static_cast<uint32_t>(++next_));
  proto.set_first_byte(page.extent.begin.byte);
  proto.set_last_byte(page.extent.begin.byte + text.size() - 1);
  proto.set_first_line(line_);
  proto.set_last_line(line_ + Newlines(text.substr(0, text.size() - 1)));
  line_ = proto.last_line() + Newlines(text.substr(text.size() - 1));
  proto.set_characters(page.extent.characters);
  proto.set_width(page.extent.width);
  proto.set_height(page.extent.height);
  proto.set_resolution(page.paper->resolution);
  proto.set_image_tokens(page.tokens);
  return proto;
}

std::string_view Document::TextOf(const PageExtent& extent) const {
  const std::string_view text = content_.blocks.front().text;
  const size_t end = extent.end.block > 0 ? text.size() : extent.end.byte;
  return text.substr(extent.begin.byte, end - extent.begin.byte);
}

PageHeader Document::HeaderOf(const v1::DocumentPage& page) const {
  return {absl::StrCat(title_, title_.empty() ? "" : " · ", "page ", page.number(), " of ",
                       pages_.size(), " · lines ", page.first_line(), "–", page.last_line(), " · ",
                       rung_->name)};
}

}  // namespace fovea::service
