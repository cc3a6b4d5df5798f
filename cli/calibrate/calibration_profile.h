// A reader's profile with a measured ladder.
#ifndef FOVEA_CLI_CALIBRATE_CALIBRATION_PROFILE_H_
#define FOVEA_CLI_CALIBRATE_CALIBRATION_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/calibrate/calibration.h"
#include "cli/formats/json.h"

namespace fovea::cli {

// How the measurement is told in the profile.
struct CalibrationSource {
  std::string date;  // YYYY-MM-DD
  std::string host;  // of the endpoint
  std::string model;
};

// A member of an object; "" and 0 if it is none, of another type, or the object is none.
std::string TextOf(const Json& object, const char* member);
int IntOf(const Json& object, const char* member);

// A profile for `reader` that shares the prices and limits of `like`: all of that as assumed, and
// its text counted on the safe side, for a vocabulary is not known by its model's likeness.
Json ProfileLike(const Json& like, const std::string& reader, const std::string& model);

// The papers of a profile's first rung; null if it has none.
Json PapersOf(const Json& profile);

// The rungs, in the form of readers/README.md.
Json LadderOf(const std::vector<Cell>& cells, const std::vector<size_t>& rungs,
              const CalibrationOptions& options, const CalibrationSource& source,
              const Json& papers);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_CALIBRATION_PROFILE_H_
