// The verb `context`.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/client.h"
#include "cli/formats/context_files.h"
#include "cli/formats/message_json.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct ContextOptions {
  ViewOptions view;
  v1::WireFormat format = v1::WIRE_FORMAT_NATIVE;
  std::string folder;
};

absl::StatusOr<std::vector<std::string>> NativePages(const v1::BuildContextResponse& response) {
  std::map<std::string, const std::string*> by_id;
  for (const v1::PageBytes& page : response.page_bytes()) by_id[page.page_id()] = &page.png();
  std::vector<std::string> pages;
  for (const v1::PageRef& page : response.summary().pages()) {
    const auto found = by_id.find(page.page_id());
    if (found == by_id.end()) {
      return absl::InternalError(
          absl::StrCat("the context has no bytes for page ", page.page_id()));
    }
    pages.push_back(*found->second);
  }
  return pages;
}

absl::StatusOr<std::vector<std::string>> FetchPages(const Environment& environment, v1::View view,
                                                    const v1::ContextSummary& summary) {
  view.set_as_of_seq(summary.as_of_seq());
  std::vector<std::string> pages;
  for (const v1::PageRef& page : summary.pages()) {
    v1::GetPageRequest request;
    *request.mutable_view() = view;
    request.set_page_id(page.page_id());
    FOVEA_ASSIGN_OR_RETURN(v1::GetPageResponse response,
                           environment.client.Call(contexts::kGetPage, request, Pace::kUnlimited));
    pages.push_back(std::move(*response.mutable_png()));
  }
  return pages;
}

// The pages within a payload. Where it also carries the conversation's own images, so that pages
// cannot be told apart for sure, they are fetched one by one.
absl::StatusOr<std::vector<std::string>> PayloadPages(const Environment& environment,
                                                      const v1::View& view,
                                                      const v1::BuildContextResponse& response) {
  absl::StatusOr<std::vector<std::string>> images = PayloadImages(response.payload());
  if (!images.ok()) return images.status();
  const v1::ContextSummary& summary = response.summary();
  bool same = images->size() == static_cast<size_t>(summary.pages_size());
  for (size_t i = 0; same && i < images->size(); ++i) {
    same = IsImageOf(summary.pages(static_cast<int>(i)), (*images)[i]);
  }
  if (same) return images;
  return FetchPages(environment, view, summary);
}

Json Report(const v1::BuildContextResponse& response, const ContextOptions& options) {
  const v1::ContextSummary& summary = response.summary();
  Json report = MessageToJson(summary);
  report["payload_sha256"] = response.payload_sha256();
  report["payload_bytes"] = response.payload().size();
  report["chars"] = report["characters"];
  report.erase("characters");
  report["out"] = JsonOf(options.folder);
  for (size_t i = 0; i < report["pages"].size(); ++i) {
    report["pages"][i]["file"] =
        absl::StrCat("pages/", PageFileName(i + 1, summary.pages(static_cast<int>(i))));
  }
  return report;
}

// What the session would cost as text.
int64_t TextTokens(const v1::ContextSummary& summary) {
  int64_t tokens = 0;
  for (const v1::RungShare& rung : summary.rungs()) tokens += rung.text_tokens();
  return tokens;
}

void PrintSummary(const Environment& environment, const v1::BuildContextResponse& response,
                  const ContextOptions& options) {
  const v1::ContextSummary& summary = response.summary();
  environment.console.out << Grouped(summary.tokens()) << " of " << Grouped(summary.budget())
                          << " tokens, for " << Grouped(TextTokens(summary)) << " as text; "
                          << summary.pages_size() << " pages, epoch " << summary.epoch()
                          << ", as of turn " << summary.as_of_seq() << "\nprefix "
                          << summary.prefix_sha256() << "\n"
                          << options.folder << "/context.json, " << options.folder << "/pages/\n";
}

absl::Status RunContext(const Environment& environment, const ContextOptions& options) {
  v1::BuildContextRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_format(options.format);
  FOVEA_ASSIGN_OR_RETURN(
      const v1::BuildContextResponse response,
      environment.client.Call(contexts::kBuildContext, request, Pace::kUnlimited));
  const bool native = options.format == v1::WIRE_FORMAT_NATIVE;
  FOVEA_ASSIGN_OR_RETURN(
      const std::vector<std::string> pages,
      native ? NativePages(response) : PayloadPages(environment, request.view(), response));
  const std::string context_json =
      native ? DumpJson(NativeContextJson(response), /*pretty=*/true) + "\n" : response.payload();
  FOVEA_RETURN_IF_ERROR(WriteContextFiles(options.folder, response.summary(), pages, context_json));
  if (environment.json) {
    environment.PrintJson(Report(response, options));
  } else {
    PrintSummary(environment, response, options);
  }
  return absl::OkStatus();
}

}  // namespace

void AddContextVerb(Verbs& verbs) {
  verbs.Add<ContextOptions>(
      "context", "write the context that a reader gets: context.json and pages/",
      [](CLI::App& verb, ContextOptions& options) {
        DeclareView(verb, options.view);
        DeclareFormat(verb, options.format);
        verb.add_option("--out", options.folder, "the folder to write to")->required();
      },
      RunContext);
}

}  // namespace fovea::cli
