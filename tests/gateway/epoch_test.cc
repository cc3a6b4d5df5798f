// Within an epoch: what goes out without asking is what asking would give; jobs keep their order.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gateway/compose.h"
#include "gateway/conversation.h"
#include "gateway/jobs.h"
#include "gateway/recent_conversations.h"

namespace fovea::gateway {
namespace {

// A conversation as a request brings it, with a turn for every item that says anything.
struct Sent {
  Wire wire;
  std::string body;
  Conversation conversation;
  Mapping mapping;
};

Sent Send(Wire wire, const std::vector<std::string>& items, const std::string& after = "") {
  Sent sent{.wire = wire};
  sent.body = absl::StrCat(R"({"model":"m",")", ArrayKey(wire), "\":[", absl::StrJoin(items, ","),
                           "]", after, "}");
  static auto* const digests = new DigestCache();
  auto read = ReadConversation({.wire = wire, .purpose = Purpose::kGenerate}, Headers(), sent.body,
                               *digests);
  EXPECT_TRUE(read.ok()) << read.status();
  sent.conversation = *std::move(read);
  uint64_t last = 0;
  for (size_t i = sent.conversation.head; i < sent.conversation.items.size(); ++i) {
    const std::string& before =
        i == sent.conversation.head ? sent.conversation.root : sent.conversation.items[i - 1].chain;
    const bool own = sent.conversation.items[i].chain != before;
    sent.mapping.turns.push_back({last + 1, own ? last + 1 : last});
    last += own ? 1 : 0;
  }
  sent.mapping.as_of = last;
  return sent;
}

// A page, and turns from `first` on as text.
v1::BuildContextResponse Context(const Sent& sent, uint64_t first) {
  v1::BuildContextResponse context;
  v1::ContextBlock* note = context.add_blocks();
  note->set_in_prefix(true);
  note->set_note("older turns");
  v1::ContextBlock* page = context.add_blocks();
  page->set_in_prefix(true);
  page->mutable_page()->set_page_id("p");
  for (uint64_t seq = first; seq <= sent.mapping.as_of; ++seq) {
    context.add_blocks()->mutable_turn()->set_seq(seq);
  }
  return context;
}

class EpochTest : public ::testing::Test {
 protected:
  EpochTest() { pages_.Add("p", "png"); }

  Composed MustCompose(const Sent& sent, uint64_t first, const Replacements& replacements = {}) {
    auto composed = Compose(sent.conversation, sent.body, sent.mapping, Context(sent, first),
                            replacements, "", pages_);
    EXPECT_TRUE(composed.ok()) << composed.status();
    return composed.ok() ? *std::move(composed) : Composed();
  }
  // The later request, going on from the earlier one's prefix; "" if it cannot.
  std::string GoesOn(const Sent& earlier, const Sent& later, uint64_t first_seq,
                     const Replacements& replacements = {}) {
    const ServedPrefix prefix =
        PrefixOf(earlier.conversation, MustCompose(earlier, first_seq, replacements));
    const auto first = FirstBehind(later.conversation, prefix);
    if (!first.has_value()) return "";
    const auto continued = Continue(later.conversation, later.body, prefix, *first, replacements);
    return continued.has_value() ? continued->array : "";
  }

  PageCache pages_{1 << 20};
};

std::string User(int number) {
  return absl::StrCat(R"({"role":"user","content":"u)", number, "\"}");
}
std::string Answer(int number) {
  return absl::StrCat(R"({"role":"assistant","content":"a)", number, "\"}");
}
const char kThought[] = R"({"type":"reasoning","encrypted_content":"x","summary":[]})";

TEST_F(EpochTest, GoingOnGivesWhatAskingWould) {
  for (const Wire wire : {Wire::kAnthropic, Wire::kOpenAiChat, Wire::kOpenAiResponses}) {
    std::vector<std::string> items;
    if (wire != Wire::kAnthropic) items.push_back(R"({"role":"system","content":"s"})");
    for (int i = 1; i <= 6; ++i) {
      items.push_back(User(i));
      if (wire == Wire::kOpenAiResponses) items.push_back(kThought);
      items.push_back(Answer(i));
    }
    items.push_back(User(7));
    const Sent earlier = Send(wire, items);
    if (wire == Wire::kOpenAiResponses) items.push_back(kThought);
    items.push_back(Answer(7));
    items.push_back(User(8));
    const Sent later = Send(wire, items);
    for (const uint64_t first : {5, 6, 9}) {
      EXPECT_EQ(GoesOn(earlier, later, first), MustCompose(later, first).array)
          << WireName(wire) << " from turn " << first;
    }
    // A retry, too.
    EXPECT_EQ(GoesOn(earlier, earlier, 5), MustCompose(earlier, 5).array);
  }
}

TEST_F(EpochTest, WhatWasSaidInsideStandsInItsPlace) {
  std::vector<std::string> items;
  for (int i = 1; i <= 4; ++i) {
    items.push_back(User(i));
    items.push_back(kThought);
    items.push_back(Answer(i));
  }
  items.push_back(User(5));
  const Sent earlier = Send(Wire::kOpenAiResponses, items);
  items.push_back(kThought);
  items.push_back(Answer(5));
  items.push_back(User(6));
  const Sent later = Send(Wire::kOpenAiResponses, items);
  // The last answer but one, and the thought before it.
  const Replacements replacements = {{11, R"({"said":"inside"},{"and":"more"})"}};
  const std::string went_on = GoesOn(earlier, later, 4, replacements);
  EXPECT_EQ(went_on, MustCompose(later, 4, replacements).array);
  EXPECT_NE(went_on.find(R"({"said":"inside"})"), std::string::npos);
}

TEST_F(EpochTest, WhatIsNoContinuationIsAsked) {
  const Sent earlier = Send(Wire::kAnthropic, {User(1), Answer(1), User(2), Answer(2), User(3)});
  // A rewind to before the prefix's end, an edit in it.
  EXPECT_EQ(GoesOn(earlier, Send(Wire::kAnthropic, {User(1), Answer(1), User(9)}), 4), "");
  EXPECT_EQ(
      GoesOn(earlier, Send(Wire::kAnthropic, {User(9), Answer(1), User(2), Answer(2), User(3)}), 4),
      "");
  // Other system text.
  const auto chat = [](const std::string& system) {
    return Send(Wire::kOpenAiChat, {absl::StrCat(R"({"role":"system","content":")", system, "\"}"),
                                    User(1), Answer(1), User(2), Answer(2), User(3)});
  };
  EXPECT_NE(GoesOn(chat("s"), chat("s"), 4), "");
  EXPECT_EQ(GoesOn(chat("s"), chat("t"), 4), "");
  // More cache marks than there may be: three of the agent's and ours, then four of the agent's.
  const auto marked = [](int number) {
    return absl::StrReplaceAll(User(number), {{"}", R"(,"cache_control":{"type":"ephemeral"}})"}});
  };
  const std::string tools =
      R"(,"tools":[{"cache_control":{"type":"ephemeral"}},{"cache_control":{}}])";
  const Sent three =
      Send(Wire::kAnthropic, {User(1), Answer(1), User(2), Answer(2), marked(3)}, tools);
  const Sent four =
      Send(Wire::kAnthropic,
           {User(1), Answer(1), User(2), Answer(2), marked(3), Answer(3), marked(4)}, tools);
  // Marks that live for different times have an order; with the prefix's among them, who knows.
  const Sent longer = Send(Wire::kAnthropic,
                           {User(1), Answer(1), User(2), Answer(2), marked(3), Answer(3), User(4)},
                           R"(,"tools":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}])");
  EXPECT_EQ(GoesOn(three, longer, 4), "");
  EXPECT_NE(GoesOn(three, three, 4), "");
  EXPECT_EQ(GoesOn(three, four, 4), "");
}

// What is known of a body's beginning saves time and changes nothing, wherever the bodies part.
TEST(KnownConversation, ReadsAsWithoutIt) {
  std::mt19937 random(5);
  const auto roll = [&](size_t below) { return random() % below; };
  DigestCache digests;
  size_t used = 0;
  for (int round = 0; round < 3'000; ++round) {
    const Wire wire = roll(2) == 0 ? Wire::kAnthropic : Wire::kOpenAiChat;
    std::string items;
    if (roll(2) == 0) items = R"({"role":"system","content":"s"})";
    const size_t count = 1 + roll(6);
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&items, items.empty() ? "" : ", ", roll(2) == 0 ? User(i) : Answer(i));
    }
    const std::string before = absl::StrCat(R"({"model":"m", "n":[1, {"messages":[]}],)");
    const std::string after = R"(,"tools":[{"name":"t"}],"metadata":{"user_id":"u"} })";
    const std::string known = absl::StrCat(before, R"("messages":[)", items, "]", after);
    std::string body = absl::StrCat(before, R"("messages":[)", items, ",", User(99), "]", after);
    for (size_t edits = roll(3); edits > 0; --edits) {
      constexpr char kBytes[] = "\"{}[],: x1\\";
      const size_t at = roll(body.size());
      if (roll(3) == 0)
        body.erase(at, 1 + roll(3));
      else if (roll(2) == 0)
        body.insert(at, 1, kBytes[roll(sizeof kBytes - 1)]);
      else
        body[at] = kBytes[roll(sizeof kBytes - 1)];
    }
    const Route route{.wire = wire, .purpose = Purpose::kGenerate};
    const auto first = ReadConversation(route, Headers(), known, digests);
    ASSERT_TRUE(first.ok()) << first.status() << known;
    size_t same = 0;
    while (same < known.size() && same < body.size() && known[same] == body[same]) ++same;
    const KnownConversation beginning{*first, known, same};
    const auto with = ReadConversation(route, Headers(), body, digests, &beginning);
    const auto without = ReadConversation(route, Headers(), body, digests);
    ASSERT_EQ(with.ok(), without.ok()) << body << "\n" << with.status() << without.status();
    if (!with.ok()) continue;
    used += first->items.front().span.end <= same ? 1 : 0;
    ASSERT_EQ(with->items.size(), without->items.size()) << body;
    for (size_t i = 0; i < with->items.size(); ++i) {
      ASSERT_EQ(with->items[i].chain, without->items[i].chain) << body;
      ASSERT_EQ(with->items[i].span.begin, without->items[i].span.begin) << body;
      ASSERT_EQ(with->items[i].span.end, without->items[i].span.end) << body;
    }
    ASSERT_EQ(with->array.end, without->array.end) << body;
    ASSERT_EQ(with->head, without->head) << body;
    ASSERT_EQ(with->scope, without->scope) << body;
    ASSERT_EQ(with->model, without->model) << body;
    ASSERT_EQ(with->has_tools, without->has_tools) << body;
    ASSERT_EQ(with->frame_bytes, without->frame_bytes) << body;
    ASSERT_EQ(with->members.size(), without->members.size()) << body;
    for (size_t i = 0; i < with->members.size(); ++i) {
      ASSERT_EQ(with->members[i].key, without->members[i].key) << body;
      ASSERT_EQ(with->members[i].value.In(body), without->members[i].value.In(body)) << body;
    }
  }
  EXPECT_GT(used, 500U);
}

TEST(RecentConversations, TheClosestIsFoundAndRoomIsBounded) {
  RecentConversations recent(100'000);
  const auto add = [&](const std::string& task, int answers) {
    std::vector<std::string> items = {absl::StrCat(R"({"role":"user","content":")", task, "\"}")};
    for (int i = 0; i < answers; ++i) items.push_back(Answer(i));
    Sent sent = Send(Wire::kAnthropic, items);
    const auto before = recent.Closest(Wire::kAnthropic, sent.body);
    const auto body = std::make_shared<const std::string>(std::move(sent.body));
    recent.Add(before, body, std::make_shared<const Conversation>(std::move(sent.conversation)));
    return body;
  };
  const auto a = add("the first task", 10);
  add("another task", 10);
  const auto longer = add("the first task", 12);
  const auto closest = recent.Closest(Wire::kAnthropic, *longer + " ");
  EXPECT_EQ(closest.body, longer);
  EXPECT_EQ(closest.same_bytes, longer->size());
  // The shorter one has given its place.
  EXPECT_EQ(a.use_count(), 1);
  EXPECT_EQ(recent.Closest(Wire::kOpenAiChat, *longer).body, nullptr);
  const auto huge = add(std::string(99'500, 'x'), 1);
  EXPECT_EQ(huge.use_count(), 2);
  EXPECT_LT(recent.Closest(Wire::kAnthropic, *longer).same_bytes, longer->size());
  const auto too_large = add(std::string(200'000, 'y'), 1);
  EXPECT_EQ(too_large.use_count(), 1);
}

TEST(Jobs, OfOneKeyKeepTheirOrderAndThoseOfOthersGoBeside) {
  std::vector<int> order;
  std::atomic<int> others = 0;
  absl::Notification open;
  {
    Jobs jobs(1 << 20, 4);
    jobs.Run("a", 1, [&] { open.WaitForNotification(); });
    for (int i = 0; i < 100; ++i) jobs.Run("a", 1, [&order, i] { order.push_back(i); });
    for (int i = 0; i < 20; ++i) jobs.Run(absl::StrCat("b", i), 1, [&others] { ++others; });
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(jobs.Wait(absl::StrCat("b", i), absl::InfiniteFuture()));
    EXPECT_EQ(others, 20);
    EXPECT_FALSE(jobs.Wait("a", absl::Now() + absl::Milliseconds(20)));
    EXPECT_TRUE(jobs.Wait("nobody's", absl::InfinitePast()));
    open.Notify();
  }
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(Jobs, HoldNoMoreThanTheyMay) {
  Jobs jobs(100, 2);
  absl::Notification open;
  // What is larger than all room has it alone.
  jobs.Run("a", 1'000, [&] { open.WaitForNotification(); });
  EXPECT_FALSE(jobs.HasRoom(1));
  std::atomic<bool> given = false;
  std::atomic<bool> done = false;
  std::thread other([&] {
    jobs.Run("b", 60, [&] { done = true; });
    given = true;
  });
  absl::SleepFor(absl::Milliseconds(30));
  EXPECT_FALSE(given);
  open.Notify();
  other.join();
  EXPECT_TRUE(jobs.Wait("b", absl::InfiniteFuture()));
  EXPECT_TRUE(done);
  EXPECT_TRUE(jobs.HasRoom(100));
  EXPECT_TRUE(jobs.HasRoom(101));
}

TEST(PageCache, KeepsTheNewestAndOneHoweverLarge) {
  PageCache pages(8);
  pages.Add("a", "abc");  // four bytes as Base64
  pages.Add("b", "def");
  EXPECT_EQ(pages.Newest(9), (std::vector<std::string>{"b", "a"}));
  ASSERT_NE(pages.Find("a"), nullptr);
  EXPECT_EQ(*pages.Find("a"), "YWJj");
  pages.Add("c", "g");  // b was looked for the longest time ago
  EXPECT_EQ(pages.Find("b"), nullptr);
  EXPECT_NE(pages.Find("a"), nullptr);
  pages.Add("large", std::string(100, 'x'));
  EXPECT_EQ(pages.Newest(9), std::vector<std::string>{"large"});
  EXPECT_NE(pages.Find("large"), nullptr);
}

}  // namespace
}  // namespace fovea::gateway
