// A store that is killed with SIGKILL keeps every turn that it acknowledged.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "tests/memory_store/crash_turns.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

using ::testing::IsEmpty;

// Runs the child on the directory, kills it after a while, and returns what it said.
std::string RunAndKill(const std::string& directory, absl::Duration life) {
  std::array<int, 2> ends = {};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = FOVEA_CRASH_CHILD;
  std::string argument = directory;
  std::array<char*, 3> arguments = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);

  std::string said;
  std::array<char, 4096> buffer = {};
  // Its life begins with its first word: opening takes its own time.
  ssize_t size = read(ends[0], buffer.data(), buffer.size());
  if (size > 0) said.append(buffer.data(), static_cast<size_t>(size));
  const absl::Time end = absl::Now() + life;
  while (size > 0 && absl::Now() < end) {
    size = read(ends[0], buffer.data(), buffer.size());
    if (size > 0) said.append(buffer.data(), static_cast<size_t>(size));
  }
  kill(child, SIGKILL);
  while ((size = read(ends[0], buffer.data(), buffer.size())) > 0) {
    said.append(buffer.data(), static_cast<size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  return said;
}

TEST(Crash, NoAcknowledgedTurnIsLost) {
  const TemporaryDirectory directory{kInMemory};
  std::mt19937_64 random(17);
  std::map<int, uint64_t> acknowledged;
  for (int round = 0; round < 10; ++round) {
    std::istringstream said(
        RunAndKill(directory.path(), absl::Milliseconds(static_cast<int64_t>(random() % 150))));
    int session = 0;
    uint64_t seq = 0;
    uint64_t lines = 0;
    while (said >> session >> seq) {
      acknowledged[session] = std::max(acknowledged[session], seq);
      ++lines;
    }
    EXPECT_GT(lines, 0U);

    const auto store = OpenStore(directory.path());
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(Value(store->log().Verify()).problems, IsEmpty());
    for (const auto& [s, last] : acknowledged) {
      const std::vector<Turn> turns =
          Value(store->log().ReadTurns(CrashKey(s), {1, UINT64_MAX}, 0));
      ASSERT_GE(turns.size(), last);
      for (size_t i = 0; i < turns.size(); ++i) ASSERT_EQ(turns[i], CrashTurn(s, i + 1));
    }
  }
}

}  // namespace
}  // namespace fovea::testing
