// Writes DIR/FORMAT-HISTORY.json for every format: {"payload": ..., "tools": ...}. The history
// "rich" has one of everything that agents do; the others are wild.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "service/wire/payload.h"
#include "service/wire/recall_tools.h"
#include "tests/service/wild_history.h"
#include "tests/service/wire_support.h"

namespace fovea::testing {
namespace {

using wire::PayloadFormat;

struct Format {
  const char* name;
  PayloadFormat format;
  const char* resolution;    // of its readers' pages
  std::vector<Part> own[2];  // of the API's own: before a text, and before calls
};

std::vector<Format> Formats() {
  const Part thinking =
      OpaquePart{"anthropic.thinking", R"({"type":"thinking","thinking":"hm","signature":"c2ln"})"};
  const auto reasoning = [](const char* id) {
    return Part(OpaquePart{"openai.reasoning",
                           absl::StrCat(R"({"type":"reasoning","id":")", id,
                                        R"(","summary":[{"type":"summary_text","text":"hm"}],)",
                                        R"("encrypted_content":"ZW5j"})")});
  };
  const Part thought = OpaquePart{"gemini.part", R"({"text":"hm","thought":true})"};
  const Part signature =
      OpaquePart{"gemini.thought_signature", R"({"thoughtSignature":"c2lnbg=="})"};
  const Part deepseek = OpaquePart{"deepseek.reasoning_content", "hm"};
  return {{"openai-chat", PayloadFormat::kOpenAiChat, "high", {}},
          {"openai-responses",
           PayloadFormat::kOpenAiResponses,
           "original",
           {{reasoning("rs_1")}, {reasoning("rs_2")}}},
          {"anthropic", PayloadFormat::kAnthropic, "", {{thinking}, {thinking}}},
          {"gemini",
           PayloadFormat::kGemini,
           "MEDIA_RESOLUTION_HIGH",
           {{thought, signature}, {signature}}},
          {"vllm", PayloadFormat::kVllm, "", {}},
          {"deepseek", PayloadFormat::kDeepSeek, "", {{deepseek}, {deepseek}}}};
}

std::vector<Turn> RichTail(const Format& format) {
  const ImagePart picture = Picture();
  std::vector<Part> says = format.own[0];
  says.push_back(Text("I look \"around\" \\ 日本語 🎈\n"));
  std::vector<Part> calls = format.own[1];
  calls.push_back(Text("three at once"));
  calls.push_back(Call("call_1", R"({"path": "a/b.cc", "deep": {"list": [1, 2.5, null, true]}})"));
  calls.push_back(Call("call_2", "not JSON"));
  calls.push_back(Call("call_3", ""));
  return {Make(Role::kUser, {Text("go on"), picture}),
          Make(Role::kAssistant, std::move(says)),
          Make(Role::kAssistant, std::move(calls)),
          Make(Role::kTool, {ToolResultPart{"call_3", {TextPart{"broken"}}, true}}),
          Make(Role::kTool, {ToolResultPart{"call_1", {TextPart{"see"}, picture}}}),
          Make(Role::kTool, {Result("call_9", "for nobody")}),
          Make(Role::kUser, {Text("stop")}),
          Make(Role::kAssistant, {Call("call_4")}),
          Make(Role::kTool, {Result("call_4", "drawn on a page")}),
          Make(Role::kSystem, {Text("be brief")}),
          Make(Role::kAssistant, {Call("call_1")})};
}

Context RichContext(const Format& format) {
  std::vector<Turn> turns = {Make(Role::kSystem, {Text("be good")}),
                             Make(Role::kSystem, {Text("be exact")}),
                             Make(Role::kUser, {Text("the task")})};
  const size_t head = turns.size();
  for (Turn& turn : RichTail(format)) turns.push_back(std::move(turn));
  for (size_t i = 0; i < turns.size(); ++i) turns[i].seq = i + 1;
  const std::vector<ServedGroup> groups = ServeAll(turns, /*draw_some=*/true);
  Context context;
  context.head.assign(groups.begin(), groups.begin() + static_cast<long>(head));
  context.tail.assign(groups.begin() + static_cast<long>(head), groups.end());
  for (const char* rung : {"trace", "faint", "soft", "sharp"}) {
    HistoryMessage message{.rung = rung, .rung_end = true};
    message.items.emplace_back(absl::StrCat("Pages at the rung ", rung, " follow."));
    message.items.emplace_back(
        PlannedPage{.page_id = Sha256Hex(rung), .resolution = format.resolution});
    message.items.emplace_back("Exact strings: 0xdeadbeef");
    context.history.push_back(std::move(message));
  }
  return context;
}

absl::StatusOr<wire::PageBytes> SomeBytes(const std::vector<const PlannedPage*>& pages) {
  wire::PageBytes bytes;
  for (const PlannedPage* page : pages) {
    bytes[page->page_id] = std::make_shared<const std::string>("\x89PNG " + page->page_id);
  }
  return bytes;
}

bool WritePayload(const std::string& path, const Context& context, const Format& format) {
  auto payload = wire::PayloadWriter(0).Write(context, {.state_id = 1,
                                                        .format = format.format,
                                                        .reader = {.max_breakpoints = 4},
                                                        .load = SomeBytes});
  if (!payload.ok()) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), payload.status().ToString().c_str());
    return false;
  }
  std::ofstream file(path, std::ios::binary);
  file << R"({"payload":)" << payload->bytes << R"(,"tools":)" << wire::RecallTools(format.format)
       << "}\n";
  return file.good();
}

// What templates without tools can show.
std::vector<Turn> WithoutTools(const std::vector<Turn>& turns) {
  std::vector<Turn> plain;
  for (Turn turn : turns) {
    if (turn.role == Role::kTool) continue;
    std::erase_if(turn.parts, [](const Part& part) {
      return !std::holds_alternative<TextPart>(part) && !std::holds_alternative<ImagePart>(part);
    });
    turn.seq = plain.size() + 1;
    plain.push_back(std::move(turn));
  }
  return plain;
}

// DIR/templates: for readers whose templates want roles in turn, "tools-SEED" and "plain-SEED".
bool WriteForTemplates(const std::string& folder) {
  constexpr uint64_t kHistories = 60;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  wire::PayloadWriter writer(0);
  const wire::PayloadRequest request{
      .state_id = 1,
      .format = PayloadFormat::kVllm,
      .reader = {.dialect = {.roles_alternate = true, .nine_character_ids = true}},
      .load = SomeBytes};
  for (uint64_t seed = 0; seed < kHistories; ++seed) {
    const std::vector<Turn> turns = MakeWildHistory(seed).turns;
    for (const bool tools : {true, false}) {
      const Context context{.tail = ServeAll(tools ? turns : WithoutTools(turns), false)};
      const auto payload = writer.Write(context, request);
      if (!payload.ok()) {
        std::fprintf(stderr, "%s\n", payload.status().ToString().c_str());
        return false;
      }
      std::ofstream(absl::StrCat(folder, "/", tools ? "tools-" : "plain-", seed, ".json"),
                    std::ios::binary)
          << payload->bytes;
    }
  }
  return !error;
}

bool WriteAll(const std::string& folder) {
  bool fine = WriteForTemplates(folder + "/templates");
  for (const Format& format : Formats()) {
    const std::string stem = absl::StrCat(folder, "/", format.name, "-");
    fine &= WritePayload(absl::StrCat(stem, "rich.json"), RichContext(format), format);
    for (uint64_t seed : {3, 33, 333}) {
      const Context context{.tail = ServeAll(MakeWildHistory(seed).turns, seed % 2 == 0)};
      fine &= WritePayload(absl::StrCat(stem, "wild", seed, ".json"), context, format);
    }
  }
  return fine;
}

}  // namespace
}  // namespace fovea::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIR\n", argv[0]);
    return 2;
  }
  return fovea::testing::WriteAll(argv[1]) ? 0 : 1;
}
