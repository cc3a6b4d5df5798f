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
  const TemporaryDirectory folder;
  ASSERT_TRUE(WriteFile(folder.Path("f"), "one").ok());
  ASSERT_TRUE(WriteFile(folder.Path("f"), std::string("two\0", 4)).ok());
  EXPECT_EQ(ReadText(folder.Path("f")), std::string("two\0", 4));
  EXPECT_FALSE(WriteFile(folder.Path("none/f"), "x").ok());
  EXPECT_FALSE(WriteFile(folder.Path("."), "x").ok());
  EXPECT_EQ(FilesIn(folder.Path("")), 1);
}

TEST(OutputFile, WhatIsNotFinishedLeavesWhatWasThere) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("f"), "old");
  {
    auto file = OutputFile::Open(folder.Path("f")).value();
    file->stream() << std::string(1'000'000, 'x') << std::flush;
    EXPECT_EQ(FilesIn(folder.Path("")), 2);
  }
  EXPECT_EQ(ReadText(folder.Path("f")), "old");
  EXPECT_EQ(FilesIn(folder.Path("")), 1);
}

TEST(OutputFile, KeepsTheModeOrIsItsOwnersAlone) {
  const TemporaryDirectory folder;
  using fs::perms;
  WriteText(folder.Path("f"), "old");
  fs::permissions(folder.Path("f"), perms::owner_read | perms::owner_write | perms::group_read);
  ASSERT_TRUE(WriteFile(folder.Path("f"), "new").ok());
  EXPECT_EQ(fs::status(folder.Path("f")).permissions(),
            perms::owner_read | perms::owner_write | perms::group_read);
  ASSERT_TRUE(OutputFile::Open(folder.Path("f"), OutputFile::For::kOwner).value()->Finish().ok());
  EXPECT_EQ(fs::status(folder.Path("f")).permissions(), perms::owner_read | perms::owner_write);
}

TEST(OutputFile, FollowsLinks) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.Path("there"));
  WriteText(folder.Path("there/f"), "old");
  fs::create_symlink("there/f", folder.Path("one"));
  fs::create_symlink("one", folder.Path("two"));
  ASSERT_TRUE(WriteFile(folder.Path("two"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder.Path("two")));
  EXPECT_TRUE(fs::is_symlink(folder.Path("one")));
  EXPECT_EQ(ReadText(folder.Path("there/f")), "new");
  fs::create_symlink("there/later", folder.Path("three"));
  ASSERT_TRUE(WriteFile(folder.Path("three"), "made").ok());
  EXPECT_TRUE(fs::is_symlink(folder.Path("three")));
  EXPECT_EQ(ReadText(folder.Path("there/later")), "made");
  fs::create_symlink("loop", folder.Path("loop"));
  EXPECT_FALSE(WriteFile(folder.Path("loop"), "x").ok());
  EXPECT_EQ(FilesIn(folder.Path("there")), 2);
}

TEST(OutputFile, AFifoIsWrittenInPlace) {
  const TemporaryDirectory folder;
  const std::string fifo = folder.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  std::string got;
  std::thread reader([&] { got = ReadText(fifo); });
  EXPECT_TRUE(WriteFile(fifo, "words").ok());
  reader.join();
  EXPECT_EQ(got, "words");
  EXPECT_TRUE(fs::is_fifo(fifo));
  EXPECT_TRUE(IsWrittenInPlace(fifo));
  EXPECT_FALSE(IsWrittenInPlace(folder.Path("none")));
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
    WriteText(folder_.Path("in.jsonl"),
              R"({"session_id":"a","turns":[{"role":"user","text":"one"}]})");
    ASSERT_EQ(RunCli(server_, {"import", folder_.Path("in.jsonl")}).exit_code, 0);
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
  TemporaryDirectory folder_;
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
  fs::create_symlink("target", folder_.Path("link"));
  ASSERT_EQ(RunCli(server_, {"export", "a", "--out", folder_.Path("link")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder_.Path("link")));
  const std::string whole = ReadText(folder_.Path("target"));
  EXPECT_THAT(whole, HasSubstr("b25l"));
  const std::string fifo = folder_.Path("fifo");
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
