// The planner: which turns are text, which are on pages at which rung, and which are only
// recallable.
//
// A pure function of the log, the policy, the budget, the reader and the renderer: it is fed the
// log's turns and events in order and keeps the state that follows from them. It reads no clock and
// writes nothing; living through a session and replaying its log give the same state (DESIGN: laws
// 2 and 3).
//
// The context that it plans is, in order:
//   head     leading system turns and the opening task, as text
//   latent   a note of what is no longer shown, with exact strings of it
//   runs     pages of older turns, oldest first; the deepest rung is oldest, recalls apart. Before
//   a
//            run becomes latent, it is shown as its gist: without the middle of what is long
//   pins     the text of pinned turns that are on pages or latent
//   tail     the newest turns as text; huge tool results in them may be drawn in place
// All but the tail is the prefix. It changes only when the epoch does. An epoch ends when the tail
// is over its share, when the context is over its budget, when an older turn is pinned, when the
// reader's cache is known to be cold, so that drawing anew costs nothing, and on request.
#ifndef FOVEA_CORE_FORGETTING_PLANNER_H_
#define FOVEA_CORE_FORGETTING_PLANNER_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/exact/string_uses.h"
#include "core/forgetting/call_history.h"
#include "core/forgetting/cost_model.h"
#include "core/forgetting/policy.h"
#include "core/forgetting/run.h"
#include "core/log/group.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/page.h"
#include "core/reader/picture_limits.h"
#include "core/reader/reader_profile.h"
#include "core/tokens/token_counter.h"

namespace fovea {

// Where a chunk is. Rungs of the ladder are 0, 1, ...
constexpr int kVerbatim = -1;
constexpr int kGist = 900;
constexpr int kLatent = 1000;

struct ChunkStep {
  uint64_t epoch = 0;
  int rung = kVerbatim;
};

// A frozen run of whole groups, cut on an absolute grid of text tokens (Planner::kChunkTokens).
struct Chunk {
  SeqRange turns;
  int64_t text_tokens = 0;
  uint64_t characters = 0;
  int rung = kVerbatim;
  std::vector<ChunkStep> history;  // its moves, oldest first
};

struct EpochRecord {
  uint64_t epoch = 0;  // 1, 2, ...; epoch 0 is "everything is text" and has no record
  uint64_t since_seq = 0;
  std::string reason;  // for people
  int64_t tokens_before = 0;
  int64_t tokens_after = 0;
  int64_t kept_tokens = 0;  // from the start to the first change: what a cache still holds
};

// A turn of the tail.
struct TailTurn {
  uint64_t seq = 0;
  int64_t text_tokens = 0;    // as verbatim text
  int64_t result_tokens = 0;  // the share of its tool results' text
  uint64_t characters = 0;
  uint64_t result_characters = 0;
  size_t images = 0;          // of the agent's own, which go out with the turn
  uint64_t image_bytes = 0;   // of them
  int64_t floor_tokens = -1;  // as served with its results at the last rung; -1: not known yet
  bool recalled = false;      // its results are what a recall brought back
  bool drawn = false;         // its results are on pages, in place
  DrawnResult drawing;        // if drawn

  // As served.
  int64_t tokens() const;
  // Of what is text as served.
  int64_t verbatim_tokens() const { return drawn ? text_tokens - result_tokens : text_tokens; }
};

struct TailGroup {
  Group group;
  int64_t note_tokens = 0;  // of notes in place of results that did not come
};

struct PinnedTurn {
  int64_t tokens = 0;  // of its note (TurnNote)
  uint64_t characters = 0;
};

// The planner's state, for assembly and inspection. All of it follows from the log.
struct Plan {
  uint64_t last_seq = 0;
  uint64_t last_event = 0;
  // The newest turn of the assistant: the request before it was the last, as far as the log tells.
  uint64_t last_request_seq = 0;
  // More than the lifetime of the reader's cache had passed since that request when the newest turn
  // came: the next request is written to the cache anew.
  bool cache_is_cold = false;

  std::vector<uint64_t> head;  // seqs
  int64_t head_tokens = 0;
  uint64_t head_characters = 0;

  std::vector<Chunk> chunks;  // all, oldest first
  size_t tail_chunk = 0;      // the first that is in the tail

  SeqRange latent;  // from the first to the last latent turn; after a recall, a run may lie between
  uint64_t latent_turns = 0;
  uint64_t latent_characters = 0;
  int64_t latent_text_tokens = 0;
  Sidecar latent_sidecar;

  std::vector<Run> runs;  // oldest first

  std::map<uint64_t, PinnedTurn> pinned;       // by seq; head turns are text anyway and left out
  std::map<uint64_t, PinnedTurn> served_pins;  // in the pins section: changes only with the epoch

  std::deque<TailTurn> tail;          // oldest first
  std::deque<TailGroup> tail_groups;  // that `tail` consists of; the last is the newest

  std::vector<EpochRecord> epochs;
  uint64_t epoch() const { return epochs.empty() ? 0 : epochs.back().epoch; }

  // 0 if the context fits; else the smallest budget that holds what must be text.
  int64_t required_tokens = 0;
};

struct PlannerInputs {
  ReaderProfile reader;
  Policy policy;
  int64_t token_budget = 0;
  const PageRenderer* renderer = nullptr;  // outlives the planner
  const TurnSource* turns = nullptr;       // outlives the planner
};

// Thread-compatible.
class Planner {
 public:
  static constexpr int64_t kChunkTokens = 1024;
  static constexpr int64_t kMinBudget = 1'000;
  static constexpr int64_t kMaxBudget = 100'000'000;
  // A step stops pressing for room once it has redrawn so many characters and the context fits: at
  // the 6 to 7 million characters a second that a core draws (bench/render), it keeps the crossing
  // of an epoch well under 200 ms.
  static constexpr uint64_t kRedrawnCharacters = 800'000;
  // A result of fewer tokens is never drawn in place: its note would eat the gain.
  static constexpr int64_t kMinDrawnTokens = 256;

  // INVALID_ARGUMENT for a bad policy or budget.
  static absl::StatusOr<std::unique_ptr<Planner>> Create(PlannerInputs inputs);
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  // The next turn: its seq must be plan().last_seq + 1 (INVALID_ARGUMENT). Otherwise fails only if
  // the turn source or the renderer does; the planner must then be thrown away.
  absl::Status Append(const Turn& turn);
  // The next event: its index must be plan().last_event + 1 and its after_seq plan().last_seq.
  absl::Status Apply(const LogEvent& event);

  const Plan& plan() const { return plan_; }
  const PlannerInputs& inputs() const { return inputs_; }
  // The rungs in use: the reader's ladder without those that the policy forbids.
  const std::vector<Rung>& ladder() const { return ladder_; }
  // As the policy sets them, and where it does not, as the reader's prices suggest.
  const Marks& marks() const { return marks_; }
  // What the cost model expects of a long session at these marks. Zeros without a ladder.
  const CostForecast& forecast() const { return forecast_; }
  // Of the whole context as served, by the reader's rules.
  int64_t tokens() const;
  // Of what the planner remembers beside the plan, about, in bytes. Bounded.
  uint64_t index_bytes() const;

 private:
  explicit Planner(PlannerInputs inputs);
  void ChooseMarks();

  // Bookkeeping of the tail (planner.cc).
  bool TakeAsHead(const Turn& turn);
  absl::Status AddToTail(const Turn& turn);
  void CloseGroup();
  absl::Status Pin(const LogEvent& event);
  absl::Status DrawIfTooLarge(TailTurn& turn);
  void NoteTime(const Turn& turn);
  void NoteMentions(const Turn& turn);
  void MarkRecalled(SeqRange turns);
  bool HasRecalledText(const Turn& turn) const;
  absl::StatusOr<DrawnResult> DrawResultOf(uint64_t seq, size_t rung) const;
  void SetDrawing(TailTurn& turn, DrawnResult drawing);

  // One step of forgetting (planner_step.cc).
  absl::Status Review();
  bool worth_a_cold_step() const;
  absl::Status Step(std::string reason, bool even_if_it_fits);
  absl::Status MoveTail(int64_t low_tokens);
  absl::StatusOr<Run> BuildAt(Run run, size_t position) const;
  absl::Status Press(bool even_if_it_fits);
  int64_t goal_tokens() const;
  void NoteChangeFrom(int64_t kept_tokens);
  std::vector<size_t> ChooseTargets(int64_t goal_tokens) const;
  absl::Status MoveRuns(const std::vector<size_t>& targets);
  absl::Status DrawTail();
  absl::StatusOr<int64_t> Floor();
  absl::Status FindFloor(TailTurn& turn);
  void AddRun(Run run);
  void ForgetRun(Run run);
  void WriteSidecars(size_t first_run);
  void WriteLatentNote(bool with_sidecar);
  uint64_t first_tail_seq() const;
  bool HasUnservedPin() const;
  void RefreshPins();
  void NoteMove(const Run& run, int rung);
  // How far a run has faded: its rung, then the gist, then latent.
  size_t gist_position() const { return ladder_.size(); }
  size_t latent_position() const { return ladder_.size() + 1; }
  size_t PositionOf(const Run& run) const { return run.gist ? gist_position() : run.rung; }
  size_t entry_rung() const;
  double EstimateAt(const Run& run, size_t position) const;

  int64_t available() const {
    return std::max<int64_t>(0, inputs_.token_budget - plan_.head_tokens);
  }
  int64_t share(int permille) const { return available() * permille / 1000; }
  int64_t tail_high_tokens() const;
  int64_t tail_low_tokens() const;
  // The first turn that must stay text: the unfilled chunk and the newest group.
  uint64_t first_staying_seq() const;
  int64_t staying_tokens() const;  // as served
  int64_t movable_verbatim_tokens() const;
  int64_t pins_tokens(const std::map<uint64_t, PinnedTurn>& pins) const;
  // How much of the reader's limits on images and on a request's bytes is used; over 1 is too much.
  double request_load() const;
  double LoadFrom(uint64_t first, bool with_pages) const;
  bool load_over(double most) const;
  bool over_limits() const;
  RunBuilder run_builder() const;

  const PlannerInputs inputs_;
  const std::vector<Rung> ladder_;
  const TokenCounter counter_;
  const PictureLimits picture_limits_;
  std::vector<double> characters_per_token_;  // of a full page, by rung
  Marks marks_;
  CostForecast forecast_;
  GroupTracker groups_;
  CallHistory calls_;
  StringUses uses_;
  absl::flat_hash_set<std::string> head_strings_;
  std::vector<ExactString> latent_strings_;  // that were in the sidecars of runs now latent
  Plan plan_;
  // Sums, kept so that a turn costs the same however long the session is.
  int64_t tail_tokens_ = 0;           // of the tail as served
  int64_t tail_verbatim_tokens_ = 0;  // of what is text in it
  int64_t runs_tokens_ = 0;
  size_t pages_ = 0;
  uint64_t page_bytes_ = 0;
  size_t head_images_ = 0;
  uint64_t head_image_bytes_ = 0;
  int64_t latent_note_tokens_ = 0;
  Chunk filling_;            // closed groups since the last cut
  int64_t grid_tokens_ = 0;  // text tokens of all closed groups so far
  uint64_t opening_seq_ = 0;
  int64_t last_request_us_ = 0;
  std::vector<std::string> recall_calls_;  // ids, of the newest assistant turn
  // By the step in progress.
  bool changed_ = false;
  uint64_t redrawn_characters_ = 0;
};

// The note in the place of the latent turns; "" if there are none.
std::string LatentNote(const Plan& plan);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_PLANNER_H_
