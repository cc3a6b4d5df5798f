#include "service/wire/exchange.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/log/opaque_block.h"

namespace fovea::wire {
namespace {

using Half = OpaqueBlock::Half;

class Resolver {
 public:
  std::vector<Exchange> Resolve(const ServedGroup& group) {
    for (const ServedTurn& turn : group.turns) Place(turn);
    for (Exchange& exchange : exchanges_) FindLoneHalves(exchange);
    return std::move(exchanges_);
  }

 private:
  void Place(const ServedTurn& turn) {
    const bool speaks = turn.turn->role == Role::kAssistant;
    if (exchanges_.empty() || (speaks && !GoesOn(exchanges_.back(), *turn.turn))) {
      exchanges_.emplace_back();
    }
    if (speaks) AddSpeaker(turn, exchanges_.back());
    AddOthers(turn, speaks);
  }

  // The turn is of the step that the exchange began with.
  bool GoesOn(const Exchange& exchange, const Turn& turn) const {
    return !exchange.speakers.empty() && exchange.after.empty() && !answered_ &&
           exchange.speakers.back()->turn->agent_id == turn.agent_id;
  }

  void AddSpeaker(const ServedTurn& turn, Exchange& exchange) {
    answered_ = false;
    exchange.speakers.push_back(&turn);
    for (const Part& part : turn.turn->parts) {
      if (const auto* call = std::get_if<ToolCallPart>(&part)) {
        exchange.calls.push_back({.turn = &turn, .call = call});
      }
    }
  }

  // Sorts a turn's results to their calls. Of a speaker's turn, all else is the step's own.
  void AddOthers(const ServedTurn& turn, bool speaks) {
    Remainder remainder{.turn = &turn};
    bool first_result = true;
    bool answered = false;
    for (const Part& part : turn.turn->parts) {
      const auto* result = std::get_if<ToolResultPart>(&part);
      if (result == nullptr) {
        if (!speaks) remainder.parts.push_back(&part);
        continue;
      }
      const ResolvedResult resolved{&turn, result, first_result};
      first_result = false;
      if (Answer(resolved)) {
        answered = true;
      } else {
        remainder.orphans.push_back(resolved);
      }
    }
    answered_ |= answered;
    const bool nothing_left = remainder.parts.empty() && remainder.orphans.empty();
    // A turn without any part is still a message.
    if (nothing_left && (speaks || answered)) return;
    exchanges_.back().after.push_back(std::move(remainder));
  }

  // Takes `result` as the answer to a call; false if no call waits for it.
  bool Answer(const ResolvedResult& result) {
    const std::string& id = result.part->call_id;
    const std::string& agent = result.turn->turn->agent_id;
    const auto waits = [&](const ResolvedCall& call) {
      return call.result.part == nullptr && (id.empty() || call.call->call_id == id) &&
             (agent.empty() || call.turn->turn->agent_id == agent);
    };
    for (auto exchange = exchanges_.rbegin(); exchange != exchanges_.rend(); ++exchange) {
      std::vector<ResolvedCall>& calls = exchange->calls;
      auto call = std::find_if(calls.begin(), calls.end(), waits);
      if (call == calls.end()) continue;
      call->result = result;
      return true;
    }
    return false;
  }

  struct Open {
    const Part* part;
    std::string id;
  };
  struct Halves {
    std::vector<Open> open;
    absl::flat_hash_set<std::string> ids;  // of all calls: an API takes each once
  };

  // Calls are among the step's blocks. Results are, too, but for OpenAI's, which the client gives.
  static void FindLoneHalves(Exchange& exchange) {
    Halves halves;
    for (const ServedTurn* speaker : exchange.speakers) {
      for (const Part& part : speaker->turn->parts) Match(part, true, halves, exchange.lone);
    }
    for (const Remainder& remainder : exchange.after) {
      const Role role = remainder.turn->turn->role;
      if (role == Role::kSystem) continue;  // holds none
      for (const Part* part : remainder.parts) Match(*part, false, halves, exchange.lone);
    }
    for (const Open& half : halves.open) exchange.lone.insert(half.part);
  }

  static void Match(const Part& part, bool spoken, Halves& halves,
                    absl::flat_hash_set<const Part*>& lone) {
    const auto* opaque = std::get_if<OpaquePart>(&part);
    if (opaque == nullptr) return;
    OpaqueBlock block = ReadOpaqueBlock(*opaque);
    if (block.half == Half::kNone) return;
    const bool clients = opaque->kind.starts_with("openai.");
    // Each API has ids of its own; one that pairs by order has none.
    if (!block.id.empty()) block.id.insert(0, opaque->kind.substr(0, opaque->kind.find('.') + 1));
    if (block.half == Half::kCall) {
      if (spoken && (block.id.empty() || halves.ids.insert(block.id).second)) {
        halves.open.push_back({&part, std::move(block.id)});
      } else {
        lone.insert(&part);
      }
      return;
    }
    std::vector<Open>& open = halves.open;
    const auto call = std::find_if(open.begin(), open.end(),
                                   [&](const Open& half) { return half.id == block.id; });
    if (call == open.end() || (!spoken && !clients)) {
      lone.insert(&part);
    } else {
      open.erase(call);
    }
  }

  std::vector<Exchange> exchanges_;
  bool answered_ = false;  // a call was, since the newest step began
};

bool HasPictures(const Exchange& exchange) {
  return std::ranges::any_of(exchange.speakers, [](const ServedTurn* speaker) {
    return !TurnImages(*speaker->turn).empty();
  });
}

// The calls among the step's opaque blocks that lack their result and stand behind the last result
// there is: an API that was given one is given no more for what came before it.
std::vector<const Part*> NewestCallHalves(const Exchange& exchange) {
  std::vector<const Part*> newest;
  for (const ServedTurn* speaker : exchange.speakers) {
    for (const Part& part : speaker->turn->parts) {
      const auto* opaque = std::get_if<OpaquePart>(&part);
      if (opaque == nullptr) continue;
      const bool lone = exchange.lone.contains(&part);
      const Half half = ReadOpaqueBlock(*opaque).half;
      if (half == Half::kCall && lone) newest.push_back(&part);
      if (half == Half::kResult && !lone) newest.clear();
    }
  }
  return newest;
}

}  // namespace

std::vector<Exchange> ResolveGroup(const ServedGroup& group, bool newest) {
  std::vector<Exchange> exchanges = Resolver().Resolve(group);
  if (newest && group.open && !exchanges.empty()) {
    Exchange& last = exchanges.back();
    const bool none_answered =
        std::all_of(last.calls.begin(), last.calls.end(),
                    [](const ResolvedCall& call) { return call.result.part == nullptr; });
    last.pending = !last.speakers.empty() && none_answered && last.after.empty();
    // The newest halves of pairs are still to be answered, by the client or by the API itself; but
    // not where an assistant's picture goes out behind them.
    if (last.pending && !HasPictures(last)) {
      for (const Part* part : NewestCallHalves(last)) last.lone.erase(part);
    }
  }
  return exchanges;
}

}  // namespace fovea::wire
