#include "core/forgetting/prefix.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/forgetting/run_builder.h"
#include "core/voice/notes.h"

namespace fovea {
namespace {

using Section = Sheet::Section;

// Sidecars take at most this part of the budget together, the latent turns' a fifth of it.
constexpr int64_t kSidecarsInBudget = 12;
constexpr int64_t kLatentInSidecars = 5;

// Half as much where the budget holds few pages.
int64_t SidecarTokens(const Setting& setting, const Plan& plan) {
  const int64_t all = Room(setting, plan).available() / kSidecarsInBudget;
  return setting.few_pages() ? all / 2 : all;
}

}  // namespace

int64_t Prefix::tokens() const {
  const Sheet& sheet = plan_.sheet;
  return sheet.totals(Section::kHead).tokens + sheet.totals(Section::kLatent).tokens +
         sheet.totals(Section::kRuns).tokens;
}

void Prefix::NoteMove(const SheetPart& run, Place place) {
  for (size_t i = run.origin.first_chunk; i <= run.origin.last_chunk; ++i) {
    plan_.chunks[i].MoveTo(place, plan_.epoch());
  }
}

void Prefix::AddRun(SheetPart run) {
  NoteMove(run, run.place);
  plan_.sheet.Add(Section::kRuns, std::move(run));
}

void Prefix::Forget(SheetPart run) {
  NoteMove(run, Place::Latent());
  std::ranges::move(run.origin.exact, std::back_inserter(memory_.latent_strings));
  if (plan_.sheet.latent() == nullptr) {
    plan_.sheet.Add(Section::kLatent, {.place = Place::Latent(), .turns = run.turns});
  }
  plan_.sheet.Change(Section::kLatent, 0, [&run](SheetPart& latent) {
    latent.turns.first = std::min(latent.turns.first, run.turns.first);
    latent.turns.last = std::max(latent.turns.last, run.turns.last);
    latent.count += run.turns.last - run.turns.first + 1;
    latent.characters += run.characters;
    latent.text_tokens += run.text_tokens;
  });
}

void Prefix::WriteLatentNote(bool with_sidecar) {
  std::vector<ExactString>& strings = memory_.latent_strings;
  // A string that several runs brought stands once, by its first turn.
  std::ranges::stable_sort(strings, {}, &ExactString::first_seq);
  absl::flat_hash_set<std::string> seen;
  std::erase_if(strings,
                [&](const ExactString& string) { return !seen.insert(string.text).second; });
  KeepHighestRanked(memory_.uses, kSidecarCandidateBytes, &strings);
  const int64_t room = SidecarTokens(setting_, plan_) / kLatentInSidecars;
  Sidecar sidecar;
  if (with_sidecar && setting_.policy().sidecar_permille > 0) {
    sidecar = WriteSidecar(strings, static_cast<size_t>(room * kSidecarBytesPerToken),
                           memory_.head_strings);
  }
  plan_.sheet.Change(Section::kLatent, 0, [&](SheetPart& latent) {
    latent.sidecar = std::move(sidecar);
    latent.sidecar_tokens = setting_.counter().Text(latent.sidecar.text);
    latent.note = LatentNote(latent.count, latent.turns, latent.sidecar.text);
    latent.tokens = TokenCounter::kMessageTokens + setting_.counter().Text(latent.note);
  });
}

void Prefix::WriteLegend(size_t first_run) {
  const Sheet::Parts& runs = plan_.sheet.runs();
  bool any_pages = false;
  for (size_t i = 0; i < runs.size(); ++i) {
    const bool first = runs[i].on_pages && !any_pages;
    any_pages = any_pages || runs[i].on_pages;
    if (i < first_run || first == !runs[i].note.empty()) continue;
    plan_.sheet.Change(Section::kRuns, i, [&](SheetPart& run) {
      const char* legend = setting_.few_pages() ? kShortLegend : kLegend;
      run.note = first ? legend : "";
      run.tokens += (first ? 1 : -1) * setting_.counter().Text(legend);
    });
  }
}

void Prefix::WriteNotes(size_t first_run) {
  WriteLegend(first_run);
  absl::flat_hash_set<std::string> elsewhere = memory_.head_strings;
  int64_t room = SidecarTokens(setting_, plan_);
  const auto take = [&](const SheetPart& part) {
    elsewhere.insert(part.sidecar.holds.begin(), part.sidecar.holds.end());
    room -= part.sidecar_tokens;
  };
  if (plan_.sheet.latent() != nullptr) take(*plan_.sheet.latent());
  const Sheet::Parts& runs = plan_.sheet.runs();
  for (size_t i = 0; i < first_run; ++i) take(runs[i]);
  for (size_t i = runs.size(); i-- > first_run;) {
    const int64_t share = runs[i].saved_tokens() * setting_.policy().sidecar_permille / 1000;
    plan_.sheet.Change(Section::kRuns, i, [&](SheetPart& run) {
      SetSidecar(setting_.counter(), std::min(share, room), elsewhere, &run);
    });
    take(runs[i]);
  }
}

// Of the pins that are wanted, the first that is text anyway.
std::map<uint64_t, PinnedTurn>::const_iterator Prefix::EndOfPrefix() const {
  const Sheet::Parts& tail = plan_.sheet.tail();
  return plan_.pinned.lower_bound(tail.empty() ? plan_.last_seq + 1 : tail.front().turns.first);
}

bool Prefix::HasUnservedPin() const {
  const Sheet::Parts& served = plan_.sheet.pins();
  return std::any_of(plan_.pinned.cbegin(), EndOfPrefix(), [&served](const auto& pin) {
    return !std::ranges::binary_search(served, pin.first, {},
                                       [](const SheetPart& part) { return part.turns.first; });
  });
}

bool Prefix::RefreshPins() {
  const Sheet::Parts before = plan_.sheet.TakeAll(Section::kPins);
  for (auto pin = plan_.pinned.cbegin(); pin != EndOfPrefix(); ++pin) {
    const auto& [seq, turn] = *pin;
    // All pins are one message.
    const int64_t framing = plan_.sheet.pins().empty() ? TokenCounter::kMessageTokens : 0;
    plan_.sheet.Add(Section::kPins, {.turns = {seq, seq},
                                     .tokens = turn.tokens + framing,
                                     .text_tokens = turn.tokens,
                                     .characters = turn.characters});
  }
  return !std::ranges::equal(before, plan_.sheet.pins(), {}, &SheetPart::turns, &SheetPart::turns);
}

void Prefix::MarkRecalled(SeqRange turns) {
  const Sheet::Parts& runs = plan_.sheet.runs();
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].recalled || turns.first > runs[i].turns.last || runs[i].turns.first > turns.last) {
      continue;
    }
    plan_.sheet.Change(Section::kRuns, i, [](SheetPart& run) { run.recalled = true; });
  }
}

void Prefix::ForgetRecalls() {
  for (size_t i = 0; i < plan_.sheet.runs().size(); ++i) {
    plan_.sheet.Change(Section::kRuns, i, [](SheetPart& run) { run.recalled = false; });
  }
}

}  // namespace fovea
