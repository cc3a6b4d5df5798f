// What stands before the tail: the changes that a step of forgetting makes to it.
#ifndef FOVEA_CORE_FORGETTING_PREFIX_H_
#define FOVEA_CORE_FORGETTING_PREFIX_H_

#include <cstddef>
#include <cstdint>

#include "core/forgetting/memory.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/room.h"
#include "core/forgetting/setting.h"

namespace fovea {

// Changes a plan's prefix. Thread-compatible.
class Prefix {
 public:
  // All outlive it.
  Prefix(const Setting& setting, Plan& plan, Memory& memory)
      : setting_(setting), plan_(plan), memory_(memory) {}

  // What the parts before the pins cost.
  int64_t tokens() const;
  // Adds the run at the end of the runs.
  void AddRun(SheetPart run);
  // Its turns are only recallable from now on. The note of them is to be written (WriteLatentNote).
  void Forget(SheetPart run);
  // The note in the place of latent turns, with exact strings of them or without. There are some.
  void WriteLatentNote(bool with_sidecar);
  // The legend stands before the first pages. Gives the runs from `first_run` on their sidecars
  // again, the newest first: a string stands in one place only, and in the one that stays longest.
  // What is before them does not change.
  void WriteNotes(size_t first_run);
  // Serves the pins that are wanted and not in the tail; true if that changes anything.
  bool RefreshPins();
  // A pin is wanted that is not text yet.
  bool HasUnservedPin() const;
  // The next step passes runs with these turns over.
  void MarkRecalled(SeqRange turns);
  // A step that pressed has passed them over.
  void ForgetRecalls();

 private:
  std::map<uint64_t, PinnedTurn>::const_iterator EndOfPrefix() const;
  void WriteLegend(size_t first_run);
  void NoteMove(const SheetPart& run, Place place);

  const Setting& setting_;
  Plan& plan_;
  Memory& memory_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_PREFIX_H_
