#include "gateway/compressor.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/estimate.h"
#include "gateway/truncate.h"

namespace fovea::gateway {
namespace {

constexpr size_t kPageCacheBytes = 256 << 20;
constexpr size_t kHeldPages = 4096;
constexpr size_t kMaxStates = 10'000;
constexpr absl::Duration kCacheLifetime = absl::Minutes(5);
constexpr absl::Duration kRefusalPause = absl::Minutes(30);
constexpr int64_t kLeastBudget = 4'000;
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

// The name of a policy, or FIELD=VALUE; what is not known is left to fovead's defaults.
void ApplyPolicy(const std::vector<std::string>& assignments, v1::Policy* policy) {
  // A drawn result would stand in two places: the agent's own message goes out as it came.
  policy->set_forbid_drawn_results(true);
  const auto* descriptor = v1::Policy::descriptor();
  for (const std::string& assignment : assignments) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(assignment, absl::MaxSplits('=', 1));
    v1::PolicyName name = v1::POLICY_NAME_UNSPECIFIED;
    if (v1::PolicyName_Parse(absl::StrCat("POLICY_NAME_", absl::AsciiStrToUpper(assignment)),
                             &name)) {
      policy->set_name(name);
      continue;
    }
    const auto* field = descriptor->FindFieldByName(parts.first);
    int32_t number = 0;
    bool flag = false;
    if (field == nullptr) continue;
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32 &&
        absl::SimpleAtoi(parts.second, &number)) {
      policy->GetReflection()->SetInt32(policy, field, number);
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL &&
               absl::SimpleAtob(parts.second, &flag)) {
      policy->GetReflection()->SetBool(policy, field, flag);
    }
  }
}

// For a header: one line of printable ASCII.
std::string Plain(absl::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, 200)) plain += c >= ' ' && c <= '~' ? c : ' ';
  return plain;
}

}  // namespace

Compressor::Compressor(const GatewayConfig& config, FoveaClient& fovea, Database& database)
    : config_(config),
      fovea_(fovea),
      database_(database),
      sessions_(fovea, database, config.project),
      pages_(kPageCacheBytes) {}

int64_t Compressor::WindowOf(const Plan& plan) const {
  return config_.window > 0 ? config_.window : plan.model.window;
}

int64_t Compressor::BudgetOf(const Plan& plan) const {
  if (config_.budget > 0) return config_.budget;
  return std::max(kLeastBudget, WindowOf(plan) / 2 - plan.other_tokens);
}

Compressor::SessionState Compressor::StateOf(const std::string& session) {
  absl::MutexLock lock(&mutex_);
  const auto found = states_.find(session);
  return found == states_.end() ? SessionState() : found->second;
}

void Compressor::Update(const std::string& session, const SessionState& state) {
  absl::MutexLock lock(&mutex_);
  if (states_.size() >= kMaxStates) states_.clear();
  states_[session] = state;
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

Plan Compressor::Prepare(const Route& route, const Headers& headers, const std::string& body,
                         absl::Time now) {
  Plan plan;
  auto conversation = ReadConversation(route, headers, body, digests_);
  if (!conversation.ok()) {
    plan.outcome.reason = Plain(absl::StrCat("not read: ", conversation.status().message()));
    return plan;
  }
  plan.conversation = *std::move(conversation);
  const bool long_window = absl::StrContains(headers.Get("anthropic-beta"), "context-1m");
  plan.model = FactsOf(plan.conversation->model, long_window);
  if (!config_.reader.empty()) plan.model.reader = config_.reader;
  const int64_t whole = EstimateTokens(body);
  plan.other_tokens = EstimateTokens(body.substr(0, plan.conversation->array.begin)) +
                      EstimateTokens(absl::string_view(body).substr(plan.conversation->array.end));
  for (size_t i = 0; i < plan.conversation->head; ++i) {
    plan.other_tokens += EstimateTokens(plan.conversation->items[i].span.In(body));
  }
  plan.history_tokens = std::max<int64_t>(0, whole - plan.other_tokens);
  if (plan.model.reader.empty()) {
    plan.outcome.reason = Plain(absl::StrCat("no reader for the model ", plan.conversation->model));
  } else if (!config_.force && plan.history_tokens < config_.min_tokens) {
    plan.outcome.reason = absl::StrCat("history of about ", plan.history_tokens, " tokens, below ",
                                       config_.min_tokens);
  } else {
    Compress(route, body, plan, now);
  }
  return plan;
}

absl::StatusOr<v1::BuildContextResponse> Compressor::Build(const Mapping& mapping,
                                                           const std::string& reader,
                                                           int64_t budget) {
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
  for (std::string& id : pages_.Held(kHeldPages)) request.add_held_page_ids(std::move(id));
  auto context = fovea_.BuildContext(request);
  if (!context.ok()) return context;
  for (const v1::PageBytes& page : context->page_bytes()) pages_.Add(page.page_id(), page.png());
  return context;
}

void Compressor::Compress(const Route& route, const std::string& body, Plan& plan, absl::Time now) {
  const Conversation& conversation = *plan.conversation;
  const auto prices = PricesOf(plan.model.reader);
  if (!prices.has_value()) return FallBack(body, "fovead or its reader is not there", plan);
  if (!config_.force && (!prices->has_pages || !prices->has_evidence)) {
    plan.outcome.reason = absl::StrCat("no evidence that ", plan.model.reader, " reads pages");
    return;
  }
  auto mapping = sessions_.Map(conversation, body, !conversation.has_tools, now);
  if (!mapping.ok()) {
    if (absl::IsNotFound(mapping.status()) && !conversation.has_tools) {
      plan.outcome.reason = "no tools: an auxiliary call";
      return;
    }
    return FallBack(body, absl::StrCat("turns: ", mapping.status().message()), plan);
  }
  plan.mapping = *std::move(mapping);
  plan.outcome.session = plan.mapping->session;
  const std::string arrival = absl::StrCat(ArrivalName(plan.mapping->arrival), ": ");
  SessionState state = StateOf(plan.mapping->session);
  const absl::Time last_request = state.last_request;
  state.last_request = now;
  if (now - last_request <= kCacheLifetime) plan.earlier_tokens = state.full_tokens;
  state.full_tokens = plan.history_tokens + plan.other_tokens;
  Update(plan.mapping->session, state);
  if (state.refused_until > now) {
    plan.outcome.reason =
        absl::StrCat(arrival, "the provider refused a context of this session lately");
    return;
  }
  const auto context = Build(*plan.mapping, plan.model.reader, BudgetOf(plan));
  if (!context.ok())
    return FallBack(body, absl::StrCat("context: ", context.status().message()), plan);
  auto composed =
      Compose(conversation, body, *plan.mapping, *context, ReplacementsOf(conversation), pages_);
  if (!composed.ok()) return FallBack(body, composed.status().message(), plan);
  if (!composed->changed) {
    plan.outcome.reason = absl::StrCat(arrival, "all of the history is served as text");
    return;
  }
  const Rewrite rewrite{.now_tokens = plan.history_tokens,
                        .served_tokens = context->summary().tokens(),
                        .cold = now - last_request > kCacheLifetime,
                        .read_price = prices->cached,
                        .write_price = prices->written};
  if (!config_.force && !state.compressed && !RewritePays(rewrite)) {
    plan.outcome.reason =
        absl::StrCat(arrival, "the provider's cache is warm, a rewrite would not pay yet");
    return;
  }
  plan.outcome.action = Outcome::Action::kCompressed;
  plan.outcome.reason = absl::StrCat(arrival, "epoch ", context->summary().epoch());
  plan.predicted_tokens = context->summary().tokens() + plan.other_tokens;
  plan.context_sha256 = context->payload_sha256();
  plan.body = Replaced(body, conversation.array, composed->array);
  if (composed->prefix_bytes > 0) {
    state.served =
        std::make_shared<const Served>(Served{composed->array.substr(0, composed->prefix_bytes + 1),
                                              conversation.items[composed->first_item].chain});
  }
  state.compressed = true;
  Update(plan.mapping->session, state);
  if (config_.recall && conversation.has_tools && conversation.stream &&
      route.wire != Wire::kGemini) {
    plan.body = WithRecallTools(route, *std::move(plan.body), &plan.recall);
  }
}

Replacements Compressor::ReplacementsOf(const Conversation& conversation) {
  Replacements replacements;
  for (size_t i = conversation.head; i < conversation.items.size(); ++i) {
    const std::string& chain = conversation.items[i].chain;
    if (i > conversation.head && chain == conversation.items[i - 1].chain) continue;
    auto found = database_.FindInsert(chain);
    if (found.ok() && found->has_value()) replacements[i] = **std::move(found);
  }
  return replacements;
}

void Compressor::FallBack(const std::string& body, absl::string_view why, Plan& plan) {
  const Conversation& conversation = *plan.conversation;
  plan.outcome.action = Outcome::Action::kFallback;
  const std::string arrival =
      plan.mapping.has_value() ? absl::StrCat(ArrivalName(plan.mapping->arrival), ": ") : "";
  const auto window = static_cast<int64_t>(kFullWindow * static_cast<double>(WindowOf(plan)));
  const int64_t room = window - plan.other_tokens;
  if (plan.history_tokens <= room) {
    plan.outcome.reason = Plain(absl::StrCat(arrival, "sent as it came: ", why));
    return;
  }
  // The database alone knows which session it is.
  const auto known = sessions_.Map(conversation, body, true, absl::InfinitePast());
  const SessionState state = known.ok() ? StateOf(known->session) : SessionState();
  if (state.served != nullptr) {
    for (size_t i = conversation.head; i < conversation.items.size(); ++i) {
      if (conversation.items[i].chain != state.served->first_chain) continue;
      const size_t from = conversation.items[i].span.begin;
      const std::string array =
          absl::StrCat(state.served->prefix,
                       absl::string_view(body).substr(from, conversation.array.end - from));
      if (EstimateTokens(array) > room) break;
      plan.body = Replaced(body, conversation.array, array);
      plan.outcome.reason =
          Plain(absl::StrCat(arrival, "the last served pages and the new turns: ", why));
      return;
    }
  }
  const auto truncated = Truncated(conversation, body, room);
  if (!truncated.ok()) {
    plan.outcome.reason = Plain(absl::StrCat(arrival, "sent as it came, over the window: ", why));
    return;
  }
  plan.body = Replaced(body, conversation.array, *truncated);
  plan.outcome.reason = Plain(absl::StrCat(arrival, "cut to the window: ", why));
}

std::string Compressor::WithRecallTools(const Route& route, std::string body, bool* added) {
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
  const auto members = ScanObject(body);
  if (!members.ok()) return body;
  const JsonMember* own = FindMember(*members, "tools");
  if (own == nullptr) return body;
  const absl::string_view text = own->value.In(body);
  // A tool of the agent's own with one of these names is the agent's.
  for (const char* name : {"\"recall\"", "\"search\""}) {
    if (absl::StrContains(text, name)) return body;
  }
  // "[A,B]" and "[C,D]" are "[A,B,C,D]".
  const std::string joined = absl::StrCat(text.substr(0, text.rfind(']')), ",",
                                          absl::string_view(tools).substr(tools.find('[') + 1));
  *added = true;
  return Replaced(body, own->value, joined);
}

void Compressor::Refused(const Plan& plan, absl::Time now) {
  if (!plan.mapping.has_value()) return;
  SessionState state = StateOf(plan.mapping->session);
  state.refused_until = now + kRefusalPause;
  state.compressed = false;
  Update(plan.mapping->session, state);
}

void Compressor::Finish(Plan& plan, const std::string& body,
                        const std::vector<transcripts::Json>& answer, absl::Time now) {
  if (!plan.conversation.has_value() || !plan.conversation->has_tools) return;
  if (!plan.mapping.has_value()) {
    auto mapping = sessions_.Map(*plan.conversation, body, false, now);
    if (!mapping.ok()) return;
    plan.mapping = *std::move(mapping);
    SessionState state = StateOf(plan.mapping->session);
    state.last_request = now;
    Update(plan.mapping->session, state);
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

void Compressor::Price(const Plan& plan, const Usage& usage, BookEntry& entry) {
  const auto prices = PricesOf(plan.model.reader).value_or(Prices());
  entry.input_tokens = usage.input;
  entry.cached_tokens = usage.cached;
  entry.written_tokens = usage.written;
  entry.output_tokens = usage.output;
  entry.predicted_tokens = plan.predicted_tokens;
  entry.history_tokens = plan.history_tokens + plan.other_tokens;
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
  const double before = std::min(full, static_cast<double>(plan.earlier_tokens));
  entry.full_billed = before * prices.cached + (full - before) * prices.written;
}

}  // namespace fovea::gateway
