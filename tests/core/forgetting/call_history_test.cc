#include "core/forgetting/call_history.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace fovea {
namespace {

class CallHistoryTest : public testing::Test {
 protected:
  // A call and its result: two turns. Returns the result's seq.
  uint64_t Call(const std::string& tool, const std::string& arguments, bool is_error = false) {
    const std::string id = absl::StrCat("call_", turns_.size());
    Append(Role::kAssistant, ToolCallPart{id, tool, arguments});
    Append(Role::kTool, ToolResultPart{id, {TextPart{"some text"}}, is_error});
    return turns_.size();
  }

  std::vector<uint64_t> Superseded() const {
    std::vector<uint64_t> seqs;
    for (const PartKey& key : history_.SupersededOf(turns_)) seqs.push_back(key.seq);
    return seqs;
  }

  void Append(Role role, Part part) {
    turns_.push_back(std::make_shared<const Turn>(
        Turn{.seq = turns_.size() + 1, .role = role, .parts = {std::move(part)}}));
    history_.Add(*turns_.back());
  }

  CallHistory history_;
  std::vector<TurnPtr> turns_;
};

using Seqs = std::vector<uint64_t>;

// Arguments that nest deeper than a parsed value may are told apart by their text.
TEST_F(CallHistoryTest, DeeplyNestedArgumentsAreText) {
  for (const std::string& tail : {std::string(70'000, ']') + "}", std::string()}) {
    const std::string deep = R"({"a":)" + std::string(70'000, '[') + tail;
    const uint64_t first = Call("bash", deep);
    EXPECT_EQ(Superseded(), Seqs());
    const uint64_t second = Call("bash", deep);
    EXPECT_EQ(Superseded(), Seqs{first});
    EXPECT_GT(second, first);
    history_ = {};
    turns_.clear();
  }
}

TEST_F(CallHistoryTest, TheSameCallAgainSupersedes) {
  const uint64_t first = Call("bash", R"({"command": "make test", "description": "Runs tests"})");
  Call("bash", R"({"command": "make lint"})");
  Call("bash", R"({"command":"make test","description":"Tests again","timeout":60000})");
  EXPECT_EQ(Superseded(), Seqs{first}) << "why and how long do not tell calls apart";
}

TEST_F(CallHistoryTest, AWholeFileSupersedesItsParts) {
  const uint64_t part = Call("read", R"({"file_path": "a.cc", "offset": 10, "limit": 50})");
  const uint64_t range = Call("read", R"({"file_path": "a.cc", "view_range": [1, 20]})");
  Call("read", R"({"file_path": "b.cc", "offset": 10})");
  const uint64_t whole = Call("read", R"({"file_path": "a.cc"})");
  EXPECT_EQ(Superseded(), (Seqs{part, range}));
  Call("read", R"({"file_path": "a.cc", "offset": 10, "limit": 51})");
  EXPECT_EQ(Superseded(), (Seqs{part, range})) << "a part does not supersede the whole";
  Call("read", R"({"file_path": "a.cc"})");
  EXPECT_EQ(Superseded(), (Seqs{part, range, whole, whole + 2}));
}

TEST_F(CallHistoryTest, OtherToolsAndOtherAskingDoNot) {
  Call("read", R"({"file_path": "a.cc"})");
  Call("write", R"({"file_path": "a.cc"})");
  Call("grep", R"({"path": "a.cc", "pattern": "x"})");
  Call("grep", R"({"path": "a.cc", "pattern": "y"})");
  Call("odd", "not json");
  Call("odd", "not json either");
  EXPECT_EQ(Superseded(), Seqs{});
  Call("odd", "not json");
  EXPECT_EQ(Superseded(), Seqs{10});
}

// A search in a file, or a list with a word in it, asks for more than a bound of what is read.
TEST_F(CallHistoryTest, WhatAsksForMoreThanABoundIsNoPartOfAFile) {
  Call("read", R"({"file_path": "a.cc", "pattern": "main"})");
  Call("read", R"({"file_path": "a.cc", "view_range": [1, "end"]})");
  const uint64_t empty = Call("read", R"({"file_path": "a.cc", "view_range": []})");
  Call("read", R"({"file_path": "a.cc"})");
  EXPECT_EQ(Superseded(), Seqs{empty});
}

TEST_F(CallHistoryTest, ErrorsStayAndRecallsAreCopies) {
  Call("bash", R"({"command": "make"})", true);
  Call("bash", R"({"command": "make"})");
  const uint64_t recall = Call("recall", R"({"seq": 2})");
  EXPECT_EQ(Superseded(), Seqs{recall}) << "an error says what was tried";
}

TEST_F(CallHistoryTest, IsBounded) {
  for (size_t i = 0; i < 2 * CallHistory::kMaxKeys; ++i) {
    history_.Add({.seq = i + 1,
                  .role = Role::kAssistant,
                  .parts = {ToolCallPart{"c", "bash", absl::StrCat("{\"n\": ", i, "}")}}});
  }
  const auto asked = [](uint64_t seq, size_t n) {
    return std::vector<TurnPtr>{
        std::make_shared<const Turn>(
            Turn{.seq = seq,
                 .role = Role::kAssistant,
                 .parts = {ToolCallPart{"c", "bash", absl::StrCat("{\"n\": ", n, "}")}}}),
        std::make_shared<const Turn>(
            Turn{.seq = seq + 1, .role = Role::kTool, .parts = {ToolResultPart{.call_id = "c"}}})};
  };
  EXPECT_EQ(history_.SupersededOf(asked(0, 2 * CallHistory::kMaxKeys - 1)).size(), 1U);
  EXPECT_EQ(history_.SupersededOf(asked(0, 1)).size(), 0U) << "what is long ago is forgotten";
}

}  // namespace
}  // namespace fovea
