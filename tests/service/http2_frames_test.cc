#include "service/http2_frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/service/raw_connection.h"

namespace fovea::service {
namespace {

using testing::Frame;
using testing::kContinuation;
using testing::kEndHeaders;
using testing::kHeaders;
using testing::kRstStream;
using testing::kSettings;

constexpr uint8_t kData = 0;
constexpr uint8_t kPing = 6;
constexpr uint8_t kGoAway = 7;
constexpr uint8_t kEndStream = 1;

std::string Begin() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, ""); }

class Http2FramesTest : public ::testing::Test {
 protected:
  bool Take(const std::string& bytes) {
    return frames_.Take({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, now_);
  }

  Http2Frames frames_;
  Http2Frames::Time now_ = Http2Frames::Time() + std::chrono::hours(1);
};

TEST_F(Http2FramesTest, AHeaderBlockHasSoManyBytes) {
  const std::string half(Http2Frames::kMaxBlockBytes / 2, 'h');
  EXPECT_TRUE(Take(Begin()));
  EXPECT_TRUE(Take(Frame(kHeaders, 0, 1, half) + Frame(kContinuation, kEndHeaders, 1, half)));
  EXPECT_TRUE(Take(Frame(kHeaders, 0, 3, half) + Frame(kContinuation, 0, 3, half)));
  EXPECT_FALSE(Take(Frame(kContinuation, 0, 3, "h")));
  EXPECT_FALSE(Take(Frame(kSettings, 0, 0, "")));
}

TEST_F(Http2FramesTest, AHeaderBlockHasSoManyFrames) {
  EXPECT_TRUE(Take(Begin()));
  for (uint32_t stream = 1; stream < 5; stream += 2) {
    EXPECT_TRUE(Take(Frame(kHeaders, 0, stream, "")));
    for (size_t i = 2; i < Http2Frames::kMaxBlockFrames; ++i) {
      EXPECT_TRUE(Take(Frame(kContinuation, 0, stream, "")));
    }
    EXPECT_TRUE(Take(Frame(kContinuation, kEndHeaders, stream, "")));
  }
  EXPECT_TRUE(Take(Frame(kHeaders, 0, 5, "")));
  for (size_t i = 1; i < Http2Frames::kMaxBlockFrames; ++i) {
    EXPECT_TRUE(Take(Frame(kContinuation, 0, 5, "")));
  }
  EXPECT_FALSE(Take(Frame(kContinuation, 0, 5, "")));
}

TEST_F(Http2FramesTest, PiecesOfAnySize) {
  std::string bytes = Begin();
  for (uint32_t stream = 1; stream < 100; stream += 2) {
    bytes += Frame(kHeaders, kEndHeaders, stream, std::string(1'000, 'h'));
    bytes += Frame(kData, 1, stream, std::string(stream * 37, '\x01'));
  }
  bytes += Frame(kHeaders, 0, 101, std::string(Http2Frames::kMaxBlockBytes, '\x09'));
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{8}, size_t{9}, size_t{10}, size_t{999}}) {
    frames_ = Http2Frames();
    for (size_t at = 0; at < bytes.size(); at += piece) ASSERT_TRUE(Take(bytes.substr(at, piece)));
    const std::string one_more = Frame(kContinuation, 0, 101, "h");
    bool within = true;
    for (size_t at = 0; at < one_more.size(); at += piece)
      within = Take(one_more.substr(at, piece));
    EXPECT_FALSE(within) << piece;
  }
}

// A large message is no header block.
TEST_F(Http2FramesTest, DataIsNotCounted) {
  EXPECT_TRUE(Take(Begin() + Frame(kHeaders, kEndHeaders, 1, "h")));
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(Take(Frame(kData, 0, 1, std::string(16'384, 'd'))));
}

TEST_F(Http2FramesTest, FramesThatSayLittleHaveARate) {
  struct Case {
    std::string frame;
    Http2Frames::Rate rate;
  };
  const std::string four(4, '\0');
  const std::string eight(8, '\0');
  for (const auto& [frame, rate] : {Case{Frame(kRstStream, 0, 1, four), Http2Frames::kResets},
                                    Case{Frame(kSettings, 0, 0, ""), Http2Frames::kSettings},
                                    Case{Frame(kPing, 0, 0, eight), Http2Frames::kPings},
                                    Case{Frame(kData, 0, 1, ""), Http2Frames::kEmptyData},
                                    Case{Frame(kGoAway, 0, 0, eight), Http2Frames::kGoAways}}) {
    frames_ = Http2Frames();
    EXPECT_TRUE(Take(Begin()));
    now_ += std::chrono::hours(1);
    for (int i = 0; i < static_cast<int>(rate.at_once); ++i) ASSERT_TRUE(Take(frame)) << i;
    now_ += std::chrono::seconds(20);
    const int more = static_cast<int>(std::min(20 * rate.per_second, rate.at_once));
    for (int i = 0; i < more; ++i) ASSERT_TRUE(Take(frame)) << i;
    EXPECT_FALSE(Take(frame)) << int{static_cast<uint8_t>(frame[3])};
  }
}

TEST_F(Http2FramesTest, TheEndOfACallIsNotEmpty) {
  EXPECT_TRUE(Take(Begin()));
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(Take(Frame(kData, kEndStream, 1, "")));
}

// gRPC would give up the call itself.
TEST_F(Http2FramesTest, AFlagThatDataDoesNotHave) {
  for (const uint8_t flag : {0x2, 0x8, 0x80}) {
    frames_ = Http2Frames();
    EXPECT_TRUE(Take(Begin() + Frame(kHeaders, kEndHeaders, 1, "h")));
    EXPECT_TRUE(Take(Frame(kData, kEndStream, 1, std::string(2, '\0'))));
    EXPECT_FALSE(Take(Frame(kData, kEndStream | flag, 3, std::string(2, '\0')))) << int{flag};
  }
}

// gRPC would let it have any number of calls at a time.
TEST_F(Http2FramesTest, WhoDoesNotTakeTheSettingsBeginsFewCalls) {
  const auto call = [](uint32_t number) {
    return Frame(kHeaders, kEndHeaders, 2 * number + 1, "h") +
           Frame(kData, kEndStream, 2 * number + 1, std::string(5, '\0'));
  };
  enum Took { kNever, kTooEarly, kInTime };
  for (const Took took : {kNever, kTooEarly, kInTime}) {
    frames_ = Http2Frames();
    EXPECT_TRUE(Take(Begin()));
    if (took == kInTime) frames_.ServerSent();
    EXPECT_TRUE(took == kNever || Take(Frame(kSettings, 1, 0, "")));
    frames_.ServerSent();
    for (uint32_t i = 0; i < Http2Frames::kMaxCallsBeforeSettings; ++i) ASSERT_TRUE(Take(call(i)));
    EXPECT_EQ(Take(call(Http2Frames::kMaxCallsBeforeSettings)), took == kInTime);
  }
}

TEST_F(Http2FramesTest, WhatIsNotHttp2IsNotLookedAt) {
  EXPECT_TRUE(Take("GET / HTTP/1.1\r\n" + Frame(kHeaders, 0, 1, std::string(100'000, 'h'))));
}

}  // namespace
}  // namespace fovea::service
