// The verbs `page` and `views`, and what a terminal gets of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"
#include "cli/formats/page_picture.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// 40 by 60 pixels of grey: 20 rows of white, 20 of black, 20 between.
constexpr char kPng[] =
    "iVBORw0KGgoAAAANSUhEUgAAACgAAAA8CAAAAAAx0qc8AAAAJElEQVR42u3KsQ0AAAgDIE/3c016ge4wU3NUoigm"
    "Aj99JIpiLH7drR3RO5GMAAAAAElFTkSuQmCC";

std::string Png() {
  std::string png;
  EXPECT_TRUE(absl::Base64Unescape(kPng, &png));
  return png;
}

// As its header has it.
int HeightOf(const std::string& png) {
  return png.size() < 24
             ? -1
             : static_cast<unsigned char>(png[22]) * 256 + static_cast<unsigned char>(png[23]);
}

class PageVerb : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_.Path("in.jsonl"),
              R"({"session_id":"a","turns":[{"role":"user","text":"one"}]})");
    ASSERT_EQ(RunCli(server_, {"import", folder_.Path("in.jsonl")}).exit_code, 0);
    server_.contexts.explained.add_page_ids("p1");
    server_.contexts.pages["p1"] = Png();
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

TEST_F(PageVerb, CropsToTheLinesOfTheTurn) {
  server_.contexts.turn_top = 20;
  server_.contexts.turn_bottom = 50;
  const std::string path = folder_.Path("part.png");
  const Ran ran = RunCli(server_, {"page", "a", "#1", "--crop", "--out", path});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(HeightOf(ReadText(path)), 30);
  ASSERT_EQ(RunCli(server_, {"page", "a", "#1", "--out", path}).exit_code, 0);
  EXPECT_EQ(HeightOf(ReadText(path)), 60);
}

TEST_F(PageVerb, SeveralPagesAreNumbered) {
  server_.contexts.explained.add_page_ids("p2");
  server_.contexts.pages["p2"] = Png();
  ASSERT_EQ(RunCli(server_, {"page", "a", "1", "--out", folder_.Path("x.png")}).exit_code, 0);
  EXPECT_EQ(ReadText(folder_.Path("x-1.png")), Png());
  EXPECT_EQ(ReadText(folder_.Path("x-2.png")), Png());
}

TEST_F(PageVerb, ADashIsStandardOutputAndAFifoStaysOne) {
  const Ran ran = RunCli(server_, {"page", "a", "1", "--out", "-"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, Png());
  const std::string fifo = folder_.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  std::string got;
  std::thread reader([&] { got = ReadText(fifo); });
  EXPECT_EQ(RunCli(server_, {"page", "a", "1", "--out", fifo}).exit_code, 0);
  reader.join();
  EXPECT_EQ(got, Png());
  EXPECT_FALSE(std::filesystem::exists(fifo + ".png"));
  server_.contexts.explained.add_page_ids("p2");
  server_.contexts.pages["p2"] = Png();
  EXPECT_EQ(RunCli(server_, {"page", "a", "1", "--out", "-"}).exit_code, 1);
}

TEST_F(PageVerb, ShowsAsTheTerminalTakesIt) {
  const auto shown = [&](const std::string& mode) {
    const Ran ran = RunAtTerminal(server_, 40, {"page", "a", "1", "--show", mode});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  };
  EXPECT_THAT(shown("kitty"), HasSubstr("\x1b_G"));
  EXPECT_THAT(shown("sixel"), HasSubstr("\x1bP"));
  const std::string blocks = shown("blocks");
  EXPECT_THAT(blocks, Not(HasSubstr("\x1b_G")));
  EXPECT_THAT(blocks, HasSubstr("too coarse to read"));
  EXPECT_EQ(RunCli(server_, {"page", "a", "1", "--show", "braille"}).exit_code, 2);
}

TEST_F(PageVerb, WhatIsNoPngIsAnError) {
  server_.contexts.pages["p1"] = "PNG";
  const Ran ran = RunAtTerminal(server_, 40, {"page", "a", "1"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("cannot be read"));
}

TEST(PictureMode, IsToldByTheEnvironment) {
  const auto mode = [](std::vector<std::string> variables) {
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    return PictureModeOf(environment.data());
  };
  EXPECT_EQ(mode({"TERM=xterm-kitty", "KITTY_PID=1"}), PictureMode::kKitty);
  EXPECT_EQ(mode({"TERM=mlterm"}), PictureMode::kSixel);
  EXPECT_EQ(mode({"TERM=xterm-256color"}), PictureMode::kBlocks);
  EXPECT_EQ(mode({}), PictureMode::kBlocks);
}

TEST(CropPng, KeepsTheRowsOfThePage) {
  for (const auto& [top, bottom] : {std::pair(0, 60), std::pair(59, 60), std::pair(20, 40)}) {
    const auto part = CropPng(Png(), top, bottom);
    ASSERT_TRUE(part.ok()) << part.status();
    EXPECT_EQ(HeightOf(*part), bottom - top);
  }
  // All white, all black: one block of the picture's own grey.
  EXPECT_NE(*CropPng(Png(), 0, 20), *CropPng(Png(), 20, 40));
  for (const auto& [top, bottom] : {std::pair(-1, 5), std::pair(5, 5), std::pair(0, 61)}) {
    EXPECT_FALSE(CropPng(Png(), top, bottom).ok()) << top;
  }
  EXPECT_FALSE(CropPng("no PNG", 0, 1).ok());
  EXPECT_FALSE(CropPng(Png().substr(0, 60), 0, 1).ok());
}

TEST(ForTerminal, IsNoWiderThanTheTerminal) {
  const auto printed = ForTerminal(Png(), PictureMode::kBlocks,
                                   {.columns = 10, .cell_width = 2, .cell_height = 4}, false);
  ASSERT_TRUE(printed.ok()) << printed.status();
  // 40 pixels are 20 columns, more than there are: half as wide, and half as high.
  const std::vector<std::string> lines = absl::StrSplit(*printed, '\n', absl::SkipEmpty());
  EXPECT_THAT(lines.size(), testing::AllOf(testing::Ge(7U), testing::Le(9U)));
}

TEST_F(PageVerb, ViewsListsReadersAndBudgets) {
  EXPECT_THAT(RunCli(server_, {"views"}).out, HasSubstr("no views in use"));
  v1::ListViewsResponse::Entry& entry = *server_.contexts.views.add_entries();
  entry.mutable_view()->set_session_id("a");
  entry.mutable_view()->set_reader("claude");
  entry.mutable_view()->set_token_budget(64'000);
  entry.mutable_view()->mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
  entry.mutable_view()->mutable_policy()->set_show_colour_codes(true);
  entry.set_last_seq(57);
  entry.set_epoch(3);
  entry.set_tokens(51'234);
  entry.set_used_us(1'000'000);
  const std::string out = RunCli(server_, {"views"}).out;
  EXPECT_THAT(out, StartsWith("a  claude  64,000 tokens\n"));
  EXPECT_THAT(out, HasSubstr("turn 57, epoch 3, 51,234 tokens, 1970-01-01 00:00"));
  EXPECT_THAT(out, HasSubstr("policy frugal, show_colour_codes=true"));
  entry.mutable_view()->clear_policy();
  EXPECT_THAT(RunCli(server_, {"views"}).out, Not(HasSubstr("policy")));
  const Json json = ParseJson(RunCli(server_, {"views", "a", "--json"}).out).value();
  EXPECT_EQ(json["entries"][0]["view"]["reader"], "claude");
}

// What stands in a table at 40 columns is all there, in lines of 40.
TEST_F(PageVerb, TablesFitNarrowTerminals) {
  for (int i = 0; i < 3; ++i) {
    v1::Reader& reader = *server_.contexts.readers.add_readers();
    reader.set_name("reader-of-a-long-name-" + std::to_string(i));
    reader.set_title("A reader whose title alone is wider than the terminal is");
    reader.add_ladder()->set_name("sharp");
    v1::ListViewsResponse::Entry& view = *server_.contexts.views.add_entries();
    view.mutable_view()->set_session_id("a");
    view.mutable_view()->set_reader(reader.name());
  }
  server_.contexts.explained.set_reason("it is a turn of which much is to be said in one sentence");
  server_.contexts.diff.add_moves()->set_to_rung("soft");
  const std::vector<std::vector<std::string>> verbs = {{"sessions"},
                                                       {"readers"},
                                                       {"readers", "reader-of-a-long-name-1"},
                                                       {"views"},
                                                       {"search", "a", "one"},
                                                       {"why", "a", "1"},
                                                       {"stats"},
                                                       {"diff", "a", "1", "2"},
                                                       {"tiers", "a"}};
  for (const std::vector<std::string>& verb : verbs) {
    const Ran ran = RunAtTerminal(server_, 40, verb);
    ASSERT_EQ(ran.exit_code, 0) << verb[0] << ran.err;
    EXPECT_FALSE(ran.out.empty());
    for (const absl::string_view line : absl::StrSplit(ran.out, '\n')) {
      const bool one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      EXPECT_TRUE(DisplayWidth({line.data(), line.size()}) <= 40 || one_word)
          << verb[0] << ": " << line;
    }
  }
}

TEST_F(PageVerb, ExactBytesAndJsonAreNotBroken) {
  const std::string words = "many words of a text " + std::string(60, 'x') + " and more of them";
  WriteText(folder_.Path("wide.jsonl"),
            R"({"session_id":"wide","turns":[{"role":"user","text":")" + words + R"("}]})");
  ASSERT_EQ(RunCli(server_, {"import", folder_.Path("wide.jsonl")}).exit_code, 0);
  EXPECT_EQ(RunAtTerminal(server_, 40, {"turn", "wide", "1"}).out, words + "\n");
  EXPECT_EQ(RunCli(server_, {"turn", "wide", "1"}).out, words);
  EXPECT_TRUE(ParseJson(RunAtTerminal(server_, 40, {"sessions", "--json"}).out).ok());
  EXPECT_THAT(RunAtTerminal(server_, 40, {"export", "wide", "--format", "jsonl"}).out,
              HasSubstr(words));
}

}  // namespace
}  // namespace fovea::cli
