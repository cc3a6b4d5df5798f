// Examines how a reader reads the pages of a context that it would be served.
#ifndef FOVEA_CLI_CALIBRATE_EXAMINE_H_
#define FOVEA_CLI_CALIBRATE_EXAMINE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cli/calibrate/endpoint_flags.h"
#include "cli/verb.h"

namespace fovea::cli {

struct ExamineOptions {
  ViewOptions view;
  std::string folder;  // --out, or --score
  std::string key;     // the folder of the key; FOLDER.key if ""
  int per_kind = 10;   // tasks of each kind for each rung
  uint64_t seed = 1;
  // An endpoint that is asked at once; its URL is "" for none.
  EndpointFlags asked;
  std::string model;    // that answered, for the evidence's source; the endpoint's if ""
  std::string profile;  // the profile that --save writes; the user's own of the reader if ""
  std::string date;     // YYYY-MM-DD
  bool save = false;
};

// Writes FOLDER/context.md, FOLDER/pages/, FOLDER/tasks.txt and KEY/key.json, and with an endpoint
// has the tasks answered into FOLDER/answers/. FAILED_PRECONDITION if no turn stands whole on a
// page; the server's, the endpoint's and the disk's own errors.
absl::Status WriteExamination(const Environment& environment, const ExamineOptions& options);

// Compares FOLDER/answers/NN.txt with KEY/key.json, prints what was right, and with `save` writes
// it as evidence into the user's profile of the reader: of a rung and a kind with at least
// kMinTasksToSave answers. A task without an answer counts as wrong. NOT_FOUND if there is no
// key, or no answer at all.
absl::Status ScoreExamination(const Environment& environment, const ExamineOptions& options);

inline constexpr int64_t kMinTasksToSave = 5;

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CALIBRATE_EXAMINE_H_
