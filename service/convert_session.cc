#include "service/convert_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

constexpr size_t kMaxIdBytes = 200;
constexpr size_t kMaxTitleBytes = 1'000;
constexpr size_t kMaxMetadataBytes = size_t{64} << 10;
constexpr uint64_t kMaxPinnedTurns = 1'000;

absl::Status CheckLength(absl::string_view field, size_t bytes, size_t limit) {
  if (bytes <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", bytes, " bytes; at most ", limit));
}

}  // namespace

absl::Status CheckSessionId(absl::string_view field, std::string_view id) {
  if (!id.empty() && id.size() <= kMaxIdBytes &&
      std::all_of(id.begin(), id.end(), absl::ascii_isprint)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(field, ": must be 1 to ", kMaxIdBytes,
                                                 " bytes of printable ASCII; it has ", id.size()));
}

absl::Status CheckTitle(std::string_view title) {
  return CheckLength("title", title.size(), kMaxTitleBytes);
}

absl::Status CheckMetadata(std::string_view metadata_json) {
  if (metadata_json.empty()) return absl::OkStatus();
  FOVEA_RETURN_IF_ERROR(CheckLength("metadata_json", metadata_json.size(), kMaxMetadataBytes));
  const auto start = metadata_json.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && metadata_json[start] == '{' &&
      IsShallowJson(metadata_json) && nlohmann::json::accept(metadata_json)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "metadata_json: must be a JSON object, nested at most ", kMaxJsonDepth, " levels deep"));
}

void SessionToProto(const SessionInfo& info, v1::Session* proto) {
  proto->set_session_id(info.session_id);
  proto->set_title(info.title);
  proto->set_metadata_json(info.metadata_json);
  proto->set_created_us(info.created_us);
  proto->set_updated_us(info.updated_us);
  proto->set_last_seq(info.last_seq);
  proto->set_event_count(info.event_count);
  proto->set_text_bytes(info.text_bytes);
  proto->set_forked_from(info.forked_from);
  proto->set_forked_at_seq(info.forked_at_seq);
}

absl::StatusOr<AppendBatch> AppendFromProto(const v1::AppendTurnsRequest& request) {
  FOVEA_RETURN_IF_ERROR(CheckLength("idempotency_key", request.idempotency_key().size(), 200));
  FOVEA_ASSIGN_OR_RETURN(auto turns, TurnsFromProto(request.turns()));
  AppendBatch batch{.turns = std::move(turns), .idempotency_key = request.idempotency_key()};
  if (!batch.idempotency_key.empty()) batch.body_digest = DigestTurns(batch.turns);
  if (request.expected_next_seq() != 0) batch.expected_next_seq = request.expected_next_seq();
  return batch;
}

void ReceiptToProto(const AppendReceipt& receipt, v1::AppendTurnsResponse* proto) {
  proto->set_first_seq(receipt.first_seq);
  proto->set_last_seq(receipt.last_seq);
  proto->set_replayed(receipt.replayed);
}

absl::StatusOr<SearchOrder> SearchOrderFromProto(v1::SearchOrder order) {
  switch (order) {
    case v1::SEARCH_ORDER_UNSPECIFIED:
    case v1::SEARCH_ORDER_NEWEST_FIRST:
      return SearchOrder::kNewestFirst;
    case v1::SEARCH_ORDER_RELEVANCE:
      return SearchOrder::kRelevance;
    default:
      return absl::InvalidArgumentError("order: must be newest first or relevance");
  }
}

absl::StatusOr<SearchMatch> SearchMatchFromProto(v1::SearchMatch match) {
  switch (match) {
    case v1::SEARCH_MATCH_UNSPECIFIED:
    case v1::SEARCH_MATCH_WORDS:
      return SearchMatch::kWords;
    case v1::SEARCH_MATCH_EXACT:
      return SearchMatch::kSubstring;
    default:
      return absl::InvalidArgumentError("match: must be words or exact");
  }
}

void AnswerToProto(const SearchAnswer& answer, v1::SearchTurnsResponse* proto) {
  for (const SearchHit& hit : answer.hits) {
    v1::SearchTurnsResponse::Hit* out = proto->add_hits();
    out->set_seq(hit.seq);
    out->set_role(RoleToProto(hit.role));
    out->set_snippet(hit.snippet);
    out->set_byte_offset(hit.text.begin);
    out->set_byte_length(hit.text.end - hit.text.begin);
    out->set_score(hit.score);
  }
  proto->set_indexed_through_seq(answer.indexed_through_seq);
  proto->set_searched_from_seq(answer.searched_from_seq);
}

absl::StatusOr<SeqRange> PinRangeFromProto(const v1::SeqRange& range) {
  const SeqRange turns{.first = range.first(), .last = range.last()};
  if (turns.first == 0 || turns.empty()) {
    return absl::InvalidArgumentError("range: must be first to last, with first at least 1");
  }
  if (turns.last - turns.first >= kMaxPinnedTurns) {
    return absl::InvalidArgumentError(absl::StrCat("range: at most ", kMaxPinnedTurns, " turns"));
  }
  return turns;
}

}  // namespace fovea::service
