#include "gateway/recall.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

constexpr int64_t kMaxRecallBytes = 40'000;
constexpr int64_t kMaxHits = 50;

int64_t NumberAt(const Json& object, const char* key, int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

const char* RoleName(v1::Role role) {
  switch (role) {
    case v1::ROLE_SYSTEM:
      return "system";
    case v1::ROLE_USER:
      return "user";
    case v1::ROLE_ASSISTANT:
      return "assistant";
    case v1::ROLE_TOOL:
      return "tool";
    default:
      return "";
  }
}

std::string Recall(FoveaClient& fovea, const std::string& session, const Json& arguments) {
  const int64_t seq = NumberAt(arguments, "seq", 0);
  if (seq <= 0) return "recall: seq must be the number of a turn, as in #57";
  v1::ExpandTurnRequest request;
  request.set_session_id(session);
  request.set_seq(static_cast<uint64_t>(seq));
  request.set_byte_offset(
      static_cast<uint64_t>(std::max<int64_t>(0, NumberAt(arguments, "first_byte", 0))));
  const int64_t wanted = NumberAt(arguments, "max_bytes", kMaxRecallBytes);
  request.set_byte_length(static_cast<uint64_t>(std::clamp<int64_t>(wanted, 1, kMaxRecallBytes)));
  request.set_record_recall(true);
  const auto turn = fovea.ExpandTurn(request);
  if (!turn.ok()) return absl::StrCat("recall of turn ", seq, ": ", turn.status().message());
  const uint64_t end = request.byte_offset() + turn->text().size();
  std::string text =
      absl::StrCat("#", seq, " ", RoleName(turn->role()), ", bytes ", request.byte_offset(), " to ",
                   end, " of ", turn->text_bytes(), "\n", turn->text());
  if (end < turn->text_bytes()) absl::StrAppend(&text, "\n[more: first_byte ", end, "]");
  return text;
}

// What of the session the search has not seen: the index follows the log, and a search has an end.
std::string NotSearched(FoveaClient& fovea, const std::string& session,
                        const v1::SearchTurnsResponse& found) {
  std::string text;
  if (found.searched_from_seq() > 1) {
    absl::StrAppend(&text, "[turns before #", found.searched_from_seq(),
                    " were not searched: the time was up]\n");
  }
  const auto head = fovea.GetSession(session);
  if (head.ok() && found.indexed_through_seq() < head->last_seq()) {
    absl::StrAppend(&text, "[turns after #", found.indexed_through_seq(),
                    " were not searched yet: search again later]\n");
  }
  return text;
}

std::string Search(FoveaClient& fovea, const std::string& session, const Json& arguments) {
  const auto query = arguments.find("query");
  if (query == arguments.end() || !query->is_string()) return "search: query must be a text";
  v1::SearchTurnsRequest request;
  request.set_session_id(session);
  request.set_query(query->get<std::string>());
  request.set_limit(
      static_cast<int32_t>(std::clamp<int64_t>(NumberAt(arguments, "limit", 10), 1, kMaxHits)));
  const auto found = fovea.Search(request);
  if (!found.ok()) return absl::StrCat("search: ", found.status().message());
  std::string text = found->hits().empty() ? "Nothing was found.\n" : "";
  for (const auto& hit : found->hits()) {
    absl::StrAppend(&text, "#", hit.seq(), " ", RoleName(hit.role()), ": ", hit.snippet(), "\n");
  }
  return absl::StrCat(text, NotSearched(fovea, session, *found));
}

}  // namespace

std::string AnswerCall(FoveaClient& fovea, const std::string& session, const HiddenCall& call) {
  const auto arguments = transcripts::ParseJson(call.arguments.empty() ? "{}" : call.arguments);
  if (!arguments.ok() || !arguments->is_object()) {
    return absl::StrCat(call.name, ": the arguments are no JSON object");
  }
  return call.name == "recall" ? Recall(fovea, session, *arguments)
                               : Search(fovea, session, *arguments);
}

}  // namespace fovea::gateway
