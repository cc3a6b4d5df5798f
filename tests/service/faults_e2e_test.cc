// What a server says and does when its sessions, files or disk are pulled away under it. The server
// is a process of its own, so that FOVEA_TEST_FOVEAD can name an older one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

namespace fs = std::filesystem;
using ::grpc::StatusCode;

bool WaitUntilServing(const Client& client) {
  return client.channel->WaitForConnected(std::chrono::system_clock::now() +
                                          std::chrono::seconds(20));
}

std::string TextOfTurn(uint64_t seq) { return absl::StrCat("turn ", seq, " ", seq * 2654435761U); }

// A store that one server after the other serves.
class FaultsE2e : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> more = {}) {
    ProcessOptions options{
        .flags = {"--data", data(), "--listen", "unix:" + socket(), "--log-level", "warning"},
        .log = directory_.Path("log")};
    options.flags.insert(options.flags.end(), more.begin(), more.end());
    options.max_file_bytes = max_file_bytes_;
    server_ = std::make_unique<Process>(options);
    client_ = std::make_unique<Client>("unix:" + socket());
  }
  void StartAndServe() {
    Start();
    ASSERT_TRUE(WaitUntilServing(*client_)) << Log();
  }
  // Exit code of a server that is not to serve; -1 if it serves.
  int StartAndEnd() {
    Start();
    for (int i = 0; i < 2'400; ++i) {
      const int status = server_->EndedWith();
      if (status >= 0) return WEXITSTATUS(status);
      if (client_->channel->GetState(true) == GRPC_CHANNEL_READY) return -1;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    return -1;
  }
  void AppendNumbered(const std::string& id, uint64_t from, uint64_t to) {
    for (uint64_t seq = from; seq <= to; ++seq) {
      ASSERT_TRUE(client_->Append(id, {TextTurn(v1::ROLE_USER, TextOfTurn(seq))}).ok());
    }
  }
  std::string data() const { return directory_.Path("data"); }
  std::string socket() const { return directory_.Path("s"); }
  std::string Log() const {
    std::ifstream file(directory_.Path("log"));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // Names of files of the store that hold the bytes.
  std::vector<std::string> FilesWith(const std::string& bytes) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(data())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      if (absl::StrContains(text.str(), bytes)) found.push_back(entry.path().filename().string());
    }
    return found;
  }
  v1::DeleteSessionResponse MustDelete(const std::string& id) {
    v1::DeleteSessionRequest request;
    request.set_session_id(id);
    v1::DeleteSessionResponse receipt;
    grpc::ClientContext context;
    const grpc::Status status = client_->sessions->DeleteSession(&context, request, &receipt);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return receipt;
  }
  // What grpc.health.v1 says; "" if the call fails.
  std::string Health(const std::string& service) {
    // HealthCheckRequest {string service = 1}, HealthCheckResponse {enum status = 1}.
    std::string request;
    if (!service.empty()) {
      request = absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
    }
    std::string answer;
    if (!CallRaw(*client_, "/grpc.health.v1.Health/Check", request, &answer).ok()) return "";
    if (answer == "\x08\x01") return "SERVING";
    return answer == "\x08\x02" ? "NOT_SERVING" : "";
  }
  // The disk is looked at by a thread of its own, which the refusal wakes.
  std::string HealthOfWritesAfterARefusal() {
    for (int i = 0; i < 1'000 && Health("fovea.v1.Writes") == "SERVING"; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    return Health("fovea.v1.Writes");
  }
  v1::VerifyStoreResponse Verify() {
    v1::VerifyStoreResponse report;
    grpc::ClientContext context;
    EXPECT_TRUE(client_->admin->VerifyStore(&context, {}, &report).ok());
    return report;
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Client> client_;
  uint64_t max_file_bytes_ = 0;
};

v1::ExportChunk HeaderChunk(const std::string& id, uint64_t turns) {
  v1::ExportChunk chunk;
  chunk.mutable_header()->set_format_version(1);
  chunk.mutable_header()->mutable_session()->set_session_id(id);
  chunk.mutable_header()->mutable_session()->set_last_seq(turns);
  return chunk;
}

v1::ExportChunk TurnChunk(uint64_t seq) {
  v1::ExportChunk chunk;
  *chunk.mutable_turn() = TextTurn(v1::ROLE_USER, TextOfTurn(seq));
  chunk.mutable_turn()->set_seq(seq);
  return chunk;
}

// Fault 5: who cancels an import of a name takes nothing from those who have the name.
TEST_F(FaultsE2e, ACancelledImportLeavesTheSessionOfItsNameAlone) {
  StartAndServe();
  grpc::ClientContext context;
  v1::Session imported;
  auto import = client_->sessions->ImportSession(&context, &imported);
  ASSERT_TRUE(import->Write(HeaderChunk("s", 2000)));
  // Enough for the server to write some of it.
  for (uint64_t seq = 1; seq <= 1200; ++seq) ASSERT_TRUE(import->Write(TurnChunk(seq)));
  for (int i = 0; i < 40; ++i) {
    v1::StoreStats stats;
    grpc::ClientContext stats_context;
    ASSERT_TRUE(client_->admin->GetStoreStats(&stats_context, {}, &stats).ok());
    if (stats.appended_turns() > 0) break;
    absl::SleepFor(absl::Milliseconds(25));
  }
  // As on a retry after an import that failed: away with what is there, and made again.
  v1::DeleteSessionRequest request;
  request.set_session_id("s");
  v1::DeleteSessionResponse receipt;
  grpc::ClientContext delete_context;
  client_->sessions->DeleteSession(&delete_context, request, &receipt);
  ASSERT_TRUE(client_->CreateSession("s").ok());
  ASSERT_TRUE(client_->Append("s", {TextTurn(v1::ROLE_USER, "mine")}).ok());
  context.TryCancel();
  import->Finish();
  absl::SleepFor(absl::Milliseconds(200));
  const auto turns = client_->MustRead("s");
  ASSERT_EQ(turns.size(), 1);
  EXPECT_EQ(turns[0].parts(0).text().text(), "mine");
}

// Fault 5: an export is of one session, not of two that had the same name.
TEST_F(FaultsE2e, AnExportIsOfOneLife) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("s").ok());
  std::vector<v1::Turn> turns;
  for (int i = 0; i < 64; ++i) {
    turns.push_back(TextTurn(v1::ROLE_USER, "old " + std::string(100'000, 'x')));
  }
  ASSERT_TRUE(client_->Append("s", turns).ok());
  grpc::ClientContext context;
  v1::ExportSessionRequest request;
  request.set_session_id("s");
  auto stream = client_->sessions->ExportSession(&context, request);
  v1::ExportChunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  MustDelete("s");
  ASSERT_TRUE(client_->CreateSession("s").ok());
  for (v1::Turn& turn : turns)
    turn.mutable_parts(0)->mutable_text()->mutable_text()->replace(0, 3, "new");
  ASSERT_TRUE(client_->Append("s", turns).ok());
  int fresh = 0;
  while (stream->Read(&chunk))
    fresh += absl::StartsWith(chunk.turn().parts(0).text().text(), "new");
  EXPECT_EQ(fresh, 0);
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::ABORTED);
}

// Fault 6: half a restore is nothing.
TEST_F(FaultsE2e, AKilledRestoreLeavesNoSession) {
  StartAndServe();
  grpc::ClientContext context;
  v1::Session imported;
  auto import = client_->sessions->ImportSession(&context, &imported);
  ASSERT_TRUE(import->Write(HeaderChunk("s", 2000)));
  for (uint64_t seq = 1; seq <= 1200; ++seq) ASSERT_TRUE(import->Write(TurnChunk(seq)));
  for (int i = 0; i < 200; ++i) {
    v1::StoreStats stats;
    grpc::ClientContext stats_context;
    ASSERT_TRUE(client_->admin->GetStoreStats(&stats_context, {}, &stats).ok());
    if (stats.appended_turns() > 0) break;
    absl::SleepFor(absl::Milliseconds(25));
  }
  server_->Kill(SIGKILL);
  import->Finish();
  StartAndServe();
  grpc::ClientContext list_context;
  v1::ListSessionsResponse list;
  ASSERT_TRUE(client_->sessions->ListSessions(&list_context, {}, &list).ok());
  EXPECT_EQ(list.sessions_size(), 0);
  EXPECT_EQ(Verify().problems_size(), 0);
}

// Fault 7: wherever the write-ahead log is cut or flipped, the server says so or has every turn.
TEST_F(FaultsE2e, ADamagedWriteAheadLogIsNeverServedAsIfWhole) {
  constexpr uint64_t kTurns = 300;
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("s").ok());
  AppendNumbered("s", 1, kTurns);
  server_->Kill(SIGKILL);
  const fs::path whole = directory_.Path("whole");
  fs::copy(data(), whole, fs::copy_options::recursive);
  const uint64_t size = fs::file_size(whole / "log.db-wal");
  ASSERT_GT(size, 0);
  std::mt19937_64 random(11);
  int refused = 0;
  for (int round = 0; round < 6; ++round) {
    fs::remove_all(data());
    fs::copy(whole, data(), fs::copy_options::recursive);
    const fs::path wal = fs::path(data()) / "log.db-wal";
    const uint64_t at = random() % size;
    if (round % 2 == 0) {
      fs::resize_file(wal, at);
    } else {
      std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get() ^ 0x20);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    }
    const int code = StartAndEnd();
    if (code == 1) {
      ++refused;
      EXPECT_TRUE(absl::StrContains(Log(), "Restore a backup")) << Log();
      continue;
    }
    ASSERT_EQ(code, -1);
    EXPECT_EQ(client_->MustRead("s").size(), kTurns) << "at " << at << " of " << size;
    server_->Kill(SIGKILL);
  }
  EXPECT_GE(refused, 3);
}

// Fault 7.
TEST_F(FaultsE2e, AMissingLogIsNoEmptyStore) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("s").ok());
  AppendNumbered("s", 1, 5);
  server_->Kill(SIGTERM);
  fs::remove(fs::path(data()) / "log.db");
  EXPECT_EQ(StartAndEnd(), 1);
  EXPECT_TRUE(absl::StrContains(Log(), "turns are lost")) << Log();
}

// Faults 7 and 9: what is acknowledged is where it will be found, and health says when it is not.
TEST_F(FaultsE2e, ADeletedDirectoryEndsAcknowledgements) {
  Start({"--metrics-listen", "127.0.0.1:0"});
  ASSERT_TRUE(WaitUntilServing(*client_));
  ASSERT_TRUE(client_->CreateSession("s").ok());
  AppendNumbered("s", 1, 5);
  EXPECT_EQ(Health("fovea.v1.Writes"), "SERVING");
  fs::remove_all(data());
  EXPECT_EQ(client_->Append("s", {TextTurn(v1::ROLE_USER, "x")}).error_code(),
            StatusCode::UNAVAILABLE);
  EXPECT_EQ(HealthOfWritesAfterARefusal(), "NOT_SERVING");
}

// Fault 7.
TEST_F(FaultsE2e, ARemovedLockLetsNobodyIn) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("s").ok());
  fs::remove(fs::path(data()) / "lock");
  Process second({.flags = {"--data", data(), "--listen", "unix:" + directory_.Path("t"),
                            "--log-level", "error"}});
  int status = -1;
  for (int i = 0; i < 200 && status < 0; ++i) {
    status = second.EndedWith();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_GE(status, 0) << "two servers have the store";
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(client_->Append("s", {TextTurn(v1::ROLE_USER, "x")}).error_code(),
            StatusCode::UNAVAILABLE);
}

// Fault 8: the same bytes, whatever happened to the cache.
TEST_F(FaultsE2e, DamagedPagesAreDrawnAgain) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("s").ok());
  ASSERT_TRUE(client_->Append("s", WorkingAgent(60, 3000)).ok());
  const auto view = ViewOf("s", 16000, v1::WIRE_FORMAT_OPENAI_CHAT);
  const auto before = client_->MustBuild(view);
  ASSERT_GT(before.summary().pages_size(), 2);
  for (int i = 0; i < 100; ++i) {
    v1::StoreStats stats;
    grpc::ClientContext context;
    ASSERT_TRUE(client_->admin->GetStoreStats(&context, {}, &stats).ok());
    if (stats.pages() >= static_cast<uint64_t>(before.summary().pages_size())) break;
    absl::SleepFor(absl::Milliseconds(20));
  }
  server_->Kill(SIGTERM);
  // The bytes of pictures, by their signature: the file's structure stays sound.
  const fs::path pages = fs::path(data()) / "pages.db";
  std::ifstream input(pages, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  std::string bytes = text.str();
  int damaged = 0;
  for (size_t at = bytes.find("\x89PNG"); at != std::string::npos;
       at = bytes.find("\x89PNG", at + 1)) {
    bytes[at + 200] = static_cast<char>(bytes[at + 200] ^ 0x55);
    ++damaged;
  }
  ASSERT_GT(damaged, 2);
  std::ofstream(pages, std::ios::binary) << bytes;
  StartAndServe();
  EXPECT_GT(Verify().problems_size(), 0);
  EXPECT_EQ(client_->MustBuild(view).payload_sha256(), before.payload_sha256());
}

// Fault 9: a disk that refuses once is not trusted, and health says so; not a word of it is kept.
TEST_F(FaultsE2e, HealthFollowsTheDisk) {
  max_file_bytes_ = uint64_t{4} << 20;
  Start();
  ASSERT_TRUE(WaitUntilServing(*client_));
  ASSERT_TRUE(client_->CreateSession("s").ok());
  EXPECT_EQ(Health("fovea.v1.Writes"), "SERVING");
  std::mt19937 random(1);
  uint64_t acknowledged = 0;
  grpc::Status status;
  while (acknowledged < 400) {
    std::string text(60'000, ' ');
    for (char& one : text) one = static_cast<char>('!' + random() % 90);
    status = client_->Append("s", {TextTurn(v1::ROLE_USER, text)});
    if (!status.ok()) break;
    ++acknowledged;
  }
  ASSERT_FALSE(status.ok()) << acknowledged;
  EXPECT_EQ(HealthOfWritesAfterARefusal(), "NOT_SERVING");
  EXPECT_EQ(Health(""), "SERVING");  // reads go on
  EXPECT_EQ(client_->MustRead("s").size(), acknowledged);
  server_->Kill(SIGTERM);
  max_file_bytes_ = 0;
  StartAndServe();
  EXPECT_EQ(client_->MustRead("s").size(), acknowledged);
}

// Fault 10: the receipt says when the last word is gone, and it is.
TEST_F(FaultsE2e, DeletedWordsAreGoneWhenTheReceiptSaysSo) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("kept").ok());
  ASSERT_TRUE(client_->CreateSession("s").ok());
  AppendNumbered("kept", 1, 20);
  const std::string canary = "zephyrquaxolotl";
  std::vector<v1::Turn> turns;
  for (int i = 0; i < 300; ++i) {
    turns.push_back(TextTurn(v1::ROLE_USER, absl::StrCat(canary, i, " and ", canary)));
  }
  ASSERT_TRUE(client_->Append("s", turns).ok());
  v1::SearchTurnsRequest search;
  search.set_session_id("s");
  search.set_query(canary);
  v1::SearchTurnsResponse found;
  for (int i = 0; i < 100 && found.hits_size() == 0; ++i) {
    grpc::ClientContext context;
    ASSERT_TRUE(client_->sessions->SearchTurns(&context, search, &found).ok());
  }
  ASSERT_GT(found.hits_size(), 0);
  const v1::DeleteSessionResponse receipt = MustDelete("s");
  server_->Kill(SIGKILL);
  // An older server does not say it.
  EXPECT_TRUE(receipt.erased());
  EXPECT_THAT(FilesWith(canary), ::testing::IsEmpty());
}

// Fault 11: deletions that wait for a session being built do not hold up anybody else.
TEST_F(FaultsE2e, DeletionsThatWaitHoldUpNobody) {
  StartAndServe();
  ASSERT_TRUE(client_->CreateSession("long").ok());
  const std::vector<v1::Turn> history = WorkingAgent(1500, 6000);
  for (size_t first = 0; first < history.size(); first += 250) {
    const auto begin = history.begin() + static_cast<std::ptrdiff_t>(first);
    ASSERT_TRUE(client_->Append("long", {begin, begin + 250}).ok());
  }
  ASSERT_TRUE(client_->CreateSession("other").ok());
  std::vector<std::thread> callers;
  std::atomic<bool> built = false;
  callers.emplace_back([&] {
    v1::BuildContextResponse response;
    client_->Build(ViewOf("long", 60'000, v1::WIRE_FORMAT_NATIVE), &response);
    built = true;
  });
  absl::SleepFor(absl::Milliseconds(100));
  for (int i = 0; i < 70; ++i) {
    callers.emplace_back([&] {
      v1::DeleteSessionRequest request;
      request.set_session_id("long");
      v1::DeleteSessionResponse receipt;
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
      client_->sessions->DeleteSession(&context, request, &receipt);
    });
  }
  absl::Duration slowest;
  for (int i = 0; i < 20; ++i) {
    const absl::Time begun = absl::Now();
    ASSERT_TRUE(client_->Append("other", {TextTurn(v1::ROLE_USER, "x")}).ok());
    slowest = std::max(slowest, absl::Now() - begun);
    absl::SleepFor(absl::Milliseconds(10));
  }
  std::cout << "[ figure   ] slowest append of others: " << slowest << "\n";
  EXPECT_LT(slowest, absl::Milliseconds(800));
  for (std::thread& caller : callers) caller.join();
}

// Fault 4: a reader profile is data of somebody else's.
TEST_F(FaultsE2e, HostileReaderProfilesAreRefusedCheaply) {
  const std::string readers = directory_.Path("readers");
  const std::string deep(900'000, '[');
  std::string wide = R"({"name":"x","a":[)";
  for (int i = 0; i < 300'000; ++i) wide += "{},";
  wide += "{}]}";
  std::string repeated = R"({"name":"x")";
  for (int i = 0; i < 40'000; ++i) absl::StrAppend(&repeated, ",\"k", i, "\":{\"a\":{\"b\":[[]]}}");
  repeated += "}";
  for (const std::string& profile :
       {deep, R"({"name":)" + deep, wide, repeated, std::string(R"({"name":"x","ladder":1e999})"),
        std::string("\xff\xfe{}"), std::string()}) {
    fs::create_directories(readers);
    std::ofstream(readers + "/x.json", std::ios::binary) << profile;
    Start({"--readers", readers});
    int status = -1;
    uint64_t peak = 0;
    for (int i = 0; i < 6'000 && status < 0; ++i) {
      peak = std::max(peak, server_->peak_memory());
      status = server_->EndedWith();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_GE(status, 0) << profile.substr(0, 40) << " is served";
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << profile.substr(0, 40);
    EXPECT_LT(peak, uint64_t{256} << 20) << profile.substr(0, 40);
    server_->Kill(SIGKILL);
  }
}

}  // namespace
}  // namespace fovea::testing
