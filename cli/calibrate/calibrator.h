// Measures a reader behind an endpoint and writes its profile.
#ifndef FOVEA_CLI_CALIBRATE_CALIBRATOR_H_
#define FOVEA_CLI_CALIBRATE_CALIBRATOR_H_

#include <string>

#include "absl/status/status.h"
#include "cli/calibrate/calibration.h"
#include "cli/calibrate/endpoint_flags.h"
#include "cli/verb.h"

namespace fovea::cli {

struct CalibrateOptions {
  std::string reader;
  std::string like;
  EndpointFlags asked;
  std::string page;  // "WxH"
  std::string out;
  std::string date;
  bool force = false;
  CalibrationOptions calibration;
};

// Finds the profile to give a ladder to (the user's file, else the server's, else one like
// another's), measures, writes the file and reports. On an error no file is written:
// ALREADY_EXISTS for a file that is there, without `force`; NOT_FOUND for a reader that nobody
// knows; FAILED_PRECONDITION where no page sizes are known; INVALID_ARGUMENT for a page that the
// reader would resize; DEADLINE_EXCEEDED at the time limit; and the server's and the endpoint's
// own.
absl::Status Calibrate(const Environment& environment, const CalibrateOptions& options);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_CALIBRATOR_H_
