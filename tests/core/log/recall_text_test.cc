#include "core/log/recall_text.h"

#include <string>

#include "gtest/gtest.h"

namespace fovea {
namespace {

// The header of a PNG of 640 by 480 pixels.
const std::string kPng("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\2\0\0\0", 29);

Turn TurnOf(std::vector<Part> parts) { return {.seq = 7, .parts = std::move(parts)}; }

TEST(RecallText, OfOneTextIsThatText) {
  for (const std::string text : {"", "a", "\n\xff\n", "two\nlines\n"}) {
    const RecallText recall = RecallTextOf(TurnOf({TextPart{text}}));
    EXPECT_EQ(recall.text, text);
    EXPECT_TRUE(recall.arguments.empty());
    EXPECT_TRUE(recall.images.empty());
  }
}

TEST(RecallText, HoldsEveryPartInOrder) {
  const RecallText recall = RecallTextOf(TurnOf(
      {OpaquePart{"anthropic.thinking", "1234"}, TextPart{"I look."},
       ToolCallPart{"c1", "read", R"({"path":"a\nb"})"}, ImagePart{"image/png", kPng}, TextPart{""},
       ToolResultPart{"c1",
                      {TextPart{"one\n"}, ImagePart{"image/gif", "no image"}, TextPart{"two"}},
                      /*is_error=*/true},
       ToolResultPart{"c2", {}, false}, ToolCallPart{"c3", "list", ""}, TextPart{"end"}}));
  EXPECT_EQ(recall.text,
            "[anthropic.thinking block, 4 bytes]\n"
            "I look.\n"
            "→ read {\"path\":\"a\\nb\"}\n"
            "[image 1: image/png, 640x480, 29 bytes]\n"
            "[error]\n"
            "one\n\n"
            "[image 2: image/gif, 8 bytes]\n"
            "two\n"
            "→ list \n"
            "end");
  ASSERT_EQ(recall.arguments.size(), 2U);
  const ByteSpan first = recall.arguments[0];
  EXPECT_EQ(recall.text.substr(first.begin, first.end - first.begin), R"({"path":"a\nb"})");
  EXPECT_EQ(recall.arguments[1].begin, recall.arguments[1].end);
  ASSERT_EQ(recall.images.size(), 2U);
  EXPECT_EQ(recall.text.substr(recall.images[0], 9), "[image 1:");
  EXPECT_EQ(recall.text.substr(recall.images[1], 9), "[image 2:");
}

TEST(RecallText, BeginsWithNoNewlineWhereTheFirstTextIsEmpty) {
  EXPECT_EQ(RecallTextOf(TurnOf({TextPart{""}, ToolCallPart{"c", "f", "{}"}})).text, "→ f {}");
  EXPECT_EQ(RecallTextOf(TurnOf({})).text, "");
}

TEST(RecallText, HoldsWhatProvidersSendBesides) {
  ToolCallPart custom{"c1", "patch", "*** Begin \\n\n+x"};
  custom.custom = true;
  const RecallText recall = RecallTextOf(
      TurnOf({custom, RefusalPart{"No."}, AudioPart{"audio/wav", "12345", "hello", "id"},
              DocumentPart{"application/pdf", "plan.pdf", "1234", "", "the plan", ""},
              DocumentPart{"text/plain", "a.txt", "its text", "", "", ""},
              ToolResultPart{"c1",
                             {SearchResultPart{"https://x", "Title", {"one", "two"}, ""},
                              ToolReferencePart{"grep"}},
                             false}}));
  EXPECT_EQ(recall.text,
            "→ patch *** Begin \\n\n+x\n"
            "No.\n"
            "[audio: audio/wav, 5 bytes; transcript follows]\n"
            "hello\n"
            "[document: application/pdf, \"plan.pdf\", 4 bytes]\n"
            "the plan\n"
            "[document: text/plain, \"a.txt\", 8 bytes]\n"
            "its text\n"
            "[search result: Title, https://x]\n"
            "one\n"
            "two\n"
            "[tool: grep]");
  EXPECT_TRUE(recall.arguments.empty()) << "its input is no JSON";
}

}  // namespace
}  // namespace fovea
