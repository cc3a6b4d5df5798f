#include "tests/service/wild_history.h"

#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/log/group.h"

namespace fovea::testing {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  WildHistory Make() {
    const int turns = Between(1, 30);
    for (int i = 0; i < turns; ++i) AddTurn();
    return std::move(history_);
  }

 private:
  int Between(int low, int high) { return low + static_cast<int>(random_() % (high - low + 1)); }
  bool Chance(int percent) { return Between(1, 100) <= percent; }

  std::string Marker() {
    history_.markers.push_back(absl::StrCat("mark", history_.markers.size(), "k"));
    return history_.markers.back();
  }

  std::string Text() {
    switch (Between(0, 9)) {
      case 0:
        return "";
      case 1:
        return " \n\t";
      case 2:
        return absl::StrCat("\xED\xA0\xBD lone ", Marker(), std::string(1, '\0'), "\x1b[0m");
      case 3:
        return absl::StrCat("{\"quoted\": \"", Marker(), "\\\"}\xFF");
      case 4:
        return absl::StrCat("日本語 🎈 ", Marker(), " ");
      default:
        return absl::StrCat("plain ", Marker());
    }
  }

  std::string Id() {
    static const char* const kIds[] = {"", "a", "b", "call_1", "with space", "ü", "x.y:z"};
    if (Chance(3)) return std::string(90, 'l');
    return kIds[Between(0, 6)];
  }

  ImagePart Image() { return {.media_type = "image/jpeg", .data = "\xFF\xD8 picture"}; }

  Part Call() {
    static const char* const kNames[] = {"", "bash", "functions.bash", "наме"};
    ++history_.calls;
    std::string arguments;
    switch (Between(0, 4)) {
      case 0:
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
    return ToolCallPart{std::move(id), kNames[Between(0, 3)], std::move(arguments)};
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
      } else {
        result.content.emplace_back(TextPart{Text()});
      }
    }
    return result;
  }

  Part Opaque() {
    switch (Between(0, 2)) {
      case 0:
        return OpaquePart{"anthropic.thinking",
                          R"({"type":"thinking","thinking":"hm","signature":"c2ln"})"};
      case 1:
        return OpaquePart{"openai.reasoning", "foreign"};
      default:
        return OpaquePart{"anthropic.thinking", "no JSON"};
    }
  }

  void AddTurn() {
    Turn turn{.seq = history_.turns.size() + 1};
    const int kind = Between(1, 100);
    if (kind <= 40) {
      turn.role = Role::kAssistant;
      recent_ids_.clear();
      if (Chance(20)) turn.parts.push_back(Opaque());
      if (Chance(60)) turn.parts.emplace_back(TextPart{Text()});
      const int calls = Chance(70) ? Between(0, 4) : 0;
      for (int i = 0; i < calls; ++i) turn.parts.push_back(Call());
      if (Chance(5)) turn.parts.emplace_back(Image());
      if (Chance(3)) turn.parts.push_back(Result());
    } else {
      static const Role kRoles[] = {Role::kTool, Role::kTool, Role::kTool, Role::kUser,
                                    Role::kSystem};
      turn.role = kRoles[Between(0, 4)];
      const int parts = Between(0, 3);
      for (int i = 0; i < parts; ++i) {
        if (Chance(turn.role == Role::kTool ? 80 : 10)) {
          turn.parts.push_back(Result());
        } else if (Chance(15) && turn.role != Role::kSystem) {
          turn.parts.emplace_back(Image());
        } else {
          turn.parts.emplace_back(TextPart{Text()});
        }
      }
    }
    history_.turns.push_back(std::move(turn));
  }

  std::mt19937_64 random_;
  WildHistory history_;
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
      served.pages = {{.page_id = Sha256Hex(absl::StrCat("page ", turn.seq))}};
    }
    groups.back().turns.push_back(std::move(served));
    groups.back().unanswered = tracker.newest().waiting_calls;
    groups.back().open = tracker.newest().open;
  }
  return groups;
}

}  // namespace fovea::testing
