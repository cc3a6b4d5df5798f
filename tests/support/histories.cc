#include "tests/support/histories.h"

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/support/gzip_file.h"

namespace fovea::testing {
namespace {

class Generator {
 public:
  Generator(uint64_t seed, const HistoryShape& shape) : random_(seed), shape_(shape) {}

  std::vector<Turn> Generate() {
    const int turns = Between(shape_.min_turns, shape_.max_turns);
    if (Chance(0.7)) Add(Role::kSystem, {TextPart{Text(600)}});
    if (Chance(0.9)) Add(Role::kUser, {TextPart{Text(900)}});
    while (static_cast<int>(turns_.size()) < turns) {
      if (Chance(0.12)) {
        Add(Role::kUser, {TextPart{Text(300)}});
      } else if (Chance(0.03)) {
        Add(Role::kTool, {Result("nobody_called")});
      } else if (Chance(0.02)) {
        Add(Role::kUser, {});
      } else {
        AddAssistant();
      }
    }
    return std::move(turns_);
  }

 private:
  void AddAssistant() {
    std::vector<Part> parts;
    if (Chance(0.1)) parts.emplace_back(OpaquePart{"anthropic.thinking", Text(50)});
    if (Chance(0.8)) parts.emplace_back(TextPart{Text(500)});
    std::vector<std::string> calls;
    const int call_count = Chance(0.75) ? Between(1, 4) : 0;
    for (int i = 0; i < call_count; ++i) {
      calls.push_back(absl::StrCat("call_", ++next_call_));
      parts.emplace_back(
          ToolCallPart{calls.back(), "run", absl::StrCat("{\"a\":\"", Word(), "\"}")});
    }
    Add(Role::kAssistant, std::move(parts));
    if (Chance(0.3)) std::shuffle(calls.begin(), calls.end(), random_);
    for (const std::string& call : calls) {
      if (Chance(0.04)) continue;  // never answered
      if (Chance(0.03)) Add(Role::kUser, {TextPart{"wait"}});
      Add(Role::kTool, {Result(Chance(0.03) ? "" : call)});
      if (Chance(0.02)) Add(Role::kTool, {Result(call)});  // answered twice
    }
  }

  ToolResultPart Result(std::string call) {
    int bytes = shape_.max_text_bytes;
    if (Chance(shape_.huge_result_share)) bytes *= 20;
    ToolResultPart result{std::move(call), {TextPart{Text(bytes)}}, Chance(0.1)};
    if (Chance(0.03)) result.content.emplace_back(ImagePart{"image/png", "not really a picture"});
    return result;
  }

  void Add(Role role, std::vector<Part> parts) {
    time_us_ += int64_t{1'000'000} * Between(1, 600);
    turns_.push_back(
        {.seq = turns_.size() + 1, .role = role, .time_us = time_us_, .parts = std::move(parts)});
  }

  std::string Text(int most_bytes) {
    const int bytes = Between(0, most_bytes);
    std::string text;
    while (static_cast<int>(text.size()) < bytes) {
      text += Word();
      text += Chance(0.1) ? '\n' : ' ';
    }
    return text;
  }

  std::string Word() {
    static constexpr std::array<const char*, 12> kWords = {
        "the", "error", "src/core/planner.cc", "4f2a9c01be", "return",    "0x7ffe", "connect",
        "值",  "naïve", "{\"id\": 7}",         "std::",      "timeout=30"};
    return kWords[Between(0, static_cast<int>(kWords.size()) - 1)];
  }

  int Between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool Chance(double share) {
    return std::uniform_real_distribution<double>(0, 1)(random_) < share;
  }

  std::mt19937_64 random_;
  const HistoryShape shape_;
  std::vector<Turn> turns_;
  int64_t time_us_ = 1'700'000'000'000'000;
  int next_call_ = 0;
};

std::string StringOr(const nlohmann::json& object, const char* key) {
  const auto field = object.find(key);
  return field != object.end() && field->is_string() ? field->get<std::string>() : "";
}

Turn TurnFromJson(const nlohmann::json& json, uint64_t seq) {
  Turn turn{.seq = seq, .time_us = json.value("time_us", int64_t{0})};
  const std::string role = StringOr(json, "role");
  const std::string text = StringOr(json, "text");
  if (role == "tool") {
    turn.role = Role::kTool;
    const bool is_error = json.value("is_error", nlohmann::json(false)) == true;
    turn.parts.emplace_back(
        ToolResultPart{StringOr(json, "tool_call_id"), {TextPart{text}}, is_error});
    return turn;
  }
  turn.role = role == "system"      ? Role::kSystem
              : role == "assistant" ? Role::kAssistant
                                    : Role::kUser;
  if (!text.empty()) turn.parts.emplace_back(TextPart{text});
  const auto calls = json.find("tool_calls");
  if (calls == json.end() || !calls->is_array()) return turn;
  for (const auto& call : *calls) {
    turn.parts.emplace_back(
        ToolCallPart{StringOr(call, "id"), StringOr(call, "name"), StringOr(call, "args")});
  }
  return turn;
}

}  // namespace

std::vector<Turn> RandomHistory(uint64_t seed, const HistoryShape& shape) {
  return Generator(seed, shape).Generate();
}

std::vector<SharedSession> SharedSessions(const std::string& file) {
  return SessionsOf(std::string(FOVEA_SOURCE_DIR) + "/../shared/data/" + file);
}

std::vector<SharedSession> SessionsOf(const std::string& path) {
  std::istringstream lines(ReadGzipFile(path));
  std::vector<SharedSession> sessions;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    SharedSession session{.name = StringOr(json, "session_id")};
    for (const auto& turn : json.at("turns")) {
      session.turns.push_back(TurnFromJson(turn, session.turns.size() + 1));
    }
    sessions.push_back(std::move(session));
  }
  return sessions;
}

}  // namespace fovea::testing
