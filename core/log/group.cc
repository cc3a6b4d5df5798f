#include "core/log/group.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/log/opaque_block.h"

namespace fovea {
namespace {

using Half = OpaqueBlock::Half;

// About what the turn holds: enough to tell a long step from a short one.
size_t BytesOf(const Turn& turn) {
  size_t bytes = 0;
  for (const Part& part : turn.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) bytes += text->text.size();
    if (const auto* call = std::get_if<ToolCallPart>(&part)) bytes += call->arguments_json.size();
    if (const auto* opaque = std::get_if<OpaquePart>(&part)) bytes += opaque->data.size();
  }
  return bytes;
}

}  // namespace

std::vector<std::string> CallIds(const Turn& turn) {
  std::vector<std::string> ids;
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) ids.push_back(call->call_id);
  }
  return ids;
}

bool HasToolResult(const Turn& turn) {
  return std::any_of(turn.parts.begin(), turn.parts.end(),
                     [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); });
}

bool GroupTracker::GoesOn(const std::string& agent_id) const {
  return std::ranges::find(speaking_, agent_id) != speaking_.end();
}

// A call of that agent waits; or, of others, one of another's.
bool GroupTracker::WaitsOf(const std::string& agent_id, bool others) const {
  return std::ranges::any_of(calls_, [&](const Call& call) {
    return !call.abandoned && (call.agent_id == agent_id) != others;
  });
}

bool GroupTracker::Joins(const Turn& turn) const {
  if (turns_ == 0) return false;
  if (turn.role != Role::kAssistant) return newest_.open;
  if (turns_ >= kMaxTurns) return false;
  if (WaitsOf(turn.agent_id, /*others=*/true)) return true;
  if (!GoesOn(turn.agent_id)) return false;
  return newest_.open || leads_on_ || bytes_ < kMaxStepBytes;
}

GroupTracker::Step GroupTracker::Add(const Turn& turn) {
  Step step{.joined = Joins(turn)};
  const bool assistant = turn.role == Role::kAssistant;
  if (step.joined) {
    newest_.turns.last = turn.seq;
    if (assistant && !GoesOn(turn.agent_id)) {
      for (Call& call : calls_) call.abandoned |= call.agent_id == turn.agent_id;
    }
  } else {
    newest_ = {.turns = {.first = turn.seq, .last = turn.seq}};
    newest_.orphan_result = HasToolResult(turn);
    calls_.clear();
    speaking_.clear();
    turns_ = bytes_ = 0;
    leads_on_ = false;
  }
  ++turns_;
  bytes_ += BytesOf(turn);
  if (assistant) {
    if (!GoesOn(turn.agent_id)) speaking_.push_back(turn.agent_id);
    TakeCalls(turn);
  } else if (turn.agent_id.empty()) {
    speaking_.clear();
  } else {
    std::erase(speaking_, turn.agent_id);
  }
  for (const Part& part : turn.parts) {
    if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      ++(Answer(result->call_id, turn.agent_id, false) ? step.answered_calls : step.orphan_results);
    } else if (const auto* opaque = std::get_if<OpaquePart>(&part)) {
      const OpaqueBlock block = ReadOpaqueBlock(*opaque);
      if (block.half == Half::kResult) Answer(block.id, turn.agent_id, true);
    }
  }
  Refresh();
  return step;
}

void GroupTracker::TakeCalls(const Turn& turn) {
  for (const Part& part : turn.parts) {
    leads_on_ = false;
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      calls_.push_back({.id = call->call_id, .agent_id = turn.agent_id});
    } else if (const auto* opaque = std::get_if<OpaquePart>(&part)) {
      OpaqueBlock block = ReadOpaqueBlock(*opaque);
      leads_on_ = block.leads_on;
      if (block.half != Half::kCall) continue;
      calls_.push_back({.id = std::move(block.id), .agent_id = turn.agent_id, .opaque = true});
    }
  }
}

// Takes the call that is answered out of those that wait; false if none is.
bool GroupTracker::Answer(const std::string& id, const std::string& agent_id, bool opaque) {
  const auto answers = [&](const Call& call) {
    return call.opaque == opaque && (agent_id.empty() || call.agent_id == agent_id) &&
           (id.empty() || call.id == id);
  };
  auto call = id.empty() ? std::ranges::find_if(calls_, answers) : calls_.end();
  for (auto newest = calls_.rbegin(); !id.empty() && newest != calls_.rend(); ++newest) {
    if (!answers(*newest)) continue;
    call = std::prev(newest.base());
    break;
  }
  if (call == calls_.end()) return false;
  calls_.erase(call);
  return true;
}

void GroupTracker::Refresh() {
  newest_.waiting_calls.clear();
  newest_.open = false;
  for (const Call& call : calls_) {
    newest_.open |= !call.abandoned;
    if (!call.opaque) newest_.waiting_calls.push_back(call.id);
  }
}

}  // namespace fovea
