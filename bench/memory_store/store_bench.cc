// How fast the memory store is, beside what the disk does without it.
//
// Files are made below the directory in FOVEA_BENCH_DIRECTORY, or else the present one: put it on
// the disk that is to be measured. Disks are throttled in bursts, so every run that waits for the
// disk also times a loop of writes and fdatasync just before and after it (raw_syncs_per_s).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "memory_store/memory_store.h"

namespace fovea {
namespace {

constexpr int kProducers = 8;
constexpr size_t kTurnBytes = 1024;
constexpr size_t kPageBytes = 80'000;
constexpr int kRawSyncs = 100;

std::string Root() {
  const char* root = std::getenv("FOVEA_BENCH_DIRECTORY");
  return root == nullptr ? "." : root;
}

class BenchDirectory {
 public:
  BenchDirectory() : path_(absl::StrCat(Root(), "/store-bench-XXXXXX")) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;
  ~BenchDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Words with a long-tailed frequency, which compress about as prose and tool output do.
std::string Words(std::mt19937_64& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const uint64_t rank = random() % (1 + random() % 20'000);
    absl::StrAppend(&text, absl::Hex(rank * 2654435761U % 0xFFFFF), " ");
  }
  text.resize(bytes);
  return text;
}

std::vector<Turn> MakeTurns(std::mt19937_64& random, size_t count) {
  std::vector<Turn> turns(count);
  for (Turn& turn : turns) turn.parts.emplace_back(TextPart{Words(random, kTurnBytes)});
  return turns;
}

SessionKey Key(int session) { return {"tenant", absl::StrCat("session-", session)}; }

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// A store with `sessions` sessions of `turns` turns each.
class BenchStore {
 public:
  BenchStore(int sessions, size_t turns) {
    StoreOptions options;
    options.directory = directory_.path();
    options.search_wait = absl::Seconds(60);
    auto store = MemoryStore::Open(options);
    Check(store.status());
    store_ = *std::move(store);
    std::mt19937_64 random(1);
    for (int s = 0; s < sessions; ++s) {
      NewSession session;
      session.session_id = Key(s).session_id;
      Check(store_->log().CreateSession(Key(s), session).status());
      if (turns == 0) continue;
      AppendBatch batch;
      batch.turns = MakeTurns(random, turns);
      Check(store_->log().Append(Key(s), batch).status());
    }
  }
  MemoryStore& operator*() const { return *store_; }
  MemoryStore* operator->() const { return store_.get(); }

  // Of a file beside the store: kRawSyncs times a kilobyte and fdatasync.
  double RawSyncsPerSecond() const {
    const std::string path = directory_.path() + "/raw";
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string bytes(kTurnBytes, 'x');
    const absl::Time begin = absl::Now();
    for (int i = 0; i < kRawSyncs; ++i) {
      if (write(file, bytes.data(), bytes.size()) < 0 || fdatasync(file) != 0) std::abort();
    }
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
    close(file);
    return kRawSyncs / seconds;
  }

 private:
  BenchDirectory directory_;
  std::unique_ptr<MemoryStore> store_;
};

class Latencies {
 public:
  void Add(absl::Duration duration) {
    microseconds_.push_back(absl::ToDoubleMicroseconds(duration));
  }
  void Report(benchmark::State& state) {
    if (microseconds_.empty()) return;
    std::sort(microseconds_.begin(), microseconds_.end());
    state.counters["p50_us"] = At(0.50);
    state.counters["p99_us"] = At(0.99);
  }

 private:
  double At(double quantile) const {
    return microseconds_[static_cast<size_t>(quantile *
                                             static_cast<double>(microseconds_.size() - 1))];
  }
  std::vector<double> microseconds_;
};

template <typename Call>
void Time(benchmark::State& state, Call call) {
  Latencies latencies;
  for ([[maybe_unused]] auto _ : state) {
    const absl::Time begin = absl::Now();
    call();
    latencies.Add(absl::Now() - begin);
  }
  latencies.Report(state);
}

// Shared by the threads of one run: made by the first, before the others pass the start line.
std::unique_ptr<BenchStore> shared_store;

// The raw disk: one writer, one kilobyte a sync.
void RawFdatasync(benchmark::State& state) {
  const BenchStore store(0, 0);
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(store.RawSyncsPerSecond());
  }
  state.SetItemsProcessed(state.iterations() * kRawSyncs);
}
BENCHMARK(RawFdatasync)->UseRealTime();

// Turns a second with eight producers, each with its own session. Argument: turns in one call.
void Append(benchmark::State& state) {
  double raw_before = 0;
  if (state.thread_index() == 0) {
    shared_store = std::make_unique<BenchStore>(kProducers, 0);
    raw_before = shared_store->RawSyncsPerSecond();
  }
  std::mt19937_64 random(static_cast<uint64_t>(state.thread_index()));
  const std::vector<Turn> pool = MakeTurns(random, 512);
  const auto count = static_cast<size_t>(state.range(0));
  const SessionKey key = Key(state.thread_index());
  size_t next = 0;
  Time(state, [&] {
    AppendBatch batch;
    for (size_t i = 0; i < count; ++i) batch.turns.push_back(pool[next++ % pool.size()]);
    Check((*shared_store)->log().Append(key, std::move(batch)).status());
  });
  state.SetItemsProcessed(state.iterations() * state.range(0));
  // Counters are summed over the threads; times are wanted as they are.
  state.counters["p50_us"].value /= kProducers;
  state.counters["p99_us"].value /= kProducers;
  if (state.thread_index() != 0) return;
  state.counters["raw_syncs_per_s"] = (raw_before + shared_store->RawSyncsPerSecond()) / 2;
  const auto stats = (*shared_store)->log().Stats();
  state.counters["turns_per_commit"] =
      static_cast<double>(stats->appended_turns) / static_cast<double>(stats->commits);
  shared_store.reset();
}
BENCHMARK(Append)->Arg(1)->Arg(16)->Arg(256)->Threads(kProducers)->UseRealTime();

void ReadLast20(benchmark::State& state) {
  const BenchStore store(100, 1000);
  std::mt19937_64 random(2);
  Time(state, [&] {
    const auto turns =
        store->log().ReadTurns(Key(static_cast<int>(random() % 100)), {981, 1000}, 0);
    Check(turns.status());
    benchmark::DoNotOptimize(turns->size());
  });
}
BENCHMARK(ReadLast20)->UseRealTime();

// In one of 100 sessions of 1000 turns, for two words. Argument: 1 newest first, 2 by relevance.
void Search(benchmark::State& state) {
  const BenchStore store(100, 1000);
  const auto order = static_cast<SearchOrder>(state.range(0));
  std::mt19937_64 random(3);
  for (int s = 0; s < 100; ++s) Check(store->search().Search(Key(s), "0", order, 1).status());
  Time(state, [&] {
    const std::string query = absl::StrCat(absl::Hex(random() % 30 * 2654435761U % 0xFFFFF), " ",
                                           absl::Hex(random() % 300 * 2654435761U % 0xFFFFF));
    Check(store->search().Search(Key(static_cast<int>(random() % 100)), query, order, 20).status());
  });
}
BENCHMARK(Search)->Arg(1)->Arg(2)->UseRealTime();

// Pages of 80 KB, until they are in the file.
void PutPages(benchmark::State& state) {
  const BenchStore store(1, 0);
  const std::string png(kPageBytes, '\x89');
  uint64_t number = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (int i = 0; i < 64; ++i) {
      Check(
          store->pages().Put(Key(0), {{absl::StrCat(absl::Hex(++number, absl::kZeroPad16)), png}}));
    }
    Check(store->pages().Stats().status());
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(PutPages)->UseRealTime();

void GetPage(benchmark::State& state) {
  const BenchStore store(1, 0);
  constexpr uint64_t kPages = 500;
  for (uint64_t i = 0; i < kPages; ++i) {
    Check(store->pages().Put(Key(0), {{absl::StrCat(i), std::string(kPageBytes, 'p')}}));
  }
  Check(store->pages().Stats().status());
  std::mt19937_64 random(4);
  Time(state, [&] {
    const auto pages = store->pages().Get(Key(0), {absl::StrCat(random() % kPages)});
    Check(pages.status());
    if (!pages->front()) std::abort();
  });
}
BENCHMARK(GetPage)->UseRealTime();

}  // namespace
}  // namespace fovea

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("commit", FOVEA_COMMIT);
  benchmark::AddCustomContext("compiler", __VERSION__);
  benchmark::AddCustomContext("flags", FOVEA_FLAGS);
  benchmark::AddCustomContext("directory", std::filesystem::absolute(fovea::Root()).string());
  benchmark::AddCustomContext("corpus", "generated words, 1 KB turns, 80 KB pages");
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
