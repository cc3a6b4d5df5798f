#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/formats/json.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class Render : public testing::Test {
 protected:
  Ran RunRender(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"render", "--out", folder_.Path("out")});
    return RunCli(server_, std::move(arguments));
  }
  std::string File(const std::string& name, const std::string& text) {
    WriteText(folder_.Path(name), text);
    return folder_.Path(name);
  }
  std::string Written(const std::string& name) const {
    return ReadText(folder_.Path("out/" + name));
  }
  bool Exists(const std::string& name) const {
    return std::filesystem::exists(folder_.Path("out/" + name));
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

TEST_F(Render, WritesPagesAndSaysWhatTheyCost) {
  const Ran ran = RunRender({File("notes.md", "0123456789abcde"), "--rung", "soft"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(Written("page-001.png"), "PNG of 0123456789");
  EXPECT_EQ(Written("page-002.png"), "PNG of abcde");
  EXPECT_FALSE(Exists("page-001.txt"));
  EXPECT_EQ(server_.pages.last_request.reader(), "claude");
  EXPECT_EQ(server_.pages.last_request.rung(), "soft");
  EXPECT_EQ(server_.pages.last_request.title(), "notes.md");
  EXPECT_THAT(ran.out, HasSubstr("2 pages, 2 tokens as images, 3 as text (estimated): 1.5 times"));
  EXPECT_THAT(ran.out, HasSubstr("page-002.png"));
  EXPECT_THAT(ran.out, HasSubstr("lines 1 to 2"));
}

TEST_F(Render, PairsHaveTheExactText) {
  const std::string text("\xFF\n\r\n\0 tail without newline", 26);
  const Ran ran = RunRender({File("raw", text), "--pairs"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(Written("page-001.txt") + Written("page-002.txt") + Written("page-003.txt"), text);
  EXPECT_EQ(Written("page-002.png"), "PNG of " + Written("page-002.txt"));
}

TEST_F(Render, WritesWebpWhereAsked) {
  ASSERT_EQ(RunRender({File("a", "0123456789abc")}).exit_code, 0);
  const Ran ran = RunRender({File("a", "0123456789abc"), "--webp", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(Written("page-001.webp"), "WebP of 0123456789");
  EXPECT_FALSE(Exists("page-001.png")) << "of the earlier run";
  const auto page = Json::parse(ran.out)["documents"][0]["pages"][1];
  EXPECT_EQ(page["file"], "page-002.webp");
  EXPECT_FALSE(page.contains("webp"));
  ASSERT_EQ(RunRender({File("a", "short")}).exit_code, 0);
  EXPECT_FALSE(Exists("page-001.webp")) << "of the earlier run";
}

TEST_F(Render, SeveralFilesAreNumberedOn) {
  const Ran ran = RunRender({File("a", "0123456789abc"), File("b", "xyz"), "--json", "--pairs"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(Written("page-003.txt"), "xyz");
  const auto report = Json::parse(ran.out);
  EXPECT_EQ(report["pages"], 3);
  EXPECT_EQ(report["image_tokens"], 3);
  EXPECT_EQ(report["documents"].size(), 2U);
  const auto& page = report["documents"][1]["pages"][0];
  EXPECT_EQ(page["file"], "page-003.png");
  EXPECT_EQ(page["text_file"], "page-003.txt");
  EXPECT_EQ(page["last_byte"], 2);
  EXPECT_FALSE(page.contains("png"));
  EXPECT_EQ(report["documents"][1]["file"], folder_.Path("b"));
}

TEST_F(Render, PagesOfAnEarlierRunAreRemovedAndNothingElse) {
  ASSERT_EQ(RunRender({File("a", "0123456789abc"), "--pairs"}).exit_code, 0);
  WriteText(folder_.Path("out/page-notes.txt"), "mine");
  WriteText(folder_.Path("out/page-1234.png"), "old");
  ASSERT_EQ(RunRender({File("a", "short")}).exit_code, 0);
  EXPECT_TRUE(Exists("page-001.png"));
  for (const char* stale : {"page-002.png", "page-001.txt", "page-002.txt", "page-1234.png"}) {
    EXPECT_FALSE(Exists(stale)) << stale;
  }
  EXPECT_EQ(Written("page-notes.txt"), "mine");
}

TEST_F(Render, ARefusedCallLeavesTheFolderAsItWas) {
  ASSERT_EQ(RunRender({File("a", "text")}).exit_code, 0);
  const Ran ran = RunRender({File("a", "text"), "--reader", "nobody"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("no such reader"));
  EXPECT_THAT(ran.err, HasSubstr(folder_.Path("a")));
  EXPECT_TRUE(Exists("page-001.png"));
}

TEST_F(Render, AStreamThatBreaksIsAnError) {
  server_.pages.fails_midway = true;
  const Ran ran = RunRender({File("a", "0123456789abc")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, Not(HasSubstr("tokens")));
}

TEST_F(Render, AMissingFileIsNamed) {
  const Ran ran = RunRender({folder_.Path("nowhere")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace fovea::cli
