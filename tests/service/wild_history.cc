#include "tests/service/wild_history.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/log/group.h"
#include "tests/support/pictures.h"

namespace fovea::testing {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  WildHistory Make() {
    const size_t turns = static_cast<size_t>(Length());
    long_ = turns > 60;
    two_agents_ = Chance(15);
    while (history_.turns.size() < turns) {
      if (Chance(4)) {
        AddNestedAgent(1);
      } else if (Chance(8)) {
        AddSplitStep();
      } else {
        AddTurn();
      }
    }
    return std::move(history_);
  }

 private:
  int Between(int low, int high) { return low + static_cast<int>(random_() % (high - low + 1)); }
  bool Chance(int percent) { return Between(1, 100) <= percent; }

  int Length() {
    const int kind = Between(1, 100);
    if (kind <= 65) return Between(1, 10);
    if (kind <= 93) return Between(11, 40);
    if (kind <= 99) return Between(41, 120);
    return Between(121, 400);
  }

  uint64_t NextSeq() const { return history_.turns.size() + 1; }

  std::string Marker() {
    history_.markers.push_back({absl::StrCat("mark", history_.markers.size(), "k"), NextSeq()});
    return history_.markers.back().text;
  }

  std::string Text() {
    switch (Between(0, 9)) {
      case 0:
        return "";
      case 1:
        return Chance(50) ? " \n\t" : "\u3000\u00A0";
      case 2:
        return absl::StrCat("\xED\xA0\xBD lone ", Marker(), std::string(1, '\0'), "\x1b[0m");
      case 3:
        return absl::StrCat("{\"quoted\": \"", Marker(), "\\\"}\xFF");
      case 4:
        return absl::StrCat("日本語 🎈 ", Marker(), Chance(50) ? " " : "\u00A0\n");
      case 5:
        // What makes a long history too large for one epoch.
        return absl::StrCat(Marker(), std::string(long_ ? Between(100, 3000) : 20, 'w'), " end");
      default:
        return absl::StrCat("plain ", Marker());
    }
  }

  std::string Id() {
    static const char* const kIds[] = {"", "a", "b", "call_1", "with space", "ü", "x.y:z"};
    if (Chance(3)) return std::string(90, 'l');
    return kIds[Between(0, 6)];
  }

  ImagePart Image() {
    static const char* const kTypes[] = {"image/jpeg", "image/png", "image/webp", "image/gif"};
    // Its media type is often wrong; its data sometimes is no picture, or too large, or too long.
    std::string data = Chance(50) ? JpegHeader() : PngHeader(Between(1, 3000), Between(1, 300));
    if (Chance(5)) data = std::string("GIF89a\1\0\1\0", 10);
    if (Chance(5)) data = "\x89PNG picture";
    if (Chance(5)) data.append(5000, 'p');
    if (Chance(5)) data.clear();
    return {.media_type = kTypes[Between(0, 3)], .data = std::move(data)};
  }

  Part Call() {
    static const char* const kNames[] = {"", "bash", "functions.bash", "наме", "7zip", "-"};
    const size_t before = history_.markers.size();
    std::string arguments;
    switch (Between(0, 5)) {
      case 0:
        break;
      case 5:
        arguments = absl::StrCat("{\"deep\": ", std::string(100, '['), std::string(100, ']'), "}");
        break;
      case 1:
        arguments = "[1, 2]";
        break;
      case 2:
        arguments = absl::StrCat("not json ", Marker());
        break;
      case 3:
        arguments = "{\"lone\": \"\\ud83d\"}";
        break;
      default:
        arguments = absl::StrCat("{\"b\": 1, \"a\": {\"deep\": [\"", Marker(), "\"]}}");
    }
    std::string id = Id();
    recent_ids_.push_back(id);
    if (history_.markers.size() > before) spoken_.push_back(history_.markers.back().text);
    return ToolCallPart{std::move(id), Chance(5) ? std::string(140, 'n') : kNames[Between(0, 5)],
                        std::move(arguments), Chance(10)};
  }

  Part Result() {
    ToolResultPart result{.is_error = Chance(20)};
    result.call_id = !recent_ids_.empty() && Chance(80)
                         ? recent_ids_[Between(0, static_cast<int>(recent_ids_.size()) - 1)]
                         : Id();
    const int items = Between(0, 3);
    for (int i = 0; i < items; ++i) {
      if (Chance(25)) {
        result.content.emplace_back(Image());
      } else if (Chance(10)) {
        result.content.emplace_back(Document());
      } else if (Chance(10)) {
        result.content.emplace_back(SearchResult());
      } else if (Chance(5)) {
        result.content.emplace_back(ToolReferencePart{"grep"});
      } else {
        result.content.emplace_back(TextPart{Text()});
      }
    }
    return result;
  }

  Part Opaque() {
    static const std::pair<const char*, const char*> kParts[] = {
        {"anthropic.thinking", R"({"type":"thinking","thinking":"hm","signature":"c2ln"})"},
        {"anthropic.thinking", "no JSON"},
        {"openai.reasoning", "foreign"},
        {"openai.reasoning", R"({"type":"reasoning","id":"rs_1","summary":[]})"},
        {"openai.reasoning", R"({"type":"reasoning","summary":[],"encrypted_content":"ZW5j"})"},
        {"openai.web_search_call",
         R"({"type":"web_search_call","id":"ws_1","status":"completed"})"},
        {"openai.custom_tool_call", R"({"type":"custom_tool_call","call_id":"x","input":""})"},
        {"gemini.thought_signature", R"({"thoughtSignature":"c2lnbg=="})"},
        {"gemini.part", R"({"text":"","thoughtSignature":"c2lnbg=="})"},
        {"gemini.part", R"({"text":"let me think","thought":true})"},
        {"gemini.part",
         R"({"functionCall":{"name":"bash","args":{}},"thoughtSignature":"c2lnbg=="})"},
        {"gemini.part", R"({"functionResponse":{"name":"bash","response":{}}})"},
        {"gemini.part", R"({"strange":1})"},
        {"deepseek.reasoning_content", "I should run it"},
        {"deepseek.reasoning_content", ""},
        {"deepseek.reasoning_content", R"({"reasoning_content":"hm"})"},
        {"deepseek.other", R"({"other":1})"},
        {"moonshot.reasoning_content", "kimi thinks"},
        {"anthropic.redacted_thinking", R"({"type":"redacted_thinking","data":"eA=="})"},
        {"anthropic.text", R"({"type":"text","text":"written"})"},
        {"anthropic.document",
         R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"cache_control":{"type":"ephemeral"}})"},
        {"anthropic.document",
         R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"d","cache_control":{"type":"ephemeral"}}]}})"},
        {"openai.input_file", R"({"type":"input_file","file_id":"file-1"})"},
        {"openai.file", R"({"type":"file","file":{"file_id":"file-1"}})"},
        {"gemini.part", R"({"fileData":{"mimeType":"video/mp4","fileUri":"https://x/y"}})"}};
    const auto& [kind, data] = kParts[Between(0, static_cast<int>(std::size(kParts)) - 1)];
    return OpaquePart{kind, data};
  }

  // What an assistant says that only Anthropic hears.
  Part Thinking() {
    const std::string word = absl::StrCat("own", history_.own_markers.size(), "k");
    history_.own_markers.push_back({word, NextSeq()});
    spoken_.push_back(word);
    return OpaquePart{"anthropic.thinking", absl::StrCat(R"({"type":"thinking","thinking":")", word,
                                                         R"(","signature":"c2ln"})")};
  }

  struct Pair {
    Part call;
    Part result;
    bool clients;  // the result is the client's to give
  };

  Pair OwnPair() {
    const std::string id = absl::StrCat("p", Between(1, 9));
    switch (Between(0, 3)) {
      case 0:
        return {OpaquePart{"anthropic.server_tool_use",
                           absl::StrCat(R"({"type":"server_tool_use","id":")", id,
                                        R"(","name":"web_search","input":{}})")},
                OpaquePart{"anthropic.web_search_tool_result",
                           absl::StrCat(R"({"type":"web_search_tool_result","tool_use_id":")", id,
                                        R"(","content":[]})")},
                false};
      case 1:
        return {OpaquePart{"anthropic.mcp_tool_use",
                           absl::StrCat(R"({"type":"mcp_tool_use","id":")", id, R"("})")},
                OpaquePart{"anthropic.mcp_tool_result",
                           absl::StrCat(R"({"type":"mcp_tool_result","tool_use_id":")", id,
                                        R"(","content":[]})")},
                false};
      case 2:
        return {OpaquePart{"openai.custom_tool_call",
                           absl::StrCat(R"({"type":"custom_tool_call","call_id":")", id,
                                        R"(","name":"sh","input":"ls"})")},
                OpaquePart{"openai.custom_tool_call_output",
                           absl::StrCat(R"({"type":"custom_tool_call_output","call_id":")", id,
                                        R"(","output":"x"})")},
                true};
      default:
        return {OpaquePart{"gemini.part", R"({"executableCode":{"language":"PYTHON","code":"1"}})"},
                OpaquePart{"gemini.part", R"({"codeExecutionResult":{"outcome":"OUTCOME_OK"}})"},
                false};
    }
  }

  DocumentPart Document() {
    switch (Between(0, 4)) {
      case 0:
        return {"application/pdf", "a.pdf", "%PDF-1.4 /Type /Page"};
      case 1:
        return {"application/zip", "a\n.zip", "PK"};
      case 2:
        return {"", "", "", "file_1"};
      case 3:
        return {"image/png", "", "", "https://x.y/z.png"};
      default:
        return {"text/markdown",
                "",
                Text(),
                "",
                Chance(30) ? "context" : "",
                R"({"citations":{"enabled":true},"cache_control":{"type":"ephemeral"}})"};
    }
  }

  SearchResultPart SearchResult() {
    return {Chance(80) ? "https://x.y" : "", Chance(80) ? "X" : " ", {Text(), Text()}};
  }

  // Each block of a step is a turn of its own, and the halves of pairs fall into two.
  void AddSplitStep() {
    const int blocks = Between(2, 6);
    std::vector<std::string> calls;
    for (int i = 0; i < blocks; ++i) {
      switch (Between(0, 3)) {
        case 0:
          AddSpoken({Thinking()});
          break;
        case 1: {
          const Pair pair = OwnPair();
          AddSpoken({pair.call});
          if (Chance(80))
            Add({.role = pair.clients ? Role::kTool : Role::kAssistant, .parts = {pair.result}});
          break;
        }
        case 2:
          calls.push_back(absl::StrCat("split_", NextSeq()));
          AddSpoken({ToolCallPart{calls.back(), "bash", Input(), Chance(30)}});
          break;
        default:
          AddSpoken({Spoken()});
      }
    }
    std::shuffle(calls.begin(), calls.end(), random_);
    for (const std::string& call : calls) {
      if (Chance(90))
        Add({.role = Role::kTool, .parts = {ToolResultPart{call, {TextPart{Text()}}}}});
    }
  }

  std::string Input() {
    const std::string word = Marker();
    spoken_.push_back(word);
    return absl::StrCat("{\"a\":\"", word, "\"}");
  }

  Part Spoken() {
    const size_t before = history_.markers.size();
    std::string text = Text();
    if (history_.markers.size() > before) spoken_.push_back(history_.markers.back().text);
    if (Chance(10)) return RefusalPart{std::move(text)};
    return TextPart{std::move(text), Chance(10) ? "commentary" : ""};
  }

  void AddSpoken(std::vector<Part> parts) {
    Add({.role = Role::kAssistant, .parts = std::move(parts)});
  }

  void Add(Turn turn) {
    turn.seq = NextSeq();
    if (!spoken_.empty()) history_.spoken.push_back(std::move(spoken_));
    spoken_.clear();
    if (two_agents_ && turn.role != Role::kSystem) turn.agent_id = Chance(50) ? "one" : "two";
    history_.turns.push_back(std::move(turn));
  }

  // A call whose result comes only after the turns of an agent of its own, or never.
  void AddNestedAgent(int depth) {
    const std::string outer = absl::StrCat("outer_", NextSeq());
    Add({.role = Role::kAssistant,
         .parts = {ToolCallPart{outer, "agent", absl::StrCat("{\"task\":\"", Marker(), "\"}")}}});
    const int inner = Between(1, 3);
    for (int i = 0; i < inner; ++i) {
      if (depth < 3 && Chance(30)) AddNestedAgent(depth + 1);
      const std::string id = Chance(80) ? absl::StrCat("inner_", NextSeq()) : outer;
      AddSpoken({Spoken(), ToolCallPart{id, "bash", "{}"}});
      Add({.role = Role::kTool, .parts = {ToolResultPart{id, {TextPart{Text()}}}}});
    }
    if (Chance(90))
      Add({.role = Role::kTool, .parts = {ToolResultPart{outer, {TextPart{Text()}}}}});
  }

  void AddTurn() {
    Turn turn;
    const int kind = Between(1, 100);
    if (kind <= 40) {
      turn.role = Role::kAssistant;
      recent_ids_.clear();
      if (Chance(30)) turn.parts.push_back(Opaque());
      if (Chance(20)) turn.parts.push_back(Thinking());
      if (Chance(60)) turn.parts.push_back(Spoken());
      const int most = Chance(1) ? 300 : 4;
      const int calls = Chance(70) ? Between(0, most) : 0;
      for (int i = 0; i < calls; ++i) {
        if (Chance(15)) turn.parts.push_back(Opaque());
        if (Chance(15)) turn.parts.push_back(Thinking());
        turn.parts.push_back(Call());
        if (Chance(15)) turn.parts.push_back(Spoken());
      }
      if (Chance(15)) {
        const Pair pair = OwnPair();
        if (Chance(85)) turn.parts.push_back(pair.call);
        if (Chance(30)) turn.parts.push_back(Spoken());
        if (Chance(85)) turn.parts.push_back(pair.result);
      }
      if (Chance(3)) turn.parts.emplace_back(Document());
      if (Chance(2)) turn.parts.emplace_back(AudioPart{"audio/wav", "RIFF", Text(), ""});
      if (Chance(5)) turn.parts.emplace_back(Image());
      if (Chance(3)) turn.parts.push_back(Result());
      if (Chance(5)) turn.parts.push_back(Opaque());
    } else {
      static const Role kRoles[] = {Role::kTool, Role::kTool, Role::kTool, Role::kUser,
                                    Role::kSystem};
      turn.role = kRoles[Between(0, 4)];
      const int parts = Between(0, 3);
      for (int i = 0; i < parts; ++i) {
        if (Chance(turn.role == Role::kTool ? 80 : 10)) {
          turn.parts.push_back(Result());
        } else if (Chance(4)) {
          turn.parts.push_back(Opaque());
        } else if (Chance(6)) {
          turn.parts.emplace_back(Document());
        } else if (Chance(4)) {
          turn.parts.emplace_back(SearchResult());
        } else if (Chance(15) && turn.role != Role::kSystem) {
          turn.parts.emplace_back(Image());
        } else {
          turn.parts.emplace_back(TextPart{Text()});
        }
      }
    }
    Add(std::move(turn));
  }

  std::mt19937_64 random_;
  WildHistory history_;
  bool long_ = false;
  bool two_agents_ = false;
  std::vector<std::string> spoken_;  // of the turn in progress
  std::vector<std::string> recent_ids_;
};

}  // namespace

WildHistory MakeWildHistory(uint64_t seed) { return Maker(seed).Make(); }

std::vector<ServedGroup> ServeAll(const std::vector<Turn>& turns, bool draw_some) {
  std::vector<ServedGroup> groups;
  GroupTracker tracker;
  for (const Turn& turn : turns) {
    if (!tracker.Add(turn).joined) {
      if (!groups.empty()) groups.back().open = false;
      groups.emplace_back();
    }
    ServedTurn served{.turn = std::make_shared<const Turn>(turn)};
    if (draw_some && HasToolResult(turn) && turn.seq % 3 == 0) {
      served.results_drawn = true;
      served.pages = {{.page_id = Sha256Hex(absl::StrCat("page ", turn.seq)),
                       .resolution = "MEDIA_RESOLUTION_MEDIUM"}};
    }
    groups.back().turns.push_back(std::move(served));
    groups.back().unanswered = tracker.newest().waiting_calls;
    groups.back().open = tracker.newest().open;
  }
  return groups;
}

}  // namespace fovea::testing
