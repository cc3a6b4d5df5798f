// A server that is killed loses no turn that it acknowledged.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/service/process.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

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
