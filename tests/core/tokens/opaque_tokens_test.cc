#include "core/tokens/opaque_tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace fovea {
namespace {

// A provider's blocks go to its own readers; what no provider is known for goes to all.
TEST(OpaqueTokens, BlocksGoToTheirProvidersReaders) {
  struct Case {
    const char* family;
    const char* kind;
    bool sent;
  };
  const Case cases[] = {{"claude-4", "anthropic.thinking", true},
                        {"claude-4", "openai.reasoning", false},
                        {"claude-4", "gemini.thought_signature", false},
                        {"claude-4", "somebody.else", true},
                        {"gpt-5", "openai.reasoning", true},
                        {"o3", "openai.reasoning", true},
                        {"o4-mini", "openai.reasoning", true},
                        {"computer-use", "openai.reasoning", true},
                        {"gpt-5", "anthropic.thinking", false},
                        {"gemini-3", "gemini.part", true},
                        {"gemini-3", "openai.reasoning", false},
                        {"deepseek-v3", "deepseek.reasoning_content", true},
                        {"deepseek-v3", "anthropic.thinking", false},
                        {"qwen3-vl", "anthropic.thinking", true}};
  for (const Case& each : cases) {
    EXPECT_EQ(MayBeSent(each.family, each.kind), each.sent) << each.family << " " << each.kind;
  }
}

TEST(OpaqueTokens, AFileWithinABlockIsTakenOut) {
  const auto document = FileIn(
      {"anthropic.document",
       R"({"source":{"data":"aGVsbG8=","media_type":"text/plain","type":"base64"},"title":"t"})"});
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->file.data, "hello");
  EXPECT_EQ(document->file.media_type, "text/plain");
  EXPECT_EQ(document->rest,
            R"({"source":{"media_type":"text/plain","type":"base64"},"title":"t"})");
  for (const char* block : {R"({"inlineData":{"data":"aGk=","mimeType":"audio/wav"}})",
                            R"({"inline_data":{"data":"aGk=","mime_type":"audio/wav"}})"}) {
    const auto inlined = FileIn({"gemini.part", block});
    ASSERT_TRUE(inlined.has_value()) << block;
    EXPECT_EQ(inlined->file.data, "hi");
    EXPECT_EQ(inlined->file.media_type, "audio/wav");
  }
}

TEST(OpaqueTokens, WhatIsNoFileStaysText) {
  for (const char* block :
       {"no JSON, but \"data\"", R"(["data"])", R"({"data":"aGk="})", R"({"source":{"data":7}})",
        R"({"source":"data","data":"data"})", R"({"source":{"data":"aGk=","type":"url"}})",
        R"({"source":{"data":"not base64!","type":"base64"}})",
        R"({"source":{"type":"base64"}})"}) {
    EXPECT_FALSE(FileIn({"anthropic.document", block}).has_value()) << block;
  }
}

// A block that would take much memory as a tree, or nests deep, is counted as text.
TEST(OpaqueTokens, ALargeTreeIsNotParsed) {
  const std::string file = R"({"source":{"data":"aGk=","type":"base64"},"more":)";
  std::string many = "[0";
  for (int i = 0; i < 100'000; ++i) many += ",0";
  EXPECT_TRUE(FileIn({"anthropic.document", file + "[0,0]}"}).has_value());
  EXPECT_FALSE(FileIn({"anthropic.document", file + many + "]}"}).has_value());
  EXPECT_FALSE(
      FileIn({"anthropic.document", file + std::string(100, '[') + std::string(100, ']') + "}"})
          .has_value());
}

}  // namespace
}  // namespace fovea
