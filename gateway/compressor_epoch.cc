// What the compressor does within an epoch: the request goes out before its turns are in the log.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/compressor.h"
#include "gateway/estimate.h"

namespace fovea::gateway {
namespace {

// A cache that lives less than this is of no reader.
constexpr absl::Duration kSurelyWarm = absl::Minutes(1);
constexpr size_t kMaxNewItems = 64;
// Of an item's turns beside their text, with room to spare.
constexpr size_t kItemTokens = 64;
constexpr absl::Duration kCountPatience = absl::Milliseconds(100);
// An item's JSON has more tokens than its texts; where escapes make that otherwise, this is more.
constexpr double kCountMargin = 1.1;

// Whether the item has no part whose price is not that of its text. False also where a text only
// says so.
bool HoldsTextAlone(absl::string_view item) {
  constexpr absl::string_view kOthers[] = {
      "\"image\"",           "\"image_url\"", "\"input_image\"", "\"document\"",
      "\"input_file\"",      "\"file_data\"", "\"file_id\"",     "\"inlineData\"",
      "\"inline_data\"",     "\"fileData\"",  "\"audio\"",       "\"input_audio\"",
      "\"container_upload\""};
  return std::none_of(std::begin(kOthers), std::end(kOthers),
                      [&](absl::string_view other) { return absl::StrContains(item, other); });
}

}  // namespace

std::string Compressor::EpochName(uint64_t number, int recounts) {
  return recounts == 0 ? absl::StrCat("epoch ", number)
                       : absl::StrCat("epoch ", number, ", counts corrected ", recounts, " times");
}

std::shared_ptr<const Compressor::Epoch> Compressor::EpochOf(const Conversation& conversation,
                                                             std::string reader, int64_t budget,
                                                             const Beside& beside,
                                                             const v1::ContextSummary& summary) {
  return std::make_shared<const Epoch>(Epoch{.reader = std::move(reader),
                                             .budget = budget,
                                             .last_chain = conversation.items.back().chain,
                                             .prefix_sha256 = summary.prefix_sha256(),
                                             .tokens = summary.tokens(),
                                             .spare_tokens = summary.spare_tokens(),
                                             .text_factor = summary.text_factor(),
                                             .number = summary.epoch(),
                                             .beside = beside});
}

Compressor::Known Compressor::FindEpoch(const Conversation& conversation) {
  const auto& items = conversation.items;
  absl::MutexLock lock(&mutex_);
  for (size_t i = items.size(); i > conversation.head; --i) {
    if (items.size() - i > kMaxNewItems) break;
    const auto found = by_chain_.find(items[i - 1].chain);
    if (found != by_chain_.end()) return {found->second, states_[found->second], i};
  }
  return {};
}

int64_t Compressor::MostTokens(const Epoch& epoch, const std::string& added, size_t items) {
  const double factor = std::max(1.0, epoch.text_factor);
  const auto spare = static_cast<double>(epoch.spare_tokens);
  const auto beside = static_cast<double>(items * kItemTokens);
  // A text has no more tokens than bytes.
  double tokens = factor * (static_cast<double>(added.size()) + beside);
  if (tokens <= spare) return static_cast<int64_t>(tokens);
  // Near the end of an epoch they are counted, unless a guess is over it already.
  if (factor * static_cast<double>(EstimateTokens(added)) > spare) return epoch.spare_tokens + 1;
  // No answer is worth more than a moment here: who is not sure asks for the context.
  const auto answer = fovea_.CountTokens(epoch.reader, added, kCountPatience);
  if (!answer.ok()) return epoch.spare_tokens + 1;
  const auto counted = static_cast<double>(*answer);
  return static_cast<int64_t>(factor * (kCountMargin * counted + beside));
}

bool Compressor::GoOn(const Route& route, Plan& plan, absl::Time now) {
  const Conversation& conversation = *plan.conversation;
  if (!conversation.has_tools) return false;
  const Known known = FindEpoch(conversation);
  const SessionState& state = known.state;
  if (known.session.empty() || !state.compressed || state.refused_until > now ||
      now - state.last_request > kSurelyWarm) {
    return false;
  }
  const Epoch& epoch = *state.epoch;
  if (epoch.reader != plan.model.reader || epoch.budget != BudgetOf(plan) ||
      epoch.beside.frame_estimate != plan.other_tokens) {
    return false;
  }
  const absl::string_view body = *plan.asked;
  std::string added;
  for (size_t i = known.items; i < conversation.items.size(); ++i) {
    const absl::string_view item = conversation.items[i].span.In(body);
    if (!HoldsTextAlone(item)) return false;
    absl::StrAppend(&added, item);
  }
  const size_t new_items = conversation.items.size() - known.items;
  const int64_t new_tokens = MostTokens(epoch, added, new_items);
  if (new_tokens > epoch.spare_tokens) return false;
  const std::optional<size_t> first = FirstBehind(conversation, *state.served);
  if (!first.has_value()) return false;
  auto continued =
      Continue(conversation, body, *state.served, *first, ReplacementsOf(conversation, *first));
  if (!continued.has_value() || !jobs_.HasRoom(body.size())) return false;

  plan.earlier_tokens = state.full_tokens;
  Update(known.session, [&](SessionState& changed) {
    changed.last_request = now;
    changed.full_tokens = plan.full_tokens;
  });
  const bool grows = new_items > 0;
  plan.outcome = {.action = Outcome::Action::kCompressed,
                  .reason = absl::StrCat(ArrivalName(grows ? Arrival::kExtends : Arrival::kRepeats),
                                         ": ", EpochName(epoch.number, state.recounts)),
                  .session = known.session};
  plan.body = Replaced(*plan.asked, conversation.array, continued->array);
  if (OffersRecall(route, conversation)) {
    plan.body = AddRecallTools(route, *std::move(plan.body), plan);
  }
  // Until it is settled. What was said inside since then has no more tokens than bytes.
  const size_t said = continued->uncounted.size();
  plan.other_tokens = epoch.beside.tokens + plan.tool_tokens +
                      static_cast<int64_t>(said - std::min(said, epoch.beside.uncounted_bytes));
  plan.predicted_tokens = epoch.tokens + new_tokens + plan.other_tokens;
  plan.settled = std::make_shared<Settled>();
  jobs_.Run(plan.key, body.size(),
            [this, behind = Behind{.asked = plan.asked,
                                   .conversation = plan.conversation,
                                   .session = known.session,
                                   .epoch = state.epoch,
                                   .pages = state.pages,
                                   .uncounted = std::move(continued->uncounted),
                                   .new_tokens = new_tokens,
                                   .now = now,
                                   .settled = plan.settled}] { CatchUp(behind); });
  return true;
}

void Compressor::CatchUp(const Behind& behind) {
  const Epoch& epoch = *behind.epoch;
  const auto forget = [&] {
    Update(behind.session, [](SessionState& state) { state.epoch = nullptr; });
  };
  auto mapping = sessions_.Map(*behind.conversation, *behind.asked, false, behind.now);
  // Finish tries again, and the next request asks first.
  if (!mapping.ok()) return forget();
  Settled& settled = *behind.settled;
  settled.other_tokens = CountedBeside(*behind.asked, *behind.conversation, epoch.reader) +
                         TokensOf(epoch.reader, behind.uncounted);
  settled.context_tokens = epoch.tokens + behind.new_tokens;
  const auto context = Build(*mapping, epoch.reader, epoch.budget, behind.pages);
  const bool forked = mapping->session != behind.session;
  settled.mapping = *std::move(mapping);
  // A fork's next request begins its own; or somebody has ended the epoch, with a pin, say.
  if (forked || !context.ok() || context->summary().prefix_sha256() != epoch.prefix_sha256)
    return forget();
  settled.context_tokens = context->summary().tokens();
  settled.context_sha256 = context->payload_sha256();
  Update(behind.session, [&](SessionState& state) {
    // A rewind meanwhile has another epoch.
    if (state.epoch == nullptr || state.epoch->prefix_sha256 != epoch.prefix_sha256) return;
    const Beside beside{.frame_estimate = epoch.beside.frame_estimate,
                        .tokens = settled.other_tokens,
                        .uncounted_bytes = behind.uncounted.size()};
    state.epoch =
        EpochOf(*behind.conversation, epoch.reader, epoch.budget, beside, context->summary());
  });
}

void Compressor::Settle(Plan& plan) {
  if (plan.settled != nullptr && jobs_.Wait(plan.key, absl::Now() + kJobPatience)) {
    TakeSettled(plan);
  }
}

void Compressor::TakeSettled(Plan& plan) {
  if (plan.settled == nullptr) return;
  const std::shared_ptr<Settled> settled = std::move(plan.settled);
  plan.settled = nullptr;
  if (!settled->mapping.has_value()) return;
  plan.mapping = settled->mapping;
  plan.outcome.session = plan.mapping->session;
  plan.other_tokens = settled->other_tokens + plan.tool_tokens;
  // What the provider refused went out as it came after all.
  if (plan.outcome.action != Outcome::Action::kCompressed) return;
  plan.predicted_tokens = settled->context_tokens + plan.other_tokens;
  plan.context_sha256 = settled->context_sha256;
}

}  // namespace fovea::gateway
