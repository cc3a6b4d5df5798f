// The configuration: its sources, its errors, and what it refuses to open.
#include "service/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace fovea::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config MustMake(const std::vector<ConfigSource>& sources) {
  auto config = MakeConfig(sources);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ConfigTest, LaterSourcesStandOverEarlierOnes) {
  const auto file = ParseConfig("f", R"(
# a comment
data = /srv/fovea   # and one behind a value
listen = unix:/run/a.sock
listen = "127.0.0.1:7000"
memory_limit = 1G
drain_time = 3s
tenant_turns_per_second = 2.5
)");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::map<std::string, std::string> variables = {
      {"FOVEA_DATA", "/env"}, {"FOVEA_LISTEN", "unix:/b,unix:/c"}, {"FOVEA_LOG_LEVEL", "debug"}};
  const ConfigValues environment = ConfigOfEnvironment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  const Config config =
      MustMake({{"f", *file}, {"environment", environment}, {"flags", {{"data", {"/flag"}}}}});
  EXPECT_EQ(config.data, "/flag");
  EXPECT_THAT(config.listen, ElementsAre("unix:/b", "unix:/c"));
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.memory_limit, uint64_t{1} << 30);
  EXPECT_EQ(config.call_memory, uint64_t{192} << 20);  // its share of what is left
  EXPECT_EQ(config.drain_time, absl::Seconds(3));
  EXPECT_EQ(config.quotas.turns_per_second, 2.5);
}

TEST(ConfigTest, NamesAllErrorsAtOnce) {
  const std::string file =
      Message(ParseConfig("f", "data /x\nnope = 1\ndata = a\ndata = b").status());
  EXPECT_EQ(file,
            "f:1: must be \"key = value\"\nf:2: there is no key \"nope\"\nf:4: data stands twice");
  const std::string values = Message(
      MakeConfig(
          {{"flags", {{"threads", {"many"}}, {"memory_limit", {"1X"}}, {"log_level", {"loud"}}}}})
          .status());
  EXPECT_THAT(values, HasSubstr("flags: threads: \"many\" must be a whole number"));
  EXPECT_THAT(values, HasSubstr("flags: memory_limit: \"1X\" must be a number of bytes"));
  EXPECT_THAT(values, HasSubstr("flags: log_level: \"loud\" must be one of debug"));
}

TEST(ConfigTest, IsClosedByDefault) {
  const auto check = [](ConfigValues values) {
    values["data"] = {"/x"};
    return Message(CheckConfig(MustMake({{"flags", std::move(values)}})));
  };
  EXPECT_EQ(check({{"listen", {"unix:/x"}}}), "");
  EXPECT_EQ(check({{"listen", {"127.0.0.1:1", "[::1]:1", "localhost:1"}}}), "");
  const char* const open = "other machines could reach it";
  EXPECT_THAT(check({{"listen", {"0.0.0.0:1"}}}), HasSubstr(open));
  EXPECT_THAT(check({{"listen", {"127.example.com:1"}}}), HasSubstr(open));
  EXPECT_THAT(check({{"listen", {"0.0.0.0:1"}}, {"tokens", {"t"}}}), HasSubstr(open));
  EXPECT_THAT(check({{"listen", {"0.0.0.0:1"}}, {"tls_certificate", {"c"}}, {"tls_key", {"k"}}}),
              HasSubstr(open));
  EXPECT_EQ(check({{"listen", {"0.0.0.0:1"}},
                   {"tls_certificate", {"c"}},
                   {"tls_key", {"k"}},
                   {"tokens", {"t"}}}),
            "");
  EXPECT_EQ(check({{"listen", {"0.0.0.0:1"}}, {"insecure", {"true"}}}), "");
  EXPECT_THAT(check({{"tls_certificate", {"c"}}}), HasSubstr("one wants the other"));
  EXPECT_THAT(check({{"metrics_listen", {"9090"}}}), HasSubstr("is not HOST:PORT"));
  EXPECT_THAT(check({{"memory_limit", {"1M"}}}), HasSubstr("must be at least 384M"));
  EXPECT_THAT(check({{"turn_cache", {"3G"}}}),
              HasSubstr("which is more than 2048M without the 256M"));
}

TEST(ConfigTest, EveryKeyIsDocumented) {
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_FALSE(std::string(key.help).empty()) << key.name;
    EXPECT_FALSE(std::string(key.value).empty()) << key.name;
  }
}

}  // namespace
}  // namespace fovea::service
