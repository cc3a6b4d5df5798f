#include "core/forgetting/room.h"

#include <algorithm>

namespace fovea {
namespace {

// Bytes of a request: pages go out as base64, text as JSON strings.
constexpr double kBase64 = 4.0 / 3;
constexpr double kTextBytesPerToken = 5;
// Of the limit on a request's bytes: those of pages are an estimate until they are drawn.
constexpr double kSafeBytes = 0.96;

}  // namespace

int64_t Room::tail_high_tokens() const {
  return setting_.ladder().empty() ? available() : share(setting_.marks().tail_high_permille);
}

int64_t Room::tail_low_tokens() const {
  return setting_.ladder().empty() ? available() / 2 : share(setting_.marks().tail_low_permille);
}

uint64_t Room::first_staying_seq() const {
  if (!plan_.filling.turns.empty()) return plan_.filling.turns.first;
  return plan_.tail_groups.empty() ? plan_.last_seq + 1 : plan_.tail_groups.back().turns.first;
}

// What must stay in the tail.
SheetTotals Room::Staying() const {
  const uint64_t first = first_staying_seq();
  SheetTotals totals;
  const Sheet::Parts& tail = plan_.sheet.tail();
  for (auto turn = tail.rbegin(); turn != tail.rend() && turn->turns.first >= first; ++turn) {
    totals.Add(*turn);
  }
  return totals;
}

int64_t Room::staying_tokens() const { return Staying().tokens; }

int64_t Room::movable_verbatim_tokens() const {
  return plan_.sheet.totals(Sheet::Section::kTail).verbatim_tokens - Staying().verbatim_tokens;
}

// Where a huge newest group or pins take more than half of what is available, only as much is freed
// as is needed: the group will soon be history itself, and what is forgotten for it is forgotten
// for good.
int64_t Room::GoalAt(int permille) const {
  const int64_t fixed = plan_.sheet.totals(Sheet::Section::kPins).tokens + staying_tokens();
  const int64_t spare = std::max<int64_t>(0, available() - 2 * fixed);
  return setting_.budget() - spare * (1000 - permille) / 1000;
}

int64_t Room::tokens_before_step() const {
  int64_t tokens =
      std::min(setting_.budget() - plan_.sheet.tokens(),
               tail_high_tokens() - plan_.sheet.totals(Sheet::Section::kTail).verbatim_tokens);
  const ReaderLimits& limits = setting_.reader().limits;
  if (limits.max_body_bytes > 0) {
    const double bytes =
        (1 - request_load()) * kSafeBytes * static_cast<double>(limits.max_body_bytes);
    tokens = std::min(tokens, static_cast<int64_t>(bytes / kTextBytesPerToken));
  }
  return std::max<int64_t>(0, tokens);
}

bool Room::WorthAColdStep() const {
  if (setting_.ladder().empty()) return false;
  const int64_t step = tail_high_tokens() - tail_low_tokens();
  const int64_t verbatim = plan_.sheet.totals(Sheet::Section::kTail).verbatim_tokens;
  const bool tail = std::min(movable_verbatim_tokens(), verbatim - tail_low_tokens()) >=
                    std::max<int64_t>(1, step / 2);
  return tail || (plan_.sheet.tokens() > (goal_tokens() + setting_.budget()) / 2 &&
                  !plan_.sheet.runs().empty());
}

double Room::LoadOf(double tokens, double images, double bytes) const {
  const ReaderLimits& limits = setting_.reader().limits;
  double load = 0;
  if (limits.max_images > 0) {
    // Of more pictures in the head than half of what a request holds, the rest can go out as notes.
    const int64_t head = plan_.sheet.totals(Sheet::Section::kHead).images;
    const int64_t notes = std::max<int64_t>(0, head - limits.max_images / 2);
    load = (images - static_cast<double>(notes)) / limits.max_images;
  }
  if (limits.max_body_bytes > 0) {
    const double body = kBase64 * bytes + kTextBytesPerToken * tokens;
    load = std::max(load, body / (kSafeBytes * static_cast<double>(limits.max_body_bytes)));
  }
  return load;
}

double Room::request_load() const { return LoadOf(plan_.sheet.totals()); }

bool Room::LoadIsOver(double most) const {
  if (request_load() <= most) return false;
  SheetTotals fixed = plan_.sheet.totals(Sheet::Section::kHead);
  fixed += Staying();
  return LoadOf(fixed) <= most;
}

bool Room::IsOverLimits() const {
  return plan_.sheet.tokens() > setting_.budget() || LoadIsOver(1);
}

}  // namespace fovea
