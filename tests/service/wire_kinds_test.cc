// Faults of real histories, each in every format that it concerns.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/reader/reader_profile.h"
#include "service/wire/payload.h"
#include "tests/service/payload_check.h"
#include "tests/service/wild_history.h"
#include "tests/service/wire_support.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::Call;
using ::fovea::testing::Make;
using ::fovea::testing::NoPages;
using ::fovea::testing::Picture;
using ::fovea::testing::Result;
using ::fovea::testing::ServeAll;
using ::fovea::testing::TailOf;
using ::fovea::testing::Text;
using ::fovea::testing::Written;
using Json = nlohmann::json;

constexpr PayloadFormat kAnthropic = PayloadFormat::kAnthropic;
constexpr PayloadFormat kResponses = PayloadFormat::kOpenAiResponses;

std::vector<PayloadFormat> AllFormats() {
  std::vector<PayloadFormat> formats;
  for (const FormatEntry& entry : Formats()) formats.push_back(entry.format);
  return formats;
}

Part Own(std::string kind, std::string data) {
  return OpaquePart{std::move(kind), std::move(data)};
}
Part Thinking(const std::string& text) {
  return Own("anthropic.thinking",
             absl::StrCat(R"({"type":"thinking","thinking":")", text, R"(","signature":"s"})"));
}
Part ServerCall() {
  return Own("anthropic.server_tool_use",
             R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{}})");
}
Part ServerResult() {
  return Own("anthropic.web_search_tool_result",
             R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[]})");
}
Part CustomItem() {
  return Own("openai.custom_tool_call",
             R"({"type":"custom_tool_call","call_id":"c1","name":"sh","input":"ls"})");
}
Part CustomOutput() {
  return Own("openai.custom_tool_call_output",
             R"({"type":"custom_tool_call_output","call_id":"c1","output":"a b"})");
}
Turn User(std::string text) { return Make(Role::kUser, {Text(std::move(text))}); }
Turn Says(std::vector<Part> parts) { return Make(Role::kAssistant, std::move(parts)); }

Json Parsed(const std::vector<Turn>& turns, PayloadFormat format, const ReaderTraits& reader = {}) {
  return Json::parse(Written(TailOf(turns), format, reader));
}

// The blocks of a message of Anthropic's in short words.
std::vector<std::string> Kinds(const Json& message) {
  std::vector<std::string> kinds;
  for (const Json& block : message.at("content")) {
    const std::string type = block.at("type");
    kinds.push_back(type == "text" ? block.at("text").get<std::string>() : type);
  }
  return kinds;
}

using Words = std::vector<std::string>;

TEST(WireFormats, AreListedOnce) {
  std::set<std::string_view> names;
  std::set<int> numbers;
  for (const FormatEntry& entry : Formats()) {
    EXPECT_TRUE(names.insert(entry.name).second);
    EXPECT_TRUE(numbers.insert(entry.number).second);
    EXPECT_EQ(&EntryOf(entry.format), &entry);
    EXPECT_EQ(EntryOfNumber(entry.number), &entry);
  }
  EXPECT_EQ(EntryOfNumber(1), nullptr) << "native is no payload";
}

TEST(WireOrder, AnthropicsBlocksStayWhereTheyWere) {
  const std::vector<Turn> turns = {
      User("go"),
      Says({Thinking("1"), Text("a"), Thinking("2"), Call("x"), Text("b"), ServerCall(),
            ServerResult(), Text("c"), Thinking("3"), Call("y")}),
      Make(Role::kTool, {Result("x", "1")}), Make(Role::kTool, {Result("y", "2")})};
  EXPECT_EQ(Kinds(Parsed(turns, kAnthropic).at("messages").at(1)),
            Words({"thinking", "a", "thinking", "tool_use", "b", "server_tool_use",
                   "web_search_tool_result", "c", "thinking", "tool_use"}));
}

TEST(WireOrder, DocumentsStandBehindTheWordsThatIntroduceThem) {
  const Part old =
      Own("anthropic.document", R"({"type":"document","source":{"type":"text","data":"OLD"}})");
  const Turn asks = Make(Role::kUser, {Text("old:"), old, Text("new:"),
                                       DocumentPart{"text/plain", "n", "NEW"}, Text("what?")});
  EXPECT_EQ(Kinds(Parsed({asks}, kAnthropic).at("messages").at(0)),
            Words({"old:", "document", "new:", "document", "what?"}));
}

TEST(WirePairs, HalvesGoOutTogetherAlsoOverTwoTurns) {
  const auto has = [](const std::vector<Turn>& turns, PayloadFormat format, const char* what) {
    return absl::StrContains(Written(TailOf(turns), format), what);
  };
  const std::string call = R"("type":"server_tool_use")";
  EXPECT_TRUE(has({User("q"), Says({ServerCall()}), Says({ServerResult(), Text("x")}), User("n")},
                  kAnthropic, call.c_str()));
  for (const std::vector<Turn>& lone :
       {std::vector<Turn>{User("q"), Says({ServerCall(), Text("x")}), User("n")},
        std::vector<Turn>{User("q"), Says({ServerResult(), Text("x")}), User("n")},
        std::vector<Turn>{User("q"), Says({ServerResult(), ServerCall(), Text("x")}), User("n")}}) {
    EXPECT_FALSE(has(lone, kAnthropic, R"({"type":"server_tool_use")"));
    EXPECT_FALSE(has(lone, kAnthropic, R"({"type":"web_search_tool_result")"));
    EXPECT_TRUE(has(lone, kAnthropic, " block, ")) << "a note says what it was";
  }
  // A turn that the API paused ends the payload, and is gone on with.
  EXPECT_TRUE(has({User("q"), Says({Text("x"), ServerCall()})}, kAnthropic, call.c_str()));

  const std::string item = R"({"type":"custom_tool_call",)";
  const std::vector<Turn> both = {User("q"), Says({CustomItem()}),
                                  Make(Role::kTool, {CustomOutput()}), User("n")};
  EXPECT_EQ(Parsed(both, kResponses).at("input").size(), 4U);
  EXPECT_EQ(Parsed(both, kResponses).at("input").at(2).at("type"), "custom_tool_call_output");
  EXPECT_FALSE(has({User("q"), Says({CustomItem()}), User("n")}, kResponses, item.c_str()));
  EXPECT_FALSE(has({User("q"), Make(Role::kTool, {CustomOutput()}), User("n")}, kResponses,
                   R"({"type":"custom_tool_call_output")"));
  EXPECT_TRUE(has({User("q"), Says({CustomItem()})}, kResponses, item.c_str())) << "the newest";
  // Behind the output of another item, nobody would give this one's.
  const Part other = Own("openai.custom_tool_call",
                         R"({"type":"custom_tool_call","call_id":"c0","name":"sh","input":"ls"})");
  EXPECT_FALSE(has({User("q"), Says({other, CustomItem(), CustomOutput()})}, kResponses, "\"c0\""));
  EXPECT_TRUE(has({User("q"), Says({CustomItem(), CustomOutput(), other})}, kResponses, "\"c0\""));
}

TEST(WireSteps, CallsOfOneStepInSeveralTurnsAreAnswered) {
  const std::vector<Turn> turns = {User("read"),
                                   Says({Text("I read.")}),
                                   Says({Call("a")}),
                                   Says({Call("b")}),
                                   Make(Role::kUser, {Result("b", "BBB")}),
                                   Make(Role::kUser, {Result("a", "AAA")}),
                                   Says({Text("Done.")}),
                                   User("n")};
  for (const PayloadFormat format : AllFormats()) {
    const std::string written = Written(TailOf(turns), format);
    EXPECT_FALSE(absl::StrContains(written, "had not come")) << written;
    EXPECT_FALSE(absl::StrContains(written, "the result of call")) << written;
    EXPECT_LT(written.find("AAA"), written.find("BBB")) << written;
  }
}

TEST(WireSteps, ReasoningStaysBeforeTheItemOfTheNextTurn) {
  const auto reasoning = [](const char* id) {
    return Own("openai.reasoning", absl::StrCat(R"({"type":"reasoning","id":")", id, "\"}"));
  };
  const Part search =
      Own("openai.web_search_call", R"({"type":"web_search_call","id":"w1","status":"completed"})");
  const std::vector<Turn> turns = {User("list"),
                                   Says({reasoning("r1")}),
                                   Says({Call("a")}),
                                   Make(Role::kTool, {Result("a", "x")}),
                                   Says({reasoning("r2")}),
                                   Says({search}),
                                   Says({Text("Found.")}),
                                   User("n")};
  Words types;
  const Json written = Parsed(turns, kResponses);
  for (const Json& item : written.at("input")) types.push_back(item.at("type"));
  EXPECT_EQ(types, Words({"message", "reasoning", "function_call", "function_call_output",
                          "reasoning", "web_search_call", "message", "message"}));
  const std::vector<Turn> blocks = {User("q"), Says({Thinking("a")}), Says({Call("a")}),
                                    Make(Role::kUser, {Result("a", "x")}), User("n")};
  EXPECT_EQ(Kinds(Parsed(blocks, kAnthropic).at("messages").at(1)),
            Words({"thinking", "tool_use"}));
}

TEST(WireSteps, AgentsAreToldApart) {
  const auto of = [](const char* agent, Turn turn) {
    turn.agent_id = agent;
    return turn;
  };
  const std::vector<Turn> turns = {User("go"),
                                   of("x", Says({Text("X speaks"), Call("id")})),
                                   of("y", Says({Text("Y speaks"), Call("id")})),
                                   of("y", Make(Role::kTool, {Result("id", "for Y")})),
                                   of("y", Says({Text("Y is done")})),
                                   of("x", Make(Role::kTool, {Result("id", "for X")})),
                                   User("n")};
  for (const PayloadFormat format : AllFormats()) {
    const std::string written = Written(TailOf(turns), format);
    Words order = {"X speaks", "for X", "Y speaks", "for Y", "Y is done"};
    size_t last = 0;
    for (const std::string& word : order) {
      EXPECT_GT(written.find(word), last) << word << " in " << written;
      last = written.find(word);
    }
  }
}

struct LossCase {
  const char* name;
  Role role;
  Part part;
  const char* note;  // in formats that do not take it
  std::vector<PayloadFormat> taken_by;
};

class WireLosses : public ::testing::TestWithParam<LossCase> {};

// Law 6.
TEST_P(WireLosses, AreNotedOrAreNone) {
  const LossCase& c = GetParam();
  for (const PayloadFormat format : AllFormats()) {
    PayloadWriter writer(1 << 20);
    const Context context = TailOf({User("q"), Make(c.role, {Text("see"), c.part}), User("n")});
    const auto payload = writer.Write(context, {.state_id = 1, .format = format, .load = NoPages});
    ASSERT_TRUE(payload.ok()) << payload.status();
    const bool taken = std::ranges::find(c.taken_by, format) != c.taken_by.end();
    EXPECT_EQ(absl::StrContains(payload->bytes, c.note), !taken) << payload->bytes;
    EXPECT_EQ(payload->losses.empty(), taken);
    if (!taken && !payload->losses.empty()) {
      const WireLoss& loss = payload->losses.front();
      EXPECT_EQ(loss.seq, 2U);
      EXPECT_EQ(loss.opaque_omitted + loss.images_omitted + loss.parts_as_notes, 1U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, WireLosses,
    ::testing::Values(
        LossCase{"Pdf",
                 Role::kUser,
                 DocumentPart{"application/pdf", "p.pdf", "%PDF-1.4"},
                 R"([document: application/pdf, \"p.pdf\", 8 bytes])",
                 {PayloadFormat::kOpenAiChat, kAnthropic, kResponses, PayloadFormat::kGemini}},
        LossCase{"Zip",
                 Role::kUser,
                 DocumentPart{"application/zip", "z", "PK"},
                 R"([document: application/zip, \"z\", 2 bytes])",
                 {}},
        LossCase{"AssistantsPdf",
                 Role::kAssistant,
                 DocumentPart{"application/pdf", "", "%PDF"},
                 "[document: application/pdf, 4 bytes]",
                 {}},
        LossCase{"Audio",
                 Role::kUser,
                 AudioPart{"audio/wav", "RIFF"},
                 "[audio: audio/wav, 4 bytes]",
                 {}},
        LossCase{"InputFile",
                 Role::kUser,
                 OpaquePart{"openai.input_file", R"({"type":"input_file","file_id":"file-1"})"},
                 "[openai.input_file block, 40 bytes]",
                 {kResponses}},
        LossCase{"GeminiFile",
                 Role::kUser,
                 OpaquePart{"gemini.part", R"({"fileData":{"fileUri":"https://x/y"}})"},
                 "[gemini.part block, 38 bytes]",
                 {PayloadFormat::kGemini}},
        LossCase{"ForeignBlock",
                 Role::kAssistant,
                 OpaquePart{"cohere.plan", R"({"type":"plan"})"},
                 "[cohere.plan block, 15 bytes]",
                 {}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WireParts, RefusalsPhasesAndFreeformCallsKeepTheirKind) {
  ToolCallPart custom{"c", "patch", "*** Begin", true};
  const std::vector<Turn> turns = {User("q"), Says({TextPart{"first", "commentary"}, custom}),
                                   Make(Role::kTool, {Result("c", "done")}),
                                   Says({RefusalPart{"I cannot."}}), User("n")};
  const Json items = Parsed(turns, kResponses).at("input");
  EXPECT_EQ(items.at(1).at("phase"), "commentary");
  EXPECT_EQ(items.at(2), Json({{"type", "custom_tool_call"},
                               {"call_id", "c"},
                               {"name", "patch"},
                               {"input", "*** Begin"}}));
  EXPECT_EQ(items.at(3).at("type"), "custom_tool_call_output");
  const Json chat = Parsed(turns, PayloadFormat::kOpenAiChat).at("messages");
  EXPECT_EQ(chat.at(1).at("tool_calls").at(0).at("custom").at("input"), "*** Begin");
  EXPECT_EQ(chat.at(3).at("refusal"), "I cannot.");
  const Json claude = Parsed(turns, kAnthropic).at("messages");
  EXPECT_EQ(claude.at(1).at("content").at(1).at("input"), Json({{"input", "*** Begin"}}));
}

TEST(WireParts, AnthropicTakesDocumentsAndSearchResultsInResults) {
  const ToolResultPart result{
      "a",
      {DocumentPart{"application/pdf", "t", "%PDF", "", "of May",
                    R"({"citations":{"enabled":true}})"},
       SearchResultPart{"https://x", "X", {"one", " "}}, ToolReferencePart{"grep"}}};
  const Json content =
      Parsed({User("q"), Says({Call("a")}), Make(Role::kTool, {result})}, kAnthropic)
          .at("messages")
          .at(2)
          .at("content")
          .at(0)
          .at("content");
  EXPECT_EQ(content.at(0), Json::parse(R"({"type":"document","source":{"type":"base64",
      "media_type":"application/pdf","data":"JVBERg=="},"title":"t","context":"of May",
      "citations":{"enabled":true}})"));
  EXPECT_EQ(content.at(1), Json::parse(R"({"type":"search_result","source":"https://x","title":"X",
      "content":[{"type":"text","text":"one"}]})"));
  EXPECT_EQ(content.at(2), Json::parse(R"({"type":"tool_reference","tool_name":"grep"})"));
}

TEST(WireParts, PagesOfATurnsDrawnResultsStandOnceBesideTheNote) {
  std::vector<Turn> turns = {User("q"), Says({Call("a"), Call("b")}),
                             Make(Role::kTool, {Result("a", "AAA"), Result("b", "BBB")})};
  Context context = TailOf(turns);
  ServedTurn& results = context.tail.back().turns.back();
  results.results_drawn = true;
  results.pages = {{.page_id = std::string(64, 'f')}};
  for (const PayloadFormat format : AllFormats()) {
    const std::string written = Written(context, format);
    const std::string page = "fovea:page/ffff";
    EXPECT_NE(written.find(page), std::string::npos) << written;
    EXPECT_EQ(written.find(page), written.rfind(page)) << written;
    EXPECT_EQ(written.find("AAA"), std::string::npos);
    const std::string note = "this result is drawn on 1 page";
    EXPECT_NE(written.find(note), written.rfind(note)) << "each result says it";
  }
}

TEST(WireParts, AnItemWhoseIdIsTooLongIsNoted) {
  for (const size_t bytes : {size_t{64}, size_t{65}}) {
    const Part item = Own("openai.compaction", absl::StrCat(R"({"type":"compaction","id":")",
                                                            std::string(bytes, 'i'), "\"}"));
    const std::string written = Written(TailOf({User("q"), Says({item, Text("x")})}), kResponses);
    EXPECT_EQ(absl::StrContains(written, "[openai.compaction block, "), bytes == 65) << written;
  }
}

size_t Marks(const std::string& written) {
  size_t marks = 0;
  for (size_t at = written.find("cache_control"); at != std::string::npos;
       at = written.find("cache_control", at + 1)) {
    ++marks;
  }
  return marks;
}

TEST(WireMarks, AreFourAtMostWithThoseOfDocuments) {
  const Part document = Own("anthropic.document",
                            R"({"type":"document","source":{"type":"content","content":[{"type":)"
                            R"("text","text":"d","cache_control":{"type":"ephemeral"}}]},)"
                            R"("cache_control":{"type":"ephemeral"}})");
  std::vector<Turn> turns;
  for (int i = 0; i < 5; ++i) {
    turns.push_back(Make(Role::kUser, {document}));
    turns.push_back(Says({Text("ok")}));
  }
  turns.push_back(Make(Role::kUser, {document}));
  const std::string written = Written(TailOf(turns), kAnthropic);
  EXPECT_EQ(Marks(written), 1U);
  // The document that ends it has the mark.
  EXPECT_TRUE(absl::EndsWith(written, R"(]},"cache_control":{"type":"ephemeral"}}]}]})"))
      << written;
}

TEST(WireMarks, TheFirstRequestHasOne) {
  std::vector<Turn> turns = {Make(Role::kSystem, {Text("rules")}), User("task")};
  turns[0].seq = 1;
  turns[1].seq = 2;
  EXPECT_EQ(Marks(Written({.head = ServeAll(turns, false)}, kAnthropic)), 1U);
}

// No page and no tail: all that there was is behind a note, but for what is pinned.
TEST(WireMarks, StandBehindNotesWithoutPages) {
  Context context;
  for (const char* text : {"[4 turns are not shown]", "#3 user\npinned"}) {
    context.history.emplace_back().items.emplace_back(text);
  }
  const std::string written = Written(context, kAnthropic);
  EXPECT_EQ(Marks(written), 1U);
  EXPECT_TRUE(absl::EndsWith(written, R"(pinned","cache_control":{"type":"ephemeral"}}]}]})"))
      << written;
}

// The API looks for what it has cached only 20 blocks back.
TEST(WireMarks, AreInReachOfEachOther) {
  std::vector<Part> calls;
  Turn results = Make(Role::kTool, {});
  for (int i = 0; i < 25; ++i) {
    calls.push_back(Call(absl::StrCat("c", i)));
    results.parts.push_back(Result(absl::StrCat("c", i), "x"));
  }
  const Json json = Parsed({User("go"), Says(std::move(calls)), results}, kAnthropic);
  std::vector<size_t> marked;
  size_t at = 0;
  for (const Json& message : json.at("messages")) {
    for (const Json& block : message.at("content")) {
      if (block.contains("cache_control")) marked.push_back(at);
      ++at;
    }
  }
  EXPECT_EQ(marked, std::vector<size_t>({10, 30, 50}));
}

TEST(WireLimits, MorePicturesThanARequestHoldsAreNotes) {
  Turn opening = Make(Role::kUser, {Text("compare")});
  opening.seq = 1;
  for (int i = 0; i < 120; ++i) opening.parts.emplace_back(Picture());
  Context context{.head = ServeAll({opening}, false)};
  const auto count = [&](PayloadFormat format) {
    PayloadWriter writer(1 << 20);
    const auto payload = writer.Write(
        context, {.state_id = 1, .format = format, .reader = {.max_images = 100}, .load = NoPages});
    EXPECT_TRUE(payload.ok()) << payload.status();
    size_t omitted = 0;
    for (const WireLoss& loss : payload->losses) omitted += loss.images_omitted;
    EXPECT_EQ(omitted + payload->images, 120 * (1 + context.tail.size()));
    return payload->images;
  };
  for (const PayloadFormat format : AllFormats()) EXPECT_EQ(count(format), 100U);
  // The newest have theirs, too.
  Turn newest = opening;
  newest.seq = 2;
  context.tail = ServeAll({newest}, false);
  for (const PayloadFormat format : AllFormats()) EXPECT_EQ(count(format), 100U);
}

TEST(WireDialects, AreThoseOfTheCatalogue) {
  const ReaderCatalogue readers = *BuiltInReaders();
  const auto dialect = [&](const char* name) { return DialectOf(**readers.Find(name)); };
  const ReaderDialect gemma{.roles_alternate = true};
  const ReaderDialect mistral{.roles_alternate = true, .nine_character_ids = true};
  EXPECT_EQ(dialect("gemma-3"), gemma);
  EXPECT_EQ(dialect("mistral-small-3"), mistral);
  EXPECT_EQ(dialect("pixtral"), mistral);
  EXPECT_EQ(dialect("kimi-k2.5"), ReaderDialect{.wants_reasoning = true});
  EXPECT_EQ(dialect("qwen3-vl"), ReaderDialect{});
  EXPECT_EQ(dialect("claude"), ReaderDialect{});
}

TEST(WireDialects, RolesTakeTurnsOverTheBorderOfThePrefix) {
  std::vector<Turn> head = {Make(Role::kSystem, {Text("s")}), User("task")};
  head[0].seq = 1;
  head[1].seq = 2;
  Context context = TailOf({User("more"), Says({Call("a")}), Make(Role::kTool, {Result("a", "x")}),
                            User("hurry"), User("now"), Says({Text("one")}), User("n")});
  context.head = ServeAll(head, false);
  const ReaderTraits reader{.dialect = {.roles_alternate = true, .nine_character_ids = true}};
  for (const PayloadFormat format :
       {PayloadFormat::kOpenAiChat, PayloadFormat::kVllm, PayloadFormat::kDeepSeek}) {
    const Json json = Json::parse(Written(context, format, reader));
    EXPECT_EQ(testing::TemplateProblems(json), Words()) << json.dump(1);
    EXPECT_EQ(json.at("messages").at(1).at("content").size(), 2U) << "task and more in one";
    EXPECT_NE(testing::TemplateProblems(Json::parse(Written(context, format))), Words());
  }
}

TEST(WireDialects, KimisReasoningGoesBackOnEveryFormatThatServesIt) {
  const ReaderTraits kimi{.dialect = {.wants_reasoning = true}};
  const std::vector<Turn> turns = {User("q"),
                                   Says({Own("moonshot.reasoning_content", "hm"), Call("a")}),
                                   Make(Role::kTool, {Result("a", "x")}),
                                   Says({Call("b")}),
                                   Make(Role::kTool, {Result("b", "x")}),
                                   User("n")};
  for (const PayloadFormat format :
       {PayloadFormat::kOpenAiChat, PayloadFormat::kVllm, PayloadFormat::kDeepSeek}) {
    const Json messages = Parsed(turns, format, kimi).at("messages");
    EXPECT_EQ(messages.at(1).at("reasoning_content"), "hm");
    EXPECT_EQ(messages.at(3).at("reasoning_content"), " ");
  }
  EXPECT_FALSE(
      Parsed(turns, PayloadFormat::kVllm).at("messages").at(1).contains("reasoning_content"));
}

TEST(WireErrors, AreSaidOnEveryWire) {
  const ToolResultPart silent{.call_id = "a", .is_error = true};
  const ToolResultPart says{"b", {TextPart{"no such file"}}, true};
  const std::vector<Turn> turns = {User("go"), Says({Call("a"), Call("b")}),
                                   Make(Role::kTool, {silent, says}), User("n")};
  const Words failed = {"[the call failed]", "[the call failed]\nno such file"};
  for (const PayloadFormat format :
       {PayloadFormat::kOpenAiChat, PayloadFormat::kVllm, PayloadFormat::kDeepSeek}) {
    const Json messages = Parsed(turns, format).at("messages");
    EXPECT_EQ(messages.at(2).at("content"), failed[0]);
    EXPECT_EQ(messages.at(3).at("content"), failed[1]);
  }
  const Json items = Parsed(turns, kResponses).at("input");
  EXPECT_EQ(items.at(3).at("output"), failed[0]);
  EXPECT_TRUE(absl::StrContains(items.at(4).dump(), "failed"));
  const Json claude = Parsed(turns, kAnthropic).at("messages").at(2).at("content");
  EXPECT_EQ(claude.at(0).at("is_error"), true);
  EXPECT_EQ(claude.at(1).at("content").at(0).at("text"), "no such file");
  const Json gemini = Parsed(turns, PayloadFormat::kGemini).at("contents").at(2).at("parts");
  EXPECT_EQ(gemini.at(0).at("functionResponse").at("response").at("error"), failed[0]);
  EXPECT_EQ(gemini.at(1).at("functionResponse").at("response").at("error"), "no such file");
}

// Of two calls with one id, the one that waits for the client keeps it.
TEST(WireIds, OpenCallsKeepTheirs) {
  const std::vector<Turn> turns = {User("go"), Says({Call("a")}),
                                   Make(Role::kTool, {Result("a", "x")}), Says({Call("a")})};
  const Json messages = Parsed(turns, PayloadFormat::kOpenAiChat).at("messages");
  EXPECT_EQ(messages.at(3).at("tool_calls").at(0).at("id"), "a");
  EXPECT_NE(messages.at(1).at("tool_calls").at(0).at("id"), "a");
  EXPECT_EQ(messages.at(1).at("tool_calls").at(0).at("id"), messages.at(2).at("tool_call_id"));
}

}  // namespace
}  // namespace fovea::wire
