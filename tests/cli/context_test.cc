#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "cli/formats/context_files.h"
#include "cli/formats/json.h"
#include "cli/status.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The beginning of a PNG file of the given size, which is all that is looked at, and something that
// tells two of one size apart.
std::string Png(char width, char height, const std::string& mark) {
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  png += std::string("\0\0\0", 3) + width + std::string("\0\0\0", 3) + height;
  return png + mark;
}

class Context : public testing::Test {
 protected:
  // A context with two pages; `payload` may name their bytes as PAGE1 and PAGE2.
  void Serve(std::string payload) {
    const std::vector<std::string> pngs = {Png(10, 20, "one"), Png(30, 40, "two")};
    v1::ContextSummary& summary = *server_.contexts.build.mutable_summary();
    summary.set_tokens(900);
    summary.set_budget(1000);
    summary.set_as_of_seq(99);
    summary.set_prefix_sha256("aa");
    summary.set_groups_complete(true);
    summary.mutable_characters()->set_text(5);
    for (int i = 0; i < 2; ++i) {
      v1::PageRef& page = *summary.add_pages();
      page.set_page_id(i == 0 ? "p1" : "p2");
      page.set_rung(i == 0 ? "faint/x" : "soft");
      page.set_first_seq(1 + 10 * static_cast<uint64_t>(i));
      page.set_last_seq(10 + 10 * static_cast<uint64_t>(i));
      page.set_width(i == 0 ? 10 : 30);
      page.set_height(i == 0 ? 20 : 40);
      server_.contexts.pages[page.page_id()] = pngs[static_cast<size_t>(i)];
      Substitute(payload, i == 0 ? "PAGE1" : "PAGE2",
                 absl::Base64Escape(pngs[static_cast<size_t>(i)]));
    }
    server_.contexts.build.set_payload(payload);
    server_.contexts.build.set_payload_sha256("bb");
  }

  static void Substitute(std::string& text, const std::string& name, const std::string& value) {
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
      text.replace(at, name.size(), value);
    }
  }

  Ran RunContext(const std::string& format, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "context", "s", "--budget", "1000", "--out", folder_.Path("out"), "--format", format};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(server_, std::move(arguments));
  }

  std::vector<std::string> PageFiles() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.Path("out/pages"))) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

constexpr char kOpenAi[] =
    R"({"messages":[{"role":"user","content":[{"type":"text","text":"data:image/png;base64,AAAA"},)"
    R"({"type":"image_url","image_url":{"url":"data:image/png;base64,PAGE1"}},)"
    R"({"type":"image_url","image_url":{"url":"data:image/png;base64,PAGE2"}}]}]})";

TEST_F(Context, TakesPagesFromAnOpenAiPayload) {
  Serve(kOpenAi);
  const Ran ran = RunContext("openai-chat", {"--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(server_.contexts.last_request.format(), v1::WIRE_FORMAT_OPENAI_CHAT);
  EXPECT_EQ(server_.contexts.pages_fetched, 0);
  EXPECT_EQ(ReadText(folder_.Path("out/context.json")), server_.contexts.build.payload());
  EXPECT_THAT(PageFiles(), ElementsAre("001-faint_x-1-10.png", "002-soft-11-20.png"));
  EXPECT_EQ(ReadText(folder_.Path("out/pages/002-soft-11-20.png")), Png(30, 40, "two"));

  const Json json = ParseJson(ran.out).value();
  EXPECT_EQ(json["tokens"], 900);
  EXPECT_EQ(json["prefix_sha256"], "aa");
  EXPECT_EQ(json["payload_sha256"], "bb");
  EXPECT_EQ(json["groups_complete"], true);
  EXPECT_EQ(json["chars"]["text"], 5);
  EXPECT_FALSE(json.contains("characters"));
  EXPECT_EQ(json["pages"][1]["file"], "pages/002-soft-11-20.png");
  EXPECT_EQ(json["pages"][1]["page_id"], "p2");
}

TEST_F(Context, TakesPagesFromAnAnthropicPayload) {
  Serve(
      R"({"system":[],"messages":[{"role":"user","content":[)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"PAGE1"}},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"PAGE2"}}]}]})");
  ASSERT_EQ(RunContext("anthropic").exit_code, 0);
  EXPECT_EQ(server_.contexts.pages_fetched, 0);
  EXPECT_EQ(ReadText(folder_.Path("out/pages/001-faint_x-1-10.png")), Png(10, 20, "one"));
}

TEST_F(Context, TakesPagesFromAResponsesPayload) {
  Serve(R"({"input":[{"type":"message","role":"user","content":[)"
        R"({"type":"input_image","image_url":"data:image/png;base64,PAGE1","detail":"auto"}]},)"
        R"({"type":"function_call_output","call_id":"c","output":[)"
        R"({"type":"input_image","image_url":"data:image/png;base64,PAGE2","detail":"auto"}]}]})");
  ASSERT_EQ(RunContext("openai-responses").exit_code, 0);
  EXPECT_EQ(server_.contexts.last_request.format(), v1::WIRE_FORMAT_OPENAI_RESPONSES);
  EXPECT_EQ(server_.contexts.pages_fetched, 0);
  EXPECT_EQ(ReadText(folder_.Path("out/pages/002-soft-11-20.png")), Png(30, 40, "two"));
}

TEST_F(Context, TakesPagesFromAGeminiPayload) {
  Serve(R"({"contents":[{"role":"user","parts":[)"
        R"({"inlineData":{"mimeType":"image/png","data":"PAGE1"}},)"
        R"({"inlineData":{"mimeType":"image/png","data":"PAGE2"}}]},)"
        R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"data":"AAAA"}}}]}]})");
  ASSERT_EQ(RunContext("gemini").exit_code, 0);
  EXPECT_EQ(server_.contexts.last_request.format(), v1::WIRE_FORMAT_GEMINI);
  EXPECT_EQ(server_.contexts.pages_fetched, 0);
  EXPECT_EQ(ReadText(folder_.Path("out/pages/001-faint_x-1-10.png")), Png(10, 20, "one"));
}

TEST_F(Context, KnowsEveryFormatByName) {
  const std::pair<const char*, v1::WireFormat> formats[] = {
      {"native", v1::WIRE_FORMAT_NATIVE},
      {"openai-chat", v1::WIRE_FORMAT_OPENAI_CHAT},
      {"openai-responses", v1::WIRE_FORMAT_OPENAI_RESPONSES},
      {"anthropic", v1::WIRE_FORMAT_ANTHROPIC},
      {"gemini", v1::WIRE_FORMAT_GEMINI},
      {"vllm", v1::WIRE_FORMAT_VLLM},
      {"deepseek", v1::WIRE_FORMAT_DEEPSEEK}};
  EXPECT_EQ(std::size(formats) + 1,
            static_cast<size_t>(v1::WireFormat_descriptor()->value_count()));
  for (const auto& [name, format] : formats) {
    const Ran ran = RunCli(server_, {"tools", "--format", name});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.out, "[\"" + v1::WireFormat_Name(format) + "\"]\n");
  }
  EXPECT_EQ(RunCli(server_, {"tools"}).exit_code, 2);
  EXPECT_EQ(RunCli(server_, {"tools", "--format", "morse"}).exit_code, 2);
}

// A user's own image stands in the payload too: which is which must not be guessed.
TEST_F(Context, FetchesPagesWhereThePayloadHasOtherImages) {
  std::string payload = kOpenAi;
  Substitute(payload, R"({"type":"text","text":"data:image/png;base64,AAAA"})",
             R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}})");
  Serve(payload);
  ASSERT_EQ(RunContext("openai-chat").exit_code, 0);
  EXPECT_EQ(server_.contexts.pages_fetched, 2);
  // Of the context that was served: turns may have come since.
  EXPECT_EQ(server_.contexts.last_page_request.view().as_of_seq(), 99U);
  EXPECT_EQ(server_.contexts.last_page_request.view().session_id(), "s");
  EXPECT_EQ(ReadText(folder_.Path("out/pages/001-faint_x-1-10.png")), Png(10, 20, "one"));
}

TEST_F(Context, NativeNamesThePagesFiles) {
  Serve("");
  v1::BuildContextResponse& build = server_.contexts.build;
  for (const auto& [id, png] : server_.contexts.pages) {
    v1::PageBytes& bytes = *build.add_page_bytes();
    bytes.set_page_id(id);
    bytes.set_png(png);
  }
  build.add_blocks()->set_note("an introduction");
  *build.add_blocks()->mutable_page() = build.summary().pages(0);
  *build.add_blocks()->mutable_drawn_result()->add_pages() = build.summary().pages(1);
  build.add_blocks()->mutable_turn()->add_parts()->mutable_text()->set_text("\xed\xa0\x80");
  ASSERT_EQ(RunContext("native").exit_code, 0);
  const std::string text = ReadText(folder_.Path("out/context.json"));
  const Json json = ParseJson(text).value();
  EXPECT_EQ(json["blocks"][0]["note"], "an introduction");
  EXPECT_EQ(json["blocks"][1]["page"]["file"], "pages/001-faint_x-1-10.png");
  EXPECT_EQ(json["blocks"][2]["drawn_result"]["pages"][0]["file"], "pages/002-soft-11-20.png");
  EXPECT_THAT(text, HasSubstr(R"("text": "\ud800")"));
  EXPECT_THAT(PageFiles(), ElementsAre("001-faint_x-1-10.png", "002-soft-11-20.png"));
}

TEST_F(Context, RemovesThePagesOfAnEarlierRunOnly) {
  std::filesystem::create_directories(folder_.Path("out/pages"));
  WriteText(folder_.Path("out/pages/003-trace-1-2.png"), "stale");
  WriteText(folder_.Path("out/pages/holiday.png"), "mine");
  Serve(kOpenAi);
  ASSERT_EQ(RunContext("openai-chat").exit_code, 0);
  EXPECT_THAT(PageFiles(),
              ElementsAre("001-faint_x-1-10.png", "002-soft-11-20.png", "holiday.png"));
}

TEST_F(Context, SaysHowManyTokensWouldDo) {
  server_.contexts.required_tokens = 4321;
  const Ran ran = RunContext("anthropic", {"--json"});
  EXPECT_EQ(ran.exit_code, 3);
  const Json json = ParseJson(ran.out).value();
  EXPECT_EQ(json["required_tokens"], 4321);
  EXPECT_EQ(json["error"]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("out")));
  EXPECT_EQ(RunCli(server_, {"tiers", "s"}).exit_code, 3);
}

TEST(RequiredTokens, AreANumberOrNothing) {
  absl::Status status = absl::ResourceExhaustedError("too small");
  EXPECT_EQ(RequiredTokens(status), std::nullopt);
  status.SetPayload("fovea-required-tokens", absl::Cord("4321"));
  EXPECT_EQ(RequiredTokens(status), 4321);
  EXPECT_EQ(ExitCodeOf(status), kBudgetTooSmall);
  status.SetPayload("fovea-required-tokens", absl::Cord("many"));
  EXPECT_EQ(RequiredTokens(status), std::nullopt);
  EXPECT_EQ(ExitCodeOf(status), kFailed);
}

TEST_F(Context, PassesTheViewOn) {
  Serve(kOpenAi);
  ASSERT_EQ(RunContext("openai-chat", {"--reader", "qwen3-vl", "--at", "7", "--policy",
                                       "entry_rung=2", "--policy", "forbid_drawn_results=true"})
                .exit_code,
            0);
  const v1::View& view = server_.contexts.last_request.view();
  EXPECT_EQ(view.session_id(), "s");
  EXPECT_EQ(view.reader(), "qwen3-vl");
  EXPECT_EQ(view.token_budget(), 1000);
  EXPECT_EQ(view.as_of_seq(), 7U);
  EXPECT_EQ(view.policy().entry_rung(), 2);
  EXPECT_TRUE(view.policy().forbid_drawn_results());
  EXPECT_FALSE(view.policy().has_tail_high_permille());
}

}  // namespace
}  // namespace fovea::cli
