// Calibration against real servers: fovead draws, endpoints of several kinds read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/app.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"
#include "core/reader/reader_profile.h"
#include "tests/cli/tesseract_endpoint.h"
#include "tests/service/server_fixture.h"

namespace fovea::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLeftOut[] = "-";

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Calibrate : public ::testing::Test {
 protected:
  // `more` adds to the flags or takes their place; "" is a flag without a value, kLeftOut none.
  Ran Run(const ChatEndpoint& endpoint, const std::map<std::string, std::string>& more = {}) {
    std::map<std::string, std::string> flags = {
        {"--reader", "tesseract"}, {"--like", "qwen3-vl"}, {"--endpoint", endpoint.url()},
        {"--out", File()},         {"--page", "512x128"},  {"--pitches", "14,10,8,6"},
        {"--probes", "1"},         {"--parallel", "2"},    {"--retries", "0"},
        {"--date", "2026-11-22"}};
    for (const auto& [flag, value] : more) flags[flag] = value;
    std::vector<std::string> arguments = {"--server", server_.address(), "calibrate"};
    for (const auto& [flag, value] : flags) {
      if (value == kLeftOut) continue;
      arguments.push_back(flag);
      if (!value.empty()) arguments.push_back(value);
    }
    std::ostringstream out;
    std::ostringstream err;
    Console console{.out = out, .err = err};
    Ran ran;
    ran.exit_code = RunFovea(std::move(arguments), console);
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }
  std::string File() const { return server_.directory().Path("tesseract.json"); }
  bool Written() const { return std::filesystem::exists(File()); }
  ReaderProfile Profile() const {
    auto profile = ParseReaderProfile("tesseract.json", ReadText(File()));
    EXPECT_TRUE(profile.ok()) << profile.status();
    return profile.ok() ? *profile : ReaderProfile();
  }
  // The call fails with these words, and no file is written.
  void ExpectFailure(const Ran& ran, const std::string& words) const {
    EXPECT_EQ(ran.exit_code, 1) << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_FALSE(Written());
  }
  void ExpectTextOnly(const Ran& ran) const {
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("a reader of text only"));
    ASSERT_TRUE(Written());
    EXPECT_TRUE(Profile().ladder.empty());
  }

  fovea::testing::ServerFixture server_;
};

ChatEndpoint::Respond Responding(int status, const std::string& body) {
  return [=](httplib::Response& response) {
    response.status = status;
    response.set_content(body, "application/json");
  };
}

TEST_F(Calibrate, TesseractHasTheSameLadderTwice) {
  ChatEndpoint endpoint(ReadWithTesseract);
  const Ran first = Run(endpoint);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::string written = ReadText(File());
  const ReaderProfile reader = Profile();
  ASSERT_GE(reader.ladder.size(), 1U) << first.out;
  EXPECT_EQ(reader.name, "tesseract");
  for (const Rung& rung : reader.ladder) {
    EXPECT_EQ(rung.evidence, Evidence::kMeasured);
    EXPECT_GE(rung.legibility, 0.84);
    EXPECT_LT(rung.legibility, 1);
    EXPECT_GE(rung.typography.line_pitch_px, 8);
    EXPECT_THAT(rung.source, HasSubstr("2026-11-22"));
    EXPECT_THAT(rung.source, HasSubstr("127.0.0.1"));
  }
  EXPECT_THAT(first.out, HasSubstr("has a ladder of"));

  const Ran refused = Run(endpoint);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  const Ran second = Run(endpoint, {{"--force", ""}, {"--json", ""}});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(ReadText(File()), written);
  EXPECT_EQ(Json::parse(second.out)["ladder"].size(), reader.ladder.size());
}

TEST_F(Calibrate, AReaderThatReadsNothingGetsText) {
  ChatEndpoint endpoint([](const std::string&) { return ""; });
  const Ran ran = Run(endpoint);
  ExpectTextOnly(ran);
  EXPECT_THAT(ran.out, HasSubstr("6 of 6 answers were empty"));
}

TEST_F(Calibrate, AReaderThatAnswersWithAnotherTextHasNoLadder) {
  ChatEndpoint endpoint([](const std::string& png) {
    return "The weather was fine all day, and nobody said anything of " +
           std::to_string(png.size());
  });
  const Ran ran = Run(endpoint);
  ExpectFailure(ran, "5 of 5 pages at 14 px a line were answered with another text");
  EXPECT_THAT(ran.err, HasSubstr("It said: The weather was fine all day"));
}

// One wild answer among readings is a bad reading, not another text.
TEST_F(Calibrate, AnAnswerThatIsAnotherTextIsCounted) {
  std::atomic<int> asked = 0;
  ChatEndpoint endpoint([&](const std::string& png) {
    return asked++ == 0 ? "Nobody said anything all day." : ReadWithTesseract(png);
  });
  const Ran ran = Run(endpoint, {{"--pitches", "14"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  // Tesseract reads English: what it makes of CJK is another text too.
  EXPECT_THAT(ran.out, HasSubstr("2 of 6 answers were another text"));
}

TEST_F(Calibrate, ARefusalIsNamed) {
  ChatEndpoint endpoint([](const std::string&) { return "I'm sorry, I cannot read this image."; });
  const Ran ran = Run(endpoint);
  ExpectTextOnly(ran);
  EXPECT_THAT(ran.out, HasSubstr("6 of 6 answers were refusals"));
}

TEST_F(Calibrate, ALongAnswerIsNoRefusalWhateverItSays) {
  for (const size_t bytes : {400, 401}) {
    std::string answer = "I'm sorry, I cannot read this image. ";
    answer.resize(bytes, '.');
    ChatEndpoint endpoint([answer](const std::string&) { return answer; });
    const Ran ran = Run(endpoint, {{"--out", File() + std::to_string(bytes)}});
    const bool refused = ran.out.find("6 of 6 answers were refusals") != std::string::npos;
    EXPECT_EQ(refused, bytes == 400) << ran.out << ran.err;
  }
}

TEST_F(Calibrate, AnInstructionThatComesBackIsNothingRead) {
  ChatEndpoint endpoint([](const std::string&) {
    return "Transcribe it from its second line on, exactly as it stands: every character";
  });
  const Ran ran = Run(endpoint);
  ExpectTextOnly(ran);
  EXPECT_THAT(ran.out, HasSubstr("6 of 6 answers repeated the instruction"));
}

TEST_F(Calibrate, AServerErrorIsReportedAfterTheRetries) {
  ChatEndpoint endpoint(Responding(500, "out of memory"));
  ExpectFailure(Run(endpoint), "HTTP status 500: out of memory");
  const Ran twice = Run(endpoint, {{"--retries", "1"}});
  ExpectFailure(twice, "asked 2 times");
  EXPECT_THAT(twice.err, HasSubstr("at 14 px a line"));
}

TEST_F(Calibrate, AnEndpointThatIsBusyIsAskedAgain) {
  std::atomic<int> asked = 0;
  ChatEndpoint endpoint([&](httplib::Response& response) {
    if (asked++ == 0) {
      response.status = 429;
      response.set_header("Retry-After", "1");
      response.set_content("slow down", "text/plain");
    } else {
      response.set_content(R"({"choices": [{"message": {"content": ""}}]})", "application/json");
    }
  });
  ExpectTextOnly(Run(endpoint, {{"--retries", "1"}}));
  EXPECT_EQ(asked, 7);
  ChatEndpoint busy(Responding(429, "slow down"));
  std::filesystem::remove(File());
  ExpectFailure(Run(busy), "HTTP status 429: slow down");
}

TEST_F(Calibrate, AnAnswerThatEndsTooSoonIsAnError) {
  ChatEndpoint endpoint([](httplib::Response& response) {
    response.set_content_provider(5000, "application/json",
                                  [](size_t, size_t, httplib::DataSink& sink) {
                                    sink.write("{\"choices\"", 10);
                                    return false;
                                  });
  });
  ExpectFailure(Run(endpoint), "UNAVAILABLE");
}

TEST_F(Calibrate, WhatIsNoChatCompletionIsQuoted) {
  ChatEndpoint no_json(Responding(200, "<html>hello</html>"));
  ExpectFailure(Run(no_json), "is not JSON: <html>hello");
  for (const char* body : {"[]", "{}", R"({"choices": []})", R"({"choices": [{"message": 7}]})"}) {
    ChatEndpoint other(Responding(200, body));
    ExpectFailure(Run(other), "has no choices[0].message.content");
  }
}

TEST_F(Calibrate, FieldsAreAnObjectOfBoundedDepth) {
  const ChatEndpoint endpoint([](const std::string&) { return ""; });
  for (const std::string& fields :
       {std::string("{"), std::string("[]"), R"({"a":)" + std::string(100'000, '[')}) {
    ExpectFailure(Run(endpoint, {{"--fields", fields}}), "--fields is not a JSON object");
  }
}

TEST_F(Calibrate, ASlowReaderIsNotWaitedFor) {
  ChatEndpoint endpoint([](const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    return "";
  });
  ExpectFailure(Run(endpoint, {{"--timeout", "0.2"}}), "no answer within 200ms");
}

TEST_F(Calibrate, TheWholeMeasurementHasATimeLimit) {
  ChatEndpoint endpoint([](const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return "";
  });
  const auto start = std::chrono::steady_clock::now();
  const Ran ran = Run(endpoint, {{"--time-limit", "0.5"}, {"--parallel", "1"}});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  ExpectFailure(ran, "not done after 500ms: ");
  EXPECT_THAT(ran.err, HasSubstr("of up to 24 pages were read"));
  EXPECT_THAT(ran.err, HasSubstr("--time-limit"));
}

TEST_F(Calibrate, ProgressIsToldBesideTheResult) {
  ChatEndpoint endpoint([](const std::string&) { return ""; });
  const Ran ran = Run(endpoint, {{"--json", ""}});
  EXPECT_THAT(ran.err, HasSubstr("reading up to 24 pages with tesseract at 127.0.0.1:"));
  EXPECT_THAT(ran.err, HasSubstr("14 px a line: 0.0 % of the characters, 6 of up to 24 pages"));
  EXPECT_TRUE(Json::accept(ran.out)) << ran.out;
}

TEST_F(Calibrate, AnEndpointThatIsNotThereIsNamed) {
  std::string url;
  {
    const ChatEndpoint gone([](const std::string&) { return ""; });
    url = gone.url();
  }
  ChatEndpoint other([](const std::string&) { return ""; });
  ExpectFailure(Run(other, {{"--endpoint", url}}), "127.0.0.1");
}

TEST_F(Calibrate, TheKeyIsSentAndNeverShown) {
  setenv("CALIBRATE_TEST_KEY", "secret-7f3a", 1);
  ChatEndpoint reads_nothing([](const std::string&) { return ""; });
  const Ran ran = Run(reads_nothing, {{"--key-variable", "CALIBRATE_TEST_KEY"}});
  EXPECT_EQ(reads_nothing.authorization(), "Bearer secret-7f3a");
  EXPECT_THAT(ran.out + ran.err + ReadText(File()), Not(HasSubstr("secret-7f3a")));
  std::filesystem::remove(File());
  ChatEndpoint refuses(Responding(401, "the key secret-7f3a is wrong"));
  const Ran refused = Run(refuses, {{"--key-variable", "CALIBRATE_TEST_KEY"}});
  ExpectFailure(refused, "the key [key] is wrong");
  EXPECT_THAT(refused.err, Not(HasSubstr("secret-7f3a")));
}

TEST_F(Calibrate, AReaderThatNobodyKnowsNeedsALikeness) {
  ChatEndpoint endpoint([](const std::string&) { return ""; });
  ExpectFailure(Run(endpoint, {{"--like", kLeftOut}}), "--like");
  ExpectFailure(Run(endpoint, {{"--like", "text-only"}}), "has no page sizes");
}

TEST_F(Calibrate, APageThatTheReaderResizesIsRefused) {
  ChatEndpoint endpoint([](const std::string&) { return ""; });
  ExpectFailure(Run(endpoint, {{"--page", "500x100"}}), "would resize it to");
}

TEST_F(Calibrate, TheRestOfAProfileStays) {
  ChatEndpoint endpoint([](const std::string&) { return ""; });
  ASSERT_EQ(Run(endpoint).exit_code, 0);
  Json profile = Json::parse(ReadText(File()));
  profile["title"] = "Mine";
  profile["prices"]["input"] = 1.25;
  std::ofstream(File()) << profile.dump();
  const Ran ran = Run(endpoint, {{"--force", ""}});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(Json::parse(ReadText(File())), profile);
}

}  // namespace
}  // namespace fovea::cli
