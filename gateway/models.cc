#include "gateway/models.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace fovea::gateway {
namespace {

constexpr int64_t kUnknownWindow = 128'000;
constexpr int64_t kLongWindow = 1'000'000;

struct Rule {
  const char* prefix;
  const char* reader;
  int64_t window;
};

// The first that fits. Vendors' model pages, November 2026; the readers are those of readers/.
constexpr Rule kRules[] = {
    {"claude-3", "claude-standard", 200'000},
    {"claude-opus-4-0", "claude-standard", 200'000},
    {"claude-opus-4-1", "claude-standard", 200'000},
    {"claude-opus-4-2", "claude-standard", 200'000},  // a date: Opus 4
    {"claude-opus-4-5", "claude-standard", 200'000},
    {"claude-opus-4-6", "claude-standard", 200'000},
    {"claude-sonnet-4", "claude-standard", 200'000},
    {"claude-haiku-4", "claude-standard", 200'000},
    {"claude-haiku", "claude-standard", 200'000},
    {"claude", "claude", 200'000},
    {"gpt-6", "gpt-5.6", 400'000},
    {"gpt-5.6", "gpt-5.6", 400'000},
    {"gpt-5.5", "gpt-5.6", 400'000},
    {"gpt-5.4-mini", "gpt-5-mini", 400'000},
    {"gpt-5.4-nano", "gpt-5-nano", 400'000},
    {"gpt-5.4", "gpt-5.4", 400'000},
    {"gpt-5.1-codex", "gpt-5-mini", 400'000},
    {"gpt-5.3-codex", "gpt-5-mini", 400'000},
    {"gpt-5.2", "gpt-5-mini", 400'000},
    {"gpt-5-mini", "gpt-5-mini", 400'000},
    {"gpt-5-nano", "gpt-5-nano", 400'000},
    {"gpt-5", "gpt-5", 400'000},
    {"gpt-4.1", "gpt-4o", 1'000'000},
    {"gpt-4o-mini", "gpt-4o-mini", 128'000},
    {"gpt-4o", "gpt-4o", 128'000},
    {"o4-mini", "o4-mini", 200'000},
    {"o3", "o3", 200'000},
    {"gemini-3", "gemini-3", 1'000'000},
    {"gemini-2", "gemini-2", 1'000'000},
    {"deepseek-flash", "deepseek-flash", 1'000'000},
    {"grok", "grok", 256'000},
    {"qwen3-vl", "qwen3-vl", 256'000},
    {"qwen3.", "qwen3-vl", 256'000},
    {"kimi-k3", "kimi-k3", 256'000},
    {"kimi-k2.5", "kimi-k2.5", 256'000},
};

}  // namespace

ModelFacts FactsOf(absl::string_view model, bool long_window) {
  const std::string lower = absl::AsciiStrToLower(model);
  absl::string_view name = lower;
  name = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
  if (absl::StrContains(name, "[1m]")) long_window = true;
  for (const Rule& rule : kRules) {
    if (!absl::StartsWith(name, rule.prefix)) continue;
    return {rule.reader, long_window ? kLongWindow : rule.window};
  }
  return {"", kUnknownWindow};
}

}  // namespace fovea::gateway
