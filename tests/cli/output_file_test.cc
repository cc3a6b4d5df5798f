#include "cli/formats/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/app.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

ptrdiff_t FilesIn(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(WriteFile, ReplacesAndReports) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFile(folder.path("f"), "one").ok());
  ASSERT_TRUE(WriteFile(folder.path("f"), std::string("two\0", 4)).ok());
  EXPECT_EQ(ReadText(folder.path("f")), std::string("two\0", 4));
  EXPECT_FALSE(WriteFile(folder.path("none/f"), "x").ok());
  EXPECT_FALSE(WriteFile(folder.path("."), "x").ok());
  EXPECT_EQ(FilesIn(folder.path("")), 1);
}

TEST(OutputFile, WhatIsNotFinishedLeavesWhatWasThere) {
  const TemporaryFolder folder;
  WriteText(folder.path("f"), "old");
  {
    auto file = OutputFile::Open(folder.path("f")).value();
    file->stream() << std::string(1'000'000, 'x') << std::flush;
    EXPECT_EQ(FilesIn(folder.path("")), 2);
  }
  EXPECT_EQ(ReadText(folder.path("f")), "old");
  EXPECT_EQ(FilesIn(folder.path("")), 1);
}

TEST(OutputFile, KeepsTheModeOrIsItsOwnersAlone) {
  const TemporaryFolder folder;
  using fs::perms;
  WriteText(folder.path("f"), "old");
  fs::permissions(folder.path("f"), perms::owner_read | perms::owner_write | perms::group_read);
  ASSERT_TRUE(WriteFile(folder.path("f"), "new").ok());
  EXPECT_EQ(fs::status(folder.path("f")).permissions(),
            perms::owner_read | perms::owner_write | perms::group_read);
  ASSERT_TRUE(OutputFile::Open(folder.path("f"), OutputFile::For::kOwner).value()->Finish().ok());
  EXPECT_EQ(fs::status(folder.path("f")).permissions(), perms::owner_read | perms::owner_write);
}

TEST(OutputFile, FollowsLinks) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("there"));
  WriteText(folder.path("there/f"), "old");
  fs::create_symlink("there/f", folder.path("one"));
  fs::create_symlink("one", folder.path("two"));
  ASSERT_TRUE(WriteFile(folder.path("two"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder.path("two")));
  EXPECT_TRUE(fs::is_symlink(folder.path("one")));
  EXPECT_EQ(ReadText(folder.path("there/f")), "new");
  fs::create_symlink("there/later", folder.path("three"));
  ASSERT_TRUE(WriteFile(folder.path("three"), "made").ok());
  EXPECT_TRUE(fs::is_symlink(folder.path("three")));
  EXPECT_EQ(ReadText(folder.path("there/later")), "made");
  fs::create_symlink("loop", folder.path("loop"));
  EXPECT_FALSE(WriteFile(folder.path("loop"), "x").ok());
  EXPECT_EQ(FilesIn(folder.path("there")), 2);
}

TEST(OutputFile, AFifoIsWrittenInPlace) {
  const TemporaryFolder folder;
  const std::string fifo = folder.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  std::string got;
  std::thread reader([&] { got = ReadText(fifo); });
  EXPECT_TRUE(WriteFile(fifo, "words").ok());
  reader.join();
  EXPECT_EQ(got, "words");
  EXPECT_TRUE(fs::is_fifo(fifo));
  EXPECT_TRUE(IsWrittenInPlace(fifo));
  EXPECT_FALSE(IsWrittenInPlace(folder.path("none")));
}

TEST(SafeFileName, StaysInItsFolder) {
  EXPECT_EQ(SafeFileName("mono-5.x_1"), "mono-5.x_1");
  EXPECT_EQ(SafeFileName("../../etc/x"), "_._.._etc_x");
  EXPECT_EQ(SafeFileName(".hidden \xc3\xbc"), "_hidden___");
}

// Standard output on a disk that is full.
class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    full_ = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full_, 0);
    WriteText(folder_.path("in.jsonl"),
              R"({"session_id":"a","turns":[{"role":"user","text":"one"}]})");
    ASSERT_EQ(RunCli(server_, {"import", folder_.path("in.jsonl")}).exit_code, 0);
  }
  void TearDown() override { close(full_); }

  // With standard output going to `descriptor`.
  Ran RunInto(int descriptor, std::vector<std::string> arguments) {
    DescriptorBuffer buffer(descriptor);
    std::ostream out(&buffer);
    std::ostringstream err;
    Console console{.out = out, .err = err};
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    const int exit_code = RunFovea(std::move(arguments), console);
    return {.exit_code = exit_code, .err = err.str()};
  }

  FakeServer server_;
  TemporaryFolder folder_;
  int full_ = -1;
};

TEST_F(FullDisk, StandardOutputThatCannotBeWrittenIsAnError) {
  const std::vector<std::vector<std::string>> runs = {{"sessions"},
                                                      {"sessions", "--json"},
                                                      {"turn", "a", "1"},
                                                      {"stats"},
                                                      {"stats", "--json"},
                                                      {"export", "a"},
                                                      {"export", "a", "--out", "-"},
                                                      {"--help"},
                                                      {"turn", "--help"}};
  for (const std::vector<std::string>& run : runs) {
    const Ran ran = RunInto(full_, run);
    EXPECT_EQ(ran.exit_code, 1) << run[0];
    EXPECT_EQ(ran.err, "fovea: RESOURCE_EXHAUSTED: standard output: No space left on device\n")
        << run[0];
  }
}

TEST_F(FullDisk, AReaderWhoIsGoneIsNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  for (const char* verb : {"sessions", "export"}) {
    const Ran ran =
        RunInto(ends[1], verb == std::string("export") ? std::vector<std::string>{"export", "a"}
                                                       : std::vector<std::string>{verb});
    EXPECT_EQ(ran.exit_code, 141) << verb;
    EXPECT_EQ(ran.err, "") << verb;
  }
  close(ends[1]);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(FullDisk, ADashIsStandardOutput) {
  const Ran ran = RunCli(server_, {"export", "a", "--out", "-"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, RunCli(server_, {"export", "a"}).out);
  EXPECT_THAT(ran.out, HasSubstr("b25l"));
  EXPECT_FALSE(fs::exists("-"));
}

TEST_F(FullDisk, AnExportGoesThroughALinkAndIntoAFifo) {
  fs::create_symlink("target", folder_.path("link"));
  ASSERT_EQ(RunCli(server_, {"export", "a", "--out", folder_.path("link")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder_.path("link")));
  const std::string whole = ReadText(folder_.path("target"));
  EXPECT_THAT(whole, HasSubstr("b25l"));
  const std::string fifo = folder_.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  std::string got;
  std::thread reader([&] { got = ReadText(fifo); });
  EXPECT_EQ(RunCli(server_, {"export", "a", "--out", fifo}).exit_code, 0);
  reader.join();
  EXPECT_EQ(got, whole);
  EXPECT_TRUE(fs::is_fifo(fifo));
}

}  // namespace
}  // namespace fovea::cli
