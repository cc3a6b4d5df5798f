// The configuration: its sources, its errors, and what it refuses to open.
#include "service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/service/server_fixture.h"

namespace fovea::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config MustMake(const std::vector<ConfigSource>& sources) {
  ConfigProblems problems;
  Config config = MakeConfig(sources, &problems);
  EXPECT_TRUE(problems.status().ok()) << problems.status();
  return config;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ConfigTest, LaterSourcesStandOverEarlierOnes) {
  ConfigProblems problems;
  const ConfigValues file = ParseConfig("f", R"(
# a comment
data = /srv/fovea   # and one behind a value
listen = unix:/run/a.sock
listen = "127.0.0.1:7000"
memory_limit = 1G
drain_time = 3s
tenant_turns_per_second = 2.5
)",
                                        &problems);
  ASSERT_TRUE(problems.status().ok()) << problems.status();
  const std::map<std::string, std::string> variables = {
      {"FOVEA_DATA", "/env"}, {"FOVEA_LISTEN", "unix:/b,unix:/c"}, {"FOVEA_LOG_LEVEL", "debug"}};
  const ConfigValues environment = ConfigOfEnvironment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  const Config config =
      MustMake({{"f", file}, {"environment", environment}, {"flags", {{"data", {{"/flag"}}}}}});
  EXPECT_EQ(config.data, "/flag");
  EXPECT_THAT(config.listen, ElementsAre("unix:/b", "unix:/c"));
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.memory_limit, uint64_t{1} << 30);
  EXPECT_EQ(config.call_memory, uint64_t{192} << 20);  // its share of what is left
  EXPECT_EQ(config.drain_time, absl::Seconds(3));
  EXPECT_EQ(config.quotas.turns_per_second, 2.5);
}

TEST(ConfigTest, NamesAllErrorsOfAllStagesAtOnce) {
  const TemporaryDirectory files;
  const std::string tokens = files.Path("tokens");
  std::ofstream(tokens) << "{\"token_sha256\":\"x\"}\n{\"nope\":1}\nnot json\n";
  const std::string readers = files.Path("readers");
  std::filesystem::create_directory(readers);
  std::ofstream(readers + "/a.json") << "{";
  std::ofstream(readers + "/b.json") << "[";
  ConfigProblems problems;
  const std::string text = absl::StrCat(
      "data /x\nnope = 1\ndata = a\ndata = b\nthreads = many\nlisten = 0.0.0.0:1\n"
      "metrics_listen = x\nmemory_limit = 1X\nturn_cache = 1T\ntls_certificate = /none/c\n"
      "tls_key = /none/k\ntls_client_ca = /none/ca\naudit_log = /none/x\nreaders = ",
      readers, "\ntokens = ", tokens, "\nlisten = y\nlisten = z\n");
  const ConfigValues values = ParseConfig("f", text, &problems);
  const Config config =
      MakeConfig({{"f", values}, {"flags", {{"log_level", {{"loud"}}}}}}, &problems);
  CheckConfig(config, &problems);
  CheckFiles(config, &problems);
  std::vector<std::string> begins;
  for (const absl::string_view line :
       absl::StrSplit(std::string(problems.status().message()), '\n')) {
    begins.emplace_back(line.substr(0, line.find(' ', line.find(": ") + 2)));
  }
  EXPECT_THAT(begins,
              ElementsAre("f:1: must", "f:2: there", "f:4: data:", "f:8: memory_limit:",
                          "f:5: threads:", "flags: log_level:", "f:16: listen:", "f:17: listen:",
                          "f:7: metrics_listen:", "f:15: tokens:", "f:15: tokens:", "f:15: tokens:",
                          "f:13: audit_log:", "f:10: tls_certificate:", "f:11: tls_key:",
                          "f:12: tls_client_ca:", "f:14: readers:", "f:14: readers:"))
      << problems.status();
}

TEST(ConfigTest, NamesNothingThatFollowsFromAnotherError) {
  ConfigProblems problems;
  const Config config = MakeConfig({{"flags",
                                     {{"listen", {{"0.0.0.0:1"}}},
                                      {"insecure", {{"yes"}}},
                                      {"memory_limit", {{"16Q"}}},
                                      {"turn_cache", {{"4G"}}}}}},
                                   &problems);
  CheckConfig(config, &problems);
  EXPECT_EQ(Message(problems.status()),
            "flags: insecure: \"yes\" must be true or false\n"
            "flags: memory_limit: \"16Q\" must be a number of bytes, such as 512M or 2G");
}

TEST(ConfigTest, IsClosedByDefault) {
  const auto check = [](ConfigValues values) {
    values["data"] = {{"/x"}};
    ConfigProblems problems;
    CheckConfig(MustMake({{"flags", std::move(values)}}), &problems);
    return Message(problems.status());
  };
  EXPECT_EQ(check({{"listen", {{"unix:/x"}}}}), "");
  EXPECT_EQ(check({{"listen", {{"127.0.0.1:1"}, {"[::1]:1"}, {"localhost:1"}}}}), "");
  const char* const open = "other machines could reach it";
  EXPECT_THAT(check({{"listen", {{"0.0.0.0:1"}}}}), HasSubstr(open));
  EXPECT_THAT(check({{"listen", {{"127.example.com:1"}}}}), HasSubstr(open));
  EXPECT_THAT(check({{"listen", {{"0.0.0.0:1"}}}, {"tokens", {{"t"}}}}), HasSubstr(open));
  EXPECT_THAT(
      check({{"listen", {{"0.0.0.0:1"}}}, {"tls_certificate", {{"c"}}}, {"tls_key", {{"k"}}}}),
      HasSubstr(open));
  EXPECT_EQ(check({{"listen", {{"0.0.0.0:1"}}},
                   {"tls_certificate", {{"c"}}},
                   {"tls_key", {{"k"}}},
                   {"tokens", {{"t"}}}}),
            "");
  EXPECT_EQ(check({{"listen", {{"0.0.0.0:1"}}}, {"insecure", {{"true"}}}}), "");
  EXPECT_THAT(check({{"tls_certificate", {{"c"}}}}), HasSubstr("tls_certificate: wants tls_key"));
  EXPECT_THAT(check({{"metrics_listen", {{"9090"}}}}), HasSubstr("is not HOST:PORT"));
  EXPECT_THAT(check({{"memory_limit", {{"1M"}}}}), HasSubstr("must be at least 384M"));
  EXPECT_THAT(check({{"turn_cache", {{"3G"}}}}), HasSubstr("more than 2048M without the 256M"));
}

TEST(ConfigTest, EveryKeyIsDocumented) {
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_FALSE(std::string(key.help).empty()) << key.name;
    EXPECT_FALSE(std::string(key.value).empty()) << key.name;
  }
}

}  // namespace
}  // namespace fovea::service
