// A server that is killed loses no turn that it acknowledged.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

bool WaitUntilServing(const Client& client) {
  return client.channel->WaitForConnected(std::chrono::system_clock::now() +
                                          std::chrono::seconds(20));
}

std::string TextOfTurn(uint64_t seq) { return absl::StrCat("turn ", seq, " ", seq * 2654435761U); }

TEST(Crash, NoAcknowledgedTurnIsLost) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  std::mt19937 random(7);
  uint64_t acknowledged = 0;
  for (int round = 0; round < 8; ++round) {
    Process server(directory.Path("data"), socket);
    Client client("unix:" + socket);
    ASSERT_TRUE(WaitUntilServing(client));
    if (round == 0) {
      ASSERT_TRUE(client.CreateSession("s").ok());
    }

    const auto found = client.MustRead("s");
    ASSERT_GE(found.size(), acknowledged) << "round " << round;
    for (size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].seq(), i + 1);
      ASSERT_EQ(found[i].parts(0).text().text(), TextOfTurn(i + 1));
    }
    acknowledged = found.size();

    std::thread killer([&server, wait = 20 + static_cast<int>(random() % 200)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      server.Kill(SIGKILL);
    });
    // Odd rounds append over a stream, whose sum is the acknowledgement.
    if (round % 2 == 0) {
      while (client
                 .Append("s", {TextTurn(v1::ROLE_USER, TextOfTurn(acknowledged + 1)),
                               TextTurn(v1::ROLE_USER, TextOfTurn(acknowledged + 2))})
                 .ok()) {
        acknowledged += 2;
      }
    } else {
      bool alive = true;
      while (alive) {
        grpc::ClientContext context;
        v1::StreamAppendTurnsResponse sum;
        auto writer = client.sessions->StreamAppendTurns(&context, &sum);
        for (uint64_t i = 1; i <= 20; ++i) {
          v1::AppendTurnsRequest request;
          request.set_session_id("s");
          *request.add_turns() = TextTurn(v1::ROLE_USER, TextOfTurn(acknowledged + i));
          if (!writer->Write(request)) break;
        }
        writer->WritesDone();
        alive = writer->Finish().ok();
        if (alive) acknowledged = sum.last_seq();
      }
    }
    killer.join();
  }
  EXPECT_GT(acknowledged, 20);
}

int CrashRounds() {
  int rounds = 5;
  const char* named = std::getenv("FOVEA_CRASH_ROUNDS");
  if (named != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(named, &rounds));
  }
  return rounds;
}

constexpr uint64_t kImportTurns = 40;

grpc::Status ImportNumbered(Client& client, const std::string& id) {
  grpc::ClientContext context;
  v1::Session session;
  auto stream = client.sessions->ImportSession(&context, &session);
  v1::ExportChunk chunk;
  chunk.mutable_header()->set_format_version(1);
  chunk.mutable_header()->mutable_session()->set_session_id(id);
  chunk.mutable_header()->mutable_session()->set_last_seq(kImportTurns);
  bool sent = stream->Write(chunk);
  for (uint64_t seq = 1; sent && seq <= kImportTurns; ++seq) {
    *chunk.mutable_turn() = TextTurn(v1::ROLE_USER, TextOfTurn(seq));
    chunk.mutable_turn()->set_seq(seq);
    sent = stream->Write(chunk);
  }
  stream->WritesDone();
  return stream->Finish();
}

grpc::Status Fork(Client& client, const std::string& from, uint64_t at, const std::string& id) {
  grpc::ClientContext context;
  v1::ForkSessionRequest request;
  request.set_session_id(from);
  request.set_at_seq(at);
  request.set_new_session_id(id);
  v1::Session session;
  return client.sessions->ForkSession(&context, request, &session);
}

grpc::Status Delete(Client& client, const std::string& id) {
  grpc::ClientContext context;
  v1::DeleteSessionRequest request;
  request.set_session_id(id);
  v1::DeleteSessionResponse receipt;
  return client.sessions->DeleteSession(&context, request, &receipt);
}

// What the server had said when it was killed.
struct Said {
  uint64_t appended = 0;                 // to "s"
  std::map<std::string, uint64_t> made;  // imports and forks that are there, with their turns
  std::map<std::string, bool> doubtful;  // calls on these were not answered
  std::vector<std::string> deleted;
};

// Appends, imports, forks, deletions and contexts until the server is gone.
void WorkUntilKilled(const std::string& address, int round, Said& said) {
  std::thread appender([&] {
    Client client(address);
    while (client.Append("s", {TextTurn(v1::ROLE_USER, TextOfTurn(said.appended + 1))}).ok()) {
      ++said.appended;
    }
  });
  std::thread reader([&] {
    Client client(address);
    v1::BuildContextResponse response;
    const auto view = ViewOf("s", 4000, v1::WIRE_FORMAT_OPENAI_CHAT);
    while (client.Build(view, &response).error_code() != StatusCode::UNAVAILABLE) continue;
  });
  Client client(address);
  for (int i = 0;; ++i) {
    const std::string id = absl::StrCat(i % 2 == 0 ? "import-" : "fork-", round, "-", i);
    said.doubtful[id] = true;
    const bool made = i % 2 == 0 ? ImportNumbered(client, id).ok() : Fork(client, "s", 1, id).ok();
    if (!made) break;
    said.doubtful.erase(id);
    said.made[id] = i % 2 == 0 ? kImportTurns : 1;
    if (i % 3 != 0) continue;
    said.doubtful[id] = true;
    said.made.erase(id);
    if (!Delete(client, id).ok()) break;
    said.doubtful.erase(id);
    said.deleted.push_back(id);
  }
  appender.join();
  reader.join();
}

// FOVEA_CRASH_ROUNDS sets how often.
TEST(Crash, NothingAcknowledgedIsLostUnderMixedLoad) {
  const TemporaryDirectory directory;
  const std::string address = "unix:" + directory.Path("s");
  std::mt19937 random(23);
  Said said;
  const int rounds = CrashRounds();
  for (int round = 0; round <= rounds; ++round) {
    Process server(directory.Path("data"), directory.Path("s"));
    Client client(address);
    ASSERT_TRUE(WaitUntilServing(client));
    if (round == 0) {
      ASSERT_TRUE(client.CreateSession("s").ok());
      ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, TextOfTurn(1))}).ok());
      said.appended = 1;
    }
    const auto turns = client.MustRead("s");
    ASSERT_GE(turns.size(), said.appended) << "round " << round;
    ASSERT_LE(turns.size(), said.appended + 1);
    said.appended = turns.size();
    for (const auto& [id, count] : said.made) {
      const auto found = client.MustRead(id);
      ASSERT_EQ(found.size(), count) << id;
      for (const v1::Turn& turn : found) {
        ASSERT_EQ(turn.parts(0).text().text(), TextOfTurn(turn.seq())) << id;
      }
    }
    for (const std::string& id : said.deleted) {
      EXPECT_EQ(Delete(client, id).error_code(), StatusCode::NOT_FOUND) << id;
    }
    // Unanswered: whole or not there.
    for (const auto& [id, doubt] : said.doubtful) {
      v1::Session session;
      grpc::ClientContext context;
      v1::GetSessionRequest request;
      request.set_session_id(id);
      if (!client.sessions->GetSession(&context, request, &session).ok()) continue;
      EXPECT_EQ(session.last_seq(), absl::StartsWith(id, "import-") ? kImportTurns : 1) << id;
    }
    said.doubtful.clear();
    v1::VerifyStoreResponse report;
    grpc::ClientContext context;
    ASSERT_TRUE(client.admin->VerifyStore(&context, {}, &report).ok());
    EXPECT_EQ(report.problems_size(), 0) << report.problems(0);
    if (round == rounds) break;
    std::thread killer([&server, wait = 50 + static_cast<int>(random() % 300)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      server.Kill(SIGKILL);
    });
    WorkUntilKilled(address, round, said);
    killer.join();
  }
  std::cout << "[ figure   ] killed " << rounds << " times: " << said.appended << " turns, "
            << said.made.size() << " imports and forks, " << said.deleted.size() << " deletions\n";
  EXPECT_GT(said.appended, 10);
}

TEST(Crash, SigtermStopsCleanlyAndRemovesNothing) {
  const TemporaryDirectory directory;
  const std::string socket = directory.Path("s");
  for (int round = 0; round < 2; ++round) {
    Process server(directory.Path("data"), socket);
    Client client("unix:" + socket);
    ASSERT_TRUE(WaitUntilServing(client));
    if (round == 0) {
      ASSERT_TRUE(client.CreateSession("s").ok());
    }
    ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, "x")}).ok());
    const int status = server.Kill(SIGTERM);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace fovea::testing
