// What a reader takes in one request, and what is done about a picture that it would refuse.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/wire_support.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::Make;
using ::fovea::testing::NoPages;
using ::fovea::testing::TailOf;
using ::fovea::testing::Written;

constexpr PayloadFormat kAll[] = {
    PayloadFormat::kOpenAiChat, PayloadFormat::kAnthropic, PayloadFormat::kOpenAiResponses,
    PayloadFormat::kGemini,     PayloadFormat::kVllm,      PayloadFormat::kDeepSeek};

ReaderProfile Reader(int max_images, uint64_t max_body_bytes) {
  ReaderProfile reader{.name = "small"};
  reader.limits = {.max_images = max_images, .max_body_bytes = max_body_bytes};
  return reader;
}

// Three pictures, one of them in a tool's result.
Context Pictures() {
  const ImagePart picture{"image/png", "pic"};
  return TailOf({Make(Role::kUser, {picture, picture}),
                 Make(Role::kAssistant, {ToolCallPart{"a", "look", "{}"}}),
                 Make(Role::kTool, {ToolResultPart{"a", {picture}}})});
}

TEST(WireLimits, HoldForEveryFormat) {
  for (PayloadFormat format : kAll) {
    SCOPED_TRACE(static_cast<int>(format));
    auto payload =
        PayloadWriter(0).Write(Pictures(), {.state_id = 1, .format = format, .load = NoPages});
    ASSERT_TRUE(payload.ok()) << payload.status();
    EXPECT_EQ(payload->images, 3U);
    const uint64_t bytes = payload->bytes.size();
    EXPECT_TRUE(CheckLimits(*payload, Reader(0, 0)).ok());
    EXPECT_TRUE(CheckLimits(*payload, Reader(3, bytes)).ok());
    const absl::Status images = CheckLimits(*payload, Reader(2, bytes));
    EXPECT_EQ(images.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(images.message(),
              "the payload has 3 images; small takes requests with at most 2; a smaller "
              "token_budget leaves fewer");
    const absl::Status body = CheckLimits(*payload, Reader(3, bytes - 1));
    EXPECT_EQ(body.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(body.message(),
              absl::StrCat("the payload has ", bytes, " bytes; small takes requests of at most ",
                           bytes - 1, "; a smaller token_budget makes a smaller payload"));
  }
}

TEST(WireLimits, APictureThatWouldBeRefusedIsANote) {
  const Context context =
      TailOf({Make(Role::kUser, {ImagePart{"image/png", std::string(30, 'p')}})});
  for (PayloadFormat format : kAll) {
    SCOPED_TRACE(static_cast<int>(format));
    const std::string note = "[image: image/png, 30 bytes]";
    // 30 bytes are 40 in base64.
    EXPECT_EQ(Written(context, format, {.max_image_bytes = 40}).find(note), std::string::npos);
    EXPECT_NE(Written(context, format, {.max_image_bytes = 39}).find(note), std::string::npos);
    EXPECT_NE(Written(context, format, {.takes_images = false}).find(note), std::string::npos);
  }
}

}  // namespace
}  // namespace fovea::wire
