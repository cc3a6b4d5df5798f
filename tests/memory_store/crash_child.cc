// Appends to a store until it is killed, and says on standard output what was acknowledged: for
// each append a line "<session> <last seq>".
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "memory_store/memory_store.h"
#include "tests/memory_store/crash_turns.h"

namespace fovea::testing {
namespace {

// One write of a short line to a pipe is never torn.
void Say(const std::string& line) {
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

void Produce(MemoryStore& store, int session) {
  const SessionKey key = CrashKey(session);
  NewSession fresh;
  fresh.session_id = key.session_id;
  if (const auto made = store.log().CreateSession(key, fresh);
      !made.ok() && !absl::IsAlreadyExists(made.status())) {
    std::abort();
  }
  while (true) {
    const auto info = store.log().GetSession(key);
    if (!info.ok()) std::abort();
    AppendBatch batch;
    for (uint64_t i = 1; i <= 1 + info->last_seq % 3; ++i) {
      batch.turns.push_back(CrashTurn(session, info->last_seq + i));
    }
    const auto receipt = store.log().Append(key, batch);
    if (!receipt.ok()) std::abort();
    Say(absl::StrCat(session, " ", receipt->last_seq, "\n"));
  }
}

int Run(const char* directory) {
  StoreOptions options;
  options.directory = directory;
  const auto store = MemoryStore::Open(options);
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  std::vector<std::thread> producers;
  producers.reserve(kCrashSessions);
  for (int s = 0; s < kCrashSessions; ++s) {
    producers.emplace_back([&store, s] { Produce(**store, s); });
  }
  for (std::thread& producer : producers) producer.join();
  return 0;
}

}  // namespace
}  // namespace fovea::testing

int main(int argc, char** argv) { return argc == 2 ? fovea::testing::Run(argv[1]) : 2; }
