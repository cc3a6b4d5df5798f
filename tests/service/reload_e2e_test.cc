// What a SIGHUP takes up, each part for itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

bool Comes(const std::string& log, const std::string& words) {
  for (int i = 0; i < 1'000 && ReadAll(log).find(words) == std::string::npos; ++i) usleep(10'000);
  return ReadAll(log).find(words) != std::string::npos;
}

TEST(ReloadE2e, WrongTokensDoNotKeepTheRestFromBeingReadAgain) {
  const TemporaryDirectory files;
  const std::string address = "unix:" + files.Path("socket");
  const std::string log = files.Path("log");
  std::ofstream(files.Path("tokens"))
      << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("red"), R"(", "tenant": "red"})");
  std::ofstream(files.Path("conf"))
      << "audit_log = " << files.Path("audit") << "\ntokens = " << files.Path("tokens") << "\n";
  Process server(
      {.flags = {"--config", files.Path("conf"), "--data", files.Path("data"), "--listen", address},
       .log = log});
  Client red(address, "red");
  ASSERT_TRUE(
      red.channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(90)));
  ASSERT_TRUE(red.CreateSession("s").ok());
  std::ofstream(files.Path("tokens")) << "nonsense";
  std::filesystem::rename(files.Path("audit"), files.Path("audit.1"));
  ASSERT_EQ(kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(Comes(log, "tokens stay as they were: ")) << ReadAll(log);
  EXPECT_TRUE(Comes(log, "drain time read again")) << ReadAll(log);
  red.MustRead("s");
  EXPECT_NE(ReadAll(files.Path("audit")), "");
  // A pipe in the place of the tokens holds nobody up.
  std::filesystem::remove(files.Path("tokens"));
  ASSERT_EQ(mkfifo(files.Path("tokens").c_str(), 0600), 0);
  ASSERT_EQ(kill(server.pid(), SIGHUP), 0);
  EXPECT_TRUE(Comes(log, "it is no regular file")) << ReadAll(log);
  red.MustRead("s");
  EXPECT_EQ(server.Kill(SIGTERM), 0);
}

}  // namespace
}  // namespace fovea::testing
