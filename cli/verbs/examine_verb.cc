// The verb `examine`.
#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/calibrate/examine.h"
#include "cli/numbers.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

struct Examine {
  ExamineOptions options;
  std::string out;
  std::string score;
};

void DeclareExamine(CLI::App& verb, Examine& examine) {
  ExamineOptions& options = examine.options;
  DeclareView(verb, options.view);
  verb.get_option("session")->required(false);
  CLI::Option* out =
      verb.add_option("--out", examine.out, "the folder for pages, text, tasks.txt and answers");
  verb.add_option("--score", examine.score, "score the answers in this folder")->excludes(out);
  verb.add_option("--key", options.key,
                  "the folder of the key; the folder's name and .key if not given");
  TakeWhole(verb.add_option("--tasks", options.per_kind, "of each kind, for each rung"), 1, 1000)
      ->capture_default_str();
  TakeWhole(verb.add_option("--seed", options.seed, "of the tasks"), 0, UINT64_MAX)
      ->capture_default_str();
  verb.add_option("--endpoint", options.asked.endpoint.url,
                  "ask this API by itself: the base URL of a Chat Completions API");
  verb.add_option("--model", options.asked.endpoint.model,
                  "as the endpoint names it, and as the evidence names who answered");
  DeclareEndpointFlags(verb, options.asked);
  verb.add_flag("--save", options.save,
                "write what was right into the user's profile, as evidence");
  verb.add_option("--profile", options.profile,
                  "the profile that --save writes, - for standard output; "
                  "~/.local/share/fovea/readers/READER.json if not given");
  options.date = absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone());
  verb.parse_complete_callback([&examine] {
    if (examine.out.empty() == examine.score.empty()) {
      throw CLI::ValidationError("examine", "SESSION --out DIR or --score DIR is expected");
    }
    if (!examine.out.empty() && examine.options.view.session.empty()) {
      throw CLI::ValidationError("examine", "session is required with --out");
    }
  });
}

}  // namespace

void AddExamineVerb(Verbs& verbs) {
  verbs.Add<Examine>("examine", "ask a reader for what its pages hold, and score its answers",
                     DeclareExamine, [](const Environment& environment, Examine examine) {
                       const bool scores = !examine.score.empty();
                       examine.options.folder = scores ? examine.score : examine.out;
                       return scores ? ScoreExamination(environment, examine.options)
                                     : WriteExamination(environment, examine.options);
                     });
}

}  // namespace fovea::cli
