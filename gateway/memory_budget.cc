#include "gateway/memory_budget.h"

#include <malloc.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace fovea::gateway {
namespace {

// Who held less leaves nothing that is worth a walk through the heap.
constexpr size_t kLargeBytes = 48 << 20;

// Measured over texts, escapes, many blocks, many empty lists: in the worst case 6.8 bytes for each
// byte, and 180 for each value. Values begin behind a comma or a bracket.
constexpr size_t kCopies = 7;
constexpr size_t kBytesPerValue = 180;

// One at a time; who comes meanwhile has it done once more by that one.
void GiveBackToSystem() {
  static std::atomic<int> wanted{0};
  if (wanted.fetch_add(1) > 0) return;
  int seen = 1;
  do {
    seen = wanted.load();
    malloc_trim(0);
  } while (wanted.fetch_sub(seen) != seen);
}

struct CountedText {
  std::unique_ptr<HeldBytes> held;  // goes last
  std::string text;
};

}  // namespace

size_t MemoryBudget::held() const {
  absl::MutexLock lock(&mutex_);
  return held_;
}

bool MemoryBudget::Take(size_t bytes, absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  const auto room = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return held_ <= limit_ && bytes <= limit_ - held_;
  };
  const bool there = patience > absl::ZeroDuration()
                         ? mutex_.AwaitWithTimeout(absl::Condition(&room), patience)
                         : room();
  if (there) held_ += bytes;
  return there;
}

void MemoryBudget::TakeAnyway(size_t bytes) {
  absl::MutexLock lock(&mutex_);
  held_ += bytes;
}

void MemoryBudget::Give(size_t bytes) {
  if (bytes == 0) return;
  absl::MutexLock lock(&mutex_);
  held_ -= bytes;
}

HeldBytes::~HeldBytes() {
  budget_->Give(mine_);
  if (mine_ >= kLargeBytes) GiveBackToSystem();
}

bool HeldBytes::Grow(size_t bytes, absl::Duration patience) {
  if (!budget_->Take(bytes, patience)) return false;
  mine_ += bytes;
  return true;
}

void HeldBytes::Add(size_t bytes) {
  budget_->TakeAnyway(bytes);
  mine_ += bytes;
}

std::shared_ptr<const std::string> Counted(std::string text, std::unique_ptr<HeldBytes> held) {
  const auto counted =
      std::make_shared<const CountedText>(CountedText{std::move(held), std::move(text)});
  return {counted, &counted->text};
}

size_t CostOfReading(absl::string_view json) {
  // Those within texts count, too: that is on the safe side.
  constexpr size_t kStep = 128;
  const auto begins = [](char c) { return static_cast<uint8_t>(c == ',' || (c | 0x20) == '{'); };
  size_t values = 0;
  size_t at = 0;
  // In bytes, which the compiler makes vectors of.
  for (; at + kStep <= json.size(); at += kStep) {
    uint8_t here = 0;
    for (size_t i = 0; i < kStep; ++i) here = static_cast<uint8_t>(here + begins(json[at + i]));
    values += here;
  }
  for (; at < json.size(); ++at) values += begins(json[at]);
  return json.size() * kCopies + values * kBytesPerValue;
}

}  // namespace fovea::gateway
