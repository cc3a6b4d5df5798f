#include "gateway/litellm.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/json_span.h"
#include "gateway/recall.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Ask(FoveaClient& fovea, const std::string& session, const char* tool,
                const Json& arguments) {
  return AnswerCall(fovea, session, {.id = "", .name = tool, .arguments = Dump(arguments)});
}

}  // namespace

absl::StatusOr<std::string> CompressMessages(Compressor& compressor, const std::string& body,
                                             absl::Time now) {
  const auto members = ScanObject(body);
  if (!members.ok()) return members.status();
  const JsonMember* messages = FindMember(*members, "messages");
  if (messages == nullptr) return absl::InvalidArgumentError("messages: missing");
  const Route route{.wire = Wire::kOpenAiChat, .purpose = Purpose::kGenerate};
  const Plan plan = compressor.Prepare(route, Headers(), body, now, Asking::kForMessages);
  absl::string_view served = messages->value.In(body);
  std::vector<JsonMember> changed;
  if (plan.body.has_value()) {
    auto scanned = ScanObject(*plan.body);
    if (!scanned.ok()) return scanned.status();
    changed = *std::move(scanned);
    const JsonMember* found = FindMember(changed, "messages");
    if (found != nullptr) served = found->value.In(*plan.body);
  }
  const int64_t before = plan.history_tokens + plan.other_tokens;
  const bool compressed = plan.outcome.action == Outcome::Action::kCompressed;
  const int64_t after = compressed ? std::min(before, plan.predicted_tokens) : before;
  const Json rest = {
      {"tokens_before", before},
      {"tokens_after", after},
      {"tokens_saved", before - after},
      {"compression_ratio", before > 0 ? static_cast<double>(after) / before : 1.0},
      {"transforms_applied", compressed ? Json::array({"fovea"}) : Json::array()},
      {"ccr_hashes", plan.handle.empty() ? Json::array() : Json::array({plan.handle})}};
  // The messages' own bytes, so that the prefix is the same each time.
  return absl::StrCat(R"({"messages":)", served, ",", Dump(rest).substr(1));
}

absl::StatusOr<std::string> Retrieve(FoveaClient& fovea, Database& database,
                                     absl::string_view handle, absl::string_view query) {
  const auto session = database.LatestSession(absl::StrCat("handle:", handle));
  if (!session.ok()) return session.status();
  if (!session->has_value()) return absl::NotFoundError("no such handle");
  absl::string_view wanted = query;
  absl::ConsumePrefix(&wanted, "#");
  int64_t seq = 0;
  std::string text;
  if (wanted.empty()) {
    text = "query: say what is wanted: \"#57\" for turn 57, or words to search for";
  } else if (absl::SimpleAtoi(wanted, &seq)) {
    text = Ask(fovea, **session, "recall", {{"seq", seq}});
  } else {
    text = Ask(fovea, **session, "search", {{"query", std::string(query)}});
    absl::string_view first = text;
    if (absl::ConsumePrefix(&first, "#") &&
        absl::SimpleAtoi(first.substr(0, first.find(' ')), &seq)) {
      absl::StrAppend(&text, "\n", Ask(fovea, **session, "recall", {{"seq", seq}}));
    }
  }
  return Dump({{"original_content", text}});
}

}  // namespace fovea::gateway
