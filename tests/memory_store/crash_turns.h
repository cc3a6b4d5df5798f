// What the child of the crash test writes, so that its parent knows it.
#ifndef FOVEA_TESTS_MEMORY_STORE_CRASH_TURNS_H_
#define FOVEA_TESTS_MEMORY_STORE_CRASH_TURNS_H_

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/log/turn.h"

namespace fovea::testing {

inline constexpr int kCrashSessions = 4;

inline SessionKey CrashKey(int session) { return {"t", absl::StrCat("s", session)}; }

// Any bytes, but always the same for a session and a seq.
inline Turn CrashTurn(int session, uint64_t seq) {
  std::mt19937_64 random(seq * kCrashSessions + static_cast<uint64_t>(session));
  std::string bytes(random() % 3000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  Turn turn;
  turn.seq = seq;
  turn.parts = {TextPart{bytes}};
  return turn;
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_MEMORY_STORE_CRASH_TURNS_H_
