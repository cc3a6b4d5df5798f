// What was appended comes back whole: ranges of ExpandTurn that follow each other give the text
// that session.proto lays out, images come with the range that holds their notes, and every hit of
// a search names bytes of that text. Over a real socket, on random histories and on all of the
// shared ones. The layout here is a second one, made from the proto's words and from what ReadTurns
// gives.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/utf8.h"
#include "core/log/part_text.h"
#include "core/log/recall_text.h"
#include "service/convert_turn.h"
#include "tests/service/server_fixture.h"
#include "tests/service/wild_history.h"
#include "tests/support/histories.h"

namespace fovea::testing {
namespace {

// A turn as the proto lays it out, image notes by their beginnings alone.
struct Layout {
  std::vector<std::string> lines;  // joined by newlines; "[image N: TYPE" of a note
  std::vector<v1::ImagePart> images;
};

void Add(const v1::TextPart& text, Layout& layout) {
  if (!text.text().empty()) layout.lines.push_back(text.text());
}
void Add(const v1::ImagePart& image, Layout& layout) {
  layout.images.push_back(image);
  layout.lines.push_back(absl::StrCat("[image ", layout.images.size(), ": ", image.media_type()));
}

void AddText(const std::string& text, Layout& layout) {
  if (!text.empty()) layout.lines.push_back(text);
}
// The words of notes are core's, tested in its own tests; their places are this test's.
void Add(const v1::DocumentPart& part, Layout& layout) {
  layout.lines.push_back(DocumentNote({.media_type = part.media_type(),
                                       .name = part.name(),
                                       .data = part.data(),
                                       .uri = part.uri()}));
  AddText(part.context(), layout);
  if (absl::StartsWith(part.media_type(), "text/")) AddText(part.data(), layout);
}
void Add(const v1::SearchResultPart& part, Layout& layout) {
  layout.lines.push_back(SearchResultNote({.source = part.source(), .title = part.title()}));
  for (const std::string& text : part.text()) AddText(text, layout);
}

Layout LayOut(const v1::Turn& turn) {
  Layout layout;
  for (const v1::Part& part : turn.parts()) {
    if (part.has_text()) Add(part.text(), layout);
    if (part.has_image()) Add(part.image(), layout);
    if (part.has_tool_call()) {
      layout.lines.push_back(
          absl::StrCat("→ ", part.tool_call().name(), " ", part.tool_call().arguments_json()));
    }
    if (part.has_opaque()) {
      layout.lines.push_back(absl::StrCat("[", part.opaque().kind(), " block, ",
                                          part.opaque().data().size(), " bytes]"));
    }
    if (part.has_document()) Add(part.document(), layout);
    if (part.has_search_result()) Add(part.search_result(), layout);
    if (part.has_refusal()) AddText(part.refusal().text(), layout);
    if (part.has_audio()) {
      layout.lines.push_back(
          AudioNote({.media_type = part.audio().media_type(), .data = part.audio().data()}));
      AddText(part.audio().transcript(), layout);
    }
    if (!part.has_tool_result()) continue;
    if (part.tool_result().is_error()) layout.lines.emplace_back("[error]");
    for (const v1::ToolResultContent& item : part.tool_result().content()) {
      if (item.has_text()) Add(item.text(), layout);
      if (item.has_image()) Add(item.image(), layout);
      if (item.has_document()) Add(item.document(), layout);
      if (item.has_search_result()) Add(item.search_result(), layout);
      if (item.has_tool_reference()) {
        layout.lines.push_back(ToolReferenceNote({item.tool_reference().tool_name()}));
      }
    }
  }
  return layout;
}

// "" if `text` is the layout, else where they part. A note may go on up to its bracket.
std::string Compare(const Layout& layout, absl::string_view text) {
  for (size_t i = 0; i < layout.lines.size(); ++i) {
    if (i > 0 && !absl::ConsumePrefix(&text, "\n")) return absl::StrCat("no newline at ", i);
    if (!absl::ConsumePrefix(&text, layout.lines[i])) return absl::StrCat("part ", i, " differs");
    if (!absl::StartsWith(layout.lines[i], "[image ") || absl::EndsWith(layout.lines[i], "]")) {
      continue;
    }
    const size_t end = text.find(" bytes]");
    if (end == absl::string_view::npos) return absl::StrCat("note ", i, " does not end");
    text.remove_prefix(end + 7);
  }
  return text.empty() ? "" : absl::StrCat(text.size(), " bytes too many");
}

class Recall : public ::testing::Test {
 protected:
  Recall() : client_(fixture_.MakeClient()) {}

  void Append(const std::string& id, const std::vector<Turn>& turns) {
    ASSERT_TRUE(client_.CreateSession(id).ok());
    std::vector<v1::Turn> batch;
    for (const Turn& turn : turns) {
      service::TurnToProto(turn, &batch.emplace_back());
      if (batch.size() < 100 && &turn != &turns.back()) continue;
      const grpc::Status status = client_.Append(id, batch);
      ASSERT_TRUE(status.ok()) << status.error_message();
      batch.clear();
    }
  }

  v1::ExpandTurnResponse Expand(const std::string& id, uint64_t seq, uint64_t offset,
                                uint64_t length) {
    v1::ExpandTurnRequest request;
    request.set_session_id(id);
    request.set_seq(seq);
    request.set_byte_offset(offset);
    request.set_byte_length(length);
    request.set_include_images(true);
    v1::ExpandTurnResponse response;
    grpc::ClientContext context;
    const grpc::Status status = client_.sessions->ExpandTurn(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // The turn's text from up to `ranges` ranges at random.
  std::string Whole(const std::string& id, const v1::Turn& turn, int ranges) {
    const Layout layout = LayOut(turn);
    std::string text;
    int images = 0;
    for (int range = 1;; ++range) {
      const uint64_t length = range == ranges ? 0 : 1 + random_() % 3'000;
      const v1::ExpandTurnResponse response = Expand(id, turn.seq(), text.size(), length);
      text += response.text();
      for (const v1::ImagePart& image : response.images()) {
        EXPECT_LT(images, static_cast<int>(layout.images.size()));
        if (HasFailure()) return text;
        EXPECT_EQ(image.SerializeAsString(), layout.images[images++].SerializeAsString());
      }
      EXPECT_LE(text.size(), response.text_bytes());
      if (text.size() >= response.text_bytes() || HasFailure()) break;
    }
    EXPECT_EQ(images, static_cast<int>(layout.images.size()));
    EXPECT_EQ(Compare(layout, text), "");
    return text;
  }

  v1::SearchTurnsResponse Search(const std::string& id, const std::string& query) {
    v1::SearchTurnsRequest request;
    request.set_session_id(id);
    request.set_query(query);
    request.set_limit(200);
    return client_.MustSearch(request);
  }

  // Every hit's bytes are its snippet, and hold the word.
  void CheckHits(const v1::SearchTurnsResponse& found, const std::vector<std::string>& texts,
                 const std::string& word) {
    for (const auto& hit : found.hits()) {
      const std::string& text = texts.at(hit.seq() - 1);
      ASSERT_LE(hit.byte_offset() + hit.byte_length(), text.size());
      const std::string named = text.substr(hit.byte_offset(), hit.byte_length());
      EXPECT_TRUE(absl::StrContains(absl::AsciiStrToLower(named), absl::AsciiStrToLower(word)))
          << word << " in #" << hit.seq() << ": " << named;
      EXPECT_TRUE(absl::StrContains(hit.snippet(), named));
      EXPECT_LE(hit.snippet().size() - named.size(), 6U);
      ++hits_;
    }
  }

  ServerFixture fixture_;
  Client client_;
  std::mt19937 random_{7};
  int hits_ = 0;
};

// A word of the text for a search, "" if there is none: ASCII letters alone, so that it is one
// token.
std::string WordOf(const std::string& text, std::mt19937& random) {
  if (text.empty()) return "";
  for (int attempt = 0; attempt < 20; ++attempt) {
    const size_t at = random() % text.size();
    const auto letter = [&](size_t i) {
      return i < text.size() && absl::ascii_isalpha(static_cast<unsigned char>(text[i]));
    };
    size_t begin = at;
    while (begin > 0 && letter(begin - 1)) --begin;
    size_t end = at;
    while (letter(end)) ++end;
    const auto plain = [&](size_t i) {
      return i >= text.size() || (text[i] != '\\' && static_cast<unsigned char>(text[i]) < 0x80 &&
                                  !absl::ascii_isdigit(static_cast<unsigned char>(text[i])));
    };
    if (end < begin + 5 || !plain(end) || (begin > 0 && !plain(begin - 1))) continue;
    if (begin > 1 && text[begin - 2] == '\\') continue;
    return text.substr(begin, end - begin);
  }
  return "";
}

void FillIfEmpty(ImagePart& image) {
  if (image.data.empty()) image.data = "no picture";
}

TEST_F(Recall, RandomHistoriesComeBackWhole) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    const WildHistory history = MakeWildHistory(seed);
    const std::string id = absl::StrCat("wild-", seed);
    std::vector<Turn> turns = history.turns;
    for (Turn& turn : turns) {
      for (Part& part : turn.parts) {
        auto* call = std::get_if<ToolCallPart>(&part);
        // The server refuses JSON that nests so deep, and pictures without a byte.
        if (call != nullptr && absl::StrContains(call->arguments_json, std::string(80, '['))) {
          call->arguments_json = "{}";
        }
        if (auto* image = std::get_if<ImagePart>(&part)) FillIfEmpty(*image);
        if (auto* result = std::get_if<ToolResultPart>(&part)) {
          for (auto& item : result->content) {
            if (auto* image = std::get_if<ImagePart>(&item)) FillIfEmpty(*image);
          }
        }
      }
    }
    Append(id, turns);
    std::vector<std::string> texts;
    for (const v1::Turn& turn : client_.MustRead(id)) {
      texts.push_back(Whole(id, turn, 1 + static_cast<int>(random_() % 4)));
    }
    ASSERT_EQ(texts.size(), history.turns.size());
    for (const Marker& marker : history.markers) {
      if (marker.text.empty() || random_() % 4 != 0) continue;
      const v1::SearchTurnsResponse found = Search(id, marker.text);
      ASSERT_GE(found.hits_size(), 1) << marker.text;
      CheckHits(found, texts, marker.text);
    }
  }
  EXPECT_GT(hits_, 100);
}

TEST_F(Recall, SharedHistoriesComeBackWhole) {
  int turns = 0;
  for (const char* file : {"trajectories/deepswe.jsonl.gz", "trajectories/pi.jsonl.gz",
                           "trajectories/swe-smith.jsonl.gz", "trajectories/swe-agent.jsonl.gz",
                           "trajectories/tau-airline.jsonl.gz", "trajectories/aider.jsonl.gz",
                           "multilingual/xquad.jsonl.gz"}) {
    const std::vector<SharedSession> sessions = SharedSessions(file);
    if (sessions.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here: " << file;
    for (size_t i = 0; i < sessions.size() && !HasFailure(); ++i) {
      const std::string id = absl::StrCat(turns, "-", i);
      SCOPED_TRACE(absl::StrCat(file, " ", sessions[i].name));
      Append(id, sessions[i].turns);
      std::vector<std::string> texts;
      for (const v1::Turn& turn : client_.MustRead(id)) texts.push_back(Whole(id, turn, 2));
      ASSERT_EQ(texts.size(), sessions[i].turns.size());
      for (int search = 0; search < 5; ++search) {
        const std::string word = WordOf(texts[random_() % texts.size()], random_);
        if (word.empty()) continue;
        const v1::SearchTurnsResponse found = Search(id, word);
        EXPECT_GE(found.hits_size(), 1) << word;
        CheckHits(found, texts, word);
      }
      turns += static_cast<int>(texts.size());
    }
  }
  std::cout << turns << " turns, " << hits_ << " hits\n";
  EXPECT_GT(hits_, 1'000);
}

// The byte at which character `count` of the text begins.
size_t AtCharacter(const std::string& text, size_t count) {
  size_t at = 0;
  for (; at < text.size() && count > 0; --count) at += DecodeUtf8(text, at).length;
  return at;
}

// Cut out of the middle of a text, through its words, in twelve languages: 60 queries, and all find
// their turn.
TEST_F(Recall, StretchesOfTwelveLanguagesAreFound) {
  const std::vector<SharedSession> sessions = SharedSessions("multilingual/xquad.jsonl.gz");
  if (sessions.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here";
  std::map<std::string, int> queries;  // by language
  for (size_t i = 0; i < sessions.size(); ++i) {
    const std::string language = sessions[i].name.substr(0, 2);
    if (queries[language] >= 5) continue;
    const std::string id = absl::StrCat("stretch-", i);
    Append(id, sessions[i].turns);
    const size_t turn = random_() % sessions[i].turns.size();
    const std::string text = RecallTextOf(sessions[i].turns[turn]).text;
    const uint64_t characters = CountCharacters(text);
    if (characters < 40) continue;
    const bool dense = language == "zh" || language == "th";
    const size_t length = dense ? 2 + random_() % 6 : 8 + random_() % 24;
    const size_t first = characters / 4 + random_() % (characters / 2);
    const size_t begin = AtCharacter(text, first);
    std::string query = text.substr(begin, AtCharacter(text.substr(begin), length));
    absl::StripAsciiWhitespace(&query);
    if (query.size() < 4) continue;
    ++queries[language];
    bool among = false;
    const v1::SearchTurnsResponse found = Search(id, query);
    for (const auto& hit : found.hits()) among = among || hit.seq() == turn + 1;
    EXPECT_TRUE(among) << language << ": " << query << " is not found in " << sessions[i].name;
  }
  EXPECT_EQ(queries.size(), 12U);
  int all = 0;
  for (const auto& [language, count] : queries) all += count;
  EXPECT_GE(all, 55);
}

}  // namespace
}  // namespace fovea::testing
