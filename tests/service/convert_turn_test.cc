// Turns over the API: what comes in goes out, limits are named, and no field is left out of a
// digest.
#include "service/convert_turn.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::service {
namespace {

constexpr size_t kText = 0, kImage = 1, kCall = 2, kResult = 3, kOpaque = 4, kDocument = 5,
                 kFound = 6, kRefusal = 7, kAudio = 8;

Turn EveryPart() {
  const DocumentPart document{"application/pdf", "a.pdf", "%PDF", "", "of May", R"({"c":1})"};
  const SearchResultPart found{"https://x.y", "X", {"one", "two"}, "{}"};
  return {.role = Role::kAssistant,
          .time_us = 5,
          .parts = {TextPart{"on it", "commentary"}, ImagePart{"image/png", "P"},
                    ToolCallPart{"c1", "patch", "*** Begin", true},
                    ToolResultPart{"c0",
                                   {TextPart{"out"}, ImagePart{"image/gif", "G"}, document, found,
                                    ToolReferencePart{"grep"}},
                                   true},
                    OpaquePart{"anthropic.thinking", "{}"}, document, found, RefusalPart{"no"},
                    AudioPart{"audio/wav", "RIFF", "hello", "audio_1"}},
          .attributes_json = R"({"a":1})",
          .agent_id = "two"};
}

template <typename T>
T& At(Turn& turn, size_t part) {
  return std::get<T>(turn.parts[part]);
}
template <typename T>
T& Inside(Turn& turn, size_t item) {
  return std::get<T>(At<ToolResultPart>(turn, kResult).content[item]);
}

TEST(ConvertTurn, EveryFieldComesBack) {
  Turn turn = EveryPart();
  turn.parts.emplace_back(DocumentPart{"application/pdf", "b.pdf", "", "https://x.y/b.pdf"});
  v1::Turn proto;
  TurnToProto(turn, &proto);
  const auto back = TurnFromProto(proto, "turn");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, turn);
}

// Each edit changes one field.
const std::vector<std::function<void(Turn&)>>& Edits() {
  static const auto* edits = new std::vector<std::function<void(Turn&)>>{
      [](Turn& t) { t.role = Role::kTool; },
      [](Turn& t) { t.time_us = 6; },
      [](Turn& t) { t.attributes_json = "{}"; },
      [](Turn& t) { t.agent_id = "one"; },
      [](Turn& t) { t.agent_id.clear(); },
      [](Turn& t) { t.parts.pop_back(); },
      [](Turn& t) { std::swap(t.parts[0], t.parts[1]); },
      [](Turn& t) { At<TextPart>(t, kText).text = "x"; },
      [](Turn& t) { At<TextPart>(t, kText).phase = "x"; },
      [](Turn& t) { At<TextPart>(t, kText).phase.clear(); },
      [](Turn& t) { At<ImagePart>(t, kImage).media_type = "image/gif"; },
      [](Turn& t) { At<ImagePart>(t, kImage).data = "x"; },
      [](Turn& t) { At<ToolCallPart>(t, kCall).call_id = "x"; },
      [](Turn& t) { At<ToolCallPart>(t, kCall).name = "x"; },
      [](Turn& t) { At<ToolCallPart>(t, kCall).arguments_json = "x"; },
      [](Turn& t) { At<ToolCallPart>(t, kCall).custom = false; },
      [](Turn& t) { At<ToolResultPart>(t, kResult).call_id = "x"; },
      [](Turn& t) { At<ToolResultPart>(t, kResult).is_error = false; },
      [](Turn& t) { At<ToolResultPart>(t, kResult).content.pop_back(); },
      [](Turn& t) { Inside<TextPart>(t, 0).text = "x"; },
      [](Turn& t) { Inside<ImagePart>(t, 1).media_type = "x"; },
      [](Turn& t) { Inside<ImagePart>(t, 1).data = "x"; },
      [](Turn& t) { Inside<DocumentPart>(t, 2).name = "x"; },
      [](Turn& t) { Inside<SearchResultPart>(t, 3).text[0] = "x"; },
      [](Turn& t) { Inside<ToolReferencePart>(t, 4).tool_name = "x"; },
      [](Turn& t) { At<OpaquePart>(t, kOpaque).kind = "x"; },
      [](Turn& t) { At<OpaquePart>(t, kOpaque).data = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).media_type = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).name = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).data = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).uri = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).context = "x"; },
      [](Turn& t) { At<DocumentPart>(t, kDocument).attributes_json = "x"; },
      [](Turn& t) { At<SearchResultPart>(t, kFound).source = "x"; },
      [](Turn& t) { At<SearchResultPart>(t, kFound).title = "x"; },
      [](Turn& t) { At<SearchResultPart>(t, kFound).text = {"onetwo"}; },
      [](Turn& t) {
        At<SearchResultPart>(t, kFound).text = {"on", "etwo"};
      },
      [](Turn& t) { At<SearchResultPart>(t, kFound).attributes_json = "x"; },
      [](Turn& t) { At<RefusalPart>(t, kRefusal).text = "x"; },
      [](Turn& t) { At<AudioPart>(t, kAudio).media_type = "x"; },
      [](Turn& t) { At<AudioPart>(t, kAudio).data = "x"; },
      [](Turn& t) { At<AudioPart>(t, kAudio).transcript = "x"; },
      [](Turn& t) { At<AudioPart>(t, kAudio).id = "x"; }};
  return *edits;
}

TEST(ConvertTurn, DigestsTellEveryFieldApart) {
  std::set<std::string> digests = {DigestTurns({EveryPart()})};
  for (size_t i = 0; i < Edits().size(); ++i) {
    Turn other = EveryPart();
    Edits()[i](other);
    EXPECT_TRUE(digests.insert(DigestTurns({other})).second) << "edit " << i;
  }
  Turn renumbered = EveryPart();
  renumbered.seq = 7;
  EXPECT_TRUE(digests.contains(DigestTurns({renumbered})));
  EXPECT_NE(DigestTurns({EveryPart()}), DigestTurns({EveryPart(), EveryPart()}));
}

// A retry after an upgrade is still the same append: what the version before gave for these.
TEST(ConvertTurn, DigestsOfOldTurnsStay) {
  const Turn old{.role = Role::kTool,
                 .time_us = 5,
                 .parts = {TextPart{"t"}, ToolCallPart{"c", "n", "{}"},
                           ToolResultPart{"c", {TextPart{"r"}, ImagePart{"image/png", "P"}}, true},
                           OpaquePart{"openai.reasoning", "R"}},
                 .attributes_json = "{}"};
  EXPECT_EQ(absl::BytesToHexString(DigestTurns({old})),
            "746d4b570c510eb504eb4e5898a042e9f576c9a2511f449e1f2b4e6c886f8df8");
}

TEST(ConvertTurn, BytesAreThoseOfAllFields) {
  // Two documents of 37, two search results of 19 bytes.
  EXPECT_EQ(TurnBytes(EveryPart()), 7 + 3 + (5 + 10) + (9 + 1) + (2 + 5 + 9) +
                                        (2 + 3 + 9 + 1 + 37 + 20 + 4) + (18 + 2) + 37 + 20 + 2 +
                                        (9 + 4 + 5 + 7));
}

struct LimitCase {
  const char* name;
  std::function<void(v1::Turn&, size_t)> set;  // a field of that many bytes, or so many of it
  size_t most;
  const char* error;
};

class ConvertTurnLimits : public ::testing::TestWithParam<LimitCase> {};

TEST_P(ConvertTurnLimits, AreNamed) {
  v1::Turn turn;
  turn.set_role(v1::ROLE_ASSISTANT);
  GetParam().set(turn, GetParam().most);
  EXPECT_TRUE(TurnFromProto(turn, "turns[2]").ok()) << TurnFromProto(turn, "turns[2]").status();
  turn.clear_parts();
  GetParam().set(turn, GetParam().most + 1);
  const absl::Status status = TurnFromProto(turn, "turns[2]").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), GetParam().error)) << status;
}

std::string Long(size_t bytes) { return std::string(bytes, 'x'); }

v1::DocumentPart* NewDocument(v1::Turn& turn) {
  v1::DocumentPart* document = turn.add_parts()->mutable_document();
  document->set_media_type("text/plain");
  return document;
}

INSTANTIATE_TEST_SUITE_P(
    All, ConvertTurnLimits,
    ::testing::Values(
        LimitCase{"AgentId", [](v1::Turn& to, size_t n) { to.set_agent_id(Long(n)); }, 200,
                  "turns[2].agent_id: 201 bytes; at most 200"},
        LimitCase{"Parts",
                  [](v1::Turn& to, size_t n) {
                    for (size_t i = 0; i < n; ++i) to.add_parts()->mutable_text();
                  },
                  1000, "turns[2].parts: 1001 parts; at most 1000"},
        LimitCase{"Items",
                  [](v1::Turn& to, size_t n) {
                    v1::ToolResultPart* result = to.add_parts()->mutable_tool_result();
                    for (size_t i = 1; i < n; ++i) result->add_content()->mutable_text();
                  },
                  10'000, "turns[2].parts: 10001"},
        LimitCase{
            "Phase",
            [](v1::Turn& to, size_t n) { to.add_parts()->mutable_text()->set_phase(Long(n)); }, 64,
            "turns[2].parts[0].text.phase"},
        LimitCase{"DocumentType",
                  [](v1::Turn& to, size_t n) {
                    v1::DocumentPart* document = NewDocument(to);
                    document->set_media_type(Long(n));
                    document->set_data("x");
                  },
                  200, "turns[2].parts[0].document.media_type"},
        LimitCase{"DocumentName",
                  [](v1::Turn& to, size_t n) { NewDocument(to)->set_name(Long(n)); }, 1000,
                  "turns[2].parts[0].document.name"},
        LimitCase{"DocumentUri", [](v1::Turn& to, size_t n) { NewDocument(to)->set_uri(Long(n)); },
                  8192, "turns[2].parts[0].document.uri"},
        LimitCase{"DocumentAttributes",
                  [](v1::Turn& to, size_t n) { NewDocument(to)->set_attributes_json(Long(n)); },
                  65'536, "turns[2].parts[0].document.attributes_json"},
        LimitCase{"SearchTexts",
                  [](v1::Turn& to, size_t n) {
                    v1::SearchResultPart* found = to.add_parts()->mutable_search_result();
                    for (size_t i = 0; i < n; ++i) found->add_text("x");
                  },
                  1000, "turns[2].parts[0].search_result.text"},
        LimitCase{"SearchSource",
                  [](v1::Turn& to, size_t n) {
                    to.add_parts()->mutable_search_result()->set_source(Long(n));
                  },
                  8192, "turns[2].parts[0].search_result.source"},
        LimitCase{"ToolName",
                  [](v1::Turn& to, size_t n) {
                    to.add_parts()
                        ->mutable_tool_result()
                        ->add_content()
                        ->mutable_tool_reference()
                        ->set_tool_name(Long(n));
                  },
                  200, "turns[2].parts[0].tool_result.content[0].tool_reference.tool_name"},
        LimitCase{"AudioId",
                  [](v1::Turn& to, size_t n) { to.add_parts()->mutable_audio()->set_id(Long(n)); },
                  1000, "turns[2].parts[0].audio.id"},
        LimitCase{"Bytes",
                  [](v1::Turn& to, size_t n) {
                    to.set_attributes_json("{}");
                    to.add_parts()->mutable_audio()->set_data(Long(n - 2));
                  },
                  64 << 20, "turns[2]: holds 67108865 bytes; at most 67108864"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ConvertTurn, DocumentsHaveDataOrAnAddress) {
  for (const bool both : {false, true}) {
    v1::Turn turn;
    turn.set_role(v1::ROLE_USER);
    v1::DocumentPart* document = turn.add_parts()->mutable_document();
    document->set_media_type("application/pdf");
    if (both) document->set_data("%PDF");
    if (both) document->set_uri("file_1");
    EXPECT_EQ(TurnFromProto(turn, "turn").status().message(),
              both ? "turn.parts[0].document: has data and uri; one of them is allowed"
                   : "turn.parts[0].document: has neither data nor uri");
  }
}

TEST(ConvertTurn, OnlyAssistantsRefuse) {
  v1::Turn turn;
  turn.set_role(v1::ROLE_USER);
  turn.add_parts()->mutable_refusal()->set_text("no");
  EXPECT_EQ(TurnFromProto(turn, "turn").status().message(),
            "turn.parts[0].refusal: only assistant turns refuse");
}

}  // namespace
}  // namespace fovea::service
