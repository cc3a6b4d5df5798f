// What a reader is asked about the pages of a context, and what its answers are worth.
#ifndef FOVEA_CLI_FORMATS_EXAMINATION_H_
#define FOVEA_CLI_FORMATS_EXAMINATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/formats/probe_score.h"

namespace fovea::cli {

enum class TaskKind : uint8_t {
  kString,   // name an exact string: an id, a path, a number
  kPassage,  // copy some lines, none of which ends in white space, byte for byte
  kPlace     // say which turn has a line: the gist
};
inline constexpr std::array kTaskKinds = {TaskKind::kString, TaskKind::kPassage, TaskKind::kPlace};
const char* Name(TaskKind kind);  // "string"

// A turn that stands whole on pages.
struct PagedTurn {
  uint64_t seq = 0;
  std::string rung;
  std::string text;           // as ExpandTurn gives it
  std::vector<size_t> pages;  // on which it may stand: indices into the context's pages
};

struct Task {
  TaskKind kind = TaskKind::kString;
  std::string rung;
  uint64_t seq = 0;
  std::string question;
  std::string answer;
  std::vector<size_t> pages;
};

// Up to `per_kind` tasks of each kind for each rung, drawn at random from the seed, sorted by rung,
// kind and turn. An answer stands once in all turns (`session` has the texts of all, those on pages
// among them) and nowhere in `shown`, the context's own text, so that only a page gives it.
std::vector<Task> ChooseTasks(const std::vector<PagedTurn>& turns,
                              const std::vector<std::string>& session, std::string_view shown,
                              int per_kind, uint64_t seed);

// Whether an answer is right. Of a string white space around it and quotation marks cost nothing;
// of a passage a code fence and newlines around it, else every byte counts; of a place the first
// number counts.
bool IsRight(TaskKind kind, std::string_view right, std::string_view answer);

// Right answers by rung and kind.
using ExamScore = std::map<std::string, std::array<Count, kTaskKinds.size()>>;

// The 95 % interval of a share, by Wilson's score; 0 to 1 of nothing.
struct Interval {
  double low = 0;
  double high = 1;
};
Interval Confidence95(const Count& count);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_EXAMINATION_H_
