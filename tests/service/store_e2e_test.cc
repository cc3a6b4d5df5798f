// The calls on a whole store: backup, restore, repair, retention.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<v1::BackupChunk> Backup(Client& client) {
  std::vector<v1::BackupChunk> chunks;
  grpc::ClientContext context;
  auto stream = client.admin->BackupStore(&context, v1::BackupStoreRequest());
  v1::BackupChunk chunk;
  while (stream->Read(&chunk)) chunks.push_back(chunk);
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return chunks;
}

grpc::Status Restore(Client& client, const std::vector<v1::BackupChunk>& chunks,
                     v1::RestoreStoreResponse* report) {
  grpc::ClientContext context;
  auto stream = client.admin->RestoreStore(&context, report);
  for (const v1::BackupChunk& chunk : chunks) {
    if (!stream->Write(chunk)) break;
  }
  stream->WritesDone();
  return stream->Finish();
}

std::vector<std::string> Names(Client& client) {
  grpc::ClientContext context;
  v1::ListSessionsResponse list;
  EXPECT_TRUE(client.sessions->ListSessions(&context, {}, &list).ok());
  std::vector<std::string> names;
  for (const v1::Session& session : list.sessions()) names.push_back(session.session_id());
  return names;
}

TEST(StoreE2e, ABackupComesBackElsewhere) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  for (const char* id : {"a", "b"}) {
    ASSERT_TRUE(client.CreateSession(id).ok());
    ASSERT_TRUE(client.Append(id, WorkingAgent(40, 60'000), "key").ok());
  }
  // What does not compress, so that there is more than one piece.
  std::mt19937 random(1);
  std::vector<v1::Turn> noise;
  for (int i = 0; i < 20; ++i) {
    std::string text(100'000, ' ');
    for (char& one : text) one = static_cast<char>('!' + random() % 90);
    noise.push_back(TextTurn(v1::ROLE_USER, text));
  }
  ASSERT_TRUE(client.CreateSession("noise").ok());
  ASSERT_TRUE(client.Append("noise", noise).ok());
  const std::vector<v1::BackupChunk> backup = Backup(client);
  ASSERT_GT(backup.size(), 2);  // a header and more than one piece
  EXPECT_EQ(backup[0].header().sessions(), 3);
  EXPECT_EQ(backup[0].header().turns(), 100);

  ServerFixture elsewhere;
  Client other = elsewhere.MakeClient();
  ASSERT_TRUE(other.CreateSession("b").ok());
  ASSERT_TRUE(other.Append("b", {TextTurn(v1::ROLE_USER, "mine")}).ok());
  v1::RestoreStoreResponse report;
  const grpc::Status status = Restore(other, backup, &report);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(report.sessions(), 2);
  EXPECT_EQ(report.turns(), 60);
  ASSERT_EQ(report.skipped_size(), 1);
  EXPECT_EQ(report.skipped(0).session_id(), "b");
  EXPECT_EQ(other.MustRead("b").size(), 1);
  const auto view = ViewOf("a", 16000, v1::WIRE_FORMAT_OPENAI_CHAT);
  EXPECT_EQ(other.MustBuild(view).payload_sha256(), client.MustBuild(view).payload_sha256());
  // Its idempotency keys came along.
  v1::AppendTurnsResponse again;
  ASSERT_TRUE(other.Append("a", WorkingAgent(40, 60'000), "key", &again).ok());
  EXPECT_TRUE(again.replayed());
}

TEST(StoreE2e, ADamagedBackupRestoresNothing) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("a").ok());
  ASSERT_TRUE(client.Append("a", WorkingAgent(40, 3'000)).ok());
  const std::vector<v1::BackupChunk> whole = Backup(client);
  ServerFixture elsewhere;
  Client other = elsewhere.MakeClient();
  v1::RestoreStoreResponse report;

  auto flipped = whole;
  std::string* data = flipped.back().mutable_data();
  (*data)[data->size() / 2] = static_cast<char>((*data)[data->size() / 2] ^ 1);
  EXPECT_THAT(Restore(other, flipped, &report).error_message(), HasSubstr("sha256"));
  // With the digest that it has now, the log's own checks must find it.
  Sha256 digest;
  for (size_t i = 1; i < flipped.size(); ++i) digest.Update(flipped[i].data());
  flipped[0].mutable_header()->set_sha256(digest.Digest());
  EXPECT_THAT(Restore(other, flipped, &report).error_message(), HasSubstr("no sound log"));

  auto cut = whole;
  cut.back().mutable_data()->pop_back();
  EXPECT_THAT(Restore(other, cut, &report).error_message(), HasSubstr("header.bytes"));
  auto headless = whole;
  headless.erase(headless.begin());
  EXPECT_THAT(Restore(other, headless, &report).error_message(), HasSubstr("header"));
  EXPECT_EQ(Restore(other, {}, &report).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Names(other), IsEmpty());
  // Nothing stays of what came.
  for (const auto& entry :
       std::filesystem::directory_iterator(elsewhere.directory().Path("data"))) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("staging")));
  }
}

TEST(StoreE2e, RepairPutsANoteInTheDamagedTurnsPlace) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  // Short texts are stored as they are, so that a test can find their bytes.
  for (const char* text : {"first", "the one that breaks", "third"}) {
    ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, text)}).ok());
  }
  fixture.Stop();
  const std::string path = fixture.directory().Path("data/log.db");
  std::ifstream input(path, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  std::string bytes = text.str();
  const size_t at = bytes.find("the one that breaks");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'T';
  std::ofstream(path, std::ios::binary) << bytes;
  fixture.Restart();
  Client again = fixture.MakeClient();
  const auto view = ViewOf("s", 16000, v1::WIRE_FORMAT_OPENAI_CHAT);
  v1::BuildContextResponse response;
  EXPECT_EQ(again.Build(view, &response).error_code(), StatusCode::DATA_LOSS);

  v1::RepairStoreResponse report;
  grpc::ClientContext context;
  ASSERT_TRUE(again.admin->RepairStore(&context, {}, &report).ok());
  EXPECT_GT(report.mended_size(), 0);
  EXPECT_THAT(report.left(), IsEmpty());
  ASSERT_EQ(report.sessions_size(), 1);
  EXPECT_EQ(report.sessions(0).session_id(), "s");
  // What was held of the session is of its new turns.
  const std::string payload = again.MustBuild(view).payload();
  EXPECT_THAT(payload, HasSubstr("first"));
  EXPECT_THAT(payload, HasSubstr("turn 2 was damaged on the disk"));
  EXPECT_THAT(payload, HasSubstr("third"));
  grpc::ClientContext second;
  v1::RepairStoreResponse nothing;
  ASSERT_TRUE(again.admin->RepairStore(&second, {}, &nothing).ok());
  EXPECT_THAT(nothing.mended(), IsEmpty());
}

class RetentionE2e : public ::testing::Test {
 protected:
  static constexpr int64_t kDay = int64_t{24} * 3600 * 1'000'000;

  RetentionE2e()
      : fixture_([this](service::ServerOptions& options) {
          options.now_us = [this] { return now_.load(); };
          options.clock_settles = absl::ZeroDuration();
        }),
        client_(fixture_.MakeClient()) {
    for (const char* id : {"old", "middle", "new"}) {
      EXPECT_TRUE(client_.CreateSession(id).ok());
      EXPECT_TRUE(
          client_.Append(id, {TextTurn(v1::ROLE_USER, std::string("words of ") + id)}).ok());
      now_ = now_ + kDay;
    }
  }

  v1::ApplyRetentionResponse Apply(const v1::ApplyRetentionRequest& request) {
    grpc::ClientContext context;
    v1::ApplyRetentionResponse report;
    const grpc::Status status = client_.admin->ApplyRetention(&context, request, &report);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return report;
  }

  std::atomic<int64_t> now_ = 1'800'000'000'000'000;
  ServerFixture fixture_;
  Client client_;
};

TEST_F(RetentionE2e, ByAge) {
  v1::ApplyRetentionRequest request;
  request.set_max_idle_seconds(2 * 24 * 3600 + 1);
  request.set_dry_run(true);
  EXPECT_EQ(Apply(request).deleted_sessions(), 1);
  EXPECT_THAT(Names(client_), ElementsAre("old", "middle", "new"));
  request.set_dry_run(false);
  const v1::ApplyRetentionResponse report = Apply(request);
  ASSERT_EQ(report.deleted_size(), 1);
  EXPECT_EQ(report.deleted(0).session().session_id(), "old");
  EXPECT_EQ(report.deleted(0).session().tenant(), "default");
  EXPECT_EQ(report.left_sessions(), 2);
  EXPECT_TRUE(report.erased());
  EXPECT_THAT(Names(client_), ElementsAre("middle", "new"));
  // An append makes a session young.
  ASSERT_TRUE(client_.Append("middle", {TextTurn(v1::ROLE_USER, "more")}).ok());
  request.set_max_idle_seconds(24 * 3600 - 1);
  EXPECT_EQ(Apply(request).deleted(0).session().session_id(), "new");
  EXPECT_THAT(Names(client_), ElementsAre("middle"));
}

// An archive that says it is of the far future, and a clock that was ahead once.
TEST_F(RetentionE2e, NoTimeKeepsASessionForEver) {
  v1::ExportChunk header;
  header.mutable_header()->set_format_version(1);
  header.mutable_header()->mutable_session()->set_session_id("hog");
  header.mutable_header()->mutable_session()->set_created_us(std::numeric_limits<int64_t>::max());
  grpc::ClientContext context;
  v1::Session imported;
  auto import = client_.sessions->ImportSession(&context, &imported);
  import->Write(header);
  import->WritesDone();
  ASSERT_TRUE(import->Finish().ok());
  const int64_t today = now_;
  now_ = today + 3'000 * kDay;
  ASSERT_TRUE(client_.CreateSession("ahead").ok());
  now_ = today;
  v1::ApplyRetentionRequest request;
  request.set_max_idle_seconds(9 * 24 * 3600);
  EXPECT_EQ(Apply(request).deleted_sessions(), 0);
  now_ = today + 10 * kDay;
  EXPECT_EQ(Apply(request).left_sessions(), 0);
}

TEST_F(RetentionE2e, BySize) {
  v1::ApplyRetentionRequest request;
  request.set_max_stored_bytes(1'000'000);
  EXPECT_EQ(Apply(request).deleted_sessions(), 0);
  const uint64_t all = Apply(request).left_bytes();
  request.set_max_stored_bytes(all - 1);
  const v1::ApplyRetentionResponse report = Apply(request);
  EXPECT_EQ(report.deleted_sessions(), 1);
  EXPECT_EQ(report.deleted_bytes() + report.left_bytes(), all);
  EXPECT_THAT(Names(client_), ElementsAre("middle", "new"));
  request.Clear();
  grpc::ClientContext context;
  v1::ApplyRetentionResponse ignored;
  EXPECT_THAT(client_.admin->ApplyRetention(&context, request, &ignored).error_message(),
              HasSubstr("max_idle_seconds"));
}

TEST_F(RetentionE2e, ByConfiguration) {
  fixture_.server().SetRetention({.max_idle = absl::Hours(48) + absl::Seconds(1)});
  for (int i = 0; i < 200 && Names(client_).size() == 3; ++i)
    absl::SleepFor(absl::Milliseconds(20));
  EXPECT_THAT(Names(client_), ElementsAre("middle", "new"));
}

uint64_t ViewsRestored(Client& client) {
  grpc::ClientContext context;
  v1::ServerStats stats;
  EXPECT_TRUE(client.admin->GetServerStats(&context, {}, &stats).ok());
  return stats.views_restored();
}

// A view that was worth a checkpoint is there after a restart, and is the same to the byte; so are
// looks back, and what comes after.
TEST(StoreE2e, AViewIsKeptOverARestart) {
  ServerFixture fixture;
  const std::vector<v1::BuildContextRequest> views = {
      ViewOf("s", 8000, v1::WIRE_FORMAT_ANTHROPIC),
      ViewOf("s", 8000, v1::WIRE_FORMAT_ANTHROPIC, /*as_of_seq=*/170)};
  std::vector<std::string> digests;
  {
    Client client = fixture.MakeClient();
    ASSERT_TRUE(client.CreateSession("s").ok());
    ASSERT_TRUE(client.Append("s", WorkingAgent(240, 3000)).ok());
    for (const auto& view : views) digests.push_back(client.MustBuild(view).payload_sha256());
    EXPECT_EQ(ViewsRestored(client), 0);
  }
  fixture.Restart();
  Client client = fixture.MakeClient();
  for (size_t i = 0; i < views.size(); ++i) {
    const v1::BuildContextResponse response = client.MustBuild(views[i]);
    EXPECT_EQ(response.payload_sha256(), digests[i]) << i;
  }
  EXPECT_EQ(ViewsRestored(client), views.size());
  // It goes on as one that was made from the log.
  ASSERT_TRUE(client.Append("s", WorkingAgent(30, 3000)).ok());
  const std::string later = client.MustBuild(views[0]).payload_sha256();
  ServerFixture elsewhere;
  Client other = elsewhere.MakeClient();
  v1::RestoreStoreResponse report;
  ASSERT_TRUE(Restore(other, Backup(client), &report).ok());
  EXPECT_EQ(other.MustBuild(views[0]).payload_sha256(), later);
  EXPECT_EQ(ViewsRestored(other), 0);
}

TEST(StoreE2e, ATenantHoldsNoMoreThanItMay) {
  ServerFixture fixture([](service::ServerOptions& options) {
    options.storage = {.sessions = 2, .stored_bytes = 100'000};
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("a").ok());
  const grpc::Status second = client.CreateSession("b");
  ASSERT_TRUE(second.ok()) << second.error_message();
  const grpc::Status third = client.CreateSession("c");
  EXPECT_EQ(third.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(third.error_message(), HasSubstr("tenant_sessions: this tenant has 2 sessions of 2"));
  std::mt19937 random(1);
  std::string text(70'000, ' ');
  for (char& one : text) one = static_cast<char>('!' + random() % 90);
  const std::vector<v1::Turn> turn = {TextTurn(v1::ROLE_USER, text)};
  ASSERT_TRUE(client.Append("a", turn).ok());
  // The one that goes over the limit is the last.
  ASSERT_TRUE(client.Append("b", turn).ok());
  const grpc::Status full = client.Append("b", turn);
  EXPECT_EQ(full.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(full.error_message(), HasSubstr("tenant_stored_bytes: "));
  EXPECT_EQ(client.MustRead("b").size(), 1U);
  // Room comes back with a deletion, and with a larger limit.
  v1::DeleteSessionRequest request;
  request.set_session_id("a");
  v1::DeleteSessionResponse receipt;
  grpc::ClientContext context;
  ASSERT_TRUE(client.sessions->DeleteSession(&context, request, &receipt).ok());
  const grpc::Status again = client.Append("b", turn);
  EXPECT_TRUE(again.ok()) << again.error_message();
  fixture.server().SetStorageLimits({.sessions = 3});
  EXPECT_TRUE(client.CreateSession("c").ok());
  EXPECT_TRUE(client.CreateSession("d").ok());
  EXPECT_FALSE(client.CreateSession("e").ok());
}

// What is there already when the server starts is counted, too, and forks are.
// Each would have held room for a session, an event or a turn.
TEST(StoreE2e, WhatFailsHoldsNoRoom) {
  ServerFixture fixture([](service::ServerOptions& options) {
    options.storage = {.sessions = 3, .stored_bytes = 4'000};
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("a").ok());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.CreateSession("a").error_code(), StatusCode::ALREADY_EXISTS);
    v1::PinTurnsRequest pin;
    pin.set_session_id("a");
    pin.mutable_range()->set_first(7);
    pin.mutable_range()->set_last(7);
    v1::PinTurnsResponse pinned;
    grpc::ClientContext of_pin;
    EXPECT_EQ(client.sessions->PinTurns(&of_pin, pin, &pinned).error_code(),
              StatusCode::OUT_OF_RANGE);
    EXPECT_EQ(client.Append("none", {TextTurn(v1::ROLE_USER, "x")}).error_code(),
              StatusCode::NOT_FOUND);
    v1::ForkSessionRequest fork;
    fork.set_session_id("a");
    fork.set_new_session_id("a");
    v1::Session forked;
    grpc::ClientContext of_fork;
    EXPECT_EQ(client.sessions->ForkSession(&of_fork, fork, &forked).error_code(),
              StatusCode::ALREADY_EXISTS);
  }
  EXPECT_TRUE(client.Append("a", {TextTurn(v1::ROLE_USER, "x")}).ok());
  EXPECT_TRUE(client.CreateSession("b").ok());
}

TEST(StoreE2e, ATenantsHoldingsAreKnownAfterARestart) {
  ServerFixture fixture([](service::ServerOptions& options) { options.storage = {.sessions = 2}; });
  {
    Client client = fixture.MakeClient();
    ASSERT_TRUE(client.CreateSession("a").ok());
    ASSERT_TRUE(client.Append("a", {TextTurn(v1::ROLE_USER, "one")}).ok());
  }
  fixture.Restart();
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.Append("a", {TextTurn(v1::ROLE_USER, "two")}).ok());
  // The first call of a tenant has it measured.
  absl::SleepFor(absl::Seconds(1));
  v1::ForkSessionRequest fork;
  fork.set_session_id("a");
  fork.set_new_session_id("b");
  v1::Session forked;
  grpc::ClientContext first;
  ASSERT_TRUE(client.sessions->ForkSession(&first, fork, &forked).ok());
  fork.set_new_session_id("c");
  grpc::ClientContext second;
  EXPECT_EQ(client.sessions->ForkSession(&second, fork, &forked).error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
}

TEST(StoreE2e, AnExactSearchFindsInsideWords) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client
                  .Append("s", {TextTurn(v1::ROLE_USER, "commit 3be32f7a9 of main"),
                                TextTurn(v1::ROLE_USER, "Be32F7 is another")})
                  .ok());
  v1::SearchTurnsRequest request;
  request.set_session_id("s");
  request.set_query("be32f7");
  request.set_match(v1::SEARCH_MATCH_EXACT);
  const v1::SearchTurnsResponse response = client.MustSearch(request);
  ASSERT_EQ(response.hits_size(), 1);
  EXPECT_EQ(response.hits(0).seq(), 1);
  EXPECT_EQ(response.searched_from_seq(), 1);
}

}  // namespace
}  // namespace fovea::testing
