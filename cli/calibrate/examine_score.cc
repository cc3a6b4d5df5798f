#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/calibrate/calibration_profile.h"
#include "cli/calibrate/examine.h"
#include "cli/client.h"
#include "cli/formats/examination.h"
#include "cli/formats/json.h"
#include "cli/formats/line_file.h"
#include "cli/formats/output_file.h"
#include "core/base/status_macros.h"
#include "fovea/v1/reader.pb.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;

// Of the tasks with their answers.
constexpr size_t kMaxKeyBytes = size_t{256} << 20;

struct Scored {
  std::string reader;
  ExamScore by_rung;
  int64_t unanswered = 0;
  int64_t tasks = 0;
  Json wrong = Json::array();
};

absl::StatusOr<Scored> Compare(const ExamineOptions& options) {
  const std::string key_file =
      absl::StrCat(options.key.empty() ? options.folder + ".key" : options.key, "/key.json");
  FOVEA_ASSIGN_OR_RETURN(auto text, ReadWhole(key_file, kMaxKeyBytes));
  FOVEA_ASSIGN_OR_RETURN(auto key, ParseJson(text));
  const auto malformed = [&key_file] {
    return absl::InvalidArgumentError(key_file + ": is no key of `fovea examine`");
  };
  if (!key.is_object() || !key.contains("tasks") || !key["tasks"].is_array()) {
    return malformed();
  }
  Scored scored{.reader = TextOf(key, "reader")};
  for (const Json& task : key["tasks"]) {
    const int number = IntOf(task, "number");
    const std::string named = TextOf(task, "kind");
    const auto kind =
        std::ranges::find_if(kTaskKinds, [&named](TaskKind known) { return named == Name(known); });
    if (number < 1 || kind == kTaskKinds.end() || !task.contains("answer")) return malformed();
    const std::string right = TextOf(task, "answer");
    auto answer = ReadWhole(absl::StrFormat("%s/answers/%02d.txt", options.folder, number),
                            kMaxSmallFileBytes);
    if (!answer.ok() && !absl::IsNotFound(answer.status())) return answer.status();
    const bool is_right = answer.ok() && IsRight(*kind, right, *answer);
    Count& count = scored.by_rung[TextOf(task, "rung")][static_cast<size_t>(*kind)];
    ++count.all;
    ++scored.tasks;
    count.right += is_right ? 1 : 0;
    scored.unanswered += answer.ok() ? 0 : 1;
    if (answer.ok() && !is_right) {
      scored.wrong.push_back(
          Json{{"number", number}, {"right", JsonOf(right)}, {"answer", JsonOf(*answer)}});
    }
  }
  if (scored.unanswered == scored.tasks) {
    return absl::NotFoundError(absl::StrCat("there is no answer in ", options.folder, "/answers"));
  }
  return scored;
}

std::string CountText(const Count& count) {
  if (count.all == 0) return "-";
  const Interval interval = Confidence95(count);
  return absl::StrFormat("%d of %d (%.0f to %.0f %%)", count.right, count.all, interval.low * 100,
                         interval.high * 100);
}

void Print(const Environment& environment, const Scored& scored) {
  if (environment.json) {
    Json rungs = Json::object();
    for (const auto& [rung, counts] : scored.by_rung) {
      for (const TaskKind kind : kTaskKinds) {
        const Count& count = counts[static_cast<size_t>(kind)];
        const Interval interval = Confidence95(count);
        rungs[rung][Name(kind)] = Json{{"right", count.right},
                                       {"all", count.all},
                                       {"low", interval.low},
                                       {"high", interval.high}};
      }
    }
    environment.PrintJson(Json{{"reader", scored.reader},
                               {"rungs", std::move(rungs)},
                               {"unanswered", scored.unanswered},
                               {"wrong", scored.wrong}});
    return;
  }
  std::ostream& out = environment.console.out;
  out << scored.reader << ": right answers, with 95 % intervals\n\n  " << Padded("rung", 12, true)
      << Padded("exact strings", 26, true) << Padded("passages, byte for byte", 26, true)
      << "places\n";
  std::array<Count, kTaskKinds.size()> all;
  const auto print_row = [&out](const std::string& name, const auto& counts) {
    out << "  " << Padded(name, 12, true);
    for (const Count& count : counts) out << Padded(CountText(count), 26, true);
    out << '\n';
  };
  for (const auto& [rung, counts] : scored.by_rung) {
    print_row(rung, counts);
    for (size_t i = 0; i < all.size(); ++i) all[i] += counts[i];
  }
  print_row("all", all);
  if (scored.unanswered > 0) {
    out << "  " << scored.unanswered << " of " << scored.tasks
        << " tasks have no answer and count as wrong\n";
  }
}

std::string SourceOf(const char* what, const Count& count, const ExamineOptions& options) {
  return absl::StrCat("fovea examine, ", options.date, ", ",
                      options.model.empty() ? options.asked.endpoint.model : options.model, ": ",
                      what, " ", count.right, " of ", count.all);
}

double Rounded(double value) { return std::round(value * 1000) / 1000; }

// The measured figures in the places of the profile's own.
void AddEvidence(Json& rung, const std::array<Count, kTaskKinds.size()>& counts,
                 const ExamineOptions& options) {
  const auto set = [&](TaskKind kind, const char* what, const char* figure, const char* evidence,
                       const char* source) {
    const Count& count = counts[static_cast<size_t>(kind)];
    if (count.all < kMinTasksToSave) return;
    rung[figure] = Rounded(count.Expected());
    rung[evidence] = "measured";
    rung[source] = SourceOf(what, count, options);
  };
  if (!rung.contains("exact_evidence")) {
    rung["exact_evidence"] = rung["evidence"];
    rung["exact_source"] = rung["source"];
  }
  set(TaskKind::kString, "exact strings", "exact_legibility", "exact_evidence", "exact_source");
  set(TaskKind::kPassage, "passages byte for byte", "passage_legibility", "passage_evidence",
      "passage_source");
  set(TaskKind::kPlace, "lines placed", "legibility", "evidence", "source");
}

absl::Status Save(const Environment& environment, const Scored& scored,
                  const ExamineOptions& options) {
  v1::GetReaderProfileRequest request;
  request.set_reader(scored.reader);
  FOVEA_ASSIGN_OR_RETURN(const auto response,
                         environment.client.Call(readers::kGetReaderProfile, request));
  FOVEA_ASSIGN_OR_RETURN(auto profile, ParseJson(response.json()));
  if (!profile.contains("ladder") || !profile["ladder"].is_array()) {
    return absl::InternalError("the server's profile has no ladder");
  }
  for (Json& rung : profile["ladder"]) {
    const auto measured = scored.by_rung.find(TextOf(rung, "name"));
    if (measured != scored.by_rung.end()) AddEvidence(rung, measured->second, options);
  }
  const char* home = std::getenv("HOME");
  const std::string file =
      !options.profile.empty()
          ? options.profile
          : absl::StrCat(home == nullptr ? "." : home, "/.local/share/fovea/readers/",
                         SafeFileName(scored.reader), ".json");
  const std::string text = DumpJson(profile, /*pretty=*/true) + "\n";
  if (file == "-") {
    environment.console.Exact() << text << std::flush;
    return absl::OkStatus();
  }
  std::error_code error;
  const fs::path folder = fs::path(file).parent_path();
  if (!folder.empty()) fs::create_directories(folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), folder.string());
  FOVEA_RETURN_IF_ERROR(WriteFile(file, text));
  environment.console.err << file << ": fovead --readers " << folder.string() << " reads it"
                          << std::endl;
  return absl::OkStatus();
}

}  // namespace

absl::Status ScoreExamination(const Environment& environment, const ExamineOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(auto scored, Compare(options));
  // Standard output is the profile's then.
  if (!options.save || options.profile != "-") Print(environment, scored);
  return options.save ? Save(environment, scored, options) : absl::OkStatus();
}

}  // namespace fovea::cli
