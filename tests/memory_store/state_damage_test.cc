// Sessions whose state in the log is damaged: it says that they are to be erased, or that they are
// not.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "memory_store/memory_store.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const SessionKey kKey = {"t", "a"};
const SessionKey kOther = {"t", "b"};

struct Case {
  std::string name;
  const char* sql;  // on the session's row
};

std::string NameOfCase(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

class StateDamage : public ::testing::TestWithParam<Case> {
 protected:
  StateDamage() {
    const auto store = OpenStore(directory_.path());
    for (const SessionKey& key : {kKey, kOther}) {
      NewSession session = Session(key.session_id);
      session.title = "A title";
      Value(store->log().CreateSession(key, session));
      Value(store->log().Append(key, Batch(TextTurns({"one", "needle", "three", "four"}))));
      LogEvent pin;
      pin.turns = {1, 1};
      Value(store->log().AppendEvent(key, pin));
    }
    turns_ = Value(store->log().ReadTurns(kKey, {1, 9}, 0));
  }
  std::string Log() const { return directory_.Path("log.db"); }
  void Damage() const {
    const auto database = Value(sqlite::Database::Open({.path = Log()}));
    const std::string sql = absl::StrCat("UPDATE sessions SET ", GetParam().sql, " WHERE row = 1");
    ASSERT_TRUE(database->Execute(sql.c_str()).ok());
  }
  // Of the first session, in a table of the log.
  uint64_t RowsIn(const char* table) const {
    const auto database = Value(sqlite::Database::Open(
        {.path = Log(), .access = sqlite::DatabaseOptions::Access::kReadOnly}));
    const std::string sql = absl::StrCat("SELECT COUNT(*) FROM ", table, " WHERE session = 1");
    auto query = database->Prepare(sql.c_str());
    EXPECT_TRUE(query.ok() && Value(query->Step()));
    return query.ok() ? query->UnsignedAt(0) : 0;
  }
  void ExpectOnlyTheOtherIsListed(MemoryStore& store) const {
    const SessionListing listing = Value(store.log().ListSessions("t", 10, ""));
    ASSERT_THAT(listing.sessions, SizeIs(1));
    EXPECT_EQ(listing.sessions[0].session_id, "b");
  }

  const TemporaryDirectory directory_{kInMemory};
  std::vector<Turn> turns_;
};

class OfAnOpenSession : public StateDamage {};

TEST_P(OfAnOpenSession, LosesNothingAndIsMended) {
  Damage();
  // Each start says it and leaves it as it is.
  for (int round = 0; round < 2; ++round) {
    const auto store = OpenStore(directory_.path());
    EXPECT_THAT(store->Notices(),
                ElementsAre(HasSubstr("session a of tenant t: its state is damaged")));
    EXPECT_THAT(Value(store->Verify()).problems,
                Contains(HasSubstr("session a of tenant t: its state is damaged")));
    EXPECT_EQ(RowsIn("turns"), 4U);
  }
  const auto store = OpenStore(directory_.path());
  // Nobody begins it again meanwhile.
  EXPECT_EQ(Code(store->log().GetSession(kKey)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Code(store->log().CreateSession(kKey, Session("a"))), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Code(store->Backup(directory_.Path("copy.db"), {})), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Value(store->log().ReadTurns(kOther, {1, 9}, 0)), SizeIs(4));

  const RepairReport report = Value(store->Repair());
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(report.mended, Contains(HasSubstr("it is open again")));
  EXPECT_EQ(Value(store->log().ReadTurns(kKey, {1, 9}, 0)), turns_);
  EXPECT_EQ(Value(store->log().GetSession(kKey)).event_count, 1U);
  EXPECT_THAT(FindWhenIndexed(*store, kKey, {.text = "needle"}).hits, SizeIs(1));
  EXPECT_EQ(Value(store->log().Append(kKey, Batch({TextTurn("five")}))).first_seq, 5U);
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
  EXPECT_THAT(Value(store->Repair()).mended, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    States, OfAnOpenSession,
    ::testing::Values(Case{"Staged", "state = 1"}, Case{"Deleting", "state = 2"},
                      Case{"Unknown", "state = 3"}, Case{"BelowZero", "state = -1"},
                      Case{"NoNumber", "state = x''"},
                      Case{"StagedWithAFinalName", "state = 1, final_id = CAST('b' AS BLOB)"}),
    NameOfCase);

// In the record's header of 18 bytes, before the tenant.
constexpr size_t kTypeOfTenant = 16;
constexpr size_t kTypeOfName = 15;
constexpr size_t kTypeOfState = 4;

TEST_F(StateDamage, OfWhicheverBitLosesNoTurn) {
  std::ifstream file(Log(), std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(file), {}};
  int served = 0;
  // The lowest bit makes a blob a text, which is another name.
  std::vector<std::pair<size_t, int>> bits = {{kTypeOfTenant, 0}, {kTypeOfName, 0}};
  for (int bit = 0; bit < 8; ++bit) bits.emplace_back(kTypeOfState, bit);
  for (const auto& [type, bit] : bits) {
    const TemporaryDirectory copy{kInMemory};
    fs::copy(directory_.path(), copy.path(), fs::copy_options::overwrite_existing);
    std::string bytes = sound;
    // The first column's value takes no byte, so the tenant follows the header of 18 bytes.
    size_t name = bytes.find("ta");
    while (name != std::string::npos &&
           (bytes[name - 18] != 18 || bytes[name - kTypeOfState] != 8)) {
      name = bytes.find("ta", name + 1);
    }
    ASSERT_NE(name, std::string::npos);
    bytes[name - type] = static_cast<char>(bytes[name - type] ^ (1 << bit));
    std::ofstream(copy.Path("log.db"), std::ios::binary | std::ios::trunc) << bytes;
    StoreOptions options;
    options.directory = copy.path();
    options.reserve_bytes = 0;
    const auto store = MemoryStore::Open(options);
    if (!store.ok()) {  // the record is no record any more
      EXPECT_EQ(Code(store), absl::StatusCode::kDataLoss)
          << type << " " << bit << ": " << store.status();
      continue;
    }
    ++served;
    EXPECT_THAT(Value((*store)->Verify()).problems, Not(IsEmpty())) << type << " " << bit;
    EXPECT_THAT(Value((*store)->Repair()).left, IsEmpty()) << type << " " << bit;
    EXPECT_EQ(Value((*store)->log().ReadTurns(kKey, {1, 9}, 0)), turns_) << type << " " << bit;
    EXPECT_EQ(Value((*store)->log().GetSession(kKey)).title, "A title") << type << " " << bit;
  }
  EXPECT_GE(served, 4);
}

class OfAHiddenSession : public StateDamage {};

TEST_P(OfAHiddenSession, KeepsItOutOfSightUntilARepairErasesIt) {
  Damage();
  {
    const auto store = OpenStore(directory_.path());
    EXPECT_THAT(store->Notices(), ElementsAre(HasSubstr("session 1, which was deleted or not")));
    ExpectOnlyTheOtherIsListed(*store);
    EXPECT_THAT(Value(store->Verify()).problems, Contains(HasSubstr("session 1, which was")));
    const RepairReport report = Value(store->Repair());
    EXPECT_THAT(report.left, IsEmpty());
    EXPECT_THAT(report.mended, Contains(HasSubstr("is erased")));
    EXPECT_EQ(RowsIn("turns"), 0U);
    EXPECT_EQ(RowsIn("damaged_turns"), 0U);
    ExpectOnlyTheOtherIsListed(*store);
  }
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), IsEmpty());
}

#define FOVEA_HIDDEN_NAME "session_id = CAST(x'00' || '1' AS BLOB), "
INSTANTIATE_TEST_SUITE_P(States, OfAHiddenSession,
                         ::testing::Values(Case{"DeletedAndOpen", FOVEA_HIDDEN_NAME "state = 0"},
                                           Case{"DeletedAndStaged", FOVEA_HIDDEN_NAME "state = 1"},
                                           Case{"StagedAndOpen", FOVEA_HIDDEN_NAME
                                                "final_id = CAST('a' AS BLOB), state = 0"},
                                           Case{"StagedAndUnknown", FOVEA_HIDDEN_NAME
                                                "final_id = CAST('a' AS BLOB), state = 5"}),
                         NameOfCase);

// As a process that was killed leaves them.
class Unfinished : public StateDamage {};

TEST_P(Unfinished, IsErasedAtTheNextStart) {
  Damage();
  const auto store = OpenStore(directory_.path());
  EXPECT_THAT(store->Notices(), IsEmpty());
  EXPECT_EQ(RowsIn("turns"), 0U);
  ExpectOnlyTheOtherIsListed(*store);
  EXPECT_THAT(Value(store->Verify()).problems, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(States, Unfinished,
                         ::testing::Values(Case{"Deleting", FOVEA_HIDDEN_NAME "state = 2"},
                                           Case{"Staged", FOVEA_HIDDEN_NAME
                                                "final_id = CAST('a' AS BLOB), state = 1"}),
                         NameOfCase);
#undef FOVEA_HIDDEN_NAME

class OfASessionOfNoName : public StateDamage {};

TEST_P(OfASessionOfNoName, SetsItsTurnsAside) {
  Damage();
  {
    const auto store = OpenStore(directory_.path());
    EXPECT_THAT(store->Notices(), SizeIs(1));
    EXPECT_EQ(RowsIn("turns"), 4U);
    EXPECT_THAT(Value(store->Repair()).left, IsEmpty());
    EXPECT_EQ(RowsIn("turns"), 0U);
    EXPECT_EQ(RowsIn("damaged_turns"), 4U);
  }
  EXPECT_THAT(OpenStore(directory_.path())->Notices(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    States, OfASessionOfNoName,
    ::testing::Values(Case{"AnothersNumber", "session_id = CAST(x'00' || '7' AS BLOB), state = 2"},
                      Case{"Empty", "session_id = x'', state = 1"}),
    NameOfCase);

}  // namespace
}  // namespace fovea::testing
