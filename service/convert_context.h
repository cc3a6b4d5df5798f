// Contexts, plans and readers: proto to domain and back.
#ifndef FOVEA_SERVICE_CONVERT_CONTEXT_H_
#define FOVEA_SERVICE_CONVERT_CONTEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/context/diff.h"
#include "core/context/explain.h"
#include "core/context/summary.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/context.pb.h"
#include "service/view_cache.h"

namespace fovea::service {

// The view by its reader's own name, however the model was spelled. INVALID_ARGUMENT names the
// field, NOT_FOUND the readers nearest to one that is not known. The budget and the policy's limits
// are the planner's to check.
absl::StatusOr<ViewSpec> ViewFromProto(const v1::View& view, const std::string& tenant,
                                       const ReaderCatalogue& readers);

// As ViewFromProto was given it, but for the reader's name; a policy only where it is not the usual
// one.
void ViewToProto(const ViewKey& key, v1::View* proto);

void PageRefToProto(const PlannedPage& page, v1::PageRef* proto);
void SummaryToProto(const ContextSummary& summary, v1::ContextSummary* proto);
void ExplanationToProto(const TurnExplanation& explanation, v1::ExplainTurnResponse* proto);
void DiffToProto(const EpochDiff& diff, v1::DiffEpochsResponse* proto);
// INTERNAL if a page of the ladder has no price.
absl::Status ReaderToProto(const ReaderProfile& reader, v1::Reader* proto);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONVERT_CONTEXT_H_
