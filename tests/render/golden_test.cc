// Where every line and word stands, and what it looks like, as it was when the goldens were made;
// and the same on every run and any number of threads.
#include "tests/render/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "render/line_breaker.h"
#include "render/page_geometry.h"
#include "render/tokens.h"

namespace fovea::render {
namespace {

struct Golden {
  const char* name;
  PageContent content;
  int width = 240;
  PageTypography typography = {.line_pitch_px = 10, .grey_bits = 4};
};

PageContent Mixed() {
  PageContent content;
  const auto add = [&](uint64_t seq, PageBlock::Style style, Role role, std::string text) {
    content.blocks.push_back({.seq = seq, .role = role, .style = style, .text = std::move(text)});
  };
  add(7, PageBlock::Style::kLabel, Role::kUser, "#7 user");
  add(7, PageBlock::Style::kUser, Role::kUser, "Where is it? Please look in /var/log.");
  add(8, PageBlock::Style::kLabel, Role::kAssistant, "#8 assistant");
  add(8, PageBlock::Style::kBody, Role::kAssistant, "I look.");
  add(8, PageBlock::Style::kBody, Role::kAssistant, "\u2192 run {\"path\":\"/var/log\"}");
  add(9, PageBlock::Style::kLabel, Role::kTool, "#9 tool");
  add(9, PageBlock::Style::kError, Role::kTool, "ls: cannot open: Permission denied\n");
  return content;
}

std::vector<Golden> Goldens() {
  constexpr char kCode[] =
      "int main() {\n    if (Il1 == O0) {\n\t\treturn 0x1fe3;  // [{(|)}]\n    }\n}\n";
  constexpr char kProse[] =
      "The oldest text moves down the ladder, rung by rung, in one step that frees a good part of "
      "the budget; a_very_long_identifier::that_does_not_fit/on.one-line, goes on.";
  return {
      {"code", Body(kCode)},
      {"prose", Body(kProse)},
      {"prose_7", Body(kProse), 160, {.line_pitch_px = 7, .grey_bits = 4}},
      {"prose_16_grey8", Body(kProse), 320, {.line_pitch_px = 16, .grey_bits = 8}},
      {"prose_12_grey1", Body(kProse), 240, {.line_pitch_px = 12, .grey_bits = 1}},
      {"turns", Mixed()},
      {"hidden",
       Body("a\u200Bb\u202Ec\uFEFF \x1B[31mred\x1B[0m \U000E0041 x\uFE0F\r\n\x7F\xFF\xC3")},
      {"space", Body("a  b   c\td\n\t\te\n        f\n" + std::string(80, ' ') + "g\n\n\n")},
      {"missing", Body("\uE000 \U0010FFFF")},
      {"latin", Body("Größe, naïve, Đặng Việt, İğüş, ﬁ, e\u0301, „“ – — … € 5½ ≤ ∑ √ ✓")},
      {"cyrillic_greek", Body("Съешь ещё этих мягких булок. Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.")},
      {"han", Body("服务保存整个对话。サービスは会話を。서비스는 대화를.")},
      {"arabic", Body("تحفظ الخدمة المحادثة (2026) كلها. C++ هنا 12.5%\nabc السلام (x) def")},
      {"hebrew", Body("השירות שומר [הכל] 12-34 וּמְצַיֵּר abc דפים.")},
      {"hindi_thai", Body("क्षत्रिय ज्ञान श्री हिन्दी में। ที่นี่น้ำเป็นที่รู้จัก")},
      {"emoji",
       Body("😀 ❤️ 👍🏽 👨‍👩‍👧 1️⃣ ⚠ ⠋⠙ │├└ █▓░")},
  };
}

PageBox BoxOf(const Golden& golden) {
  return {.width = golden.width, .min_height = 32, .max_height = 320, .height_step = 8};
}

std::string Pixels(Sub pen) { return absl::StrFormat("%.2f", static_cast<double>(pen) / kPixel); }

// A line a line: where it begins, where it ends in pixels, and where each word of it begins, before
// text of right-to-left scripts is put in order.
class LayoutWriter {
 public:
  explicit LayoutWriter(const Golden& golden)
      : content_(golden.content),
        metrics_(*SharedParts().table, golden.typography.line_pitch_px),
        typesetter_{*SharedParts().table, *SharedParts().shaper, metrics_},
        stream_{.content = content_,
                .begin = {},
                .end = {.block = content_.blocks.size()},
                .width = TextWidth(golden.width)} {}

  std::string Write() {
    LineBreaker breaker(typesetter_, stream_);
    std::string text;
    for (PagePosition at; at < stream_.end;) {
      const PagePosition next = breaker.EndOfLine(at);
      absl::StrAppend(&text, WriteLine(at, next), "\n");
      at = next;
    }
    return text;
  }

 private:
  std::string WriteLine(PagePosition begin, PagePosition end) {
    std::string words;
    Sub pen = 0;
    for (PagePosition at = begin; at < end; at = {.block = at.block + 1, .byte = 0}) {
      if (at.byte == 0) pen = PenAtBlock(metrics_, content_, at.block, pen);
      std::string_view text = stream_.Text(at.block);
      if (at.block == end.block) text = text.substr(0, end.byte);
      pen = WriteStretch(at, text, pen, &words);
    }
    return absl::StrCat(begin.block, ":", begin.byte, " to ", Pixels(pen), " ", words);
  }

  Sub WriteStretch(PagePosition begin, std::string_view text, Sub pen, std::string* words) {
    const Weight weight = WeightOf(content_.blocks[begin.block].style);
    TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics_, text, weight,
                       stream_.MaxRun(metrics_));
    bool line_start = stream_.BeginsTextLine(begin);
    bool word_start = true;
    for (size_t at = begin.byte; at < text.size();) {
      const Token token = reader.Read(at, line_start);
      if (word_start || token.IsMark()) {
        absl::StrAppend(words, " @", Pixels(token.IsMark() ? PenAtMark(pen) : pen), "=");
      }
      absl::StrAppend(words, Spell(token, text.substr(at, token.bytes)));
      word_start = token.EndsWord() || token.IsMark();
      line_start = token.kind == Token::Kind::kNewline || (line_start && token.IsIndent());
      pen = PenAfter(token, pen);
      at += token.bytes;
    }
    return pen;
  }

  static std::string Spell(const Token& token, std::string_view bytes) {
    switch (token.kind) {
      case Token::Kind::kNewline:
        return "NL";
      case Token::Kind::kSpace:
        return "";
      case Token::Kind::kSpaces:
        return absl::StrCat("SP", token.count);
      case Token::Kind::kTabs:
        return absl::StrCat("TAB", token.count);
      case Token::Kind::kEscape:
        return absl::StrCat("<", std::string(token.EscapeText()), ">");
      default:
        return absl::Utf8SafeCEscape(std::string(bytes));
    }
  }

  const PageContent& content_;
  const Metrics metrics_;
  const Typesetter typesetter_;
  const Stream stream_;
};

std::string DrawGolden(const PageRenderer& renderer, const Golden& golden) {
  const auto extent = renderer.LayOut(golden.content, {}, BoxOf(golden), golden.typography);
  EXPECT_TRUE(extent.ok()) << extent.status();
  const auto page = renderer.Draw(golden.content, *extent, golden.typography, {golden.name});
  EXPECT_TRUE(page.ok()) << page.status();
  return page->png;
}

TEST(Goldens, LinesAndWordsStandWhereTheyStood) {
  for (const Golden& golden : Goldens()) {
    ExpectGoldenText(golden.name, LayoutWriter(golden).Write());
  }
}

TEST(Goldens, PagesLookAsTheyLooked) {
  for (const Golden& golden : Goldens()) {
    ExpectGoldenPicture(golden.name, DrawGolden(SharedRenderer(), golden));
  }
}

TEST(Goldens, ADifferenceIsMeasured) {
  const Picture a{.width = 2, .height = 2, .bits = 8, .pixels = std::string("\x00\x80\xFF\xFF", 4)};
  Picture b = a;
  EXPECT_EQ(Compare(a, b).pixels, 0U);
  b.pixels = std::string("\x00\x7F\xFF\xF6", 4);
  const PictureDifference difference = Compare(a, b);
  EXPECT_EQ(difference.pixels, 2U);
  EXPECT_EQ(difference.most, 9);
  EXPECT_EQ(difference.mean, 5);
  b.width = 1;
  EXPECT_FALSE(Compare(a, b).same_size);
}

std::vector<std::string> DrawAll(const PageRenderer& renderer, size_t first) {
  const std::vector<Golden> goldens = Goldens();
  std::vector<std::string> pages(goldens.size());
  for (size_t i = 0; i < goldens.size(); ++i) {
    const size_t at = (first + i) % goldens.size();
    pages[at] = DrawGolden(renderer, goldens[at]);
  }
  return pages;
}

TEST(Goldens, TwentyRunsOnOneAndOnEightThreadsGiveTheSameBytes) {
  const std::vector<std::string> expected = DrawAll(SharedRenderer(), 0);
  for (const size_t threads : {1, 8}) {
    const auto renderer = CreateRenderer({});
    ASSERT_TRUE(renderer.ok()) << renderer.status();
    std::vector<std::vector<std::string>> drawn(20);
    std::vector<std::thread> pool;
    for (size_t thread = 0; thread < threads; ++thread) {
      pool.emplace_back([&, thread] {
        for (size_t run = thread; run < drawn.size(); run += threads) {
          drawn[run] = DrawAll(**renderer, run);
        }
      });
    }
    for (std::thread& thread : pool) thread.join();
    for (size_t run = 0; run < drawn.size(); ++run) {
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(drawn[run][i] == expected[i])
            << Goldens()[i].name << ", run " << run << " on " << threads << " threads";
      }
    }
  }
}

}  // namespace
}  // namespace fovea::render
