#include "memory_store/memory_store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

StoreOptions In(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.reserve_bytes = 0;
  return options;
}

TEST(MemoryStore, OneDirectoryHasOneStore) {
  const TemporaryDirectory directory{kInMemory};
  auto store = Value(MemoryStore::Open(In(directory.path())));
  const auto second = MemoryStore::Open(In(directory.path()));
  EXPECT_EQ(Code(second), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another store"));
  store.reset();
  EXPECT_TRUE(MemoryStore::Open(In(directory.path())).ok());
}

TEST(MemoryStore, OnlyTheOwnerCanReadItsFiles) {
  const TemporaryDirectory scratch{kInMemory};
  const std::string directory = scratch.Path("deep/store");
  const mode_t mask = umask(0);
  const auto store = OpenStore(directory);
  const SessionKey key = {"t", "a"};
  Value(store->log().CreateSession(key, Session("a")));
  Value(store->log().Append(key, Batch({TextTurn("x")})));
  Value(store->search().Search(key, "x", SearchOrder::kNewestFirst, 1));
  umask(mask);
  const auto mode = [](const std::filesystem::path& path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  };
  EXPECT_EQ(mode(directory), 0700U);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    EXPECT_EQ(mode(entry.path()), 0600U) << entry.path();
    ++files;
  }
  // A lock, a head, a reserve, and of five databases file, log and shared memory.
  EXPECT_EQ(files, 18U);
}

TEST(MemoryStore, NeedsADirectoryThatCanBeMade) {
  const TemporaryDirectory scratch{kInMemory};
  EXPECT_EQ(Code(MemoryStore::Open(In(""))), absl::StatusCode::kInvalidArgument);
  std::ofstream(scratch.Path("file")) << "x";
  EXPECT_FALSE(MemoryStore::Open(In(scratch.Path("file"))).ok());
  EXPECT_FALSE(MemoryStore::Open(In(scratch.Path("file/store"))).ok());
}

// Overwrites part of a file.
void Poke(const std::string& path, std::streamoff at, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(MemoryStore, NeverTouchesALogThatItCannotRead) {
  struct Case {
    std::streamoff at;
    std::string bytes;
    absl::StatusCode code;
  };
  const std::map<std::string, Case> cases = {
      {"no database", {0, "something else entirely", absl::StatusCode::kDataLoss}},
      {"another application", {68, "ABCD", absl::StatusCode::kFailedPrecondition}}};
  for (const auto& [name, test] : cases) {
    SCOPED_TRACE(name);
    const TemporaryDirectory directory{kInMemory};
    OpenStore(directory.path()).reset();
    Poke(directory.Path("log.db"), test.at, test.bytes);
    const std::string before = Slurp(directory.Path("log.db"));
    EXPECT_EQ(Code(MemoryStore::Open(In(directory.path()))), test.code);
    EXPECT_EQ(Slurp(directory.Path("log.db")), before);
  }
}

// A store with a session of 200 turns, closed.
void Fill(const TemporaryDirectory& directory) {
  const auto store = OpenStore(directory.path());
  const SessionKey key = {"t", "a"};
  Value(store->log().CreateSession(key, Session("a")));
  std::mt19937_64 random(5);
  Value(store->log().Append(key, Batch(RandomTurns(random, 200, 1000))));
}

TEST(MemoryStore, DamageIsFoundOrHarmless) {
  const TemporaryDirectory directory{kInMemory};
  Fill(directory);
  const SessionKey key = {"t", "a"};
  const std::string path = directory.Path("log.db");
  const std::string sound = Slurp(path);
  const std::vector<Turn> turns =
      Value(OpenStore(directory.path())->log().ReadTurns(key, {1, 200}, 0));
  std::mt19937_64 random(7);
  int found = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << sound;
    const size_t at = random() % (sound.size() - 32);
    Poke(path, static_cast<std::streamoff>(at), std::string(32, '\x5a'));
    const auto store = MemoryStore::Open(In(directory.path()));
    if (!store.ok() || !Value((*store)->log().Verify()).problems.empty()) {
      ++found;
      continue;
    }
    EXPECT_EQ(Value((*store)->log().ReadTurns(key, {1, 200}, 0)), turns) << at;
  }
  // The rest hits free space.
  EXPECT_GT(found, kRounds / 4);
}

TEST(MemoryStore, VerifySaysWhatIsSound) {
  const TemporaryDirectory directory{kInMemory};
  Fill(directory);
  const auto store = OpenStore(directory.path());
  const VerifyReport report = Value(store->log().Verify());
  EXPECT_EQ(report.turns, 200U);
  EXPECT_THAT(report.problems, IsEmpty());
}

TEST(MemoryStore, DeletedTextLeavesTheLogFiles) {
  const TemporaryDirectory directory{kInMemory};
  const auto store = OpenStore(directory.path());
  const SessionKey key = {"t", "a"};
  const std::string title = "A title that stands in the file as it is";
  NewSession session = Session("a");
  session.title = title;
  Value(store->log().CreateSession(key, session));
  const auto in_files = [&] {
    return absl::StrContains(Slurp(directory.Path("log.db")), title) ||
           absl::StrContains(Slurp(directory.Path("log.db-wal")), title);
  };
  EXPECT_TRUE(in_files());
  Value(store->log().DeleteSession(key, 0));
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (in_files() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_FALSE(in_files());
}

}  // namespace
}  // namespace fovea::testing
