#include "gateway/compressor.h"

#include <openssl/rand.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/estimate.h"
#include "gateway/recall_tools.h"
#include "gateway/system_items.h"
#include "gateway/truncate.h"

namespace fovea::gateway {
namespace {

constexpr size_t kPageCacheBytes = 256 << 20;
constexpr size_t kNewestPages = 256;
constexpr size_t kMaxStates = 10'000;
constexpr size_t kMaxCounted = 10'000;
constexpr size_t kMaxCountedBytes = 16 << 20;
constexpr int64_t kMinBudget = 4'000;
constexpr size_t kRecentBytes = 32 << 20;
constexpr size_t kJobBytes = 64 << 20;
constexpr size_t kJobThreads = 16;
constexpr double kFullWindow = 0.95;  // of the window may be used

v1::WireFormat FormatOf(Wire wire) {
  switch (wire) {
    case Wire::kAnthropic:
      return v1::WIRE_FORMAT_ANTHROPIC;
    case Wire::kOpenAiResponses:
      return v1::WIRE_FORMAT_OPENAI_RESPONSES;
    case Wire::kOpenAiChat:
      return v1::WIRE_FORMAT_OPENAI_CHAT;
    case Wire::kGemini:
      return v1::WIRE_FORMAT_GEMINI;
  }
  return v1::WIRE_FORMAT_NATIVE;
}

// The name of a policy, or FIELD=VALUE.
absl::Status ApplyAssignment(const std::string& assignment, v1::Policy* policy) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  v1::PolicyName name = v1::POLICY_NAME_UNSPECIFIED;
  if (v1::PolicyName_Parse(absl::StrCat("POLICY_NAME_", absl::AsciiStrToUpper(assignment)),
                           &name)) {
    policy->set_name(name);
    return absl::OkStatus();
  }
  const auto* field = v1::Policy::descriptor()->FindFieldByName(parts.first);
  int32_t number = 0;
  bool flag = false;
  if (field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32 &&
      absl::SimpleAtoi(parts.second, &number)) {
    policy->GetReflection()->SetInt32(policy, field, number);
    return absl::OkStatus();
  }
  if (field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL &&
      absl::SimpleAtob(parts.second, &flag)) {
    policy->GetReflection()->SetBool(policy, field, flag);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--policy: ", assignment,
                   " is none of frugal, balanced, exact, and not FIELD=VALUE of fovea.v1.Policy"));
}

void ApplyPolicy(const std::vector<std::string>& assignments, v1::Policy* policy) {
  // A drawn result would stand in two places: the agent's own message goes out as it came.
  policy->set_forbid_drawn_results(true);
  for (const std::string& assignment : assignments) {
    ApplyAssignment(assignment, policy).IgnoreError();  // checked when it was given
  }
}

// For a header: one line of printable ASCII.
std::string Plain(absl::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 200)) plain += c >= ' ' && c <= '~' ? c : ' ';
  return plain;
}

// The last turn that stands before the first one that is text behind the pages. It stays the same
// for an epoch, while the conversation goes on.
uint64_t LastDrawn(const v1::BuildContextResponse& context, uint64_t as_of) {
  uint64_t last = as_of;
  for (int i = context.blocks_size(); i > 0 && !context.blocks(i - 1).has_page(); --i) {
    const v1::ContextBlock& block = context.blocks(i - 1);
    if (block.has_turn() && block.turn().seq() > 0) last = std::min(last, block.turn().seq() - 1);
  }
  return last;
}

}  // namespace

absl::Status CheckPolicy(const std::string& assignment) {
  v1::Policy policy;
  return ApplyAssignment(assignment, &policy);
}

Compressor::Compressor(const GatewayConfig& config, FoveaClient& fovea, Database& database)
    : config_(config),
      fovea_(fovea),
      database_(database),
      sessions_(fovea, database, config.project, config.shared),
      recent_(kRecentBytes),
      pages_(kPageCacheBytes),
      jobs_(kJobBytes, kJobThreads) {}

int64_t Compressor::WindowOf(const Plan& plan) const {
  return config_.window > 0 ? config_.window : plan.model.window;
}

int64_t Compressor::BudgetOf(const Plan& plan) const {
  if (config_.budget > 0) return config_.budget;
  // With another budget, all of the history is served again: what agents add to the system text in
  // the course of a conversation counts in steps.
  const int64_t step = std::max(kMinBudget, WindowOf(plan) / 32);
  const int64_t later = (plan.later_tokens + step - 1) / step * step;
  return std::max(kMinBudget, WindowOf(plan) / 2 - (plan.other_tokens - plan.later_tokens) - later);
}

Compressor::SessionState Compressor::StateOf(const std::string& session) {
  absl::MutexLock lock(&mutex_);
  const auto found = states_.find(session);
  return found == states_.end() ? SessionState() : found->second;
}

void Compressor::Update(const std::string& session, absl::FunctionRef<void(SessionState&)> change) {
  absl::MutexLock lock(&mutex_);
  if (states_.size() >= kMaxStates) {
    states_.clear();
    by_chain_.clear();
  }
  SessionState& state = states_[session];
  const std::shared_ptr<const Epoch> before = state.epoch;
  change(state);
  if (state.epoch == before) return;
  if (before != nullptr) by_chain_.erase(before->last_chain);
  if (state.epoch != nullptr) by_chain_[state.epoch->last_chain] = session;
}

std::optional<Compressor::Prices> Compressor::PricesOf(const std::string& reader) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = prices_.find(reader);
    if (found != prices_.end()) return found->second;
  }
  const auto readers = fovea_.ListReaders();
  if (!readers.ok()) return std::nullopt;
  absl::MutexLock lock(&mutex_);
  for (const v1::Reader& known : readers->readers()) {
    Prices prices{.cached = known.cached_read_price(),
                  .written = known.cache_write_price(),
                  .has_pages = known.ladder_size() > 0};
    for (const auto& rung : known.ladder()) {
      prices.has_evidence = prices.has_evidence || rung.evidence() != "assumed";
    }
    prices_[known.name()] = prices;
  }
  const auto found = prices_.find(reader);
  return found == prices_.end() ? std::nullopt : std::optional<Prices>(found->second);
}

int64_t Compressor::TokensOf(const std::string& reader, absl::string_view text) {
  if (text.empty()) return 0;
  const std::string key = Sha256Of(absl::StrCat(reader, "\n", text));
  {
    absl::MutexLock lock(&mutex_);
    const auto found = counted_.find(key);
    if (found != counted_.end()) return found->second;
  }
  // Pictures have a price of their own, and what is too long is a guess.
  const int64_t guess = EstimateTokens(text);
  if (text.size() > kMaxCountedBytes || guess < static_cast<int64_t>(text.size() / 4)) return guess;
  const auto counted = fovea_.CountTokens(reader, text, absl::InfiniteDuration());
  if (!counted.ok()) return guess;
  const int64_t tokens = std::max(guess, *counted);
  absl::MutexLock lock(&mutex_);
  if (counted_.size() >= kMaxCounted) counted_.clear();
  counted_[key] = tokens;
  return tokens;
}

Plan Compressor::Prepare(const Route& route, const Headers& headers, Body asked, absl::Time now,
                         Asking asking) {
  Plan plan;
  plan.asked = std::move(asked);
  const std::string& body = *plan.asked;
  const RecentConversations::Beginning before = recent_.Closest(route.wire, body);
  const auto known = before.conversation == nullptr
                         ? std::nullopt
                         : std::optional<KnownConversation>(
                               {*before.conversation, *before.body, before.same_bytes});
  const std::string owner = sessions_.OwnerOfRequest(headers, route.url);
  auto conversation = ReadConversation(route, headers, body, digests_,
                                       known.has_value() ? &*known : nullptr, owner);
  if (!conversation.ok()) {
    plan.outcome.reason = Plain(absl::StrCat("not read: ", conversation.status().message()));
    return plan;
  }
  if (asking == Asking::kForMessages) conversation->has_tools = true;
  const bool any = conversation->items.size() > conversation->head;
  plan.key = any ? conversation->items[conversation->head].chain : conversation->root;
  plan.conversation = std::make_shared<const Conversation>(*std::move(conversation));
  recent_.Add(before, plan.asked, plan.conversation);
  const bool long_window = absl::StrContains(headers.Get("anthropic-beta"), "context-1m");
  plan.model = FactsOf(plan.conversation->model, long_window);
  if (!config_.reader.empty()) plan.model.reader = config_.reader;
  const int64_t whole = EstimateTokens(body);
  plan.other_tokens = EstimateTokens(body.substr(0, plan.conversation->array.begin)) +
                      EstimateTokens(absl::string_view(body).substr(plan.conversation->array.end));
  for (size_t i = 0; i < plan.conversation->head; ++i) {
    plan.other_tokens += EstimateTokens(plan.conversation->items[i].span.In(body));
  }
  plan.later_tokens = LaterSystemTokens(*plan.conversation, body);
  plan.other_tokens += plan.later_tokens;
  plan.history_tokens = std::max<int64_t>(0, whole - plan.other_tokens);
  plan.full_tokens = whole;
  if (plan.model.reader.empty()) {
    plan.outcome.reason = Plain(absl::StrCat("no reader for the model ", plan.conversation->model));
  } else if (!config_.force && plan.history_tokens < config_.min_tokens) {
    plan.outcome.reason = absl::StrCat("history of about ", plan.history_tokens, " tokens, below ",
                                       config_.min_tokens);
  } else {
    Compress(route, plan, now, asking);
  }
  return plan;
}

absl::StatusOr<v1::BuildContextResponse> Compressor::Build(const Mapping& mapping,
                                                           const std::string& reader,
                                                           int64_t budget,
                                                           const std::vector<std::string>& pages) {
  v1::BuildContextRequest request;
  v1::View& view = *request.mutable_view();
  view.set_session_id(mapping.session);
  view.set_reader(reader);
  view.set_token_budget(budget);
  view.set_as_of_seq(mapping.as_of);
  // Who forces compression wants it early.
  if (config_.force) view.mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
  ApplyPolicy(config_.policy, view.mutable_policy());
  request.set_format(v1::WIRE_FORMAT_NATIVE);
  // A fork's first pages are likely to be its parent's.
  for (std::string& id : pages.empty() ? pages_.Newest(kNewestPages) : pages_.Held(pages)) {
    request.add_held_page_ids(std::move(id));
  }
  auto context = fovea_.BuildContext(request);
  if (!context.ok()) return context;
  for (const v1::PageBytes& page : context->page_bytes()) pages_.Add(page.page_id(), page.png());
  return context;
}

std::string Compressor::HandleOf(const std::string& session, uint64_t last_seq) {
  const std::string scope = absl::StrCat(session, "#", last_seq);
  const std::string key = absl::StrCat("handle of:", scope);
  const auto known = database_.LatestSession(key);
  if (!known.ok()) return "";
  if (known->has_value()) return **known;
  std::string random(12, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size()));
  const std::string handle = absl::BytesToHexString(random);
  absl::Status status = database_.SetLatestSession(absl::StrCat("handle:", handle), scope);
  if (status.ok()) status = database_.SetLatestSession(key, handle);
  return status.ok() ? handle : "";
}

void Compressor::Compress(const Route& route, Plan& plan, absl::Time now, Asking asking) {
  const Conversation& conversation = *plan.conversation;
  const std::string& body = *plan.asked;
  const auto prices = PricesOf(plan.model.reader);
  if (!prices.has_value()) return FallBack("fovead or its reader is not there", plan);
  if (!config_.force && (!prices->has_pages || !prices->has_evidence)) {
    plan.outcome.reason = absl::StrCat("no evidence that ", plan.model.reader, " reads pages");
    return;
  }
  if (asking == Asking::kForAgent && GoOn(route, plan, now)) return;
  // What the request before this one left to do may be this one's turns.
  jobs_.Wait(plan.key, absl::Now() + kJobPatience);
  auto mapping = sessions_.Map(conversation, body, !conversation.has_tools, now);
  if (!mapping.ok()) {
    if (absl::IsNotFound(mapping.status()) && !conversation.has_tools) {
      plan.outcome.reason = "no tools: an auxiliary call";
      return;
    }
    return FallBack(absl::StrCat("turns: ", mapping.status().message()), plan);
  }
  plan.mapping = *std::move(mapping);
  plan.outcome.session = plan.mapping->session;
  const std::string arrival = absl::StrCat(ArrivalName(plan.mapping->arrival), ": ");
  const SessionState state = StateOf(plan.mapping->session);
  if (now - state.last_request <= kCacheLifetime) plan.earlier_tokens = state.full_tokens;
  Update(plan.mapping->session, [&](SessionState& changed) {
    changed.last_request = now;
    changed.full_tokens = plan.full_tokens;
  });
  if (state.refused_until > now) {
    constexpr absl::string_view kRefused = "the provider refused a context of this session lately";
    plan.outcome.reason = absl::StrCat(arrival, kRefused);
    plan.refused_lately = true;
    if (plan.history_tokens > RoomOf(plan)) FallBack(kRefused, plan);
    return;
  }
  const int64_t budget = BudgetOf(plan);
  auto context = Build(*plan.mapping, plan.model.reader, budget, state.pages);
  if (absl::IsResourceExhausted(context.status()) && state.served != nullptr) {
    // What must be text is over the budget for now. The pages that the provider has in its cache
    // stand.
    const std::string why = absl::StrCat("context: ", context.status().message());
    if (ServeLast(state, RoomOf(plan), why, plan)) {
      if (OffersRecall(route, conversation))
        plan.body = AddRecallTools(route, *std::move(plan.body), plan);
      return;
    }
  }
  if (!context.ok()) return FallBack(absl::StrCat("context: ", context.status().message()), plan);
  std::string note;
  if (asking == Asking::kForMessages) {
    plan.handle = HandleOf(plan.mapping->session, LastDrawn(*context, plan.mapping->as_of));
    note = absl::StrCat("Exact texts of what is on the pages: hash=", plan.handle,
                        R"(; query "#57" gives turn 57, other words are searched for.)");
  }
  auto composed = Compose(conversation, body, *plan.mapping, *context,
                          ReplacementsOf(conversation, conversation.head), note, pages_);
  if (!composed.ok()) return FallBack(composed.status().message(), plan);
  if (!composed->changed) {
    plan.outcome.reason = absl::StrCat(arrival, "all of the history is served as text");
    return;
  }
  const Rewrite rewrite{.now_tokens = plan.history_tokens,
                        .served_tokens = context->summary().tokens(),
                        .cold = now - state.last_request > kCacheLifetime,
                        .read_price = prices->cached,
                        .write_price = prices->written};
  if (!config_.force && !state.compressed && !RewritePays(rewrite)) {
    plan.outcome.reason =
        absl::StrCat(arrival, "the provider's cache is warm, a rewrite would not pay yet");
    return;
  }
  plan.outcome.action = Outcome::Action::kCompressed;
  const Beside beside{.frame_estimate = plan.other_tokens,
                      .tokens = CountedBeside(body, conversation, plan.model.reader) +
                                TokensOf(plan.model.reader, composed->uncounted),
                      .uncounted_bytes = composed->uncounted.size()};
  plan.other_tokens = beside.tokens;
  plan.context_sha256 = context->payload_sha256();
  plan.body = Replaced(body, conversation.array, composed->array);
  int recounts = 0;
  Update(plan.mapping->session, [&](SessionState& changed) {
    const v1::ContextSummary& summary = context->summary();
    // With other counts the epochs are numbered otherwise.
    const double text_factor = changed.text_factor;
    if (text_factor != 0 && text_factor != summary.text_factor()) ++changed.recounts;
    changed.text_factor = summary.text_factor();
    recounts = changed.recounts;
    changed.compressed = true;
    changed.epoch = nullptr;
    if (composed->prefix_bytes > 0) {
      changed.served = std::make_shared<const ServedPrefix>(PrefixOf(conversation, *composed));
      // A call that only looks on leaves nothing behind to go on from.
      if (conversation.has_tools) {
        changed.epoch = EpochOf(conversation, plan.model.reader, budget, beside, summary);
      }
    }
    changed.pages.clear();
    for (const v1::ContextBlock& block : context->blocks()) {
      if (block.has_page()) changed.pages.push_back(block.page().page_id());
    }
  });
  plan.outcome.reason = absl::StrCat(arrival, EpochName(context->summary().epoch(), recounts));
  if (OffersRecall(route, conversation)) {
    plan.body = AddRecallTools(route, *std::move(plan.body), plan);
  }
  plan.predicted_tokens = context->summary().tokens() + plan.other_tokens;
}

// Gemini streams lists of JSON, too, where nobody asks for events; those are not read.
bool Compressor::OffersRecall(const Route& route, const Conversation& conversation) const {
  const bool read = route.wire != Wire::kGemini || !route.streams || route.events;
  return config_.recall && conversation.has_tools && read;
}

int64_t Compressor::CountedBeside(const std::string& body, const Conversation& conversation,
                                  const std::string& reader) {
  const absl::string_view text = body;
  int64_t tokens = TokensOf(reader, text.substr(0, conversation.array.begin)) +
                   TokensOf(reader, text.substr(conversation.array.end));
  for (const Item& item : conversation.items) {
    if (item.IsSystem()) tokens += TokensOf(reader, item.span.In(text));
  }
  return tokens;
}

Replacements Compressor::ReplacementsOf(const Conversation& conversation, size_t first) {
  std::vector<std::string> chains;
  std::vector<size_t> items;
  for (size_t i = first; i < conversation.items.size(); ++i) {
    const std::string& chain = conversation.items[i].chain;
    if (i > conversation.head && chain == conversation.items[i - 1].chain) continue;
    chains.push_back(chain);
    items.push_back(i);
  }
  Replacements replacements;
  auto found = database_.FindInserts(chains);
  if (!found.ok()) return replacements;
  for (size_t i = 0; i < items.size(); ++i) {
    if ((*found)[i].has_value()) replacements[items[i]] = *std::move((*found)[i]);
  }
  return replacements;
}

int64_t Compressor::RoomOf(const Plan& plan) const {
  const auto window = static_cast<int64_t>(kFullWindow * static_cast<double>(WindowOf(plan)));
  return window - plan.other_tokens;
}

bool Compressor::ServeLast(const SessionState& state, int64_t room, absl::string_view why,
                           Plan& plan) {
  const Conversation& conversation = *plan.conversation;
  const std::string arrival =
      plan.mapping.has_value() ? absl::StrCat(ArrivalName(plan.mapping->arrival), ": ") : "";
  const std::optional<size_t> first = FirstBehind(conversation, *state.served);
  if (!first.has_value()) return false;
  const auto continued = Continue(conversation, *plan.asked, *state.served, *first,
                                  ReplacementsOf(conversation, *first));
  if (!continued.has_value() || EstimateTokens(continued->array) > room) return false;
  plan.body = Replaced(*plan.asked, conversation.array, continued->array);
  plan.outcome.action = Outcome::Action::kFallback;
  plan.outcome.reason =
      Plain(absl::StrCat(arrival, "the last served pages and the new turns: ", why));
  return true;
}

void Compressor::FallBack(absl::string_view why, Plan& plan) {
  const Conversation& conversation = *plan.conversation;
  const std::string& body = *plan.asked;
  plan.outcome.action = Outcome::Action::kFallback;
  const std::string arrival =
      plan.mapping.has_value() ? absl::StrCat(ArrivalName(plan.mapping->arrival), ": ") : "";
  const int64_t room = RoomOf(plan);
  if (plan.history_tokens <= room) {
    plan.outcome.reason = Plain(absl::StrCat(arrival, "sent as it came: ", why));
    return;
  }
  // The database alone knows which session it is.
  const auto known = sessions_.Map(conversation, body, true, absl::InfinitePast());
  const SessionState state = known.ok() ? StateOf(known->session) : SessionState();
  if (state.served != nullptr && ServeLast(state, room, why, plan)) return;
  const auto truncated = Truncated(conversation, body, room);
  if (!truncated.ok()) {
    plan.outcome.reason = Plain(absl::StrCat(arrival, "sent as it came, over the window: ", why));
    return;
  }
  plan.body = Replaced(body, conversation.array, *truncated);
  plan.outcome.reason = Plain(absl::StrCat(arrival, "cut to the window: ", why));
}

std::string Compressor::AddRecallTools(const Route& route, std::string body, Plan& plan) {
  std::string tools;
  const int wire = static_cast<int>(route.wire);
  {
    absl::MutexLock lock(&mutex_);
    const auto found = recall_tools_.find(wire);
    if (found != recall_tools_.end()) tools = found->second;
  }
  if (tools.empty()) {
    auto fetched = fovea_.RecallTools(FormatOf(route.wire));
    if (!fetched.ok()) return body;
    tools = *std::move(fetched);
    absl::MutexLock lock(&mutex_);
    recall_tools_[wire] = tools;
  }
  auto with = WithRecallTools(route.wire, body, tools);
  if (!with.has_value()) return body;
  plan.recall = true;
  plan.tool_tokens = TokensOf(plan.model.reader, tools);
  plan.other_tokens += plan.tool_tokens;
  return *std::move(with);
}

}  // namespace fovea::gateway
