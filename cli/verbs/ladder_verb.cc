// The verb `ladder`.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

struct LadderOptions {
  ViewOptions view;
  uint64_t seq = 0;
  std::string folder;
};

std::string FileName(int number, const v1::DrawLadderResponse::Page& page) {
  return absl::StrFormat("%02d-%s.png", number, SafeFileName(page.rung()));
}

absl::Status WriteImages(const v1::DrawLadderResponse& ladder,
                         const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), folder.string());
  for (int i = 0; i < ladder.pages_size(); ++i) {
    const std::string path = (folder / FileName(i + 1, ladder.pages(i))).string();
    if (absl::Status status = WriteFile(path, ladder.pages(i).png()); !status.ok()) return status;
  }
  return WriteFile((folder / "contact-sheet.png").string(), ladder.contact_sheet_png());
}

Json Report(const v1::DrawLadderResponse& ladder, const LadderOptions& options) {
  Json pages = Json::array();
  for (int i = 0; i < ladder.pages_size(); ++i) {
    v1::DrawLadderResponse::Page page = ladder.pages(i);
    page.clear_png();
    Json json = MessageToJson(page);
    json.erase("png");
    json["file"] = FileName(i + 1, page);
    pages.push_back(std::move(json));
  }
  return Json{{"out", JsonOf(options.folder)},
              {"pages", std::move(pages)},
              {"contact_sheet", "contact-sheet.png"}};
}

void PrintPages(const v1::DrawLadderResponse& ladder, Console& console) {
  for (int i = 0; i < ladder.pages_size(); ++i) {
    const v1::DrawLadderResponse::Page& page = ladder.pages(i);
    console.out << absl::StrFormat(
        "%-16s %2d px a line  %s characters, %s tokens (%s as text), legible %.1f %% (%s)\n",
        FileName(i + 1, page), page.line_pitch_px(),
        Grouped(static_cast<int64_t>(page.characters())), Grouped(page.tokens()),
        Grouped(page.text_tokens()), page.legibility() * 100, page.evidence());
  }
}

absl::Status RunLadder(const Environment& environment, const LadderOptions& options) {
  v1::DrawLadderRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_first_seq(options.seq);
  FOVEA_ASSIGN_OR_RETURN(const v1::DrawLadderResponse ladder,
                         environment.client.Call(contexts::kDrawLadder, request, Pace::kUnlimited));
  FOVEA_RETURN_IF_ERROR(WriteImages(ladder, options.folder));
  if (environment.json) {
    environment.PrintJson(Report(ladder, options));
  } else {
    PrintPages(ladder, environment.console);
    environment.console.out << options.folder << "/contact-sheet.png\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddLadderVerb(Verbs& verbs) {
  verbs.Add<LadderOptions>(
      "ladder", "draw the same text at every rung of a reader's ladder",
      [](CLI::App& verb, LadderOptions& options) {
        DeclareView(verb, options.view);
        DeclareSeq(verb, "--seq", options.seq, "where the text begins; 0: the first turn");
        verb.add_option("--out", options.folder, "the folder to write to")->required();
      },
      RunLadder);
}

}  // namespace fovea::cli
