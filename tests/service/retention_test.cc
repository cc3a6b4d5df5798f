// Which sessions a retention chooses.
#include "service/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fovea::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

OldSession Session(const std::string& tenant, const std::string& id, int64_t updated_us,
                   uint64_t bytes) {
  return {.key = {tenant, id}, .updated_us = updated_us, .stored_bytes = bytes};
}

std::vector<std::string> Chosen(const RetentionChoice& choice) {
  std::vector<std::string> names;
  for (const OldSession& session : choice.to_delete) {
    names.push_back(absl::StrCat(session.key.tenant, "/", session.key.session_id));
  }
  return names;
}

TEST(RetentionChoiceTest, OthersGoInThePlaceOfOneThatCannot) {
  std::vector<OldSession> all = {Session("a", "1", 10, 100), Session("a", "2", 20, 100),
                                 Session("a", "3", 30, 100)};
  all[0].stays = true;
  const RetentionChoice choice = ChooseByRetention(all, {.max_stored_bytes = 200}, 40);
  EXPECT_THAT(Chosen(choice), ElementsAre("a/2"));
  EXPECT_EQ(choice.left_bytes, 200U);
  EXPECT_THAT(Chosen(ChooseByRetention(all, {.max_idle = absl::Microseconds(5)}, 40)),
              ElementsAre("a/2", "a/3"));
}

TEST(RetentionChoiceTest, OfOneTenantTheLongestIdleGo) {
  const std::vector<OldSession> all = {Session("a", "1", 10, 100), Session("a", "2", 20, 100),
                                       Session("a", "3", 30, 100)};
  EXPECT_THAT(Chosen(ChooseByRetention(all, {.max_stored_bytes = 300}, 40)), IsEmpty());
  const RetentionChoice choice = ChooseByRetention(all, {.max_stored_bytes = 150}, 40);
  EXPECT_THAT(Chosen(choice), ElementsAre("a/1", "a/2"));
  EXPECT_EQ(choice.deleted_bytes, 200U);
  EXPECT_EQ(choice.left_bytes, 100U);
  EXPECT_EQ(choice.left_sessions, 1U);
  EXPECT_THAT(Chosen(ChooseByRetention(all, {.max_idle = absl::Microseconds(15)}, 40)),
              ElementsAre("a/1", "a/2"));
}

// However much the other writes, and however fresh it is.
TEST(RetentionChoiceTest, ATenantWithinItsShareLosesNothing) {
  std::vector<OldSession> all = {Session("small", "1", 1, 200), Session("small", "2", 2, 300)};
  for (int i = 0; i < 50; ++i) all.push_back(Session("hog", absl::StrCat(i), 100 + i, 1'000));
  const RetentionChoice choice = ChooseByRetention(all, {.max_stored_bytes = 1'000}, 200);
  EXPECT_EQ(choice.to_delete.size(), 50U);
  for (const OldSession& gone : choice.to_delete) EXPECT_EQ(gone.key.tenant, "hog");
}

TEST(RetentionChoiceTest, WhoHoldsTheMostGivesFirst) {
  const std::vector<OldSession> all = {Session("b", "1", 1, 100), Session("a", "1", 2, 300),
                                       Session("b", "2", 3, 100), Session("a", "2", 4, 0),
                                       Session("a", "3", 5, 50),  Session("b", "3", 6, 150)};
  EXPECT_THAT(Chosen(ChooseByRetention(all, {.max_stored_bytes = 1}, 10)),
              ElementsAre("b/1", "a/1", "b/2", "b/3", "a/3"));
  // What is idle for too long goes whoever has it, and counts for nobody.
  EXPECT_THAT(Chosen(ChooseByRetention(
                  all, {.max_idle = absl::Microseconds(7), .max_stored_bytes = 250}, 10)),
              ElementsAre("b/1", "a/1", "b/2"));
}

TEST(RetentionChoiceTest, NoTimeIsTooFarAway) {
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  const std::vector<OldSession> all = {Session("a", "first", kFirst, 1),
                                       Session("a", "last", kLast, 1)};
  EXPECT_THAT(Chosen(ChooseByRetention(all, {.max_idle = absl::Hours(1)}, kLast)),
              ElementsAre("a/first"));
}

}  // namespace
}  // namespace fovea::service
