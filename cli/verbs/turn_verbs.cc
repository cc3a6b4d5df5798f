// The verbs that give back what was said: turn, search.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/formats/output_file.h"
#include "cli/numbers.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/session.pb.h"

namespace fovea::cli {
namespace {

// The turn with all its parts.
absl::StatusOr<Json> WholeTurn(const Environment& environment, const std::string& session,
                               uint64_t seq) {
  v1::ReadTurnsRequest request;
  request.set_session_id(session);
  request.mutable_range()->set_first(seq);
  request.mutable_range()->set_last(seq);
  FOVEA_ASSIGN_OR_RETURN(auto stream,
                         environment.client.Start(sessions::kReadTurns, request, Pace::kSlow));
  Json turn;
  v1::ReadTurnsResponse response;
  while (stream.Read(&response)) {
    for (const v1::Turn& read : response.turns()) turn = MessageToJson(read);
  }
  FOVEA_RETURN_IF_ERROR(stream.Finish());
  return turn;
}

struct TurnOptions {
  v1::ExpandTurnRequest request;
  std::string images;  // the folder that its images are written to, "" for none
};

// DIR/57-1.png is the first image of turn 57 in the range.
absl::Status WriteImages(const std::string& folder, const v1::ExpandTurnResponse& response) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make ", folder, ": ", error.message()));
  }
  for (int i = 0; i < response.images_size(); ++i) {
    const v1::ImagePart& image = response.images(i);
    std::string type = image.media_type();
    type.erase(0, type.find('/') + 1);
    if (type != "png" && type != "jpeg" && type != "webp" && type != "gif") type = "bin";
    FOVEA_RETURN_IF_ERROR(
        WriteFile(absl::StrCat(folder, "/", response.seq(), "-", i + 1, ".", type), image.data()));
  }
  return absl::OkStatus();
}

absl::Status RunTurn(const Environment& environment, const TurnOptions& options) {
  v1::ExpandTurnRequest request = options.request;
  request.set_include_images(!options.images.empty());
  FOVEA_ASSIGN_OR_RETURN(v1::ExpandTurnResponse response,
                         environment.client.Call(sessions::kExpandTurn, request, Pace::kSlow));
  if (!options.images.empty()) {
    FOVEA_RETURN_IF_ERROR(WriteImages(options.images, response));
    response.clear_images();
  }
  if (!environment.json) {
    const Console& console = environment.console;
    const bool unended = !response.text().empty() && response.text().back() != '\n';
    console.Exact() << (console.terminal ? Visible(response.text()) : response.text())
                    << (console.terminal && unended ? "\n" : "") << std::flush;
    return absl::OkStatus();
  }
  FOVEA_ASSIGN_OR_RETURN(Json turn, WholeTurn(environment, request.session_id(), request.seq()));
  Json report = MessageToJson(response);
  report["turn"] = std::move(turn);
  environment.PrintJson(report);
  return absl::OkStatus();
}

void DeclareTurn(CLI::App& verb, TurnOptions& options) {
  v1::ExpandTurnRequest& request = options.request;
  DeclareSession(verb, *request.mutable_session_id());
  DeclareSeq(
      verb, "seq", [&request](uint64_t seq) { request.set_seq(seq); }, "the turn's number")
      ->required();
  TakeWhole(verb.add_option_function<uint64_t>(
                "--offset", [&request](uint64_t offset) { request.set_byte_offset(offset); },
                "first byte of the text"),
            0, UINT64_MAX);
  TakeWhole(verb.add_option_function<uint64_t>(
                "--length", [&request](uint64_t length) { request.set_byte_length(length); },
                "bytes of the text; 0: to the end"),
            0, UINT64_MAX);
  verb.add_flag_function(
      "--recall", [&request](int64_t) { request.set_record_recall(true); },
      "record that the model read it again, which keeps it sharper");
  verb.add_option("--images", options.images, "write the turn's images into this folder");
}

struct SearchOptions {
  std::string session;
  std::vector<std::string> words;
  int32_t limit = 20;
  bool relevance = false;
  bool exact = false;
};

absl::Status RunSearch(const Environment& environment, const SearchOptions& options) {
  v1::SearchTurnsRequest request;
  request.set_session_id(options.session);
  request.set_query(absl::StrJoin(options.words, " "));
  request.set_limit(options.limit);
  request.set_order(options.relevance ? v1::SEARCH_ORDER_RELEVANCE : v1::SEARCH_ORDER_NEWEST_FIRST);
  if (options.exact) request.set_match(v1::SEARCH_MATCH_EXACT);
  FOVEA_ASSIGN_OR_RETURN(const v1::SearchTurnsResponse response,
                         environment.client.Call(sessions::kSearchTurns, request));
  if (environment.json) {
    environment.PrintJson(MessageToJson(response));
    return absl::OkStatus();
  }
  for (const v1::SearchTurnsResponse::Hit& hit : response.hits()) {
    const std::string role = MessageToJson(hit)["role"].get<std::string>();
    environment.console.out << Padded(absl::StrCat("#", hit.seq()), 7, true)
                            << Padded(role, 10, true)
                            << Padded(absl::StrCat("@", hit.byte_offset()), 9, true)
                            << OneLine(hit.snippet(), 160) << '\n';
  }
  if (response.hits().empty()) {
    environment.console.err << "nothing found up to turn " << response.indexed_through_seq()
                            << '\n';
  }
  if (response.searched_from_seq() > 1) {
    environment.console.err << "the time was up: turns before #" << response.searched_from_seq()
                            << " were not searched\n";
  }
  return absl::OkStatus();
}

void DeclareSearch(CLI::App& verb, SearchOptions& options) {
  DeclareSession(verb, options.session);
  verb.add_option("words", options.words, "words that must all occur; wor* matches a beginning")
      ->required();
  TakeWhole(verb.add_option("--limit", options.limit, "hits at most"), 1, 200)
      ->capture_default_str();
  CLI::Option* relevance =
      verb.add_flag("--relevance", options.relevance, "best first, not newest first");
  verb.add_flag("--exact", options.exact, "the text as it stands, to the byte, also inside words")
      ->excludes(relevance);
}

}  // namespace

void AddTurnVerbs(Verbs& verbs) {
  verbs.Add<TurnOptions>("turn",
                         "print all that a turn holds: texts, calls with their arguments, results",
                         DeclareTurn, RunTurn);
  verbs.Add<SearchOptions>("search", "find turns by their words", DeclareSearch, RunSearch);
}

}  // namespace fovea::cli
