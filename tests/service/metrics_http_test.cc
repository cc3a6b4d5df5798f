// The metrics port, which anybody may reach: what it answers, and what it takes from whom.
#include "service/metrics_http.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace fovea::service {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int64_t kMiB = 1 << 20;

std::unique_ptr<MetricsHttp> Served(MetricsHttpInputs inputs = {}) {
  if (inputs.address.empty()) inputs.address = "127.0.0.1:0";
  if (!inputs.metrics) inputs.metrics = [] { return "fovea_calls 3\n"; };
  if (!inputs.not_ready) inputs.not_ready = [] { return ""; };
  auto server = MetricsHttp::Start(std::move(inputs));
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

// No call of it takes longer than five seconds.
class Socket {
 public:
  Socket(const std::string& host, int port) {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) return;
    for (const addrinfo* one = found; one != nullptr && !connected_; one = one->ai_next) {
      if (fd_ >= 0) close(fd_);
      fd_ = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const timeval limit = {.tv_sec = 5};
      setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      connected_ = connect(fd_, one->ai_addr, one->ai_addrlen) == 0;
    }
    freeaddrinfo(found);
  }
  explicit Socket(const MetricsHttp& server) : Socket("127.0.0.1", server.port()) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connected() const { return connected_; }

  bool Send(const std::string& bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  void EndSending() { shutdown(fd_, SHUT_WR); }

  // What comes until the server closes; "(open)" behind it if it does not.
  std::string Rest() {
    std::string text;
    std::vector<char> some(64 << 10);
    ssize_t count = 0;
    while ((count = recv(fd_, some.data(), some.size(), 0)) > 0) text.append(some.data(), count);
    if (count < 0 && errno == EAGAIN) text += "(open)";
    return text;
  }

  // Without waiting, and where nothing was sent to it.
  bool Closed() const {
    char byte = 0;
    const ssize_t count = recv(fd_, &byte, 1, MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN);
  }

 private:
  int fd_ = -1;
  bool connected_ = false;
};

std::vector<Socket> Silent(const MetricsHttp& server, int count) {
  std::vector<Socket> sockets;
  for (int i = 0; i < count; ++i) {
    sockets.emplace_back(server);
    EXPECT_TRUE(sockets.back().connected());
  }
  return sockets;
}

std::string Asked(const MetricsHttp& server, const std::string& request) {
  Socket socket(server);
  socket.Send(request);
  return socket.Rest();
}

std::string Got(const MetricsHttp& server, const std::string& path) {
  return Asked(server, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n"));
}

int64_t ResidentBytes() {
  int64_t all = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(MetricsHttpTest, AnswersScrapesAndProbes) {
  std::string why_not;
  const auto server = Served({.not_ready = [&] { return why_not; }});
  EXPECT_EQ(Got(*server, "/metrics"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 14\r\n"
            "Connection: close\r\n\r\nfovea_calls 3\n");
  EXPECT_THAT(Got(*server, "/metrics?of=all"), EndsWith("\r\n\r\nfovea_calls 3\n"));
  EXPECT_THAT(Got(*server, "/healthz"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\n\r\nok\n")));
  EXPECT_THAT(Got(*server, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\n\r\nready\n")));
  why_not = "stopping";
  EXPECT_THAT(Got(*server, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\n\r\nstopping\n")));
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(MetricsHttpTest, HeadHasNoBody) {
  const auto server = Served();
  EXPECT_THAT(Asked(*server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nContent-Length: 14\r\n"),
                    EndsWith("\r\nConnection: close\r\n\r\n")));
}

TEST(MetricsHttpTest, OddRequestsGetTheirStatus) {
  const auto server = Served();
  const std::string junk(300, 'x');
  const std::pair<std::string, int> requests[] = {
      {"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405},
      {"DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405},
      {"BREW /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 405},
      {"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404},
      {"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", 404},
      {"GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", 404},
      {"GET /healthz\r\n\r\n", 400},
      {"GET /healthz HTTP/7.3\r\n\r\n", 400},
      {absl::StrCat("\x16\x03\x01", junk, "\r\n\r\n"), 400},
      {absl::StrCat("GET /healthz HTTP/1.1\r\nno field\r\n\r\n"), 400},
      {"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + junk, 413},
      {"GET /healthz HTTP/1.1\r\nContent-Length: 1025\r\n\r\n" + junk, 413},
      {absl::StrCat("GET /", std::string(9000, 'x'), " HTTP/1.1\r\n\r\n"), 431},
      {absl::StrCat("GET /healthz HTTP/1.1\r\nA: ", std::string(9000, 'x')), 431},
  };
  for (const auto& [request, status] : requests) {
    EXPECT_THAT(Asked(*server, request),
                AllOf(StartsWith(absl::StrCat("HTTP/1.1 ", status, " ")), Not(HasSubstr("(open)"))))
        << request.substr(0, 60);
  }
  EXPECT_THAT(Asked(*server, requests[0].first), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST(MetricsHttpTest, OneRequestAConnection) {
  const auto server = Served();
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n";
  const std::string answers = Asked(*server, request + request);
  EXPECT_THAT(answers, AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\n\r\nok\n")));
  EXPECT_EQ(answers.rfind("HTTP/1.1"), 0);
}

TEST(MetricsHttpTest, WhoEndsInTheMiddleGetsNoAnswer) {
  const auto server = Served();
  for (const char* begun : {"", "GET /hea", "GET /healthz HTTP/1.1\r\nHost: x\r\n"}) {
    Socket socket(*server);
    socket.Send(begun);
    socket.EndSending();
    EXPECT_EQ(socket.Rest(), "") << begun;
  }
}

// 64 MiB, of which the server must take nearly nothing.
void SendWithoutEnd(const std::string& start, const std::string& block) {
  const auto server = Served();
  const int64_t before = ResidentBytes();
  Socket socket(*server);
  ASSERT_TRUE(socket.Send(start));
  int64_t sent = 0;
  while (sent < 64 * kMiB && socket.Send(block)) sent += static_cast<int64_t>(block.size());
  EXPECT_LT(sent, 32 * kMiB);  // what the kernel holds is among them
  EXPECT_LT(ResidentBytes() - before, 16 * kMiB);
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(MetricsHttpTest, AHeaderLineWithoutEndIsCutOff) {
  SendWithoutEnd("GET /healthz HTTP/1.1\r\nA: ", std::string(64 << 10, 'x'));
}

TEST(MetricsHttpTest, HeaderLinesWithoutEndAreCutOff) {
  std::string lines;
  while (lines.size() < 64 << 10) absl::StrAppend(&lines, "A: b\r\n");
  SendWithoutEnd("GET /healthz HTTP/1.1\r\n", lines);
}

TEST(MetricsHttpTest, ABodyWithoutEndIsCutOff) {
  SendWithoutEnd("POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                 absl::StrCat("10000\r\n", std::string(64 << 10, 'x'), "\r\n"));
}

TEST(MetricsHttpTest, AProbeGetsInBesideSilentConnections) {
  const auto server = Served();
  const std::vector<Socket> silent = Silent(*server, 200);
  const absl::Time start = absl::Now();
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  // The oldest went, and no more than necessary.
  std::vector<bool> closed;
  for (const Socket& socket : silent) closed.push_back(socket.Closed());
  std::vector<bool> expected(200, false);
  std::fill_n(expected.begin(), 200 - 31, true);
  EXPECT_EQ(closed, expected);
}

TEST(MetricsHttpTest, AnsweredConnectionsGoBeforeThoseThatMayAsk) {
  const auto server = Served();
  Socket probe(*server);
  std::vector<Socket> answered;
  for (int i = 0; i < 100; ++i) {
    answered.emplace_back(*server);
    ASSERT_TRUE(answered.back().Send("GET /healthz HTTP/1.1\r\n\r\n"));
    // The answer, and so the connection is an answered one that the client keeps open.
    EXPECT_THAT(answered.back().Rest(), EndsWith("ok\n"));
  }
  ASSERT_TRUE(probe.Send("GET /healthz HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(probe.Rest(), EndsWith("ok\n"));
}

TEST(MetricsHttpTest, SilentAndSlowConnectionsEndWithTheirTime) {
  const auto server = Served({.connection_time = absl::Milliseconds(300)});
  const absl::Time start = absl::Now();
  Socket silent(*server);
  Socket slow(*server);
  bool open = slow.Send("GET /healthz HTTP/1.1\r\nA: ");
  while (open && absl::Now() - start < absl::Seconds(3)) {
    absl::SleepFor(absl::Milliseconds(20));
    open = slow.Send("x");
  }
  EXPECT_GT(absl::Now() - start, absl::Milliseconds(250));
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_EQ(silent.Rest(), "");
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(MetricsHttpTest, WhoDoesNotReadIsCutOffWithTheirTime) {
  const std::string much(64 * kMiB, 'x');
  const auto server =
      Served({.metrics = [&] { return much; }, .connection_time = absl::Milliseconds(300)});
  Socket socket(*server);
  ASSERT_TRUE(socket.Send("GET /metrics HTTP/1.1\r\n\r\n"));
  absl::SleepFor(absl::Milliseconds(700));
  const std::string answer = socket.Rest();
  EXPECT_LT(answer.size(), much.size());
  EXPECT_FALSE(absl::EndsWith(answer, "(open)"));
}

TEST(MetricsHttpTest, StopsAtOnceWithConnectionsOpen) {
  auto server = Served();
  std::vector<Socket> open = Silent(*server, 20);
  for (size_t i = 0; i < open.size(); i += 2) open[i].Send("GET /healthz HTTP/1.1\r\nA: ");
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));
  const absl::Time start = absl::Now();
  server.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  EXPECT_TRUE(open.back().Closed());
}

TEST(MetricsHttpTest, AFreshOneStopsAtOnce) {
  const absl::Time start = absl::Now();
  for (int i = 0; i < 20; ++i) Served();
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
}

#ifndef FOVEA_UNDEFINED_BEHAVIOR_SANITIZER  // which itself needs descriptors, to look at objects

absl::Duration ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

// Takes all descriptors of the process for as long as it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

  void GiveOne() {
    close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_ = {};
  std::vector<int> taken_;
};

TEST(MetricsHttpTest, WaitsForDescriptorsWithoutSpinning) {
  const auto server = Served();
  NoDescriptors none;
  none.GiveOne();
  Socket socket(*server);  // takes the last one
  ASSERT_TRUE(socket.connected());
  ASSERT_TRUE(socket.Send("GET /healthz HTTP/1.1\r\n\r\n"));
  const absl::Duration before = ProcessorTime();
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_LT(ProcessorTime() - before, absl::Milliseconds(200));
  none.GiveOne();
  const absl::Time start = absl::Now();
  EXPECT_THAT(socket.Rest(), EndsWith("ok\n"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
}

TEST(MetricsHttpTest, StartSaysThatThereAreNoDescriptors) {
  const NoDescriptors none;
  const auto server = MetricsHttp::Start({.address = "127.0.0.1:0"});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
}

#endif  // FOVEA_UNDEFINED_BEHAVIOR_SANITIZER

TEST(MetricsHttpTest, ListensOnNamesAndIpv6) {
  const auto named = Served({.address = "localhost:0"});
  Socket by_name("localhost", named->port());
  by_name.Send("GET /healthz HTTP/1.1\r\n\r\n");
  EXPECT_THAT(by_name.Rest(), EndsWith("ok\n"));

  const int probe = socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const bool has_ipv6 =
      bind(probe, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
  close(probe);
  if (!has_ipv6) GTEST_SKIP() << "no IPv6 here";
  const auto six = Served({.address = "[::1]:0"});
  Socket by_six("::1", six->port());
  by_six.Send("GET /healthz HTTP/1.1\r\n\r\n");
  EXPECT_THAT(by_six.Rest(), EndsWith("ok\n"));
}

TEST(MetricsHttpTest, SaysWhatItCannotListenOn) {
  const auto first = Served();
  const std::string taken = absl::StrCat("127.0.0.1:", first->port());
  for (const std::string& address : {taken, std::string("127.0.0.1:http"), std::string(":0"),
                                     std::string("127.0.0.1:70000"), std::string("127.0.0.1")}) {
    const auto server = MetricsHttp::Start({.address = address});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable) << address;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("listen on " + address));
  }
}

TEST(MetricsHttpTest, TakesItsPortAgainAtOnce) {
  auto server = Served();
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  Socket open(*server);
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));  // leaves TIME_WAIT behind
  server.reset();
  server = Served({.address = address});
  EXPECT_THAT(Got(*server, "/healthz"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace fovea::service
