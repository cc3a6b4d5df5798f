// What stays text wherever it stands in a conversation, and whose a conversation is.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gateway/compose.h"
#include "gateway/conversation.h"
#include "gateway/credentials.h"
#include "gateway/json_span.h"
#include "gateway/read_turns.h"
#include "gateway/system_items.h"
#include "gateway/truncate.h"

namespace fovea::gateway {
namespace {

const char kPages[] = "PAGES";

std::string User(const std::string& text) {
  return absl::StrCat(R"({"role":"user","content":")", text, "\"}");
}
std::string Answer(const std::string& text) {
  return absl::StrCat(R"({"role":"assistant","content":")", text, "\"}");
}
std::string System(const std::string& text) {
  return absl::StrCat(R"({"role":"system","content":")", text, "\"}");
}

absl::StatusOr<Conversation> Read(Wire wire, const std::string& body,
                                  const Headers& headers = Headers(),
                                  const std::string& owner = "") {
  DigestCache digests;
  return ReadConversation({.wire = wire, .purpose = Purpose::kGenerate}, headers, body, digests,
                          nullptr, owner);
}

struct Sent {
  std::string body;
  Conversation conversation;
  Mapping mapping;
};

Sent Send(Wire wire, const std::vector<std::string>& items) {
  Sent sent;
  sent.body =
      absl::StrCat(R"({"model":"m",")", ArrayKey(wire), "\":[", absl::StrJoin(items, ","), "]}");
  auto read = Read(wire, sent.body);
  EXPECT_TRUE(read.ok()) << read.status();
  sent.conversation = *std::move(read);
  uint64_t last = 0;
  for (size_t i = sent.conversation.head; i < sent.conversation.items.size(); ++i) {
    const bool own = !sent.conversation.items[i].IsSystem();
    sent.mapping.turns.push_back({last + 1, own ? last + 1 : last});
    last += own ? 1 : 0;
  }
  sent.mapping.as_of = last;
  return sent;
}

// With the first turn as text, then pages, then turns from `first` on as text.
absl::StatusOr<Composed> Serve(const Sent& sent, uint64_t first,
                               const Replacements& replacements = {}) {
  v1::BuildContextResponse context;
  context.add_blocks()->mutable_turn()->set_seq(1);
  context.mutable_blocks(0)->set_in_prefix(true);
  v1::ContextBlock* note = context.add_blocks();
  note->set_in_prefix(true);
  note->set_note(kPages);
  for (uint64_t seq = first; seq <= sent.mapping.as_of; ++seq) {
    context.add_blocks()->mutable_turn()->set_seq(seq);
  }
  PageCache pages(1 << 20);
  return Compose(sent.conversation, sent.body, sent.mapping, context, replacements, "", pages);
}

// The contents of what is served, "sys" for system text; the pages as one word.
std::string Order(const std::string& array) {
  std::vector<std::string> words;
  const auto spans = ScanArray(array, {0, array.size()});
  EXPECT_TRUE(spans.ok()) << array;
  for (const JsonSpan& span : *spans) {
    const absl::string_view item = span.In(array);
    const auto members = ScanObject(item);
    const std::string role(FindMember(*members, "role")->value.In(item));
    std::string content(FindMember(*members, "content")->value.In(item));
    if (absl::StrContains(content, kPages)) content = kPages;
    content = absl::StrReplaceAll(content, {{R"({"type":"text","text":)", ""}, {"}", ""}});
    content = absl::StrReplaceAll(content, {{"\"", ""}});
    words.push_back(role == R"("system")" ? absl::StrCat("sys:", content) : content);
  }
  return absl::StrJoin(words, " ");
}

const std::vector<std::string> kAgents = {User("u1"),   System("s1"), Answer("a1"), User("u2"),
                                          System("s2"), Answer("a2"), User("u3"),   Answer("a3"),
                                          User("u4"),   System("s4"), Answer("a4"), User("u5")};

TEST(SystemItems, StandBehindThePagesWhereTheirNeighboursAreDrawn) {
  const Sent sent = Send(Wire::kOpenAiChat, kAgents);
  EXPECT_EQ(Order(Serve(sent, 6)->array), "u1 PAGES sys:s1 sys:s2 a3 u4 sys:s4 a4 u5");
  // In their place where they have neighbours.
  EXPECT_EQ(Order(Serve(sent, 5)->array), "u1 PAGES sys:s1 sys:s2 u3 a3 u4 sys:s4 a4 u5");
  EXPECT_EQ(Order(Serve(sent, 8)->array), "u1 PAGES sys:s1 sys:s2 sys:s4 a4 u5");
}

// Behind what a user said, before an answer or at the end, and never two in a row.
TEST(SystemItems, StandWhereAnthropicTakesThem) {
  const Sent sent = Send(Wire::kAnthropic, kAgents);
  EXPECT_EQ(Order(Serve(sent, 6)->array), "u1 PAGES sys:[s1,s2] a3 u4 sys:s4 a4 u5");
  EXPECT_EQ(Order(Serve(sent, 5)->array), "u1 PAGES u3 sys:[s1,s2] a3 u4 sys:s4 a4 u5");
  EXPECT_EQ(Order(Serve(sent, 7)->array), "u1 PAGES u4 sys:[s1,s2,s4] a4 u5");
  EXPECT_EQ(Order(Serve(sent, 8)->array), "u1 PAGES sys:[s1,s2,s4] a4 u5");
  EXPECT_EQ(Order(Serve(sent, 9)->array), "u1 PAGES u5 sys:[s1,s2,s4]");
  // As the newest message.
  std::vector<std::string> more = kAgents;
  more.push_back(System("s5"));
  EXPECT_EQ(Order(Serve(Send(Wire::kAnthropic, more), 8)->array),
            "u1 PAGES sys:[s1,s2,s4] a4 u5 sys:s5");
  EXPECT_EQ(Order(Serve(Send(Wire::kAnthropic, more), 9)->array), "u1 PAGES u5 sys:[s1,s2,s4,s5]");
  // One alone stays byte for byte.
  const Sent one = Send(Wire::kAnthropic, {User("u1"), System("s1"), Answer("a1"), User("u2"),
                                           Answer("a2"), User("u3")});
  EXPECT_TRUE(absl::StrContains(Serve(one, 4)->array, System("s1")));
}

TEST(SystemItems, AreOfThePrefixAndGoingOnKeepsThem) {
  for (const Wire wire : {Wire::kAnthropic, Wire::kOpenAiChat, Wire::kOpenAiResponses}) {
    std::vector<std::string> items = kAgents;
    const Sent earlier = Send(wire, items);
    items.push_back(System("s5"));
    items.push_back(Answer("a5"));
    items.push_back(User("u6"));
    items.push_back(System("s6"));
    const Sent later = Send(wire, items);
    for (uint64_t seq = 3; seq <= 8; ++seq) {
      const auto served = Serve(earlier, seq);
      ASSERT_TRUE(served.ok()) << served.status();
      ASSERT_GT(served->prefix_bytes, 0U) << WireName(wire) << seq;
      const ServedPrefix prefix = PrefixOf(earlier.conversation, *served);
      const auto first = FirstBehind(later.conversation, prefix);
      ASSERT_TRUE(first.has_value());
      const auto went_on = Continue(later.conversation, later.body, prefix, *first, {});
      ASSERT_TRUE(went_on.has_value());
      EXPECT_EQ(went_on->array, Serve(later, seq)->array) << WireName(wire) << " from " << seq;
      // Other system text before it is another prefix.
      const std::string other = absl::StrReplaceAll(later.body, {{"\"s1\"", "\"t1\""}});
      EXPECT_FALSE(Continue(*Read(wire, other), other, prefix, *first, {}).has_value());
    }
    // What was said inside has its place behind it.
    const Replacements inside = {{10, Answer("inside")}};
    EXPECT_TRUE(absl::EndsWith(Order(Serve(later, 5, inside)->array),
                               "sys:s4 inside u5 sys:s5 a5 u6 sys:s6"))
        << Order(Serve(later, 5, inside)->array);
  }
}

TEST(SystemItems, LeaveTheChainAsItIs) {
  const Sent with = Send(Wire::kAnthropic, {User("u1"), System("s1"), Answer("a1")});
  const Sent without = Send(Wire::kAnthropic, {User("u1"), Answer("a1")});
  EXPECT_EQ(with.conversation.items.back().chain, without.conversation.items.back().chain);
  EXPECT_FALSE(Send(Wire::kGemini, {R"({"role":"user","parts":[{"text":"\"system\""}]})"})
                   .conversation.items[0]
                   .IsSystem());
  EXPECT_TRUE(Send(Wire::kOpenAiResponses, {User("u"), R"({"role":"developer","content":"d"})"})
                  .conversation.items[1]
                  .IsSystem());
}

TEST(SystemItems, StayInWhatIsCutToTheWindow) {
  std::vector<std::string> items = {User("u1"), System("s1")};
  for (int i = 0; i < 20; ++i) {
    items.push_back(Answer(absl::StrCat("a", i, std::string(400, 'x'))));
    items.push_back(User(absl::StrCat("u", i, std::string(400, 'x'))));
  }
  items[30] = Answer("last but five");
  items.insert(items.begin() + 10, System("s2"));
  for (const Wire wire : {Wire::kAnthropic, Wire::kOpenAiChat}) {
    const Sent sent = Send(wire, items);
    const auto cut = Truncated(sent.conversation, sent.body, 1'000);
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_LT(cut->size(), 4'200U);
    const std::string order = Order(*cut);
    EXPECT_TRUE(absl::StrContains(order, "s1")) << order;
    EXPECT_TRUE(absl::StrContains(order, "s2")) << order;
    EXPECT_EQ(absl::StrContains(order, "sys:[s1,s2]"), wire == Wire::kAnthropic) << order;
  }
}

TEST(ReadTurns, WhatIsSaidBesideResultsIsOfTheirGroup) {
  TurnReader reader(Wire::kAnthropic);
  const auto turns = reader.Read(
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"r"},{"type":"tool_result","tool_use_id":"2","content":"r"},{"type":"text","text":"stop"}]})");
  ASSERT_TRUE(turns.ok()) << turns.status();
  ASSERT_EQ(turns->size(), 2U);
  EXPECT_EQ((*turns)[0].role(), v1::ROLE_USER);
  EXPECT_EQ((*turns)[1].role(), v1::ROLE_TOOL);
  EXPECT_EQ((*turns)[1].parts_size(), 2);
  const auto plain = TurnReader(Wire::kAnthropic).Read(User("u"));
  ASSERT_EQ(plain->size(), 1U);
}

TEST(Conversation, OnlyWhatNamesASessionCounts) {
  const auto root = [](Wire wire, const std::string& beside) {
    return Read(wire, absl::StrCat("{", beside, ",\"", ArrayKey(wire), "\":[", User("u"), "]}"))
        ->root;
  };
  const Wire chat = Wire::kOpenAiChat;
  EXPECT_EQ(root(chat, R"("metadata":{"trace_id":"1"})"),
            root(chat, R"("metadata":{"trace_id":"2"})"));
  EXPECT_EQ(root(chat, R"("metadata":{"trace_id":"1"})"), root(chat, R"("model":"m")"));
  EXPECT_NE(root(chat, R"("metadata":{"session_id":"1"})"),
            root(chat, R"("metadata":{"session_id":"2"})"));
  EXPECT_EQ(root(chat, R"("metadata":{"session_id":"1","trace_id":"1"})"),
            root(chat, R"("metadata":{"trace_id":"2","session_id":"1"})"));
  EXPECT_NE(root(chat, R"("prompt_cache_key":"1")"), root(chat, R"("prompt_cache_key":"2")"));
  EXPECT_NE(root(Wire::kAnthropic, R"("metadata":{"user_id":"user_a_account__session_1"})"),
            root(Wire::kAnthropic, R"("metadata":{"user_id":"user_a_account__session_2"})"));
  EXPECT_EQ(root(Wire::kAnthropic, R"("metadata":{"user_id":"request-1"})"),
            root(Wire::kAnthropic, R"("metadata":{"user_id":"request-2"})"));
}

TEST(Conversation, WhatGoesOnFromTheProvidersOwnIsNotRead) {
  const auto ok = [](const std::string& beside, const std::string& item) {
    return Read(Wire::kOpenAiResponses, absl::StrCat("{", beside, R"("input":[)", item, "]}")).ok();
  };
  const std::string result = R"({"type":"function_call_output","call_id":"c","output":"r"})";
  EXPECT_TRUE(ok("", result));
  EXPECT_TRUE(ok(R"("previous_response_id":null,)", result));
  EXPECT_FALSE(ok(R"("previous_response_id":"resp_1",)", result));
  EXPECT_FALSE(ok(R"("conversation":{"id":"conv_1"},)", result));
  EXPECT_FALSE(ok("", R"({"type":"item_reference","id":"msg_1"})"));
  EXPECT_TRUE(ok("", R"({"role":"user","content":"an \"item_reference\""})"));
}

TEST(Credentials, KeysTellOwnersApartAndLoginsLast) {
  const auto owner = [](const char* name, const std::string& value) {
    Headers headers;
    headers.Add(name, value);
    return OwnerOf(headers, "https://host/v1/messages", "salt");
  };
  const std::string url = "https://host/v1beta/models/m:generateContent?alt=sse&key=";
  EXPECT_EQ(OwnerOf(Headers(), "https://host/v1/messages", "salt"), "");
  EXPECT_NE(owner("x-api-key", "sk-1"), owner("x-api-key", "sk-2"));
  EXPECT_EQ(owner("x-api-key", "sk-1"), owner("X-Api-Key", "sk-1"));
  EXPECT_NE(owner("authorization", "Bearer sk-1"), owner("authorization", "Bearer sk-2"));
  EXPECT_NE(owner("x-goog-api-key", "1"), owner("x-goog-api-key", "2"));
  EXPECT_NE(OwnerOf(Headers(), url + "1", "salt"), OwnerOf(Headers(), url + "2", "salt"));
  Headers headers;
  headers.Add("x-api-key", "sk-1");
  EXPECT_NE(OwnerOf(headers, "", "salt"), OwnerOf(headers, "", "other"));
  // A login's next token.
  const auto token = [](const std::string& claims, const std::string& signature) {
    return absl::StrCat("Bearer eyJhbGciOiJub25lIn0.", absl::WebSafeBase64Escape(claims), ".",
                        signature);
  };
  const std::string first = token(R"({"iss":"i","sub":"a","exp":1})", "x");
  EXPECT_EQ(owner("authorization", first),
            owner("authorization", token(R"({"iss":"i","sub":"a","exp":2})", "y")));
  EXPECT_NE(owner("authorization", first),
            owner("authorization", token(R"({"iss":"i","sub":"b","exp":1})", "x")));
  EXPECT_NE(owner("authorization", token(R"({"exp":1})", "x")),
            owner("authorization", token(R"({"exp":2})", "x")));
  EXPECT_EQ(owner("authorization", "Bearer sk-ant-oat01-a"),
            owner("authorization", "Bearer sk-ant-oat01-b"));
  EXPECT_NE(owner("authorization", "Bearer sk-ant-oat01-a"), owner("authorization", "Bearer sk-1"));
  // Conversations of different owners have no chain in common.
  const std::string body = absl::StrCat(R"({"messages":[)", User("u"), "]}");
  EXPECT_NE(Read(Wire::kAnthropic, body, Headers(), "a")->items[0].chain,
            Read(Wire::kAnthropic, body, Headers(), "b")->items[0].chain);
}

}  // namespace
}  // namespace fovea::gateway
