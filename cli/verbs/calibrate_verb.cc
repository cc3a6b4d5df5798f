// The verb `calibrate`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/calibrate/calibrator.h"
#include "cli/numbers.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

std::string CheckName(const std::string& name) {
  const bool plain =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos &&
      !name.empty() && name[0] != '.';
  return plain ? "" : name + " is not a reader's name: lower-case letters, digits, . _ and -";
}

std::string CheckDate(const std::string& text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(text, &day) ? "" : text + " is not YYYY-MM-DD";
}

void DeclareEndpoint(CLI::App& verb, CalibrateOptions& options) {
  verb.add_option("--endpoint", options.asked.endpoint.url, "the API's base URL: https://HOST/v1")
      ->required();
  verb.add_option("--model", options.asked.endpoint.model,
                  "as the endpoint names it; the reader's name if not given");
  DeclareEndpointFlags(verb, options.asked);
  TakeWhole(verb.add_option("--retries", options.asked.endpoint.retries,
                            "after a timeout, a broken connection, status 429 or 5xx"),
            0, 20)
      ->capture_default_str();
  TakeWhole(verb.add_option("--parallel", options.calibration.parallel, "requests at a time"), 1,
            64)
      ->capture_default_str();
}

void DeclareProbes(CLI::App& verb, CalibrateOptions& options) {
  verb.add_option("--page", options.page,
                  "WxH of a probe page in pixels; the reader's own paper, some 20 lines high, if "
                  "not given");
  TakeWhole(verb.add_option("--pitches", options.calibration.pitches, "pixels a line to measure"),
            5, 64)
      ->delimiter(',');
  verb.add_option("--grey-bits", options.calibration.grey_bits, "of a pixel")
      ->capture_default_str()
      ->check(CLI::IsMember({"1", "2", "4", "8"}));
  TakeWhole(
      verb.add_option("--probes", options.calibration.probes, "pages of each kind at each pitch"),
      1, 100)
      ->capture_default_str();
  TakeWhole(verb.add_option("--seed", options.calibration.seed, "of the probes' texts"), 0,
            UINT64_MAX)
      ->capture_default_str();
}

void DeclareCalibrate(CLI::App& verb, CalibrateOptions& options) {
  verb.add_option("--reader", options.reader, "whose ladder to measure")
      ->required()
      ->check(CLI::Validator(CheckName, "NAME"));
  verb.add_option("--like", options.like,
                  "a known reader with the same prices and page sizes, for a new one");
  DeclareEndpoint(verb, options);
  DeclareProbes(verb, options);
  verb.add_option(
      "--out", options.out,
      "the profile to write, - for standard output; ~/.local/share/fovea/readers/READER.json "
      "if not given");
  verb.add_flag("--force", options.force, "replace the ladder of a profile that is there");
  options.date = absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone());
  verb.add_option("--date", options.date, "that the profile names; today if not given")
      ->check(CLI::Validator(CheckDate, "YYYY-MM-DD"));
}

}  // namespace

void AddCalibrateVerb(Verbs& verbs) {
  verbs.Add<CalibrateOptions>(
      "calibrate", "measure how small a reader reads, and write its ladder into a profile",
      DeclareCalibrate, [](const Environment& environment, CalibrateOptions options) {
        // Largest first, each once.
        std::vector<int>& pitches = options.calibration.pitches;
        std::sort(pitches.begin(), pitches.end(), std::greater<>());
        pitches.erase(std::unique(pitches.begin(), pitches.end()), pitches.end());
        return Calibrate(environment, options);
      });
}

}  // namespace fovea::cli
