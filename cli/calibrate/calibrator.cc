#include "cli/calibrate/calibrator.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/calibrate/calibration_profile.h"
#include "cli/calibrate/calibration_report.h"
#include "cli/client.h"
#include "cli/formats/json.h"
#include "cli/formats/line_file.h"
#include "cli/formats/output_file.h"
#include "core/base/status_macros.h"
#include "fovea/v1/reader.pb.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;

// The least height of a probe page, if the reader's paper may be that low: some 20 lines.
constexpr int kPageHeight = 224;

std::string DefaultFile(const std::string& reader) {
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "." : home, "/.local/share/fovea/readers/", reader,
                      ".json");
}

// The profile that gets the ladder, and the papers that it goes on.
struct Base {  // NOLINT(bugprone-exception-escape): what moving JSON asserts does not throw
  Json profile;
  Json papers;
  std::string counted_as;  // the reader that the server prices these papers by; "": none
};

class Calibrator {
 public:
  Calibrator(const Environment& environment, const CalibrateOptions& options)
      : environment_(environment),
        options_(options),
        calibration_(options.calibration),
        file_(options.out.empty() ? DefaultFile(options.reader) : options.out),
        deadline_(absl::Now() + absl::Seconds(options.asked.time_limit_seconds)) {}

  absl::Status Run() {
    FOVEA_ASSIGN_OR_RETURN(auto endpoint, OpenEndpoint(options_.asked, options_.reader, deadline_));
    FOVEA_ASSIGN_OR_RETURN(auto base, FindBase());
    absl::Status status = ChoosePage(base);
    if (!status.ok()) return status;
    FOVEA_ASSIGN_OR_RETURN(auto cells, Measure(endpoint));
    const std::vector<size_t> rungs = ChooseRungs(cells);
    base.profile["ladder"] = LadderOf(
        cells, rungs, calibration_,
        {.date = options_.date, .host = endpoint.host(), .model = endpoint.model()}, base.papers);
    status = Write(DumpJson(base.profile, /*pretty=*/true) + "\n");
    if (!status.ok() || file_ == "-") return status;
    Report(cells, rungs, base.profile["ladder"]);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Json> ProfileFromServer(const std::string& name) const {
    v1::GetReaderProfileRequest request;
    request.set_reader(name);
    FOVEA_ASSIGN_OR_RETURN(const auto response,
                           environment_.client.Call(readers::kGetReaderProfile, request));
    return ParseJson(response.json());
  }

  absl::StatusOr<Json> ProfileFromFile() const {
    // A device is no profile, and nothing of it is lost.
    if (file_ == "-" || IsWrittenInPlace(file_)) return absl::NotFoundError(file_);
    FOVEA_ASSIGN_OR_RETURN(auto text, ReadWhole(file_, kMaxSmallFileBytes));
    if (!options_.force) {
      return absl::AlreadyExistsError(
          absl::StrCat(file_, " is there; with --force its ladder is replaced"));
    }
    auto profile = ParseJson(text);
    if (!profile.ok()) return profile.status();
    const bool same = TextOf(*profile, "name") == options_.reader;
    if (same) return profile;
    return absl::FailedPreconditionError(
        absl::StrCat(file_, " is not a profile of ", options_.reader));
  }

  // The user's file, else what the server has by that name, else as another reader.
  absl::StatusOr<Base> FindBase() const {
    Base base;
    absl::StatusOr<Json> like = Json();
    if (!options_.like.empty()) {
      like = ProfileFromServer(options_.like);
      if (!like.ok()) return like.status();
    }
    auto profile = ProfileFromFile();
    if (absl::IsNotFound(profile.status())) profile = ProfileFromServer(options_.reader);
    if (absl::IsNotFound(profile.status())) {
      if (options_.like.empty()) {
        return absl::NotFoundError(
            absl::StrCat("no reader ", options_.reader,
                         "; for a new one name a reader with the same prices by --like"));
      }
      profile = ProfileLike(*like, options_.reader, ModelName());
    }
    if (!profile.ok()) return profile.status();
    base.profile = *std::move(profile);
    base.papers = PapersOf(base.profile);
    base.counted_as = options_.like.empty() ? options_.reader : options_.like;
    if (base.papers.is_null()) base.papers = PapersOf(*like);
    if (!base.papers.is_null()) return base;
    return absl::FailedPreconditionError(
        absl::StrCat(options_.reader, " has no page sizes; name a reader that has by --like"));
  }

  std::string ModelName() const {
    return options_.asked.endpoint.model.empty() ? options_.reader : options_.asked.endpoint.model;
  }

  // The size of the probe pages: the reader's paper, as low as it may be but not too low.
  absl::Status ChoosePage(const Base& base) {
    const Json paper = base.papers.empty() ? Json::object() : base.papers.front();
    if (options_.page.empty()) {
      const int least = IntOf(paper, "min_height");
      const int step = std::max(IntOf(paper, "height_step"), 1);
      const int steps = std::max(0, (kPageHeight - least + step - 1) / step);
      calibration_.width = IntOf(paper, "width");
      calibration_.height = std::min(least + steps * step, IntOf(paper, "max_height"));
    } else if (!ParseSides(options_.page, &calibration_.width, &calibration_.height)) {
      return absl::InvalidArgumentError("--page is not of the form 1092x224");
    }
    return CheckThatPageIsKept(base, TextOf(paper, "resolution"));
  }

  // A page that the reader resizes would be measured at another size than it is drawn.
  absl::Status CheckThatPageIsKept(const Base& base, const std::string& resolution) const {
    v1::CountTokensRequest request;
    request.set_reader(base.counted_as);
    request.mutable_image()->set_width(calibration_.width);
    request.mutable_image()->set_height(calibration_.height);
    request.mutable_image()->set_resolution(resolution);
    const auto counted = environment_.client.Call(readers::kCountTokens, request, Pace::kSlow);
    // A profile that only the user's file has is checked when the server loads it.
    if (absl::IsNotFound(counted.status())) return absl::OkStatus();
    if (!counted.ok()) return counted.status();
    if (counted->seen_width() == calibration_.width &&
        counted->seen_height() == calibration_.height) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("--page ", calibration_.width, "x", calibration_.height, ": ", base.counted_as,
                     " would resize it to ", counted->seen_width(), "x", counted->seen_height()));
  }

  absl::StatusOr<std::vector<Cell>> Measure(const ReaderEndpoint& endpoint) {
    const auto most =
        static_cast<int>(calibration_.pitches.size() * kProbeKinds.size()) * calibration_.probes;
    Say(absl::StrCat("reading up to ", most, " pages with ", endpoint.model(), " at ",
                     endpoint.host(), ", ", Limit(), " at most"));
    int read = 0;
    absl::StatusOr<std::vector<Cell>> cells;
    {
      ProgressBar bar(environment_.console, "probes");
      CalibrationProgress progress;
      progress.probe = [&](int pitch, int probes_read) {
        read = probes_read;
        bar.Update(static_cast<uint64_t>(read), static_cast<double>(read) / most,
                   absl::StrCat(pitch, " px a line"));
      };
      progress.pitch = [&](const Cell& cell) {
        bar.Wipe();
        Say(absl::StrFormat("%d px a line: %.1f %% of the characters, %d of up to %d pages read",
                            cell.line_pitch_px, cell.Mixed().score.characters.Share() * 100, read,
                            most));
      };
      cells = MeasureReader(environment_.client, endpoint, calibration_, progress);
    }
    if (cells.ok() || absl::Now() < deadline_) return cells;
    return absl::DeadlineExceededError(
        absl::StrCat("not done after ", Limit(), ": ", read, " of up to ", most,
                     " pages were read; give more by --time-limit, or ask for less by --pitches "
                     "and --probes"));
  }

  std::string Limit() const {
    return absl::FormatDuration(absl::Seconds(options_.asked.time_limit_seconds));
  }

  // For people, and never between the lines of a result.
  void Say(const std::string& line) const { environment_.console.err << line << std::endl; }

  absl::Status Write(const std::string& profile) const {
    if (file_ == "-") {
      environment_.console.Exact() << profile << std::flush;
      return absl::OkStatus();
    }
    const fs::path folder = fs::path(file_).parent_path();
    std::error_code error;
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error) return absl::ErrnoToStatus(error.value(), folder.string());
    return WriteFile(file_, profile);
  }

  void Report(const std::vector<Cell>& cells, const std::vector<size_t>& rungs,
              const Json& ladder) const {
    if (environment_.json) {
      environment_.PrintJson(Json{{"reader", JsonOf(options_.reader)},
                                  {"profile", JsonOf(file_)},
                                  {"text_only", rungs.empty()},
                                  {"ladder", ladder},
                                  {"cells", CellsJson(cells)}});
      return;
    }
    std::ostream& out = environment_.console.out;
    PrintCells(cells, rungs, out);
    if (rungs.empty()) {
      double best = 0;
      for (const Cell& cell : cells) {
        best = std::max(best, cell.Mixed().score.characters.Share());
      }
      out << absl::StrFormat(
          "%s is a reader of text only: it read at most %.1f %% of the characters, a rung needs "
          "%.0f %%\n",
          options_.reader, best * 100, kLowestRungShare * 100);
    } else {
      out << options_.reader << " has a ladder of " << rungs.size()
          << (rungs.size() == 1 ? " rung\n" : " rungs\n");
    }
    out << file_ << '\n';
  }

  const Environment& environment_;
  const CalibrateOptions& options_;
  CalibrationOptions calibration_;
  const std::string file_;
  const absl::Time deadline_;
};

}  // namespace

absl::Status Calibrate(const Environment& environment, const CalibrateOptions& options) {
  return Calibrator(environment, options).Run();
}

}  // namespace fovea::cli
