// What the compressor does once the provider has answered.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/compressor.h"
#include "gateway/truncate.h"

namespace fovea::gateway {
namespace {

constexpr absl::Duration kRefusalPause = absl::Minutes(30);
// Of a history that an estimate takes for short enough, and the provider does not.
constexpr double kWhatSurelyFits = 0.6;

}  // namespace

void Compressor::Refused(const Plan& plan, absl::Time now) {
  if (plan.outcome.session.empty()) return;
  Update(plan.outcome.session, [&](SessionState& state) {
    state.refused_until = now + kRefusalPause;
    state.compressed = false;
    state.served = nullptr;
    state.epoch = nullptr;
  });
}

bool Compressor::Cut(absl::string_view why, Plan& plan) {
  if (plan.conversation == nullptr || plan.asked == nullptr) return false;
  const int64_t room =
      IsOverWindow(plan)
          ? RoomOf(plan)
          : static_cast<int64_t>(kWhatSurelyFits * static_cast<double>(plan.history_tokens));
  const auto cut = Truncated(*plan.conversation, *plan.asked, room);
  if (!cut.ok()) return false;
  std::string body = Replaced(*plan.asked, plan.conversation->array, *cut);
  if (body == *plan.asked || (plan.body.has_value() && body == *plan.body)) return false;
  plan.body = std::move(body);
  plan.outcome.action = Outcome::Action::kFallback;
  plan.outcome.reason = absl::StrCat("cut to the window: ", why);
  return true;
}

void Compressor::Finish(Plan& plan, const std::vector<transcripts::Json>& answer, absl::Time now) {
  TakeSettled(plan);
  if (plan.conversation == nullptr || !plan.conversation->has_tools) return;
  if (!plan.mapping.has_value()) {
    auto mapping = sessions_.Map(*plan.conversation, *plan.asked, false, now);
    if (!mapping.ok()) return;
    plan.mapping = *std::move(mapping);
    Update(plan.mapping->session, [&](SessionState& state) { state.last_request = now; });
  }
  plan.outcome.session = plan.mapping->session;
  std::vector<std::string> items;
  items.reserve(answer.size());
  for (const transcripts::Json& item : answer) items.push_back(transcripts::DumpJson(item));
  if (items.empty()) return;
  sessions_.AppendAnswer(*plan.conversation, *plan.mapping, items, digests_, now).IgnoreError();
}

void Compressor::Keep(const Plan& plan, const std::vector<transcripts::Json>& visible,
                      const std::vector<transcripts::Json>& said) {
  // The items that the agent keeps stand for what was said up to them; what is left over, for the
  // last.
  std::string chain = plan.conversation->items.back().chain;
  std::vector<std::pair<std::string, std::vector<std::string>>> kept;
  std::vector<std::string> buffer;
  size_t next = 0;
  for (const transcripts::Json& item : visible) {
    const std::string text = transcripts::DumpJson(item);
    const auto digest = digests_.DigestOf(plan.conversation->wire, text);
    if (!digest.ok()) return;
    // Messages are merged over the rounds: one stands for all.
    const bool merged = plan.conversation->wire != Wire::kOpenAiResponses;
    while (next < said.size()) {
      const bool same = said[next] == item;
      buffer.push_back(transcripts::DumpJson(said[next++]));
      if (same && !merged) break;
    }
    if (digest->empty()) continue;
    chain = ChainOf(chain, *digest);
    kept.emplace_back(chain, std::move(buffer));
    buffer.clear();
  }
  if (kept.empty()) return;
  for (; next < said.size(); ++next) buffer.push_back(transcripts::DumpJson(said[next]));
  for (std::string& text : buffer) kept.back().second.push_back(std::move(text));
  for (const auto& [key, texts] : kept) {
    database_.AddInsert(key, absl::StrJoin(texts, ",")).IgnoreError();
  }
}

void Compressor::Report(const Plan& plan, int64_t input_tokens) {
  if (!plan.mapping.has_value() || plan.context_sha256.empty() || input_tokens <= 0) return;
  v1::ReportUsageRequest report;
  report.set_payload_sha256(plan.context_sha256);
  // A session's texts differ from each other: what was seen of one is not the most that there is.
  report.set_input_tokens(input_tokens +
                          std::max<int64_t>(0, input_tokens - plan.other_tokens) / 14);
  report.set_other_tokens(std::min(plan.other_tokens, input_tokens));
  // What fovead does not remember (it was restarted) teaches nothing.
  fovea_.ReportUsage(report).IgnoreError();
}

void Compressor::Price(const Plan& plan, const Usage& usage, BookEntry& entry) {
  const auto prices = PricesOf(plan.model.reader).value_or(Prices());
  entry.input_tokens = usage.input;
  entry.cached_tokens = usage.cached;
  entry.written_tokens = usage.written;
  entry.output_tokens = usage.output;
  entry.predicted_tokens = plan.predicted_tokens;
  const SessionState state =
      plan.mapping.has_value() ? StateOf(plan.mapping->session) : SessionState();
  double text_scale = state.text_scale;
  const bool as_it_came = plan.outcome.action == Outcome::Action::kPassed && !plan.body.has_value();
  if (as_it_came && plan.mapping.has_value() && usage.input > 0 && plan.full_tokens > 0) {
    text_scale = static_cast<double>(usage.input) / static_cast<double>(plan.full_tokens);
    Update(plan.mapping->session, [&](SessionState& changed) { changed.text_scale = text_scale; });
  }
  entry.history_tokens = static_cast<int64_t>(text_scale * static_cast<double>(plan.full_tokens));
  const auto billed = [&](double input, double cached, double written) {
    return input - cached - written + cached * prices.cached + written * prices.written;
  };
  entry.billed = billed(static_cast<double>(usage.input), static_cast<double>(usage.cached),
                        static_cast<double>(usage.written));
  entry.full_billed = entry.billed;
  if (plan.outcome.action != Outcome::Action::kCompressed) return;
  // The same request with its history as text, if all that the request before it had were read from
  // the cache.
  const auto full = static_cast<double>(entry.history_tokens);
  const double before = std::min(full, text_scale * static_cast<double>(plan.earlier_tokens));
  entry.full_billed = before * prices.cached + (full - before) * prices.written;
}

}  // namespace fovea::gateway
