#include "service/wire/formats.h"

#include <algorithm>
#include <array>

namespace fovea::wire {
namespace {

constexpr std::array<FormatEntry, 6> kFormats = {
    {{PayloadFormat::kOpenAiChat, "openai-chat", 2, OpenAiChat, ToolShape::kChat},
     {PayloadFormat::kAnthropic, "anthropic", 3, AnthropicMessages, ToolShape::kAnthropic},
     {PayloadFormat::kOpenAiResponses, "openai-responses", 4, OpenAiResponses,
      ToolShape::kResponses},
     {PayloadFormat::kGemini, "gemini", 5, GeminiGenerateContent, ToolShape::kGemini},
     {PayloadFormat::kVllm, "vllm", 6, VllmChat, ToolShape::kChat},
     {PayloadFormat::kDeepSeek, "deepseek", 7, DeepSeekChat, ToolShape::kChat}}};

}  // namespace

std::span<const FormatEntry> Formats() { return kFormats; }

const FormatEntry& EntryOf(PayloadFormat format) {
  return *std::ranges::find(kFormats, format, &FormatEntry::format);
}

const FormatEntry* EntryOfNumber(int number) {
  const auto* found = std::ranges::find(kFormats, number, &FormatEntry::number);
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace fovea::wire
