#include "memory_store/sqlite/clearing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "memory_store/sqlite/database.h"
#include "tests/memory_store/support.h"

namespace fovea::sqlite {
namespace {

using ::fovea::testing::Value;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kInsertSql[] = "INSERT INTO words (id, text) VALUES (?1, ?2)";
constexpr char kChangeSql[] = "UPDATE words SET text = ?2 WHERE id = ?1";
constexpr char kDeleteSql[] = "DELETE FROM words WHERE id = ?1";

class ClearingVfsTest : public ::testing::Test {
 protected:
  // Rows of many sizes come, change and go at random, so that SQLite moves those beside them; then
  // every second row is deleted. Returns the words of deleted rows that the file still holds.
  std::vector<std::string> WordsLeft(bool clearing) {
    const std::string path = directory_.Path(clearing ? "clearing.db" : "plain.db");
    const DatabaseOptions options = {.path = path,
                                     .vfs = "",
                                     .synchronous = DatabaseOptions::Synchronous::kNormal,
                                     .secure_delete = clearing,
                                     .page_bytes = 4096};
    const std::unique_ptr<Database> database = Value(Database::Open(options));
    Must(
        database->Execute("PRAGMA secure_delete = ON;"
                          "CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT)"));
    std::mt19937 random(7);
    std::vector<std::string> gone;
    for (int64_t round = 0; round < 12; ++round) {
      Must(database->WriteTransaction([&] {
        for (int64_t i = 0; i < 150; ++i) {
          const int64_t id = (i * 37 % 150) * 100 + round;
          Put(*database, kInsertSql, id, WordOf(id), random() % 900);
          Put(*database, kChangeSql, id, WordOf(id), random() % 900);
        }
        return absl::OkStatus();
      }));
      for (int64_t i = 0; i < 150; i += 2) {
        const int64_t id = i * 100 + round;
        auto query = database->Prepare(kDeleteSql);
        Must(query.status());
        Must(query->Int(id).Run());
        gone.push_back(WordOf(id));
      }
    }
    EXPECT_TRUE(Value(database->Checkpoint(CheckpointMode::kTruncate)).finished);
    CheckKept(*database);
    // A later change of a page does not bring them back.
    Must(database->Execute("UPDATE words SET text = substr(text, 1, length(text) - 1) || '!'"));
    const std::string bytes = BytesOf(path) + BytesOf(path + "-wal");
    std::erase_if(gone, [&](const std::string& word) { return bytes.find(word) == bytes.npos; });
    return gone;
  }

  TemporaryDirectory directory_{testing::kInMemory};

 private:
  static std::string BytesOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static std::string WordOf(int64_t id) { return absl::StrCat("<word-", id, ">."); }
  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  static void Put(Database& database, const char* sql, int64_t id, const std::string& word,
                  size_t more) {
    auto query = database.Prepare(sql);
    Must(query.status());
    const std::string text = word + std::string(more, '.');
    Must(query->Int(id).Text(text).Run());
  }

  static void CheckKept(Database& database) {
    auto check = database.Prepare("PRAGMA integrity_check");
    Must(check.status());
    ASSERT_TRUE(Value(check->Step()));
    EXPECT_EQ(check->StringAt(0), "ok");
    auto all = database.Prepare("SELECT id, text FROM words");
    Must(all.status());
    int rows = 0;
    for (; Value(all->Step()); ++rows) {
      EXPECT_TRUE(all->BlobAt(1).starts_with(WordOf(all->IntAt(0))));
    }
    EXPECT_EQ(rows, 12 * 75);
  }
};

TEST_F(ClearingVfsTest, NoCopyOfADeletedRowIsLeft) {
  // Else this test looks for what is not there.
  EXPECT_THAT(WordsLeft(/*clearing=*/false), Not(IsEmpty()));
  EXPECT_THAT(WordsLeft(/*clearing=*/true), IsEmpty());
}

TEST_F(ClearingVfsTest, ThereMustBeABase) {
  EXPECT_EQ(ClearingVfs("none of that name").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Value(ClearingVfs("")), Value(ClearingVfs("")));
}

// A page of 512 bytes, all of them 0xff but for its header.
std::array<unsigned char, 512> Page(size_t header, unsigned char kind, unsigned char cells,
                                    unsigned char cells_begin_high, unsigned char cells_begin_low) {
  std::array<unsigned char, 512> page = {};
  page.fill(0xff);
  page[header] = kind;
  page[header + 3] = 0;
  page[header + 4] = cells;
  page[header + 5] = cells_begin_high;
  page[header + 6] = cells_begin_low;
  return page;
}

// From 0x02000000 pages on, a page of other kinds may begin like one of a b-tree.
TEST_F(ClearingVfsTest, LeavesPagesAloneInFilesInWhichTheirKindIsNotClear) {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(Value(ClearingVfs("")).c_str());
  ASSERT_NE(vfs, nullptr);
  constexpr int64_t kPageBytes = 512;
  constexpr int64_t kUnclear = 0x02000000;
  for (const int64_t pages : {kUnclear - 1, kUnclear}) {
    std::vector<char> memory(static_cast<size_t>(vfs->szOsFile));
    auto* const file = reinterpret_cast<sqlite3_file*>(memory.data());
    const std::string path = directory_.Path(absl::StrCat(pages, ".db"));
    ASSERT_EQ(vfs->xOpen(vfs, path.c_str(), file,
                         SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr),
              SQLITE_OK);
    sqlite3_int64 bytes = pages * kPageBytes;
    file->pMethods->xFileControl(file, SQLITE_FCNTL_SIZE_HINT, &bytes);
    const auto page = Page(0, 13, 3, 1, 0);
    ASSERT_EQ(file->pMethods->xWrite(file, page.data(), page.size(), kPageBytes), SQLITE_OK);
    unsigned char written[kPageBytes];
    ASSERT_EQ(file->pMethods->xRead(file, written, kPageBytes, kPageBytes), SQLITE_OK);
    EXPECT_EQ(written[100], pages < kUnclear ? 0 : 0xff) << pages;
    file->pMethods->xClose(file);
  }
}

// Which bytes were cleared: where they begin and end, or two zeros.
std::pair<size_t, size_t> Cleared(std::array<unsigned char, 512> page, bool first) {
  const std::array<unsigned char, 512> before = page;
  ClearUnusedMiddle(page, first);
  size_t begin = 0;
  while (begin < page.size() && page[begin] == before[begin]) ++begin;
  if (begin == page.size()) return {0, 0};
  size_t end = page.size();
  while (page[end - 1] == before[end - 1]) --end;
  EXPECT_THAT(std::vector<unsigned char>(page.begin() + begin, page.begin() + end), Each(0));
  return {begin, end};
}

using Bytes = std::pair<size_t, size_t>;

TEST(ClearUnusedMiddle, ClearsBetweenTheCellPointersAndTheCells) {
  EXPECT_EQ(Cleared(Page(0, 13, 3, 1, 0), false), Bytes(8 + 6, 256));
  EXPECT_EQ(Cleared(Page(0, 10, 3, 1, 0), false), Bytes(8 + 6, 256));
  EXPECT_EQ(Cleared(Page(0, 5, 3, 1, 0), false), Bytes(12 + 6, 256));
  EXPECT_EQ(Cleared(Page(0, 2, 3, 1, 0), false), Bytes(12 + 6, 256));
  EXPECT_EQ(Cleared(Page(100, 13, 1, 1, 0), true), Bytes(100 + 8 + 2, 256));
  EXPECT_EQ(Cleared(Page(0, 13, 0, 2, 0), false), Bytes(8, 512));
}

TEST(ClearUnusedMiddle, LeavesWhatIsNoBTreePageAlone) {
  EXPECT_EQ(Cleared(Page(0, 0, 3, 1, 0), false), Bytes(0, 0));
  EXPECT_EQ(Cleared(Page(0, 1, 3, 1, 0), false), Bytes(0, 0));
  EXPECT_EQ(Cleared(Page(0, 12, 3, 1, 0), false), Bytes(0, 0));
  // Its header makes no sense: cells before their pointers, behind the page, in a larger page.
  EXPECT_EQ(Cleared(Page(0, 13, 200, 1, 0), false), Bytes(0, 0));
  EXPECT_EQ(Cleared(Page(0, 13, 3, 2, 1), false), Bytes(0, 0));
  EXPECT_EQ(Cleared(Page(0, 13, 3, 0, 0), false), Bytes(0, 0));
}

}  // namespace
}  // namespace fovea::sqlite
