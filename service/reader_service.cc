#include "service/reader_service.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/tokens/token_counter.h"

namespace fovea::service {
namespace {

constexpr size_t kMaxTextBytes = size_t{16} << 20;

constexpr Method kCountTokens{.name = "CountTokens",
                              .lane = Lane::kWarm,
                              .max_request_bytes = kTextRequest,
                              .audited = false};
constexpr Method kGetReaderProfile{.name = "GetReaderProfile", .audited = false};
constexpr Method kReportUsage{.name = "ReportUsage", .access = Access::kWrite, .audited = false};

// The price of the setting that the image is sent with, the dearest if none is named.
absl::StatusOr<int> FlatTokens(const ReaderProfile& reader, const std::string& resolution) {
  if (reader.image_rule.kind != ImageTokenRule::Kind::kFlat) return 0;
  int dearest = 0;
  for (const Rung& rung : reader.ladder) {
    for (const PagePaper& paper : rung.papers) {
      if (!resolution.empty() && paper.resolution != resolution) continue;
      dearest = std::max(dearest, paper.flat_tokens);
    }
  }
  if (dearest > 0) return dearest;
  return absl::InvalidArgumentError(
      absl::StrCat("image.resolution: ", reader.name, " has no price for \"", resolution, "\""));
}

absl::Status CountImage(const ReaderProfile& reader, const v1::CountTokensRequest::Image& image,
                        v1::CountTokensResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const auto flat, FlatTokens(reader, image.resolution()));
  const auto cost = PriceImage(reader.image_rule, image.width(), image.height(), flat);
  if (!cost.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("image: ", reader.name, " takes ", std::string(cost.status().message())));
  }
  response->set_tokens(cost->tokens);
  response->set_exact(reader.image_rule.evidence <= Evidence::kPublished && flat == 0);
  response->set_source(reader.image_rule.source);
  response->set_seen_width(cost->seen_width);
  response->set_seen_height(cost->seen_height);
  return absl::OkStatus();
}

}  // namespace

ReaderService::ReaderService(ReaderServiceInputs inputs)
    : RawService(inputs.environment, v1::ReaderService::service_full_name()), in_(inputs) {
  Unary(kCountTokens, &ReaderService::Count);
  Unary(kGetReaderProfile, &ReaderService::Profile);
  Unary(kReportUsage, &ReaderService::Report);
}

absl::Status ReaderService::Count(const Call& /*call*/, const v1::CountTokensRequest& request,
                                  v1::CountTokensResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(auto reader, in_.readers->Find(request.reader()));
  switch (request.what_case()) {
    case v1::CountTokensRequest::kText:
      if (request.text().size() > kMaxTextBytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("text: has ", request.text().size(), " bytes; at most ", kMaxTextBytes));
      }
      response->set_tokens(TokenCounter(*reader).Text(request.text()));
      response->set_exact(reader->text_tokens_exact());
      response->set_source(reader->text_source);
      return absl::OkStatus();
    case v1::CountTokensRequest::kImage:
      return CountImage(*reader, request.image(), response);
    case v1::CountTokensRequest::WHAT_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("text or image: one of them must be set");
}

absl::Status ReaderService::Profile(const Call& /*call*/,
                                    const v1::GetReaderProfileRequest& request,
                                    v1::GetReaderProfileResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const auto reader, in_.readers->Find(request.reader()));
  response->set_json(reader->json);
  return absl::OkStatus();
}

absl::Status ReaderService::Report(const Call& call, const v1::ReportUsageRequest& request,
                                   v1::ReportUsageResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const UsageLedger::Outcome outcome,
                         in_.usage->Report(call.identity().tenant, request.payload_sha256(),
                                           request.input_tokens(), request.other_tokens()));
  response->set_reader(outcome.reader);
  response->set_promised_tokens(outcome.promised_tokens);
  response->set_text_factor(outcome.correction.factor());
  response->set_reports(outcome.correction.reports);
  return absl::OkStatus();
}

}  // namespace fovea::service
