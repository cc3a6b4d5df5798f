// Documents drawn over a real socket.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fovea/v1/page.grpc.pb.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

struct Rendered {
  grpc::Status status;
  std::vector<v1::DocumentPage> pages;
  std::vector<v1::DocumentTotals> totals;
};

v1::RenderDocumentRequest RequestFor(const std::string& text, const std::string& reader,
                                     const std::string& rung = "") {
  v1::RenderDocumentRequest request;
  request.set_reader(reader);
  request.set_rung(rung);
  request.set_title("notes.txt");
  request.set_text(text);
  return request;
}

Rendered Render(const ServerFixture& fixture, const v1::RenderDocumentRequest& request,
                const std::string& token = "") {
  const Client client = fixture.MakeClient(token);
  const auto stub = v1::PageService::NewStub(client.channel);
  grpc::ClientContext context;
  client.Prepare(context);
  const auto stream = stub->RenderDocument(&context, request);
  Rendered rendered;
  for (v1::RenderDocumentResponse response; stream->Read(&response);) {
    EXPECT_TRUE(rendered.totals.empty()) << "something comes behind the totals";
    if (response.has_page()) {
      rendered.pages.push_back(response.page());
    } else {
      rendered.totals.push_back(response.totals());
    }
  }
  rendered.status = stream->Finish();
  return rendered;
}

// Lines of many kinds, and bytes that are no text.
std::string LongDocument() {
  std::string text;
  for (int i = 0; i < 6000; ++i) {
    text += std::string(static_cast<size_t>(i % 9), ' ') + "line " + std::to_string(i * 7919) +
            " \xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xE4\xBD\xA0\xE5\xA5\xBD\r\n";
    if (i % 500 == 0) text += std::string("\xFF\0\x1B[0m\xE2\x80\x8B", 9);
  }
  return text + "the end, without a newline";
}

class DocumentReaders : public ::testing::TestWithParam<const char*> {};

TEST_P(DocumentReaders, ThePagesHaveEveryByteOnce) {
  const ServerFixture fixture;
  const std::string text = LongDocument();
  const Rendered rendered = Render(fixture, RequestFor(text, GetParam()));
  ASSERT_TRUE(rendered.status.ok()) << rendered.status.error_message();
  ASSERT_GT(rendered.pages.size(), 1U);
  ASSERT_EQ(rendered.totals.size(), 1U);
  const v1::DocumentTotals& totals = rendered.totals.front();
  std::string joined;
  int64_t image_tokens = 0;
  uint64_t hidden = 0;
  for (size_t i = 0; i < rendered.pages.size(); ++i) {
    const v1::DocumentPage& page = rendered.pages[i];
    EXPECT_EQ(page.number(), i + 1);
    EXPECT_EQ(page.first_byte(), joined.size());
    // Its first line is one more than the newlines before it.
    const auto newlines = std::count(joined.begin(), joined.end(), '\n');
    EXPECT_EQ(page.first_line(), static_cast<uint64_t>(newlines) + 1);
    joined += text.substr(page.first_byte(), page.last_byte() - page.first_byte() + 1);
    const auto last_line = std::count(joined.begin(), joined.end() - 1, '\n') + 1;
    EXPECT_EQ(page.last_line(), static_cast<uint64_t>(last_line));
    EXPECT_EQ(page.png().substr(1, 3), "PNG");
    EXPECT_GT(page.text_tokens(), 0);
    image_tokens += page.image_tokens();
    hidden += page.hidden_characters();
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(totals.pages(), rendered.pages.size());
  EXPECT_EQ(totals.image_tokens(), image_tokens);
  EXPECT_LT(totals.image_tokens(), totals.text_tokens());
  EXPECT_EQ(totals.hidden_characters(), hidden);
  // A carriage return a line; every 500th line a NUL, an escape and a zero-width space.
  EXPECT_EQ(hidden, 6000U + 12 * 3);
  EXPECT_EQ(totals.missing_glyphs(), 0U);
  grpc::ClientContext context;
  v1::ServerStats stats;
  ASSERT_TRUE(fixture.MakeClient().admin->GetServerStats(&context, {}, &stats).ok());
  EXPECT_EQ(stats.pages_drawn(), rendered.pages.size());
}

INSTANTIATE_TEST_SUITE_P(All, DocumentReaders,
                         ::testing::Values("claude", "gemini-3", "deepseek-flash"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Documents, OneDrawingThreadAndEightGiveTheSamePages) {
  const ServerFixture one([](service::ServerOptions& options) { options.drawing_threads = 1; });
  const ServerFixture eight([](service::ServerOptions& options) { options.drawing_threads = 8; });
  const auto request = RequestFor(LongDocument(), "claude", "soft");
  const Rendered alone = Render(one, request);
  const Rendered together = Render(eight, request);
  ASSERT_EQ(alone.pages.size(), together.pages.size());
  ASSERT_GT(alone.pages.size(), 1U);
  for (size_t i = 0; i < alone.pages.size(); ++i) {
    EXPECT_EQ(alone.pages[i].SerializeAsString(), together.pages[i].SerializeAsString());
  }
}

TEST(Documents, WebpIsAskedForAndOtherwiseTheSame) {
  const ServerFixture fixture;
  auto request = RequestFor(LongDocument(), "claude", "soft");
  const Rendered png = Render(fixture, request);
  request.set_webp(true);
  const Rendered webp = Render(fixture, request);
  ASSERT_TRUE(webp.status.ok()) << webp.status.error_message();
  ASSERT_EQ(webp.pages.size(), png.pages.size());
  for (size_t i = 0; i < png.pages.size(); ++i) {
    v1::DocumentPage page = webp.pages[i];
    EXPECT_EQ(page.webp().substr(0, 4) + page.webp().substr(8, 4), "RIFFWEBP");
    EXPECT_TRUE(page.png().empty());
    page.clear_webp();
    page.set_png(png.pages[i].png());
    EXPECT_EQ(page.SerializeAsString(), png.pages[i].SerializeAsString());
  }
}

TEST(Documents, AShortTextTakesACheaperPaper) {
  const ServerFixture fixture;
  const Rendered brief = Render(fixture, RequestFor("one line", "claude"));
  ASSERT_EQ(brief.pages.size(), 1U);
  EXPECT_LT(brief.pages.front().height(), brief.pages.front().width());
  EXPECT_EQ(brief.pages.front().first_line(), 1U);
  EXPECT_EQ(brief.pages.front().last_line(), 1U);
  EXPECT_EQ(brief.pages.front().last_byte(), 7U);
  EXPECT_EQ(brief.pages.front().characters(), 8U);
}

TEST(Documents, TheFirstRungIsTheDefault) {
  const ServerFixture fixture;
  const Rendered rendered = Render(fixture, RequestFor("text", "claude"));
  ASSERT_EQ(rendered.totals.size(), 1U);
  const std::string first = rendered.totals.front().rung();
  EXPECT_EQ(Render(fixture, RequestFor("text", "claude", first)).pages.front().png(),
            rendered.pages.front().png());
  EXPECT_GT(rendered.totals.front().legibility(), 0.5);
  EXPECT_FALSE(rendered.totals.front().evidence().empty());
}

TEST(Documents, TheTitleIsDrawn) {
  const ServerFixture fixture;
  auto request = RequestFor("text", "claude");
  const std::string named = Render(fixture, request).pages.front().png();
  request.clear_title();
  EXPECT_NE(Render(fixture, request).pages.front().png(), named);
}

TEST(Documents, WhatCannotBeDrawnIsRefusedByName) {
  const ServerFixture fixture;
  const auto refused = [&](const v1::RenderDocumentRequest& request, StatusCode code,
                           const std::string& words) {
    const Rendered rendered = Render(fixture, request);
    EXPECT_EQ(rendered.status.error_code(), code) << words;
    EXPECT_NE(rendered.status.error_message().find(words), std::string::npos)
        << rendered.status.error_message();
    EXPECT_TRUE(rendered.pages.empty());
    EXPECT_TRUE(rendered.totals.empty());
  };
  refused(RequestFor("text", "nobody"), StatusCode::NOT_FOUND, "no reader named \"nobody\"");
  refused(RequestFor("text", "claude", "dim"), StatusCode::NOT_FOUND, "there are: sharp");
  refused(RequestFor("text", "text-only"), StatusCode::INVALID_ARGUMENT, "takes no pages");
  refused(RequestFor("", "claude"), StatusCode::INVALID_ARGUMENT, "text: must not be empty");
  refused(RequestFor(std::string((16 << 20) + 1, 'x'), "claude"), StatusCode::INVALID_ARGUMENT,
          "at most 16777216");
  auto request = RequestFor("text", "claude");
  request.set_title(std::string(1001, 't'));
  refused(request, StatusCode::INVALID_ARGUMENT, "title: has 1001 bytes; at most 1000");
  request = RequestFor("text", "deepseek-ocr");
  request.set_webp(true);
  refused(request, StatusCode::INVALID_ARGUMENT, "webp: deepseek-ocr is not known to take it");
}

v1::RenderDocumentRequest RequestWithSetting(int pitch, int bits, int width, int height) {
  auto request = RequestFor(LongDocument().substr(0, 20000), "");
  request.mutable_setting()->set_line_pitch_px(pitch);
  request.mutable_setting()->set_grey_bits(bits);
  request.mutable_setting()->set_width(width);
  request.mutable_setting()->set_height(height);
  return request;
}

TEST(Documents, ASettingStandsInThePlaceOfAReaderAndARung) {
  const ServerFixture fixture;
  const auto request = RequestWithSetting(9, 4, 500, 200);
  const Rendered rendered = Render(fixture, request);
  ASSERT_TRUE(rendered.status.ok()) << rendered.status.error_message();
  ASSERT_GT(rendered.pages.size(), 2U);
  std::string joined;
  for (const v1::DocumentPage& page : rendered.pages) {
    EXPECT_EQ(page.width(), 500);
    EXPECT_EQ(page.height(), 200);
    EXPECT_EQ(page.image_tokens() + page.text_tokens(), 0);
    joined += request.text().substr(page.first_byte(), page.last_byte() - page.first_byte() + 1);
  }
  EXPECT_EQ(joined, request.text());
  EXPECT_EQ(rendered.totals.front().evidence(), "");
  const Rendered larger = Render(fixture, RequestWithSetting(12, 4, 500, 200));
  EXPECT_GT(larger.pages.size(), rendered.pages.size());
}

TEST(Documents, ASettingOutOfItsLimitsIsRefusedByName) {
  const ServerFixture fixture;
  const auto refused = [&](const v1::RenderDocumentRequest& request, const std::string& words) {
    const Rendered rendered = Render(fixture, request);
    EXPECT_EQ(rendered.status.error_code(), StatusCode::INVALID_ARGUMENT) << words;
    EXPECT_NE(rendered.status.error_message().find(words), std::string::npos)
        << rendered.status.error_message();
  };
  refused(RequestWithSetting(4, 4, 500, 200), "setting.line_pitch_px: 4 is not within 5 to 64");
  refused(RequestWithSetting(9, 3, 500, 200), "setting.grey_bits");
  refused(RequestWithSetting(9, 4, 63, 200), "setting.width");
  refused(RequestWithSetting(9, 4, 500, 5000), "setting.height");
  auto request = RequestWithSetting(9, 4, 500, 200);
  request.set_reader("claude");
  refused(request, "in the place of a reader");
  request.clear_reader();
  request.set_text(std::string((1 << 20) + 1, 'x'));
  refused(request, "at most 1048576");
}

TEST(Documents, AClientThatGoesAwayStopsTheDrawing) {
  const ServerFixture fixture;
  const Client client = fixture.MakeClient();
  const auto stub = v1::PageService::NewStub(client.channel);
  grpc::ClientContext context;
  const auto stream = stub->RenderDocument(&context, RequestFor(LongDocument(), "claude"));
  v1::RenderDocumentResponse response;
  ASSERT_TRUE(stream->Read(&response));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(Render(fixture, RequestFor("text", "claude")).status.ok());
}

}  // namespace
}  // namespace fovea::testing
