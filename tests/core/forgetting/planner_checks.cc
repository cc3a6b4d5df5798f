#include "tests/core/forgetting/planner_checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fovea::testing {
namespace {

std::string Fingerprint(const HistoryMessage& message) {
  std::string out = "message\n";
  for (const auto& item : message.items) {
    if (const auto* note = std::get_if<std::string>(&item)) {
      absl::StrAppend(&out, *note, "\n");
    } else {
      absl::StrAppend(&out, std::get<PlannedPage>(item).page_id, "\n");
    }
  }
  return out;
}

std::string Fingerprint(const ServedGroup& group) {
  std::string out = "group\n";
  for (const ServedTurn& turn : group.turns) {
    absl::StrAppend(&out, turn.turn->seq, turn.results_drawn ? " drawn" : "", "\n");
    for (const PlannedPage& page : turn.pages) absl::StrAppend(&out, page.page_id, "\n");
  }
  for (const std::string& call : group.unanswered) absl::StrAppend(&out, "no result ", call, "\n");
  return out;
}

int64_t StayingTokens(const Plan& plan) {
  const uint64_t first = plan.chunks.size() > plan.tail_chunk
                             ? plan.chunks.back().turns.last + 1
                             : (plan.tail.empty() ? 0 : plan.tail.front().seq);
  int64_t tokens = 0;
  for (const TailTurn& turn : plan.tail) tokens += turn.seq >= first ? turn.tokens() : 0;
  for (const TailGroup& group : plan.tail_groups) {
    tokens += group.group.turns.first >= first ? group.note_tokens : 0;
  }
  for (const auto& [seq, pin] : plan.pinned) tokens += pin.tokens;
  return tokens;
}

}  // namespace

std::vector<uint64_t> GroupStarts(const std::vector<Turn>& turns) {
  std::vector<uint64_t> starts;
  std::multiset<std::string> waiting;
  for (const Turn& turn : turns) {
    if (waiting.empty() || turn.role == Role::kAssistant) {
      starts.push_back(turn.seq);
      waiting.clear();
      for (const std::string& call : CallIds(turn)) waiting.insert(call);
    }
    std::vector<std::string> order = CallIds(turns[starts.back() - 1]);
    for (const Part& part : turn.parts) {
      const auto* result = std::get_if<ToolResultPart>(&part);
      if (result == nullptr || waiting.empty()) continue;
      std::string id = result->call_id;
      if (id.empty()) {
        id = *std::find_if(order.begin(), order.end(),
                           [&](const std::string& call) { return waiting.count(call) > 0; });
      }
      if (waiting.count(id) > 0) waiting.erase(waiting.find(id));
    }
  }
  return starts;
}

std::string PrefixFingerprint(const Planner& planner, const TurnSource& turns) {
  const auto context = AssembleContext(planner, turns);
  EXPECT_TRUE(context.ok()) << context.status();
  std::string out;
  for (const ServedGroup& group : context->head) out += Fingerprint(group);
  for (const HistoryMessage& message : context->history) out += Fingerprint(message);
  return out;
}

std::string PlanFingerprint(const Planner& planner, const TurnSource& turns) {
  const auto context = AssembleContext(planner, turns);
  EXPECT_TRUE(context.ok()) << context.status();
  const Plan& plan = planner.plan();
  std::string out = PrefixFingerprint(planner, turns);
  for (const ServedGroup& group : context->tail) out += Fingerprint(group);
  absl::StrAppend(&out, planner.tokens(), " of ", plan.required_tokens, " at ", plan.last_seq,
                  "\n");
  for (const EpochRecord& epoch : plan.epochs) {
    absl::StrAppend(&out, epoch.epoch, " ", epoch.since_seq, " ", epoch.reason, " ",
                    epoch.tokens_before, " ", epoch.tokens_after, "\n");
  }
  return out;
}

LawWatcher::LawWatcher(const Planner& planner, const std::vector<Turn>& turns,
                       const TurnSource& source)
    : planner_(planner), turns_(turns), source_(source), counter_(planner.inputs().reader) {
  const std::vector<uint64_t> starts = GroupStarts(turns);
  group_starts_.insert(starts.begin(), starts.end());
}

void LawWatcher::Check() {
  const Plan& plan = planner_.plan();
  const auto context = AssembleContext(planner_, source_);
  ASSERT_TRUE(context.ok()) << context.status();
  if (plan.last_event != last_event_) {
    last_event_ = plan.last_event;
    ++pin_events_;
  } else if (plan.last_seq > 0) {
    verbatim_appended_ += counter_.Turn(turns_[plan.last_seq - 1]);
    characters_appended_ += TurnCharacters(turns_[plan.last_seq - 1]);
    const int64_t available =
        std::max<int64_t>(0, planner_.inputs().token_budget - plan.head_tokens);
    crowded_turns_ += StayingTokens(plan) > available / 4 ? 1 : 0;
  }
  CheckBudget();
  CheckTokens(*context);
  CheckCharacters();
  CheckPlaces();
  CheckChunks();
  CheckPages();
  CheckPrefix();
  CheckMustBeText(*context);
  epoch_ = plan.epoch();
}

// Law 7.
void LawWatcher::CheckBudget() {
  const int64_t budget = planner_.inputs().token_budget;
  if (planner_.plan().required_tokens == 0) {
    EXPECT_LE(planner_.tokens(), budget) << "at turn " << planner_.plan().last_seq;
  } else {
    EXPECT_GT(planner_.plan().required_tokens, budget);
  }
}

// Law 7: what is promised is at least what the served blocks cost, recounted from the blocks.
void LawWatcher::CheckTokens(const Context& context) {
  int64_t tokens = 0;
  const auto count_turn = [&](const ServedTurn& served) {
    Turn text = *served.turn;
    if (served.results_drawn) {
      for (Part& part : text.parts) {
        auto* result = std::get_if<ToolResultPart>(&part);
        if (result == nullptr) continue;
        std::erase_if(result->content,
                      [](const auto& item) { return std::holds_alternative<TextPart>(item); });
      }
      tokens += TokenCounter::kMessageTokens + counter_.Text(DrawnResultNote(served));
    }
    tokens += counter_.Turn(text);
    for (const PlannedPage& page : served.pages) tokens += page.tokens;
  };
  const auto count_group = [&](const ServedGroup& group) {
    for (const ServedTurn& turn : group.turns) count_turn(turn);
    for (size_t i = 0; i < group.unanswered.size(); ++i) {
      tokens += TokenCounter::kResultTokens + counter_.Text(kUnansweredCallNote);
    }
  };
  for (const ServedGroup& group : context.head) count_group(group);
  for (const HistoryMessage& message : context.history) {
    tokens += TokenCounter::kMessageTokens;
    for (const auto& item : message.items) {
      if (const auto* note = std::get_if<std::string>(&item)) {
        tokens += counter_.Text(*note);
      } else {
        tokens += std::get<PlannedPage>(item).tokens;
      }
    }
  }
  for (const ServedGroup& group : context.tail) count_group(group);
  EXPECT_GE(planner_.tokens(), tokens) << "at turn " << planner_.plan().last_seq;
}

// Law 6: every character is somewhere.
void LawWatcher::CheckCharacters() {
  uint64_t characters = 0;
  for (uint64_t seq = 1; seq <= planner_.plan().last_seq; ++seq) {
    characters += TurnCharacters(turns_[seq - 1]);
  }
  const ContextSummary summary = SummarizeContext(planner_);
  EXPECT_TRUE(summary.groups_complete);
  const CharacterCounts& counts = summary.characters;
  EXPECT_EQ(counts.text + counts.pages + counts.elided + counts.latent, characters);
}

// Every turn is in exactly one place: head, latent, one run, or the tail.
void LawWatcher::CheckPlaces() {
  const Plan& plan = planner_.plan();
  uint64_t turns = plan.head.size() + plan.latent_turns + plan.tail.size();
  uint64_t last = 0;
  for (const Run& run : plan.runs) {
    EXPECT_GT(run.turns.first, last);
    last = run.turns.last;
    turns += run.turns.last - run.turns.first + 1;
  }
  if (!plan.tail.empty()) {
    EXPECT_GT(plan.tail.front().seq, last);
  }
  EXPECT_EQ(turns, plan.last_seq);
}

// Laws 3 and 5: chunks are whole groups, are never cut again, and move only downwards.
void LawWatcher::CheckChunks() {
  const std::vector<Chunk>& chunks = planner_.plan().chunks;
  ASSERT_GE(chunks.size(), chunks_.size());
  for (size_t i = 0; i < chunks_.size(); ++i) ASSERT_EQ(chunks[i].turns, chunks_[i]);
  for (size_t i = chunks_.size(); i < chunks.size(); ++i) {
    EXPECT_TRUE(group_starts_.count(chunks[i].turns.first) > 0) << chunks[i].turns.first;
    EXPECT_TRUE(group_starts_.count(chunks[i].turns.last + 1) > 0) << chunks[i].turns.last;
    chunks_.push_back(chunks[i].turns);
  }
  for (const Chunk& chunk : chunks) {
    int rung = kVerbatim;
    for (const ChunkStep& step : chunk.history) {
      EXPECT_GT(step.rung, rung) << "chunk from turn " << chunk.turns.first;
      rung = step.rung;
    }
    EXPECT_EQ(rung, chunk.rung);
  }
}

// Laws 3 and 4: a chunk is drawn at most once a rung, and pages cost less than their text.
void LawWatcher::CheckPages() {
  const Plan& plan = planner_.plan();
  for (const Run& run : plan.runs) {
    if (run.as_text) continue;
    std::string ids;
    int64_t tokens = 0;
    for (const PlannedPage& page : run.pages) {
      ids += page.page_id;
      tokens += page.tokens;
    }
    EXPECT_EQ(tokens, run.page_tokens);
    EXPECT_LT(static_cast<double>(tokens) * planner_.inputs().reader.cache.write_price,
              static_cast<double>(run.text_tokens));
    for (size_t i = run.first_chunk; i <= run.last_chunk; ++i) {
      const auto [entry, is_new] = drawn_.try_emplace({i, run.rung}, ids);
      EXPECT_TRUE(is_new || entry->second == ids) << "chunk " << i << " was drawn twice";
    }
  }
}

// Law 3: within an epoch the prefix does not change by a byte.
void LawWatcher::CheckPrefix() {
  const Plan& plan = planner_.plan();
  std::string prefix = PrefixFingerprint(planner_, source_);
  if (plan.epoch() == epoch_ && plan.last_seq > plan.head.size() + 1) {
    EXPECT_EQ(prefix, prefix_) << "at turn " << plan.last_seq << " in epoch " << plan.epoch();
  }
  prefix_ = std::move(prefix);
}

// Law 6: the head, the newest group and every pin are text.
void LawWatcher::CheckMustBeText(const Context& context) {
  const Plan& plan = planner_.plan();
  std::set<uint64_t> text;
  for (const ServedGroup& group : context.head) text.insert(group.turns.front().turn->seq);
  for (const ServedGroup& group : context.tail) {
    for (const ServedTurn& turn : group.turns) text.insert(turn.turn->seq);
  }
  for (const auto& [seq, pin] : plan.served_pins) text.insert(seq);
  EXPECT_TRUE(text.count(plan.last_seq) > 0);
  for (const auto& [seq, pin] : plan.pinned) {
    EXPECT_TRUE(text.count(seq) > 0 || plan.required_tokens > 0) << "pin " << seq;
  }
  const auto opening = std::find_if(turns_.begin(), turns_.end(), [&](const Turn& turn) {
    return turn.role == Role::kUser || turn.seq > plan.last_seq;
  });
  if (opening != turns_.end() && opening->seq <= plan.last_seq) {
    EXPECT_TRUE(text.count(opening->seq) > 0 || plan.required_tokens > 0);
  }
}

void LawWatcher::CheckEpochBound() const {
  const PlannerInputs& inputs = planner_.inputs();
  const int64_t available = inputs.token_budget - planner_.plan().head_tokens;
  if (available <= 0) return;
  const int64_t step =
      available * (inputs.policy.tail_high_permille - inputs.policy.tail_low_permille) / 1000;
  const int64_t freed = available / 2 * (1000 - inputs.policy.pressure_low_permille) / 1000;
  const uint64_t redrawings =
      planner_.ladder().size() * characters_appended_ / Planner::kRedrawnCharacters;
  const int64_t bound = verbatim_appended_ / std::max<int64_t>(1, step) +
                        verbatim_appended_ / std::max<int64_t>(1, freed) +
                        static_cast<int64_t>(redrawings + crowded_turns_ + pin_events_);
  EXPECT_LE(static_cast<int64_t>(planner_.plan().epochs.size()), bound);
}

}  // namespace fovea::testing
