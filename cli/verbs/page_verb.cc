// The verb that shows the pages which hold a turn.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/client.h"
#include "cli/formats/json.h"
#include "cli/formats/output_file.h"
#include "cli/formats/page_picture.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct PageOptions {
  ViewOptions view;
  uint64_t seq = 0;
  std::string out;
  std::string show;  // "", or the name of a PictureMode
  bool crop = false;
};

const std::map<std::string, PictureMode>& Modes() {
  static const auto* const kModes =
      new std::map<std::string, PictureMode>{{"blocks", PictureMode::kBlocks},
                                             {"sixel", PictureMode::kSixel},
                                             {"kitty", PictureMode::kKitty}};
  return *kModes;
}

TerminalSize SizeOf(const Console& console) {
  TerminalSize size{.columns = console.columns};
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_xpixel > 0 && window.ws_col > 0 &&
      window.ws_row > 0) {
    size.cell_width = window.ws_xpixel / window.ws_col;
    size.cell_height = window.ws_ypixel / window.ws_row;
  }
  return size;
}

absl::StatusOr<std::vector<std::string>> PagesOf(const Environment& environment,
                                                 const PageOptions& options) {
  v1::ExplainTurnRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_seq(options.seq);
  FOVEA_ASSIGN_OR_RETURN(
      const v1::ExplainTurnResponse explained,
      environment.client.Call(contexts::kExplainTurn, request, Pace::kUnlimited));
  if (explained.page_ids().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("turn ", options.seq, " is on no page of this view: it is ", explained.rung(),
                     "; `fovea turn` prints its text"));
  }
  return std::vector<std::string>(explained.page_ids().begin(), explained.page_ids().end());
}

// The page, or with --crop the lines that hold the turn.
absl::StatusOr<v1::GetPageResponse> GetPage(const Environment& environment,
                                            const PageOptions& options, const std::string& id) {
  v1::GetPageRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_page_id(id);
  if (options.crop) request.set_seq(options.seq);
  absl::StatusOr<v1::GetPageResponse> page =
      environment.client.Call(contexts::kGetPage, request, Pace::kUnlimited);
  if (!page.ok() || !options.crop || page->turn_bottom() == 0) return page;
  FOVEA_ASSIGN_OR_RETURN(std::string part,
                         CropPng(page->png(), page->turn_top(), page->turn_bottom()));
  page->set_png(std::move(part));
  return page;
}

absl::Status ShowPages(const Environment& environment, const PageOptions& options,
                       const std::vector<std::string>& ids) {
  Console& console = environment.console;
  const PictureMode mode = options.show.empty() ? PictureModeOf(environ) : Modes().at(options.show);
  for (const std::string& id : ids) {
    FOVEA_ASSIGN_OR_RETURN(const v1::GetPageResponse page, GetPage(environment, options, id));
    FOVEA_ASSIGN_OR_RETURN(const std::string picture,
                           ForTerminal(page.png(), mode, SizeOf(console), console.colour));
    console.Exact() << picture << std::flush;
  }
  if (mode == PictureMode::kBlocks) {
    console.out << "too coarse to read in this terminal; --out FILE.png writes it\n";
  }
  return absl::OkStatus();
}

// To standard output, which takes one page.
absl::Status PrintPage(const Environment& environment, const PageOptions& options,
                       const std::vector<std::string>& ids) {
  if (ids.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("turn ", options.seq, " is on ", ids.size(),
                                                   " pages: --out - takes one; name a file"));
  }
  FOVEA_ASSIGN_OR_RETURN(const v1::GetPageResponse page, GetPage(environment, options, ids[0]));
  environment.console.Exact() << page.png() << std::flush;
  return absl::OkStatus();
}

absl::Status WritePages(const Environment& environment, const PageOptions& options,
                        const std::vector<std::string>& ids) {
  if (options.out == "-") return PrintPage(environment, options, ids);
  const bool in_place = IsWrittenInPlace(options.out);
  std::string stem = options.out.empty() ? absl::StrCat("page-of-turn-", options.seq) : options.out;
  if (absl::EndsWith(stem, ".png")) stem.resize(stem.size() - 4);
  Json written = Json::array();
  for (size_t i = 0; i < ids.size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(const v1::GetPageResponse page, GetPage(environment, options, ids[i]));
    const std::string path =
        in_place ? options.out
                 : absl::StrCat(stem, ids.size() == 1 ? "" : absl::StrCat("-", i + 1), ".png");
    FOVEA_RETURN_IF_ERROR(WriteFile(path, page.png()));
    written.push_back({{"file", JsonOf(path)},
                       {"page_id", ids[i]},
                       {"rung", page.page().rung()},
                       {"first_seq", page.page().first_seq()},
                       {"last_seq", page.page().last_seq()}});
    if (!environment.json) {
      environment.console.out << path << ": "
                              << RangeText(page.page().first_seq(), page.page().last_seq())
                              << " on " << page.page().rung() << '\n';
    }
  }
  if (environment.json) environment.PrintJson({{"pages", std::move(written)}});
  return absl::OkStatus();
}

absl::Status RunPage(const Environment& environment, const PageOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<std::string> ids, PagesOf(environment, options));
  const bool show = options.out.empty() && !environment.json &&
                    (environment.console.terminal || !options.show.empty());
  return show ? ShowPages(environment, options, ids) : WritePages(environment, options, ids);
}

}  // namespace

void AddPageVerb(Verbs& verbs) {
  verbs.Add<PageOptions>(
      "page", "show the page that holds a turn, or write it",
      [](CLI::App& verb, PageOptions& options) {
        DeclareView(verb, options.view);
        DeclareSeq(verb, "seq", options.seq, "the turn's number")->required();
        verb.add_option(
            "--out", options.out,
            "the file to write, - for standard output; if not given, a terminal shows the page");
        verb.add_flag("--crop", options.crop, "only the lines that hold the turn");
        std::vector<std::string> names;
        for (const auto& [name, mode] : Modes()) names.push_back(name);
        verb.add_option("--show", options.show, "show it so, whatever the terminal is said to take")
            ->check(CLI::IsMember(names));
      },
      RunPage);
}

}  // namespace fovea::cli
