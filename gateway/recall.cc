#include "gateway/recall.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "transcripts/lossless_json.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

constexpr int64_t kMaxRecallBytes = 40'000;
constexpr int64_t kMaxHits = 50;
constexpr int kMaxServerHits = 200;  // that fovead gives
constexpr size_t kMaxLinks = 5;
constexpr int kMaxForks = 16;

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

// "#57", or as it is called in a session that is continued.
std::string Name(size_t link, uint64_t seq) {
  return absl::StrCat("#", link * kLinkedSessionStride + seq);
}

std::string Recall(FoveaClient& fovea, const std::vector<RecallScope>& scopes,
                   const Json& arguments, size_t max_bytes) {
  const int64_t number = NumberAt(arguments, "seq", 0);
  if (number <= 0) return "recall: seq must be the number of a turn, as in #57";
  const uint64_t link = static_cast<uint64_t>(number) / kLinkedSessionStride;
  const uint64_t seq = static_cast<uint64_t>(number) % kLinkedSessionStride;
  if (link >= scopes.size() || seq == 0 || seq > scopes[link].last_seq) {
    return absl::StrCat("recall: there is no turn ", number, "; the newest is #",
                        scopes[0].last_seq);
  }
  v1::ExpandTurnRequest request;
  request.set_session_id(scopes[link].session);
  request.set_seq(seq);
  request.set_byte_offset(
      static_cast<uint64_t>(std::max<int64_t>(0, NumberAt(arguments, "first_byte", 0))));
  const int64_t most = std::min(kMaxRecallBytes, static_cast<int64_t>(max_bytes));
  const int64_t wanted = NumberAt(arguments, "max_bytes", most);
  request.set_byte_length(
      static_cast<uint64_t>(std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, most))));
  request.set_record_recall(true);
  const auto turn = fovea.ExpandTurn(request);
  if (!turn.ok()) return absl::StrCat("recall of turn ", number, ": ", turn.status().message());
  const uint64_t end = request.byte_offset() + turn->text().size();
  std::string text =
      absl::StrCat(Name(link, seq), " ", RoleName(turn->role()), ", bytes ", request.byte_offset(),
                   " to ", end, " of ", turn->text_bytes(), "\n", turn->text());
  if (end < turn->text_bytes()) absl::StrAppend(&text, "\n[more: first_byte ", end, "]");
  return text;
}

// What of the session the search has not seen: the index follows the log, and a search has an end.
std::string NotSearched(size_t link, uint64_t last_seq, const v1::SearchTurnsResponse& found) {
  std::string text;
  if (found.searched_from_seq() > 1) {
    absl::StrAppend(&text, "[turns before ",
                    Name(link, std::min(found.searched_from_seq(), last_seq + 1)),
                    " were not searched: the time was up]\n");
  }
  if (found.indexed_through_seq() < last_seq) {
    absl::StrAppend(&text, "[turns after ", Name(link, found.indexed_through_seq()),
                    " were not searched yet: search again later]\n");
  }
  return text;
}

std::string Search(FoveaClient& fovea, const std::vector<RecallScope>& scopes,
                   const Json& arguments, size_t max_bytes) {
  const auto query = arguments.find("query");
  if (query == arguments.end() || !query->is_string()) return "search: query must be a text";
  int64_t left = std::clamp<int64_t>(NumberAt(arguments, "limit", 10), 1, kMaxHits);
  std::string text;
  std::string notes;
  for (size_t link = 0; link < scopes.size() && left > 0; ++link) {
    const RecallScope& scope = scopes[link];
    v1::SearchTurnsRequest request;
    request.set_session_id(scope.session);
    request.set_query(query->get<std::string>());
    // The newest come first, and those behind the scope's end are left out.
    const auto head = fovea.GetSession(scope.session);
    const bool goes_on = !head.ok() || head->last_seq() > scope.last_seq;
    request.set_limit(static_cast<int32_t>(goes_on ? kMaxServerHits : left));
    const auto found = fovea.Search(request);
    if (!found.ok()) {
      if (link == 0) return absl::StrCat("search: ", found.status().message());
      continue;
    }
    for (const auto& hit : found->hits()) {
      if (left == 0) break;
      if (hit.seq() > scope.last_seq) continue;
      const std::string line =
          absl::StrCat(Name(link, hit.seq()), " ", RoleName(hit.role()), ": ", hit.snippet(), "\n");
      if (text.size() + line.size() > max_bytes) {
        return absl::StrCat(text, "[more was found: search for more words]\n");
      }
      text += line;
      --left;
    }
    if (found->hits_size() == kMaxServerHits && left > 0) {
      absl::StrAppend(&notes,
                      "[not all that was found could be looked at: search for more words]\n");
    }
    notes += NotSearched(link, scope.last_seq, *found);
  }
  if (text.empty()) text = "Nothing was found.\n";
  return text + notes;
}

}  // namespace

std::vector<RecallScope> WithLinkedSessions(FoveaClient& fovea, const RecallScope& scope) {
  std::vector<RecallScope> scopes = {scope};
  while (scopes.size() <= kMaxLinks) {
    auto session = fovea.GetSession(scopes.back().session);
    // A fork continues what its parent does.
    for (int i = 0; i < kMaxForks && session.ok() && !session->forked_from().empty(); ++i) {
      session = fovea.GetSession(session->forked_from());
    }
    if (!session.ok()) break;
    const auto metadata = transcripts::ParseJson(session->metadata_json());
    if (!metadata.ok() || !metadata->is_object()) break;
    const auto before = metadata->find("continues");
    const int64_t through = NumberAt(*metadata, "continues_through", 0);
    if (before == metadata->end() || !before->is_string() || through <= 0) break;
    RecallScope linked{.session = before->get<std::string>(),
                       .last_seq = static_cast<uint64_t>(through)};
    const bool again = std::any_of(scopes.begin(), scopes.end(), [&](const RecallScope& known) {
      return known.session == linked.session;
    });
    if (again) break;
    scopes.push_back(std::move(linked));
  }
  return scopes;
}

std::string AnswerCall(FoveaClient& fovea, const std::vector<RecallScope>& scopes,
                       const HiddenCall& call, size_t max_bytes) {
  const auto arguments = transcripts::ParseJson(call.arguments.empty() ? "{}" : call.arguments);
  if (!arguments.ok() || !arguments->is_object()) {
    return absl::StrCat(call.name, ": the arguments are no JSON object");
  }
  return call.name == "recall" ? Recall(fovea, scopes, *arguments, max_bytes)
                               : Search(fovea, scopes, *arguments, max_bytes);
}

}  // namespace fovea::gateway
