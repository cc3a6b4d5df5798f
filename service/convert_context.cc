#include "service/convert_context.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

absl::StatusOr<PolicyName> PolicyNameFromProto(v1::PolicyName name) {
  switch (name) {
    case v1::POLICY_NAME_UNSPECIFIED:
    case v1::POLICY_NAME_BALANCED:
      return PolicyName::kBalanced;
    case v1::POLICY_NAME_FRUGAL:
      return PolicyName::kFrugal;
    case v1::POLICY_NAME_EXACT:
      return PolicyName::kExact;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("view.policy.name is ", name, "; it must be a PolicyName, 0 to 3"));
  }
}

absl::StatusOr<Policy> PolicyFromProto(const v1::Policy& proto) {
  Policy policy;
  FOVEA_ASSIGN_OR_RETURN(policy.name, PolicyNameFromProto(proto.name()));
  if (proto.has_tail_high_permille()) policy.tail_high_permille = proto.tail_high_permille();
  if (proto.has_tail_low_permille()) policy.tail_low_permille = proto.tail_low_permille();
  if (proto.has_pressure_low_permille()) {
    policy.pressure_low_permille = proto.pressure_low_permille();
  }
  if (proto.has_entry_rung()) policy.entry_rung = proto.entry_rung();
  if (proto.has_forbid_unmeasured_rungs()) {
    policy.forbid_unmeasured_rungs = proto.forbid_unmeasured_rungs();
  }
  if (proto.has_forbid_drawn_results()) {
    policy.forbid_drawn_results = proto.forbid_drawn_results();
  }
  if (proto.has_show_colour_codes()) policy.show_colour_codes = proto.show_colour_codes();
  if (proto.has_sidecar_permille()) policy.sidecar_permille = proto.sidecar_permille();
  return policy;
}

void ShareToProto(const RungShare& share, v1::RungShare* proto) {
  proto->set_rung(share.rung);
  proto->set_turns(share.turns);
  if (!share.range.empty()) {
    proto->set_first_seq(share.range.first);
    proto->set_last_seq(share.range.last);
  }
  proto->set_characters(share.characters);
  proto->set_tokens(share.tokens);
  proto->set_text_tokens(share.text_tokens);
  proto->set_pages(share.pages);
  proto->set_legibility(share.legibility);
  proto->set_exact_legibility(share.exact_legibility);
  proto->set_evidence(share.evidence);
}

void LossToProto(const LossEntry& loss, v1::LossManifest::Entry* proto) {
  RangeToProto(loss.range, proto->mutable_range());
  proto->set_rung(loss.rung);
  proto->set_legibility(loss.legibility);
  proto->set_evidence(loss.evidence);
  proto->set_characters(loss.characters);
  proto->set_elided_characters(loss.elided_characters);
  proto->set_hidden_characters(loss.hidden_characters);
  proto->set_colour_code_characters(loss.colour_characters);
  proto->set_exact_strings_in_sidecar(loss.exact_in_sidecar);
  proto->set_exact_strings_omitted(loss.exact_omitted);
  proto->set_opaque_blocks_omitted(loss.opaque_omitted);
  proto->set_images_omitted(loss.images_omitted);
}

void CostToProto(const ContextCost& cost, v1::ContextCost* proto) {
  proto->set_cache_is_cold(cost.cache_is_cold);
  proto->set_cached_tokens(cost.cached_tokens);
  proto->set_written_tokens(cost.written_tokens);
  proto->set_now(cost.now);
  proto->set_next(cost.next);
  proto->set_now_usd(cost.now_usd);
  proto->set_next_usd(cost.next_usd);
}

absl::Status RungToProto(const Rung& rung, const ReaderProfile& reader, v1::Reader::Rung* proto) {
  const PagePaper& paper = rung.papers.front();
  auto tokens = ImageTokens(reader, paper.box.width, paper.box.max_height, paper.flat_tokens);
  if (!tokens.ok()) return absl::InternalError(tokens.status().message());
  const double pixels = static_cast<double>(paper.box.width) * paper.box.max_height;
  proto->set_name(rung.name);
  proto->set_line_pitch_px(rung.typography.line_pitch_px);
  proto->set_page_width(paper.box.width);
  proto->set_page_height(paper.box.max_height);
  proto->set_page_tokens(*tokens);
  proto->set_pixels_per_character(rung.pixels_per_character);
  proto->set_characters_per_token(pixels / rung.pixels_per_character /
                                  static_cast<double>(*tokens));
  proto->set_legibility(rung.legibility);
  proto->set_exact_legibility(rung.exact_legibility);
  proto->set_passage_legibility(rung.passage_legibility);
  proto->set_evidence(EvidenceName(rung.evidence));
  proto->set_exact_evidence(EvidenceName(rung.exact_evidence));
  proto->set_passage_evidence(EvidenceName(rung.passage_evidence));
  proto->set_source(rung.source);
  proto->set_exact_source(rung.exact_source);
  proto->set_passage_source(rung.passage_source);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ViewSpec> ViewFromProto(const v1::View& view, const std::string& tenant,
                                       const ReaderCatalogue& readers) {
  if (view.reader().empty()) return absl::InvalidArgumentError("view.reader: must not be empty");
  auto reader = readers.Find(view.reader());
  if (!reader.ok()) {
    return absl::NotFoundError(
        absl::StrCat("view.reader: ", std::string(reader.status().message())));
  }
  FOVEA_ASSIGN_OR_RETURN(auto policy, PolicyFromProto(view.policy()));
  return ViewSpec{.key = {.session = {.tenant = tenant, .session_id = view.session_id()},
                          .reader = (*reader)->name,
                          .token_budget = view.token_budget(),
                          .policy = policy},
                  .as_of_seq = view.as_of_seq()};
}

void ViewToProto(const ViewKey& key, v1::View* proto) {
  proto->set_session_id(key.session.session_id);
  proto->set_reader(key.reader);
  proto->set_token_budget(key.token_budget);
  proto->set_as_of_seq(key.look_back_seq);
  const Policy& policy = key.policy;
  if (policy == Policy()) return;
  v1::Policy* out = proto->mutable_policy();
  switch (policy.name) {
    case PolicyName::kBalanced:
      break;
    case PolicyName::kFrugal:
      out->set_name(v1::POLICY_NAME_FRUGAL);
      break;
    case PolicyName::kExact:
      out->set_name(v1::POLICY_NAME_EXACT);
      break;
  }
  const Policy usual;
  if (policy.tail_high_permille) out->set_tail_high_permille(*policy.tail_high_permille);
  if (policy.tail_low_permille) out->set_tail_low_permille(*policy.tail_low_permille);
  if (policy.pressure_low_permille) out->set_pressure_low_permille(*policy.pressure_low_permille);
  if (policy.entry_rung) out->set_entry_rung(*policy.entry_rung);
  if (policy.forbid_unmeasured_rungs) out->set_forbid_unmeasured_rungs(true);
  if (policy.forbid_drawn_results) out->set_forbid_drawn_results(true);
  if (policy.show_colour_codes) out->set_show_colour_codes(true);
  if (policy.sidecar_permille != usual.sidecar_permille) {
    out->set_sidecar_permille(policy.sidecar_permille);
  }
}

void PageRefToProto(const PlannedPage& page, v1::PageRef* proto) {
  proto->set_page_id(page.page_id);
  proto->set_rung(page.rung);
  proto->set_tokens(page.tokens);
  proto->set_first_seq(page.extent.first_seq);
  proto->set_last_seq(page.extent.last_seq);
  proto->set_width(page.extent.width);
  proto->set_height(page.extent.height);
  proto->set_characters(page.extent.characters);
  proto->set_resolution(page.resolution);
}

void SummaryToProto(const ContextSummary& summary, v1::ContextSummary* proto) {
  proto->set_reader(summary.reader);
  proto->set_tokens(summary.tokens);
  proto->set_budget_use(summary.budget_use);
  proto->set_budget(summary.budget);
  proto->set_tokens_exact(summary.tokens_exact);
  proto->set_epoch(summary.epoch);
  proto->set_epoch_since_seq(summary.epoch_since_seq);
  proto->set_epoch_reason(summary.epoch_reason);
  proto->set_text_factor(summary.text_factor);
  proto->set_spare_tokens(summary.spare_tokens);
  proto->set_as_of_seq(summary.as_of_seq);
  proto->set_groups_complete(summary.groups_complete);
  for (const PlannedPage& page : summary.pages) PageRefToProto(page, proto->add_pages());
  proto->mutable_characters()->set_text(summary.characters.text);
  proto->mutable_characters()->set_pages(summary.characters.pages);
  proto->mutable_characters()->set_elided(summary.characters.elided);
  proto->mutable_characters()->set_latent(summary.characters.latent);
  for (const RungShare& share : summary.rungs) ShareToProto(share, proto->add_rungs());
  for (const LossEntry& loss : summary.loss) {
    LossToProto(loss, proto->mutable_loss()->add_entries());
  }
  proto->set_text_tokens_replaced(summary.text_tokens_replaced);
  for (const SeqRange& range : summary.pinned) RangeToProto(range, proto->add_pinned());
  CostToProto(summary.cost, proto->mutable_cost());
  v1::Marks* marks = proto->mutable_marks();
  marks->set_tail_high_permille(summary.marks.tail_high_permille);
  marks->set_tail_low_permille(summary.marks.tail_low_permille);
  marks->set_pressure_low_permille(summary.marks.pressure_low_permille);
  marks->set_entry_rung(summary.marks.entry_rung);
  marks->set_expected_billed(summary.forecast.billed);
  marks->set_expected_lost(summary.forecast.lost);
}

void ExplanationToProto(const TurnExplanation& explanation, v1::ExplainTurnResponse* proto) {
  proto->set_seq(explanation.seq);
  proto->set_rung(explanation.rung);
  proto->set_reason(explanation.reason);
  if (!explanation.chunk.empty()) RangeToProto(explanation.chunk, proto->mutable_chunk());
  proto->set_pinned(explanation.pinned);
  for (const TurnExplanation::Step& step : explanation.history) {
    v1::ExplainTurnResponse::Step* out = proto->add_history();
    out->set_epoch(step.epoch);
    out->set_since_seq(step.since_seq);
    out->set_rung(step.rung);
    out->set_reason(step.reason);
  }
  proto->set_legibility(explanation.legibility);
  proto->set_evidence(explanation.evidence);
  for (const std::string& id : explanation.page_ids) proto->add_page_ids(id);
}

void DiffToProto(const EpochDiff& diff, v1::DiffEpochsResponse* proto) {
  for (const EpochDiff::Move& move : diff.moves) {
    v1::DiffEpochsResponse::Move* out = proto->add_moves();
    RangeToProto(move.range, out->mutable_range());
    out->set_from_rung(move.from_rung);
    out->set_to_rung(move.to_rung);
  }
  for (const EpochRecord& record : diff.epochs) {
    v1::EpochInfo* out = proto->add_epochs();
    out->set_epoch(record.epoch);
    out->set_since_seq(record.since_seq);
    out->set_reason(record.reason);
    out->set_tokens_before(record.tokens_before);
    out->set_tokens_after(record.tokens_after);
  }
}

absl::Status ReaderToProto(const ReaderProfile& reader, v1::Reader* proto) {
  proto->set_name(reader.name);
  proto->set_title(reader.title);
  for (const std::string& model : reader.models) proto->add_models(model);
  for (const std::string& id : reader.ids) proto->add_ids(id);
  proto->set_family(reader.family);
  for (const std::string& warning : ReaderWarnings(reader)) proto->add_warnings(warning);
  for (const Rung& rung : reader.ladder) {
    FOVEA_RETURN_IF_ERROR(RungToProto(rung, reader, proto->add_ladder()));
  }
  proto->set_text_tokens_exact(reader.text_tokens_exact());
  proto->set_cached_read_price(reader.cache.read_price);
  proto->set_cache_write_price(reader.cache.write_price);
  proto->set_max_images(reader.limits.max_images);
  proto->set_max_image_bytes(reader.limits.max_image_bytes);
  proto->set_max_side_px(reader.limits.max_side_px);
  proto->set_many_images(reader.limits.many_images);
  proto->set_many_images_side_px(reader.limits.many_images_side_px);
  proto->set_max_body_bytes(reader.limits.max_body_bytes);
  proto->set_source(reader.source);
  proto->set_confidence(reader.confidence);
  for (const std::string& role : reader.image_roles) proto->add_image_roles(role);
  proto->set_image_rule_source(reader.image_rule.source);
  proto->set_image_rule_evidence(EvidenceName(reader.image_rule.evidence));
  proto->set_input_price(reader.prices.input);
  proto->set_output_price(reader.prices.output);
  proto->set_price_date(reader.prices.date);
  proto->set_takes_webp(reader.takes_webp);
  proto->set_vocabulary(reader.vocabulary);
  return absl::OkStatus();
}

}  // namespace fovea::service
