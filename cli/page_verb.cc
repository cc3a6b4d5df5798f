// The verb that shows the pages which hold a turn.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/line_file.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

using Contexts = v1::ContextService::Stub;

struct PageOptions {
  ViewOptions view;
  uint64_t seq = 0;
  std::string out;
};

// If the terminal shows pictures by kitty's protocol.
bool ShowsPictures(const Console& console) {
  if (!console.terminal) return false;
  if (std::getenv("KITTY_WINDOW_ID") != nullptr) return true;
  for (const char* name : {"TERM", "TERM_PROGRAM"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr) continue;
    for (const char* known : {"kitty", "ghostty", "WezTerm"}) {
      if (absl::StrContains(value, known)) return true;
    }
  }
  return false;
}

// The picture in pieces of base64, as the protocol wants them.
void Show(const std::string& png, Console& console) {
  constexpr size_t kPiece = 4096;
  const std::string base64 = absl::Base64Escape(png);
  for (size_t at = 0; at < base64.size(); at += kPiece) {
    const bool more = at + kPiece < base64.size();
    console.out << "\x1b_G" << (at == 0 ? "f=100,a=T," : "") << "m=" << (more ? 1 : 0) << ';'
                << base64.substr(at, kPiece) << "\x1b\\";
  }
  console.out << '\n';
}

absl::StatusOr<std::vector<std::string>> PagesOf(const Environment& environment,
                                                 const PageOptions& options) {
  v1::ExplainTurnRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_seq(options.seq);
  const absl::StatusOr<v1::ExplainTurnResponse> explained =
      environment.client.Call(environment.client.contexts(), &Contexts::ExplainTurn, request);
  if (!explained.ok()) return explained.status();
  if (explained->page_ids().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("turn ", options.seq, " is on no page of this view: it is ", explained->rung(),
                     "; `fovea turn` prints its text"));
  }
  return std::vector<std::string>(explained->page_ids().begin(), explained->page_ids().end());
}

absl::Status RunPage(const Environment& environment, const PageOptions& options) {
  const absl::StatusOr<std::vector<std::string>> ids = PagesOf(environment, options);
  if (!ids.ok()) return ids.status();
  const bool show = options.out.empty() && !environment.json && ShowsPictures(environment.console);
  const std::string stem =
      options.out.empty() ? absl::StrCat("page-of-turn-", options.seq) : options.out;
  Json written = Json::array();
  for (size_t i = 0; i < ids->size(); ++i) {
    v1::GetPageRequest request;
    *request.mutable_view() = options.view.ToView();
    request.set_page_id((*ids)[i]);
    const absl::StatusOr<v1::GetPageResponse> page =
        environment.client.Call(environment.client.contexts(), &Contexts::GetPage, request);
    if (!page.ok()) return page.status();
    if (show) {
      Show(page->png(), environment.console);
      continue;
    }
    const std::string path =
        absl::EndsWith(stem, ".png") && ids->size() == 1
            ? stem
            : absl::StrCat(stem, ids->size() == 1 ? "" : absl::StrCat("-", i + 1), ".png");
    if (absl::Status status = WriteFile(path, page->png()); !status.ok()) return status;
    written.push_back({{"file", JsonOf(path)},
                       {"page_id", (*ids)[i]},
                       {"rung", page->page().rung()},
                       {"first_seq", page->page().first_seq()},
                       {"last_seq", page->page().last_seq()}});
    if (!environment.json) {
      environment.console.out << path << ": "
                              << RangeText(page->page().first_seq(), page->page().last_seq())
                              << " on " << page->page().rung() << '\n';
    }
  }
  if (environment.json) environment.PrintJson({{"pages", std::move(written)}});
  return absl::OkStatus();
}

}  // namespace

void AddPageVerb(Verbs& verbs) {
  verbs.Add<PageOptions>(
      "page", "show the page that holds a turn, or write it",
      [](CLI::App& verb, PageOptions& options) {
        DeclareView(verb, options.view);
        DeclareSeq(verb, "seq", options.seq, "the turn's number")->required();
        verb.add_option("--out", options.out,
                        "the file to write; if not given, a terminal that can shows the page");
      },
      RunPage);
}

}  // namespace fovea::cli
