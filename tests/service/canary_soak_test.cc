// Two tenants at work on one server, with a word each that nobody else may see: it stands in no
// answer to the other, in no log, metric or error, and in no file once its sessions are deleted.
//
// FOVEA_SOAK_SECONDS says for how long; without it a few seconds.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "httplib.h"
#include "tests/service/canary_tenant.h"
#include "tests/service/process.h"
#include "tests/service/stored_words.h"
#include "tests/support/temporary_directory.h"

namespace fovea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kRedsWord[] = "vermilionyak";
constexpr char kBluesWord[] = "ceruleanemu";

absl::Duration SoakTime() {
  const char* text = std::getenv("FOVEA_SOAK_SECONDS");
  double seconds = 3;
  EXPECT_TRUE(text == nullptr || absl::SimpleAtod(text, &seconds)) << text;
  return absl::Seconds(seconds);
}

int FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(socket);
  return ntohs(address.sin_port);
}

std::string FileText(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class CanarySoak : public ::testing::Test {
 protected:
  CanarySoak() {
    std::ofstream tokens(directory_.Path("tokens"));
    for (const char* name : {"red", "blue", "ops"}) {
      tokens << absl::StrCat(R"({"token_sha256": ")", Sha256Hex(name), R"(", "tenant": ")", name,
                             R"(", "role": ")", name == std::string("ops") ? "admin" : "writer",
                             "\"}\n");
    }
  }

  void Start() {
    server_ = std::make_unique<Process>(ProcessOptions{
        .flags = {"--data", directory_.Path("data"), "--listen", address(), "--tokens",
                  directory_.Path("tokens"), "--audit-log", directory_.Path("audit"),
                  "--metrics-listen", absl::StrCat("127.0.0.1:", port_), "--log-level", "debug",
                  "--log-format", "json", "--views", "4"},
        .log = directory_.Path("log")});
    ASSERT_TRUE(
        Client(address(), "ops")
            .channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)))
        << FileText(directory_.Path("log"));
  }

  CanaryTenant Make(const std::string& token, const std::string& word, const std::string& others) {
    return CanaryTenant({.address = address(),
                         .data = directory_.Path("data"),
                         .token = token,
                         .word = word,
                         .others_word = others,
                         .seed = static_cast<unsigned>(word.size())});
  }

  // Metrics and a backup, which leaves nothing behind.
  void LookOn() {
    httplib::Client http("127.0.0.1", port_);
    const auto answer = http.Get("/metrics");
    ASSERT_TRUE(answer);
    ASSERT_THAT(answer->body, HasSubstr("fovea_call_seconds"));
    CheckNoWord(answer->body, "metrics");
    Client ops(address(), "ops");
    grpc::ClientContext context;
    ops.Prepare(context);
    auto reader = ops.admin->BackupStore(&context, {});
    v1::BackupChunk chunk;
    while (reader->Read(&chunk)) continue;
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_code() << ": " << status.error_message();
  }

  static void CheckNoWord(const std::string& text, const char* what) {
    for (const char* word : {kRedsWord, kBluesWord})
      EXPECT_THAT(text, Not(HasSubstr(word))) << what;
  }

  // Receipts may say that the last words leave the disk shortly afterwards.
  std::vector<std::string> FilesWithSoon(const std::string& word) const {
    std::vector<std::string> found = FilesWithWord(directory_.Path("data"), word);
    for (int i = 0; i < 50 && !found.empty(); ++i) {
      absl::SleepFor(absl::Milliseconds(100));
      found = FilesWithWord(directory_.Path("data"), word);
    }
    return found;
  }

  std::string address() const { return "unix:" + directory_.Path("s"); }

  const TemporaryDirectory directory_;
  const int port_ = FreePort();
  std::unique_ptr<Process> server_;
};

TEST_F(CanarySoak, NoWordOnTheWrongSide) {
  ASSERT_NO_FATAL_FAILURE(Start());
  CanaryTenant red = Make("red", kRedsWord, kBluesWord);
  CanaryTenant blue = Make("blue", kBluesWord, kRedsWord);
  const absl::Time end = absl::Now() + SoakTime();
  const auto work = [&](CanaryTenant& tenant) {
    while (absl::Now() < end && !HasFailure()) tenant.Step();
  };
  std::thread reds([&] { work(red); });
  std::thread blues([&] { work(blue); });
  do {
    LookOn();
    absl::SleepFor(std::min(end - absl::Now(), absl::Seconds(2)));
  } while (absl::Now() < end && !HasFailure());
  reds.join();
  blues.join();
  red.CheckSessions();
  blue.CheckSessions();
  red.TryPages(blue.pages());
  blue.TryPages(red.pages());
  // What looks for words finds those that are there.
  red.Step();
  EXPECT_THAT(FilesWithWord(directory_.Path("data"), kRedsWord),
              ::testing::AnyOf(Contains("log.db"), Contains("log.db-wal")));

  // One tenant's words go while the other works on.
  std::atomic<bool> deleted = false;
  std::thread goes_on([&] {
    while (!deleted && !HasFailure()) blue.Step();
  });
  red.DeleteAll();
  EXPECT_THAT(FilesWithSoon(kRedsWord), IsEmpty());
  deleted = true;
  goes_on.join();
  server_->Kill(SIGTERM);
  EXPECT_THAT(FilesWithSoon(kRedsWord), IsEmpty());
  ASSERT_NO_FATAL_FAILURE(Start());
  red.Connect(address());
  blue.Connect(address());
  red.CheckSessions();
  blue.CheckSessions();
  EXPECT_THAT(FilesWithSoon(kRedsWord), IsEmpty());
  blue.DeleteAll();
  EXPECT_THAT(FilesWithSoon(kBluesWord), IsEmpty());
  server_->Kill(SIGTERM);

  const std::string log = FileText(directory_.Path("log"));
  const std::string audit = FileText(directory_.Path("audit"));
  EXPECT_THAT(log, HasSubstr("AppendTurns OK"));
  EXPECT_THAT(audit, HasSubstr("\"DeleteSession\""));
  CheckNoWord(log, "log");
  CheckNoWord(audit, "audit log");
  for (const CanaryTenant* tenant : {&red, &blue}) {
    for (const auto& [act, times] : tenant->acts()) std::cout << act << " " << times << ", ";
    std::cout << "\n";
  }
}

TEST(StoredWords, AreFoundInFramesToo) {
  std::mt19937 random(3);
  std::string plain;
  for (int i = 0; i < 3'000; ++i) plain.push_back(static_cast<char>('a' + random() % 20));
  plain.insert(1'500, "zebra");
  std::string frame(ZSTD_compressBound(plain.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), plain.data(), plain.size(), 3));
  const std::string page = std::string(100, 'p') + frame + std::string(100, 'p');
  EXPECT_THAT(page, Not(HasSubstr("zebra")));
  EXPECT_TRUE(HoldsWord(page, "zebra"));
  EXPECT_TRUE(HoldsWord("some zebra here", "zebra"));
  EXPECT_FALSE(HoldsWord(page, "yak"));
}

}  // namespace
}  // namespace fovea::testing
