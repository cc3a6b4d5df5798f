#include "service/context_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/context/explain.h"
#include "core/context/summary.h"
#include "core/forgetting/plan.h"
#include "core/log/group.h"
#include "core/strip/strip.h"
#include "core/tokens/token_counter.h"
#include "service/context_stream.h"
#include "service/convert_context.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"
#include "service/ladder.h"
#include "service/native.h"
#include "service/page_rows.h"
#include "service/status.h"
#include "service/wire/recall_tools.h"

namespace fovea::service {
namespace {

absl::Status CheckFits(const Planner& planner) {
  if (planner.plan().required_tokens == 0) return absl::OkStatus();
  return NeedsMoreTokens(planner.plan().required_tokens, planner.inputs().token_budget);
}

// No value: native.
absl::StatusOr<std::optional<wire::PayloadFormat>> FormatFromProto(v1::WireFormat format) {
  if (format == v1::WIRE_FORMAT_UNSPECIFIED || format == v1::WIRE_FORMAT_NATIVE) {
    return std::nullopt;
  }
  const wire::FormatEntry* entry = wire::EntryOfNumber(static_cast<int>(format));
  if (entry != nullptr) return entry->format;
  return absl::InvalidArgumentError(
      absl::StrCat("format: ", static_cast<int>(format), " is not a WireFormat"));
}

absl::flat_hash_set<std::string> HeldPages(const v1::BuildContextRequest& request) {
  return {request.held_page_ids().begin(), request.held_page_ids().end()};
}

// What the gists of blobs leave out, wherever their turns are.
void AddGists(const SessionTurns& turns, uint64_t as_of_seq, v1::ContextSummary* summary) {
  uint64_t elided = summary->characters().elided();
  for (const auto& [seq, characters] : turns.Gists(as_of_seq)) {
    v1::LossManifest::Entry* entry = summary->mutable_loss()->add_entries();
    RangeToProto({seq, seq}, entry->mutable_range());
    entry->set_rung("gist");
    entry->set_legibility(1);
    entry->set_characters(characters);
    entry->set_elided_characters(characters);
    elided += characters;
  }
  summary->mutable_characters()->set_elided(elided);
}

// What stands behind the last mark is not cached, where the API caches only what marks end.
void CountUnmarked(const wire::Payload& payload, const ReaderProfile& reader,
                   v1::ContextSummary* summary) {
  if (!payload.unmarked.has_value()) return;
  v1::ContextCost* cost = summary->mutable_cost();
  const int64_t tokens = summary->tokens();
  const int64_t unmarked =
      payload.any_mark ? std::min(tokens, TokenCounter(reader).Text(*payload.unmarked)) : tokens;
  if (unmarked == 0) return;
  const int64_t cached = payload.any_mark ? std::min(cost->cached_tokens(), tokens - unmarked) : 0;
  const auto price = [&](int64_t read, int64_t written) {
    return static_cast<double>(read) * reader.cache.read_price +
           static_cast<double>(written) * reader.cache.write_price + static_cast<double>(unmarked);
  };
  cost->set_cached_tokens(cached);
  cost->set_written_tokens(tokens - cached);
  cost->set_now(price(cached, tokens - cached - unmarked));
  cost->set_next(price(tokens - unmarked, 0));
  constexpr double kTokensOfPrice = 1'000'000;
  cost->set_now_usd(cost->now() * reader.prices.input / kTokensOfPrice);
  cost->set_next_usd(cost->next() * reader.prices.input / kTokensOfPrice);
}

// The group that a turn belongs to. Groups never cross the ends of chunks, of the head or of the
// tail's groups.
absl::StatusOr<SeqRange> GroupOf(const Planner& planner, const TurnSource& turns, uint64_t seq,
                                 SeqRange chunk) {
  for (const Group& group : planner.plan().tail_groups) {
    if (group.turns.contains(seq)) return group.turns;
  }
  if (chunk.empty()) return SeqRange{seq, seq};
  FOVEA_ASSIGN_OR_RETURN(auto read, turns.Turns(chunk));
  GroupTracker groups;
  SeqRange found;
  for (const TurnPtr& turn : read) {
    if (!groups.Add(*turn).joined && turn->seq > seq) break;
    found = groups.newest().turns;
  }
  return found;
}

constexpr Method kBuildContext{.name = "BuildContext",
                               .lane = Lane::kWarm,
                               .cost = Cost::kBuild,
                               .max_request_bytes = kListRequest};
constexpr Method kStreamContext{.name = "StreamContext",
                                .lane = Lane::kWarm,
                                .cost = Cost::kBuild,
                                .max_request_bytes = kListRequest};
constexpr Method kPlanContext{.name = "PlanContext",
                              .lane = Lane::kWarm,
                              .cost = Cost::kBuild,
                              .max_request_bytes = kListRequest};
constexpr Method kGetPage{.name = "GetPage", .lane = Lane::kWarm, .cost = Cost::kView};
constexpr Method kExplainTurn{.name = "ExplainTurn", .lane = Lane::kWarm, .cost = Cost::kView};
constexpr Method kDiffEpochs{.name = "DiffEpochs", .lane = Lane::kWarm, .cost = Cost::kView};
constexpr Method kDrawLadder{.name = "DrawLadder", .lane = Lane::kCold, .cost = Cost::kBuild};
constexpr Method kListViews{.name = "ListViews", .names_session = false};
constexpr Method kListReaders{.name = "ListReaders", .audited = false};
constexpr Method kGetRecallTools{.name = "GetRecallTools", .audited = false};

}  // namespace

ContextService::ContextService(ContextServiceInputs inputs)
    : RawService(inputs.environment, v1::ContextService::service_full_name()), in_(inputs) {
  Unary(kBuildContext, &ContextService::Build);
  Writes(kStreamContext, &ContextService::Stream);
  Unary(kPlanContext, &ContextService::Plan);
  Unary(kGetPage, &ContextService::Page);
  Unary(kExplainTurn, &ContextService::Explain);
  Unary(kDiffEpochs, &ContextService::Diff);
  Unary(kDrawLadder, &ContextService::Ladder);
  Unary(kListViews, &ContextService::Views);
  Unary(kListReaders, &ContextService::Readers);
  Unary(kGetRecallTools, &ContextService::Tools);
}

Patience ContextService::PatienceOf(const Call& call, const SessionLease& lease) {
  const auto still_wanted = [&call, state = lease.state()] {
    return state->closing() ? absl::AbortedError("session_id: the session is being deleted")
                            : call.StillWanted();
  };
  return {still_wanted, call.Slice()};
}

absl::Status ContextService::WithView(const Call& call, const v1::View& view,
                                      const UsePlanner& use) {
  FOVEA_ASSIGN_OR_RETURN(auto spec, ViewFromProto(view, call.identity().tenant, *in_.readers));
  const SessionLease lease = in_.states->Lease(spec.key.session);
  return in_.views->Read(
      spec, lease, PatienceOf(call, lease),
      [&](const Planner& planner) { return use(planner, *lease.state()); },
      [&call] { return call.TakeView(); });
}

absl::Status ContextService::Build(const Call& call, const v1::BuildContextRequest& request,
                                   v1::BuildContextResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(auto format, FormatFromProto(request.format()));
  FOVEA_ASSIGN_OR_RETURN(auto spec,
                         ViewFromProto(request.view(), call.identity().tenant, *in_.readers));
  const SessionLease lease = in_.states->Lease(spec.key.session);
  Context context;
  ServedContext served{.reader = spec.key.reader};
  const auto assemble = [&](const Planner& planner) {
    FOVEA_RETURN_IF_ERROR(CheckFits(planner));
    const ContextSummary summary = SummarizeContext(planner);
    SummaryToProto(summary, response->mutable_summary());
    AddGists(lease.state()->turns, summary.as_of_seq, response->mutable_summary());
    served.tokens = summary.tokens;
    for (const PlannedPage& page : summary.pages) served.page_tokens += page.tokens;
    served.text_factor = planner.inputs().reader.text_correction;
    FOVEA_ASSIGN_OR_RETURN(context, AssembleContext(planner, lease.state()->turns));
    return absl::OkStatus();
  };
  const Patience patience = PatienceOf(call, lease);
  absl::Status status = in_.views->Read(spec, lease, patience, assemble);
  if (!status.ok()) return status;
  status = call.StillWanted();
  if (!status.ok()) return status;
  if (format.has_value()) {
    FOVEA_ASSIGN_OR_RETURN(auto reader, in_.readers->Find(spec.key.reader));
    status = WriteJsonAnswer(lease, patience, context, *reader, *format, request, response);
  } else {
    status = WriteNativeAnswer(lease, patience, context, request, response);
  }
  if (status.ok()) {
    in_.usage->Served(call.identity().tenant, response->payload_sha256(), std::move(served));
  }
  return status;
}

absl::StatusOr<NextAnswer<v1::ContextChunk>> ContextService::Stream(
    const Call& /*call*/, const v1::BuildContextRequest& request) {
  return [this, request, stream = std::make_shared<ContextStream>()](
             const Call& call, v1::ContextChunk* chunk) -> absl::StatusOr<Answered> {
    if (!stream->begun()) {
      v1::BuildContextResponse response;
      FOVEA_RETURN_IF_ERROR(Build(call, request, &response));
      FOVEA_RETURN_IF_ERROR(stream->Begin(call, response));
    }
    return stream->Next(chunk);
  };
}

absl::Status ContextService::WriteNativeAnswer(const SessionLease& lease, const Patience& patience,
                                               const Context& context,
                                               const v1::BuildContextRequest& request,
                                               v1::BuildContextResponse* response) {
  const auto held = HeldPages(request);
  std::vector<const PlannedPage*> wanted = wire::PrefixPages(context, held);
  for (const PlannedPage* page : wire::TailPages(context, held)) wanted.push_back(page);
  FOVEA_ASSIGN_OR_RETURN(auto bytes, in_.pages->Load(lease, wanted, patience));
  for (const PlannedPage* page : wanted) {
    auto found = bytes.find(page->page_id);
    if (found == bytes.end()) continue;  // it stands twice in the context, and went out already
    v1::PageBytes* out = response->add_page_bytes();
    out->set_page_id(page->page_id);
    out->set_png(*found->second);
    bytes.erase(found);
  }
  NativeDigests digests = WriteNative(context, response->mutable_blocks());
  response->mutable_summary()->set_prefix_sha256(std::move(digests.prefix_sha256));
  response->set_payload_sha256(std::move(digests.sha256));
  return absl::OkStatus();
}

absl::Status ContextService::WriteJsonAnswer(const SessionLease& lease, const Patience& patience,
                                             const Context& context, const ReaderProfile& reader,
                                             wire::PayloadFormat format,
                                             const v1::BuildContextRequest& request,
                                             v1::BuildContextResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(
      auto payload, in_.payloads->Write(context, {.state_id = lease.state()->id,
                                                  .format = format,
                                                  .reader = wire::TraitsOf(reader),
                                                  .held_page_ids = HeldPages(request),
                                                  .load = [&](const auto& pages) {
                                                    return in_.pages->Load(lease, pages, patience);
                                                  }}));
  FOVEA_RETURN_IF_ERROR(wire::CheckLimits(payload, reader));
  CountUnmarked(payload, reader, response->mutable_summary());
  for (const wire::WireLoss& loss : payload.losses) {
    v1::LossManifest::Entry* entry = response->mutable_summary()->mutable_loss()->add_entries();
    RangeToProto({loss.seq, loss.seq}, entry->mutable_range());
    entry->set_rung("verbatim");
    entry->set_legibility(1);
    entry->set_opaque_blocks_omitted(loss.opaque_omitted);
    entry->set_images_omitted(loss.images_omitted);
    entry->set_parts_as_notes(loss.parts_as_notes);
  }
  response->set_payload(std::move(payload.bytes));
  response->set_payload_sha256(std::move(payload.sha256));
  response->mutable_summary()->set_prefix_sha256(std::move(payload.prefix_sha256));
  return absl::OkStatus();
}

// Only the native prefix has a digest without pages being drawn: JSON holds their bytes.
absl::Status ContextService::Plan(const Call& call, const v1::BuildContextRequest& request,
                                  v1::PlanContextResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(auto format, FormatFromProto(request.format()));
  return WithView(call, request.view(), [&](const Planner& planner, const SessionState& state) {
    FOVEA_RETURN_IF_ERROR(CheckFits(planner));
    const ContextSummary summary = SummarizeContext(planner);
    SummaryToProto(summary, response->mutable_summary());
    AddGists(state.turns, summary.as_of_seq, response->mutable_summary());
    if (format.has_value()) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(auto assembled, AssembleContext(planner, state.turns));
    google::protobuf::RepeatedPtrField<v1::ContextBlock> blocks;
    response->mutable_summary()->set_prefix_sha256(WriteNative(assembled, &blocks).prefix_sha256);
    return absl::OkStatus();
  });
}

absl::Status ContextService::Page(const Call& call, const v1::GetPageRequest& request,
                                  v1::GetPageResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(auto spec,
                         ViewFromProto(request.view(), call.identity().tenant, *in_.readers));
  const SessionLease lease = in_.states->Lease(spec.key.session);
  std::optional<PlannedPage> page;
  const auto find = [&](const Planner& planner) {
    for (PlannedPage& candidate : SummarizeContext(planner).pages) {
      if (candidate.page_id == request.page_id()) page = std::move(candidate);
    }
    return page.has_value() ? absl::OkStatus()
                            : absl::NotFoundError("page_id: the view has no such page");
  };
  FOVEA_RETURN_IF_ERROR(in_.views->Read(spec, lease, PatienceOf(call, lease), find,
                                        [&call] { return call.TakeView(); }));
  FOVEA_ASSIGN_OR_RETURN(auto bytes, in_.pages->Load(lease, {&*page}, PatienceOf(call, lease)));
  PageRefToProto(*page, response->mutable_page());
  response->set_png(*bytes.at(page->page_id));
  if (request.seq() == 0) return absl::OkStatus();
  FOVEA_ASSIGN_OR_RETURN(const PageContent content,
                         StripContent(page->strip, lease.state()->turns));
  FOVEA_ASSIGN_OR_RETURN(const PageRows rows,
                         RowsOfTurn(*page, content, request.seq(), *in_.renderer));
  response->set_turn_top(rows.top);
  response->set_turn_bottom(rows.bottom);
  return absl::OkStatus();
}

absl::Status ContextService::Explain(const Call& call, const v1::ExplainTurnRequest& request,
                                     v1::ExplainTurnResponse* response) {
  const uint64_t seq = request.seq();
  const auto explain = [&](const Planner& planner, const SessionState& state) -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(const TurnExplanation explanation, fovea::ExplainTurn(planner, seq));
    FOVEA_ASSIGN_OR_RETURN(const SeqRange group,
                           GroupOf(planner, state.turns, seq, explanation.chunk));
    FOVEA_ASSIGN_OR_RETURN(const std::vector<TurnPtr> turn, state.turns.Turns({seq, seq}));
    ExplanationToProto(explanation, response);
    RangeToProto(group, response->mutable_group());
    response->set_text_tokens(TokenCounter(planner.inputs().reader).Turn(*turn.front()));
    return absl::OkStatus();
  };
  return WithView(call, request.view(), explain);
}

absl::Status ContextService::Diff(const Call& call, const v1::DiffEpochsRequest& request,
                                  v1::DiffEpochsResponse* response) {
  const auto diff = [&](const Planner& planner, const SessionState& /*state*/) -> absl::Status {
    const uint64_t to = request.to_epoch() == 0 ? planner.plan().epoch() : request.to_epoch();
    FOVEA_ASSIGN_OR_RETURN(const EpochDiff found,
                           fovea::DiffEpochs(planner, request.from_epoch(), to));
    DiffToProto(found, response);
    response->set_from_epoch(request.from_epoch());
    response->set_to_epoch(to);
    return absl::OkStatus();
  };
  return WithView(call, request.view(), diff);
}

// Shows the text itself: no budget decides anything here.
absl::Status ContextService::Ladder(const Call& call, const v1::DrawLadderRequest& request,
                                    v1::DrawLadderResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(auto spec,
                         ViewFromProto(request.view(), call.identity().tenant, *in_.readers));
  FOVEA_ASSIGN_OR_RETURN(auto reader, in_.readers->Find(spec.key.reader));
  const SessionLease lease = in_.states->Lease(spec.key.session);
  FOVEA_ASSIGN_OR_RETURN(auto info, in_.states->log().GetSession(spec.key.session));
  const uint64_t last = spec.as_of_seq == 0 ? info.last_seq : spec.as_of_seq;
  const uint64_t first = std::max<uint64_t>(1, request.first_seq());
  if (last > info.last_seq || first > last) {
    return absl::OutOfRangeError(absl::StrCat("first_seq: turns ", first, " to ", last,
                                              " are not in the session, which ends at ",
                                              info.last_seq));
  }
  return DrawReaderLadder({first, last}, *reader, lease.state()->turns, *in_.renderer, response);
}

absl::Status ContextService::Views(const Call& call, const v1::ListViewsRequest& request,
                                   v1::ListViewsResponse* response) {
  if (!request.session_id().empty()) {
    FOVEA_RETURN_IF_ERROR(CheckSessionId("session_id", request.session_id()));
    FOVEA_RETURN_IF_ERROR(in_.states->log().GetSession(call.Key(request.session_id())).status());
  }
  for (const auto& [key, seen] : in_.views->List(call.identity().tenant, request.session_id())) {
    v1::ListViewsResponse::Entry* entry = response->add_entries();
    ViewToProto(key, entry->mutable_view());
    entry->set_last_seq(seen.last_seq);
    entry->set_epoch(seen.epoch);
    entry->set_tokens(seen.tokens);
    entry->set_used_us(seen.used_us);
  }
  return absl::OkStatus();
}

absl::Status ContextService::Readers(const Call& /*call*/, const v1::ListReadersRequest& request,
                                     v1::ListReadersResponse* response) {
  if (!request.reader().empty()) {
    FOVEA_ASSIGN_OR_RETURN(const ReaderProfile* const reader, in_.readers->Find(request.reader()));
    return ReaderToProto(*reader, response->add_readers());
  }
  for (const ReaderProfile& reader : in_.readers->profiles()) {
    FOVEA_RETURN_IF_ERROR(ReaderToProto(reader, response->add_readers()));
  }
  return absl::OkStatus();
}

absl::Status ContextService::Tools(const Call& /*call*/, const v1::GetRecallToolsRequest& request,
                                   v1::GetRecallToolsResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const auto format, FormatFromProto(request.format()));
  response->set_tools_json(wire::RecallTools(format));
  return absl::OkStatus();
}

}  // namespace fovea::service
