// A history to live through, and what does not depend on the reader.
#ifndef FOVEA_REPLAY_SESSION_H_
#define FOVEA_REPLAY_SESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/log/turn.h"
#include "core/log/vector_turn_source.h"
#include "core/reader/reader_profile.h"
#include "replay/edit_copies.h"
#include "replay/exact_uses.h"

namespace fovea::replay {

struct Session {
  explicit Session(std::string name, std::vector<Turn> turns);

  std::string name;
  std::vector<Turn> turns;
  VectorTurnSource source;
  ExactUses uses;
  std::vector<EditCopy> edit_copies;
  std::vector<SeqRange> group_of;           // by seq - 1: the turn's whole group
  std::vector<uint64_t> characters;         // by seq - 1
  std::vector<uint64_t> result_characters;  // the share of the turn's tool results
  uint64_t head = 0;   // the turns up to this seq are the head: leading system turns, the task
  int64_t tokens = 0;  // all texts and arguments, o200k-like (EstimateTokens)
};

// Texts, results and arguments of a turn, o200k-like (EstimateTokens).
int64_t TextTokens(const Turn& turn);

// What a session's turns cost one reader as messages.
struct TurnCosts {
  TurnCosts(const Session& session, const ReaderProfile& reader);

  std::vector<int64_t> tokens;         // by seq - 1
  std::vector<int64_t> masked_tokens;  // with the texts of its results replaced by kMaskedResult
  int64_t total = 0;
};

// Stands in for a masked tool result.
extern const char kMaskedResult[];

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_SESSION_H_
