#include "gateway/litellm.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "gateway/json_span.h"
#include "gateway/recall.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

constexpr size_t kMaxTextBytes = 100'000;

std::string Ask(FoveaClient& fovea, const RecallScope& scope, const char* tool,
                const Json& arguments) {
  return AnswerCall(fovea, {scope}, {.id = "", .name = tool, .arguments = Dump(arguments)},
                    kMaxTextBytes);
}

constexpr char kMarker[] = R"("[on the pages]")";
constexpr int64_t kMarkerTokens = 8;

// `message` with its content replaced; nothing if it has none.
std::optional<std::string> WithContent(absl::string_view message, absl::string_view content) {
  const auto members = ScanObject(message);
  if (!members.ok()) return std::nullopt;
  const JsonMember* own = FindMember(*members, "content");
  if (own == nullptr) return std::nullopt;
  return Replaced(message, own->value, content);
}

bool IsUsers(absl::string_view message) {
  const auto members = ScanObject(message);
  if (!members.ok()) return false;
  const JsonMember* role = FindMember(*members, "role");
  return role != nullptr && role->value.In(message) == R"("user")";
}

struct Rows {
  std::string array;
  int64_t markers = 0;
};

constexpr size_t kDrawn = static_cast<size_t>(-1);

// For each served message the asked one that it is, or kDrawn. Messages may say the same: those
// before the pages are found from the front, all others from the back, where the newest stand as
// they came.
std::vector<size_t> PlacesOf(const std::vector<absl::string_view>& asked,
                             const std::vector<absl::string_view>& served) {
  std::vector<size_t> places(served.size(), kDrawn);
  size_t front = 0;
  while (front + 1 < served.size() && front < asked.size() && served[front] == asked[front]) {
    places[front] = front;
    ++front;
  }
  absl::flat_hash_map<absl::string_view, std::vector<size_t>> where;
  for (size_t i = front; i < asked.size(); ++i) where[asked[i]].push_back(i);
  size_t limit = asked.size();
  for (size_t next = served.size(); next > front; --next) {
    std::vector<size_t>* same = nullptr;
    const auto found = where.find(served[next - 1]);
    if (found != where.end()) same = &found->second;
    while (same != nullptr && !same->empty() && same->back() >= limit) same->pop_back();
    if (same != nullptr && !same->empty()) {
      limit = places[next - 1] = same->back();
      continue;
    }
    // What was drawn needs one of the user's messages; one holds all that is drawn in a row.
    if (next < served.size() && places[next] == kDrawn) continue;
    while (limit > front && !IsUsers(asked[limit - 1])) --limit;
    if (limit > front) --limit;
  }
  return places;
}

// The served messages, one for each that was asked about: LiteLLM puts them back by their places,
// between those that it does not ask about. What was drawn stands in the first of the user's
// messages that it replaces, and the others say so. Nothing where there is none of the user's.
std::optional<Rows> OneForOne(absl::string_view asked, absl::string_view served) {
  const std::vector<absl::string_view> from = ItemsOf(asked);
  const std::vector<absl::string_view> to = ItemsOf(served);
  if (from.empty() || to.empty() || from.back() != to.back()) return std::nullopt;
  const std::vector<size_t> places = PlacesOf(from, to);
  Rows rows;
  std::vector<std::string> out;
  std::string content;  // drawn, of the messages from out.size() on
  for (size_t next = 0; next < to.size(); ++next) {
    if (places[next] == kDrawn) {
      const auto members = ScanObject(to[next]);
      const JsonMember* parts = members.ok() ? FindMember(*members, "content") : nullptr;
      const absl::string_view list = parts == nullptr ? "" : parts->value.In(to[next]);
      if (list.size() < 3 || list.front() != '[') return std::nullopt;
      absl::StrAppend(&content, content.empty() ? "" : ",", list.substr(1, list.size() - 2));
      continue;
    }
    while (out.size() < places[next]) {
      const absl::string_view replaced = from[out.size()];
      const bool here = !content.empty() && IsUsers(replaced);
      auto row = WithContent(replaced, here ? absl::StrCat("[", content, "]") : kMarker);
      if (!row.has_value()) return std::nullopt;
      if (here) content.clear();
      rows.markers += here ? 0 : 1;
      out.push_back(*std::move(row));
    }
    if (!content.empty()) return std::nullopt;
    out.emplace_back(from[places[next]]);
  }
  rows.array = absl::StrCat("[", absl::StrJoin(out, ","), "]");
  return rows;
}

}  // namespace

absl::StatusOr<CompressedMessages> CompressMessages(Compressor* compressor, const Body& asked_body,
                                                    absl::Time now) {
  const std::string& body = *asked_body;
  FOVEA_ASSIGN_OR_RETURN(const auto members, ScanObject(body));
  const JsonMember* messages = FindMember(members, "messages");
  if (messages == nullptr) return absl::InvalidArgumentError("messages: missing");
  const Route route{.wire = Wire::kOpenAiChat, .purpose = Purpose::kGenerate};
  Plan plan;
  if (compressor != nullptr) {
    plan = compressor->Prepare(route, Headers(), asked_body, now, Asking::kForMessages);
  }
  const absl::string_view asked = messages->value.In(body);
  std::optional<Rows> rows;
  if (plan.body.has_value()) {
    FOVEA_ASSIGN_OR_RETURN(const auto changed, ScanObject(*plan.body));
    const JsonMember* found = FindMember(changed, "messages");
    if (found != nullptr) rows = OneForOne(asked, found->value.In(*plan.body));
  }
  const int64_t before = plan.history_tokens + plan.other_tokens;
  const bool compressed = rows.has_value() && plan.outcome.action == Outcome::Action::kCompressed;
  const int64_t after =
      compressed ? std::min(before, plan.predicted_tokens + rows->markers * kMarkerTokens) : before;
  const Json rest = {{"tokens_before", before},
                     {"tokens_after", after},
                     {"tokens_saved", before - after},
                     {"compression_ratio", before > 0 ? static_cast<double>(after) / before : 1.0},
                     {"transforms_applied", compressed ? Json::array({"fovea"}) : Json::array()},
                     {"ccr_hashes", compressed && !plan.handle.empty() ? Json::array({plan.handle})
                                                                       : Json::array()}};
  CompressedMessages result{.outcome = plan.outcome,
                            .model = plan.conversation != nullptr ? plan.conversation->model : "",
                            .tokens_before = before,
                            .tokens_after = after};
  if (plan.outcome.action == Outcome::Action::kCompressed && !compressed) {
    result.outcome.action = Outcome::Action::kPassed;
    result.outcome.reason = "no message of the user's to hold the pages";
  }
  // The messages' own bytes, so that the prefix is the same each time.
  result.answer =
      absl::StrCat(R"({"messages":)", rows.has_value() ? absl::string_view(rows->array) : asked,
                   ",", Dump(rest).substr(1));
  return result;
}

absl::StatusOr<std::string> Retrieve(FoveaClient& fovea, Database& database,
                                     absl::string_view handle, absl::string_view query) {
  FOVEA_ASSIGN_OR_RETURN(const auto known, database.LatestSession(absl::StrCat("handle:", handle)));
  // "SESSION#SEQ", as Compressor writes it.
  const std::string text_of_scope = known.value_or("");
  const size_t mark = text_of_scope.rfind('#');
  RecallScope scope;
  if (mark == std::string::npos ||
      !absl::SimpleAtoi(text_of_scope.substr(mark + 1), &scope.last_seq)) {
    return absl::NotFoundError("no such handle");
  }
  scope.session = text_of_scope.substr(0, mark);
  absl::string_view wanted = query;
  absl::ConsumePrefix(&wanted, "#");
  int64_t seq = 0;
  std::string text;
  if (wanted.empty()) {
    text = "query: say what is wanted: \"#57\" for turn 57, or words to search for";
  } else if (absl::SimpleAtoi(wanted, &seq)) {
    text = Ask(fovea, scope, "recall", {{"seq", seq}});
  } else {
    text = Ask(fovea, scope, "search", {{"query", std::string(query)}});
    absl::string_view first = text;
    if (absl::ConsumePrefix(&first, "#") &&
        absl::SimpleAtoi(first.substr(0, first.find(' ')), &seq)) {
      absl::StrAppend(&text, "\n", Ask(fovea, scope, "recall", {{"seq", seq}}));
    }
  }
  return Dump({{"original_content", text}});
}

}  // namespace fovea::gateway
