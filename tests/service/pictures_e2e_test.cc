// Pictures of turns, from the log to the pages, over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/render/images.h"
#include "tests/render/pages.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kBudget = 16'000;
constexpr size_t kOldTurn = 21;  // a tool result

// Base64 that stands in a payload wherever in it the bytes begin.
std::string Base64(const std::string& data) {
  return absl::Base64Escape(data.substr(0, data.size() / 3 * 3));
}

void AddPicture(const std::string& png, v1::Turn& turn) {
  v1::ToolResultPart& result = *turn.mutable_parts(0)->mutable_tool_result();
  v1::ImagePart& image = *result.add_content()->mutable_image();
  image.set_media_type("image/png");
  image.set_data(png);
}

// Pixels that are darker than text leaves any stretch of a page.
int DarkPixels(const std::string& png) {
  const render::Picture page = render::DecodePng(png);
  int dark = 0;
  for (int y = 0; y < page.height; ++y) {
    int run = 0;
    for (int x = 0; x < page.width; ++x) {
      run = page.At(x, y) < 64 ? run + 1 : 0;
      if (run > 200) ++dark;
    }
  }
  return dark;
}

class PicturesE2e : public ::testing::TestWithParam<v1::WireFormat> {};

TEST_P(PicturesE2e, OldOnesAreOnPagesAndNewOnesAreImages) {
  const std::string old_picture = render::EncodePng(render::Plain(800, 600, 0, 0, 0, 255));
  const std::string new_picture = render::EncodePng(render::Ramp(321, 123));
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  std::vector<v1::Turn> turns = WorkingAgent(120, 3000);
  AddPicture(old_picture, turns[kOldTurn]);
  AddPicture(new_picture, turns.back());
  ASSERT_TRUE(client.Append("s", turns).ok());

  const auto native = client.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE));
  int dark = 0;
  for (const auto& page : native.page_bytes()) dark += DarkPixels(page.png());
  EXPECT_GT(dark, 20'000) << "the old picture is on a page";
  for (const auto& loss : native.summary().loss().entries()) EXPECT_EQ(loss.images_omitted(), 0);

  const auto context = client.MustBuild(ViewOf("s", kBudget, GetParam()));
  EXPECT_LE(context.summary().tokens(), kBudget);
  EXPECT_THAT(context.payload(), Not(HasSubstr(Base64(old_picture))));
  EXPECT_THAT(context.payload(), HasSubstr(Base64(new_picture)));
}

INSTANTIATE_TEST_SUITE_P(AllFormats, PicturesE2e,
                         ::testing::Values(v1::WIRE_FORMAT_OPENAI_CHAT, v1::WIRE_FORMAT_ANTHROPIC,
                                           v1::WIRE_FORMAT_OPENAI_RESPONSES, v1::WIRE_FORMAT_GEMINI,
                                           v1::WIRE_FORMAT_VLLM, v1::WIRE_FORMAT_DEEPSEEK),
                         [](const auto& test) { return v1::WireFormat_Name(test.param); });

}  // namespace
}  // namespace fovea::testing
