// Turns and directories for the memory store's tests.
#ifndef FOVEA_TESTS_MEMORY_STORE_SUPPORT_H_
#define FOVEA_TESTS_MEMORY_STORE_SUPPORT_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "core/log/turn.h"
#include "gtest/gtest.h"
#include "memory_store/memory_store.h"
#include "tests/support/temporary_directory.h"

namespace fovea::testing {

// For a store: what a test waits for is then the code, not the disk.
inline constexpr TemporaryDirectory::In kInMemory = TemporaryDirectory::In::kMemory;

// The value, or a failed test and a default value.
template <typename T>
T Value(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : T();
}

template <typename T>
absl::StatusCode Code(const absl::StatusOr<T>& result) {
  return result.status().code();
}

Turn TextTurn(std::string text, Role role = Role::kUser);
std::vector<Turn> TextTurns(const std::vector<std::string>& texts);
// Any parts, any bytes; at most about max_bytes in each string.
Turn RandomTurn(std::mt19937_64& random, size_t max_bytes);
std::vector<Turn> RandomTurns(std::mt19937_64& random, size_t count, size_t max_bytes);
// As the log gives them back: numbered from `first`.
std::vector<Turn> Numbered(std::vector<Turn> turns, uint64_t first);

AppendBatch Batch(std::vector<Turn> turns);
// `digit` is repeated to a body digest.
AppendBatch KeyedBatch(std::vector<Turn> turns, std::string key, char digit);

// 64 digits.
std::string PageId(int number);

NewSession Session(std::string id, int64_t created_us = 0);

// Asks again, for up to a minute, until the index, which follows the log, has all turns.
SearchAnswer FindWhenIndexed(MemoryStore& store, const SessionKey& key, const SearchQuery& query);

// Opens with a clock that says 1, 2, 3, ...; a failed test and null if it does not open.
std::unique_ptr<MemoryStore> OpenStore(const std::string& directory);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_MEMORY_STORE_SUPPORT_H_
