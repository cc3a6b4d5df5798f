// What a reader takes in one request, and what is done about a picture that it would refuse.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/reader/reader_profile.h"
#include "tests/service/wild_history.h"
#include "tests/service/wire_support.h"
#include "tests/support/pictures.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::Make;
using ::fovea::testing::NoPages;
using ::fovea::testing::Picture;
using ::fovea::testing::TailOf;
using ::fovea::testing::Without;
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
  const ImagePart picture = Picture();
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

ImagePart PngOf(int width, int height) {
  return {.media_type = "image/png", .data = testing::PngHeader(width, height)};
}

TEST(WireLimits, APictureThatWouldBeRefusedIsANote) {
  static const ImageTokenRule kStrips{
      .kind = ImageTokenRule::Kind::kRoundedGrid, .patch_px = 28, .max_pixels = 1 << 20};
  struct Case {
    const char* name;
    ImagePart picture;
    ReaderTraits reader;
    bool taken;
  };
  const Case cases[] = {
      // 24 bytes are 32 in base64.
      {"Bytes", PngOf(9, 9), {.picture = {.max_base64_bytes = 32}}, true},
      {"TooManyBytes", PngOf(9, 9), {.picture = {.max_base64_bytes = 31}}, false},
      {"Sides", PngOf(8000, 1), {.picture = {.max_side_px = 8000}}, true},
      {"TooLong", PngOf(1, 8001), {.picture = {.max_side_px = 8000}}, false},
      {"Strip", PngOf(100, 9), {.picture = {.rule = &kStrips}}, true},
      {"ThinStrip", PngOf(4000, 9), {.picture = {.rule = &kStrips}}, false},
      {"NoPicture", {"image/png", "\x89PNG\r\n\x1A\n, but cut off..."}, {}, false},
      {"NoFormat", {"image/png", "not a picture, 24 bytes."}, {}, false},
      {"NoImages", PngOf(9, 9), {.takes_images = false}, false}};
  for (const Case& each : cases) {
    ASSERT_EQ(each.picture.data.size(), 24U) << each.name;
    const Context context = TailOf({Make(Role::kUser, {each.picture})});
    for (PayloadFormat format : kAll) {
      const bool note =
          Written(context, format, each.reader).find("[image: image/png, 24 bytes]") !=
          std::string::npos;
      EXPECT_NE(note, each.taken) << each.name << " " << static_cast<int>(format);
    }
  }
}

TEST(WireLimits, APictureGoesOutAsWhatItIs) {
  const ImagePart picture{.media_type = "image/png", .data = Picture().data};
  const Context context = TailOf({Make(Role::kUser, {picture})});
  for (PayloadFormat format : kAll) {
    const std::string written = Written(context, format);
    EXPECT_NE(written.find("image/jpeg"), std::string::npos) << written;
    EXPECT_EQ(written.find("image/png"), std::string::npos) << written;
  }
}

// Claude takes 8000 pixels a side, but 2000 where there are more than 20 images.
TEST(WireLimits, AmongManyImagesALargePictureIsANote) {
  const ReaderCatalogue readers = *BuiltInReaders();
  const ReaderTraits claude = TraitsOf(**readers.Find("claude"));
  const ImagePart large = PngOf(2001, 100);
  std::vector<Part> parts(19, PngOf(2000, 100));
  parts.emplace_back(large);
  std::vector<Turn> turns = {Make(Role::kUser, {large}), Make(Role::kUser, {Picture()})};
  turns[0].seq = 1;
  turns[1].seq = 2;
  for (PayloadFormat format : kAll) {
    SCOPED_TRACE(static_cast<int>(format));
    PayloadWriter writer(1 << 20);
    const auto notes = [&](const Context& context) {
      auto payload = writer.Write(
          context, {.state_id = 1, .format = format, .reader = claude, .load = NoPages});
      if (!payload.ok()) return payload.status().ToString();
      const std::string note = "[image: image/png, 24 bytes]";
      const std::string& bytes = payload->bytes;
      return std::to_string((bytes.size() - Without(bytes, note).size()) / note.size());
    };
    EXPECT_EQ(notes(TailOf({Make(Role::kUser, parts)})), "0");
    Context context = TailOf({Make(Role::kUser, parts)});
    context.head = testing::ServeAll(turns, false);
    EXPECT_EQ(notes(context), "2");
    context.tail.clear();
    EXPECT_EQ(notes(context), "0");
  }
}

}  // namespace
}  // namespace fovea::wire
