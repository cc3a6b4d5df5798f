#include "tests/core/forgetting/planner_checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/context/summary.h"
#include "core/forgetting/marks.h"
#include "core/log/group.h"
#include "core/voice/notes.h"

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

int64_t HeadTokens(const Plan& plan) { return plan.sheet.totals(Sheet::Section::kHead).tokens; }

int64_t StayingTokens(const Plan& plan) {
  const uint64_t first =
      plan.chunks.size() > plan.tail_chunk
          ? plan.chunks.back().turns.last + 1
          : (plan.sheet.tail().empty() ? 0 : plan.sheet.tail().front().turns.first);
  int64_t tokens = 0;
  for (const SheetPart& turn : plan.sheet.tail()) {
    tokens += turn.turns.first >= first ? turn.tokens : 0;
  }
  for (const auto& [seq, pin] : plan.pinned) tokens += pin.tokens;
  return tokens;
}

}  // namespace

std::vector<uint64_t> GroupStarts(const std::vector<Turn>& turns) {
  std::vector<uint64_t> starts;
  std::vector<std::string> waiting;  // in call order
  size_t bytes = 0;
  for (size_t i = 0; i < turns.size(); ++i) {
    const Turn& turn = turns[i];
    bool joins = !starts.empty() && !waiting.empty();
    if (turn.role == Role::kAssistant && !starts.empty()) {
      const bool in_a_row = turns[i - 1].role == Role::kAssistant;
      const bool short_step = bytes < GroupTracker::kMaxStepBytes;
      joins =
          in_a_row && (joins || short_step) && turn.seq - starts.back() < GroupTracker::kMaxTurns;
    }
    if (!joins) {
      starts.push_back(turn.seq);
      waiting.clear();
      bytes = 0;
    }
    for (const std::string& call : CallIds(turn)) waiting.push_back(call);
    for (const Part& part : turn.parts) {
      if (const auto* text = std::get_if<TextPart>(&part)) bytes += text->text.size();
      if (const auto* opaque = std::get_if<OpaquePart>(&part)) bytes += opaque->data.size();
      if (const auto* call = std::get_if<ToolCallPart>(&part)) {
        bytes += call->arguments_json.size();
      }
      const auto* result = std::get_if<ToolResultPart>(&part);
      if (result == nullptr || waiting.empty()) continue;
      const auto call = result->call_id.empty()
                            ? waiting.begin()
                            : std::find(waiting.begin(), waiting.end(), result->call_id);
      if (call != waiting.end()) waiting.erase(call);
    }
  }
  return starts;
}

std::string PrefixFingerprint(const Context& context) {
  std::string out;
  for (const ServedGroup& group : context.head) out += Fingerprint(group);
  for (const HistoryMessage& message : context.history) out += Fingerprint(message);
  return out;
}

std::string PlanFingerprint(const Planner& planner, const TurnSource& turns) {
  const auto context = AssembleContext(planner, turns);
  EXPECT_TRUE(context.ok()) << context.status();
  const Plan& plan = planner.plan();
  std::string out = PrefixFingerprint(*context);
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
                       const TurnSource& source, uint64_t every)
    : planner_(planner),
      turns_(turns),
      source_(source),
      counter_(planner.inputs().reader),
      every_(every) {
  const std::vector<uint64_t> starts = GroupStarts(turns);
  group_starts_.insert(starts.begin(), starts.end());
}

void LawWatcher::Check() {
  Note();
  const Plan& plan = planner_.plan();
  const bool new_epoch = plan.epoch() != epoch_;
  if (!new_epoch && plan.last_seq % every_ != 0) return;
  const auto context = AssembleContext(planner_, source_);
  ASSERT_TRUE(context.ok()) << context.status();
  CheckBudget();
  CheckTokens(*context);
  CheckSheet();
  CheckSummary();
  CheckNothingIsDue();
  CheckCharacters();
  CheckPlaces();
  CheckChunks();
  CheckPages();
  if (new_epoch) CheckSidecars();
  CheckPrefix(*context);
  CheckMustBeText(*context);
  epoch_ = plan.epoch();
}

// What the bound on epochs counts.
void LawWatcher::Note() {
  const Plan& plan = planner_.plan();
  if (plan.last_event != last_event_) {
    last_event_ = plan.last_event;
    ++asked_;
    return;
  }
  if (plan.last_seq == 0) return;
  constexpr int64_t kOrphanNoteTokens = 60;  // a result without a call goes out with a note
  const Turn& turn = turns_[plan.last_seq - 1];
  verbatim_appended_ += counter_.Turn(turn) + (HasToolResult(turn) ? kOrphanNoteTokens : 0);
  characters_appended_ += TurnCharacters(turn);
  const int64_t available = std::max<int64_t>(0, planner_.inputs().token_budget - HeadTokens(plan));
  crowded_turns_ += StayingTokens(plan) > available / 4 ? 1 : 0;
  cold_turns_ += plan.cache_is_cold ? 1 : 0;
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

// Law 7: the totals that the sheet keeps are the sums of its parts, and every turn has one home.
void LawWatcher::CheckSheet() {
  const Sheet& sheet = planner_.plan().sheet;
  SheetTotals totals;
  std::vector<const SheetPart*> parts = sheet.prefix();
  for (const SheetPart& part : sheet.tail()) parts.push_back(&part);
  std::vector<int> homes(planner_.plan().last_seq + 1, 0);
  for (const SheetPart* part : parts) {
    totals.Add(*part);
    if (part->section == SheetSection::kPins || part->section == SheetSection::kLatent) continue;
    for (uint64_t seq = part->turns.first; seq <= part->turns.last; ++seq) {
      ++homes[seq];
      EXPECT_EQ(sheet.HomeOf(seq), part) << "turn " << seq;
    }
  }
  EXPECT_EQ(totals, sheet.totals());
  EXPECT_EQ(totals.tokens, planner_.tokens());
  uint64_t latent = 0;
  for (uint64_t seq = 1; seq < homes.size(); ++seq) {
    EXPECT_LE(homes[seq], 1) << "turn " << seq << " has two homes";
    if (homes[seq] > 0) continue;
    ++latent;
    ASSERT_NE(sheet.latent(), nullptr) << "turn " << seq << " has no home";
    EXPECT_TRUE(sheet.latent()->turns.contains(seq)) << "turn " << seq;
  }
  EXPECT_EQ(latent, sheet.latent() == nullptr ? 0 : sheet.latent()->count);
}

// Law 7: what the summary says of each rung is together the whole.
void LawWatcher::CheckSummary() {
  const Sheet& sheet = planner_.plan().sheet;
  int64_t tokens = 0;
  uint32_t pages = 0;
  const ContextSummary summary = SummarizeContext(planner_);
  for (const RungShare& share : summary.rungs) {
    tokens += share.tokens;
    pages += share.pages;
  }
  uint32_t drawn = 0;
  int64_t replaced = 0;
  uint64_t in_sidecars = sheet.latent() == nullptr ? 0 : sheet.latent()->sidecar.included;
  for (const SheetPart& run : sheet.runs()) {
    drawn += static_cast<uint32_t>(run.drawn.pages.size());
    if (run.on_pages) replaced += run.text_tokens;
    in_sidecars += run.sidecar.included;
  }
  for (const SheetPart& turn : sheet.tail()) {
    drawn += static_cast<uint32_t>(turn.drawn.pages.size());
    if (turn.on_pages) replaced += turn.result_tokens;
  }
  EXPECT_EQ(tokens, planner_.tokens()) << "at turn " << planner_.plan().last_seq;
  EXPECT_EQ(pages, drawn);
  EXPECT_EQ(summary.text_tokens_replaced, replaced);
  uint64_t told = 0;
  for (const LossEntry& loss : summary.loss) told += loss.exact_in_sidecar;
  EXPECT_EQ(told, in_sidecars);
}

// Law 3: late, but not too late. A tail over its share of which a whole step can move has moved.
void LawWatcher::CheckNothingIsDue() {
  const Plan& plan = planner_.plan();
  if (plan.required_tokens > 0) return;
  const int64_t available = std::max<int64_t>(0, planner_.inputs().token_budget - HeadTokens(plan));
  const bool any_rung = !planner_.ladder().empty();
  const int64_t high =
      any_rung ? available * planner_.marks().tail_high_permille / 1000 : available;
  const int64_t low =
      any_rung ? available * planner_.marks().tail_low_permille / 1000 : available / 2;
  int64_t verbatim = 0;
  int64_t movable = 0;
  for (const SheetPart& turn : plan.sheet.tail()) {
    const int64_t text = turn.on_pages ? turn.text_tokens - turn.result_tokens : turn.text_tokens;
    verbatim += text;
    const bool in_chunk = !plan.chunks.empty() && turn.turns.last <= plan.chunks.back().turns.last;
    movable += in_chunk ? text : 0;
  }
  EXPECT_FALSE(verbatim > high && movable >= std::max<int64_t>(1, high - low))
      << "at turn " << plan.last_seq << " " << verbatim << " of " << high;
}

// Law 6: every character is somewhere.
void LawWatcher::CheckCharacters() {
  const ContextSummary summary = SummarizeContext(planner_);
  EXPECT_TRUE(summary.groups_complete);
  const CharacterCounts& counts = summary.characters;
  EXPECT_EQ(counts.text + counts.pages + counts.elided + counts.latent, characters_appended_);
}

// Every turn is in exactly one place: head, latent, one run, or the tail.
void LawWatcher::CheckPlaces() {
  const Plan& plan = planner_.plan();
  const Sheet& sheet = plan.sheet;
  uint64_t turns = sheet.head().size() + sheet.tail().size();
  if (sheet.latent() != nullptr) turns += sheet.latent()->count;
  uint64_t last = 0;
  for (const SheetPart& run : sheet.runs()) {
    EXPECT_GT(run.turns.first, last);
    last = run.turns.last;
    turns += run.turns.last - run.turns.first + 1;
    for (size_t i = run.origin.first_chunk; i <= run.origin.last_chunk; ++i) {
      EXPECT_EQ(plan.chunks[i].place, run.place) << "chunk " << i;
    }
  }
  if (!sheet.tail().empty()) {
    EXPECT_GT(sheet.tail().front().turns.first, last);
  }
  EXPECT_EQ(turns, plan.last_seq);
  // A pin repeats a turn whose home is a run, or latent.
  for (const SheetPart& pin : sheet.pins()) {
    const SheetPart* home = sheet.HomeOf(pin.turns.first);
    ASSERT_NE(home, nullptr) << "pin " << pin.turns.first;
    EXPECT_TRUE(home->section == SheetSection::kRuns || home->section == SheetSection::kLatent);
  }
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
    Place place;
    for (const ChunkStep& step : chunk.history) {
      EXPECT_GT(step.place, place) << "chunk from turn " << chunk.turns.first;
      place = step.place;
    }
    EXPECT_EQ(place, chunk.place);
  }
}

// Law 4: pages cost less than their text.
void LawWatcher::CheckPages() {
  const Plan& plan = planner_.plan();
  for (const SheetPart& run : plan.sheet.runs()) {
    if (!run.on_pages) continue;
    int64_t tokens = 0;
    for (const PlannedPage& page : run.drawn.pages) tokens += page.tokens;
    EXPECT_EQ(tokens, run.drawn.tokens);
    EXPECT_LT(static_cast<double>(tokens) * planner_.inputs().reader.cache.write_price,
              static_cast<double>(run.text_tokens));
  }
  CheckServedPagesStay();
  CheckNothingGrows();
  runs_ = plan.sheet.runs();
}

// Law 3: where only the tail was over its share, the pages that were served are served, in order,
// but for the last one, or where papers differ the last ones, which may have been completed.
void LawWatcher::CheckServedPagesStay() {
  const Plan& plan = planner_.plan();
  const bool stepped = plan.epoch() != epoch_;
  const int64_t budget = planner_.inputs().token_budget;
  if (stepped && (plan.epochs.back().reason != "the verbatim tail was over its share" ||
                  plan.epochs.back().tokens_before > budget || planner_.marks().tail_fills())) {
    return;
  }
  for (const Chunk& chunk : plan.chunks) {
    const size_t steps = chunk.history.size();
    if (steps > 1 && chunk.history.back().epoch > epoch_ && chunk.history[0].place.is_rung())
      return;
  }
  const auto pages_of = [](const Sheet::Parts& runs) {
    std::vector<std::string> pages;
    for (const SheetPart& run : runs) {
      for (const PlannedPage& page : run.drawn.pages) pages.push_back(page.page_id);
    }
    return pages;
  };
  auto before = pages_of(runs_);
  const auto after = pages_of(plan.sheet.runs());
  if (stepped && !before.empty()) {
    before.pop_back();
    // The rest of the last run may be on smaller papers than its first one.
    if (!runs_.back().drawn.pages.empty() && !before.empty()) {
      const std::vector<PlannedPage>& last = runs_.back().drawn.pages;
      const auto full = planner_.ladder()[runs_.back().rung].papers.front().box.width;
      for (size_t i = last.size() - 1; i-- > 0 && last[i].extent.width < full;) {
        if (!before.empty() && before.back() == last[i].page_id) before.pop_back();
      }
    }
  }
  ASSERT_GE(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(after[i], before[i]) << "a page that was served changed at turn " << plan.last_seq;
  }
}

// Law 4: no step makes the tokens of what it redraws grow. Between chunks at which runs end both
// before and after it, sidecars, the legend and notes apart.
void LawWatcher::CheckNothingGrows() {
  const Plan& plan = planner_.plan();
  // By the chunk behind their last one.
  std::map<size_t, int64_t> before;
  std::map<size_t, int64_t> after;
  size_t end = 0;  // of the old runs
  const auto own = [](const SheetPart& run) {
    return run.on_pages ? run.drawn.tokens + TokenCounter::kMessageTokens : run.tokens;
  };
  for (const SheetPart& run : runs_) {
    end = run.origin.last_chunk + 1;
    before[end] = own(run);
  }
  for (size_t i = end; i < plan.chunks.size(); ++i) before[i + 1] = plan.chunks[i].text_tokens;
  for (const SheetPart& run : plan.sheet.runs()) after[run.origin.last_chunk + 1] = own(run);
  int64_t old_tokens = 0;
  int64_t new_tokens = 0;
  auto old_run = before.begin();
  for (const auto& [border, tokens] : after) {
    new_tokens += tokens;
    for (; old_run != before.end() && old_run->first <= border; ++old_run) {
      old_tokens += old_run->second;
    }
    const bool old_border = before.contains(border);
    if (!old_border) continue;
    EXPECT_LE(new_tokens, old_tokens)
        << "up to chunk " << border << " at turn " << plan.last_seq << " in epoch " << plan.epoch();
    old_tokens = new_tokens = 0;
  }
}

// Law 6: every string of a sidecar stands in the turn that it names; none stands twice. Sidecars
// stay within their share.
void LawWatcher::CheckSidecars() {
  const Plan& plan = planner_.plan();
  std::set<std::string> seen;
  int64_t tokens = 0;
  const auto check = [&](const Sidecar& sidecar) {
    tokens += counter_.Text(sidecar.text);
    for (const std::string& string : sidecar.holds) {
      EXPECT_TRUE(seen.insert(string).second) << string << " stands in two sidecars";
    }
    for (const absl::string_view line : absl::StrSplit(sidecar.text, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      uint64_t seq = 0;
      ASSERT_TRUE(words[0][0] == '#' && absl::SimpleAtoi(words[0].substr(1), &seq)) << line;
      const std::string text = TurnNote(turns_[seq - 1]);
      for (size_t i = 1; i < words.size(); ++i) {
        const bool labelled = text.find(words[i]) == std::string::npos;
        const std::string string = labelled ? words[i].substr(words[i].find('=') + 1) : words[i];
        EXPECT_NE(text.find(string), std::string::npos) << words[i] << " is not in turn " << seq;
      }
    }
  };
  for (const SheetPart* part : plan.sheet.prefix()) check(part->sidecar);
  const int64_t available = planner_.inputs().token_budget - HeadTokens(plan);
  // By estimate: strings take two bytes a token or so.
  EXPECT_LE(tokens, std::max<int64_t>(64, available / 6)) << "at turn " << plan.last_seq;
}

// Law 3: within an epoch the prefix does not change by a byte.
void LawWatcher::CheckPrefix(const Context& context) {
  const Plan& plan = planner_.plan();
  std::string prefix = PrefixFingerprint(context);
  if (plan.epoch() == epoch_ && prefix_settled_) {
    EXPECT_EQ(prefix, prefix_) << "at turn " << plan.last_seq << " in epoch " << plan.epoch();
  }
  prefix_ = std::move(prefix);
  prefix_settled_ = plan.last_seq > plan.sheet.head().size();  // the head grows no more
}

// Law 6: the head, the newest group and every pin are text.
void LawWatcher::CheckMustBeText(const Context& context) {
  const Plan& plan = planner_.plan();
  std::set<uint64_t> text;
  for (const ServedGroup& group : context.head) text.insert(group.turns.front().turn->seq);
  for (const ServedGroup& group : context.tail) {
    for (const ServedTurn& turn : group.turns) text.insert(turn.turn->seq);
  }
  for (const SheetPart& pin : plan.sheet.pins()) text.insert(pin.turns.first);
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
  const int64_t available = inputs.token_budget - HeadTokens(planner_.plan());
  if (available <= 0) return;
  const int64_t step =
      available * (planner_.marks().tail_high_permille - planner_.marks().tail_low_permille) / 1000;
  const int64_t freed = available / 2 * (1000 - planner_.marks().pressure_low_permille) / 1000;
  const uint64_t redrawings =
      planner_.ladder().size() * characters_appended_ / Planner::kRedrawnCharacters;
  const int64_t bound = verbatim_appended_ / std::max<int64_t>(1, step) +
                        verbatim_appended_ / std::max<int64_t>(1, freed) +
                        static_cast<int64_t>(redrawings + crowded_turns_ + cold_turns_ + asked_);
  const std::vector<EpochRecord>& epochs = planner_.plan().epochs;
  EXPECT_LE(static_cast<int64_t>(epochs.size()), bound)
      << "the last at turn " << epochs.back().since_seq << ": " << epochs.back().reason << ", "
      << epochs.back().tokens_before << " to " << epochs.back().tokens_after
      << " tokens; a step is " << step << ", freed " << freed << ", appended "
      << verbatim_appended_;
}

}  // namespace fovea::testing
