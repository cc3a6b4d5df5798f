// Sessions: the limits of their fields, and proto to domain and back.
#ifndef FOVEA_SERVICE_CONVERT_SESSION_H_
#define FOVEA_SERVICE_CONVERT_SESSION_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/log/log_store.h"
#include "core/log/search_index.h"
#include "fovea/v1/session.pb.h"

namespace fovea::service {

// INVALID_ARGUMENT, naming the field, unless `id` is 1 to 200 bytes of printable ASCII.
absl::Status CheckSessionId(absl::string_view field, std::string_view id);
absl::Status CheckTitle(std::string_view title);
absl::Status CheckMetadata(std::string_view metadata_json);

void SessionToProto(const SessionInfo& info, v1::Session* proto);

// Everything of an append but its session. INVALID_ARGUMENT names the field.
absl::StatusOr<AppendBatch> AppendFromProto(const v1::AppendTurnsRequest& request);
void ReceiptToProto(const AppendReceipt& receipt, v1::AppendTurnsResponse* proto);

absl::StatusOr<SearchOrder> SearchOrderFromProto(v1::SearchOrder order);
absl::StatusOr<SearchMatch> SearchMatchFromProto(v1::SearchMatch match);
void AnswerToProto(const SearchAnswer& answer, v1::SearchTurnsResponse* proto);

// A range of a pin: not empty, at most 1,000 turns.
absl::StatusOr<SeqRange> PinRangeFromProto(const v1::SeqRange& range);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONVERT_SESSION_H_
