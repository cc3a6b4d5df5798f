// Where the token may go, whose socket is trusted, and how long an answer may take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/address.h"
#include "cli/app.h"
#include "cli/client.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"
#include "cli/silence.h"
#include "cli/status.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uid_t kStranger = 54321;

Ran RunAt(const std::string& address, std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
  arguments.insert(arguments.begin(), {"--server", address});
  Ran ran;
  ran.exit_code = RunFovea(std::move(arguments), console);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

// FOVEA_TOKEN while it lives.
class Token {
 public:
  Token() { setenv("FOVEA_TOKEN", "secret", 1); }
  ~Token() { unsetenv("FOVEA_TOKEN"); }
};

// A listener that never says a word, on a Unix socket.
class MuteListener {
 public:
  explicit MuteListener(const std::string& path)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
  }
  ~MuteListener() { close(socket_); }
  MuteListener(const MuteListener&) = delete;
  MuteListener& operator=(const MuteListener&) = delete;

  // Whether anybody connected since the last time.
  bool WasReached() const {
    const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) close(connection);
    return connection >= 0;
  }

 private:
  const int socket_;
};

bool IsLoopback(const std::string& address) { return ParseAddress(address)->loopback; }

TEST(ParseAddress, KnowsThisMachine) {
  for (const char* address : {"localhost:1", "localhost", "127.0.0.1:50051", "127.255.3.4:1", "::1",
                              "[::1]:50051", "[::1]"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address : {"192.0.2.2:1",
                              "128.0.0.1:1",
                              "126.255.255.255:1",
                              "0.0.0.0:1",
                              "127.1:1",
                              "localhost.:1",
                              "localhost.evil.example:1",
                              "127.0.0.1.evil.example:1",
                              "evil.example:1",
                              "LOCALHOST:1",
                              "localhost@evil.example:1",
                              "127.0.0.1:1,192.0.2.2:1",
                              "localhost:1/x",
                              "localhost:",
                              "[::2]:1",
                              "[::1",
                              "[::1]x",
                              "[127.0.0.1]:1",
                              "::ffff:192.0.2.2",
                              "dns:localhost:1",
                              "ipv4:192.0.2.2:1",
                              "dns://192.0.2.2/localhost:1",
                              "0127.0.0.1:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(ParseAddress, ConnectsToThePathThatIsLookedAt) {
  const auto target = [](const std::string& address) { return ParseAddress(address)->target; };
  EXPECT_EQ(target("unix:/tmp/a-b_c.sock"), "unix:/tmp/a-b_c.sock");
  EXPECT_EQ(target("unix:s"), "unix:s");
  EXPECT_EQ(target("unix:/tmp/a%20b?c#d"), "unix:/tmp/a%2520b%3Fc%23d");
  EXPECT_EQ(ParseAddress("unix:/tmp/a%20b")->socket, "/tmp/a%20b");
  EXPECT_EQ(target("unix:///tmp/s"), "unix:/tmp/s");
  EXPECT_EQ(ParseAddress("unix:///tmp/s")->socket, "/tmp/s");
  EXPECT_EQ(target("example.org:1"), "example.org:1");
  for (const char* none : {"", "unix:", "unix-abstract:fovea"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseAddress(none).status())) << none;
  }
}

TEST(Connection, APathOfAnyCharactersIsReached) {
  const TemporaryDirectory folder;
  const MuteListener listener(folder.Path("a%20b ?c"));
  const Ran ran = RunAt("unix:" + folder.Path("a%20b ?c"), {"sessions", "--timeout", "0.3"});
  EXPECT_THAT(ran.err, HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_TRUE(listener.WasReached());
}

TEST(Connection, ATokenLeavesTheMachineEncrypted) {
  const auto create = [](Client::Options options) {
    return Client::Create(std::move(options)).status();
  };
  for (const char* address : {"192.0.2.2:1", "evil.example:1", "localhost.:1"}) {
    const absl::Status refused = create({.address = address, .token = "secret"});
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(refused.message(), HasSubstr("--tls-ca FILE"));
    EXPECT_EQ(ExitCodeOf(refused), kWrongUsage);
    EXPECT_TRUE(create({.address = address}).ok());
    EXPECT_TRUE(create({.address = address, .token = "secret", .tls = {.system = true}}).ok());
    EXPECT_TRUE(create({.address = address, .token = "secret", .insecure = true}).ok());
  }
  EXPECT_TRUE(create({.address = "127.0.0.1:1", .token = "secret"}).ok());
  EXPECT_TRUE(create({.address = "unix:/nowhere", .token = "secret"}).ok());
}

TEST(Connection, ATokenInTheClearIsWrongUsage) {
  const Token token;
  const Ran ran = RunAt("192.0.2.2:1", {"sessions", "--json"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("the token would be sent in the clear to 192.0.2.2:1: say --tls"));
  EXPECT_EQ(ParseJson(ran.out).value()["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("secret")));
}

TEST(Connection, AnotherUsersSocketGetsNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT CHECKED: only root can give a socket away";
  const TemporaryDirectory folder;
  const std::string path = folder.Path("s");
  const MuteListener listener(path);
  ASSERT_EQ(chown(path.c_str(), kStranger, kStranger), 0);
  for (const char* verb : {"sessions", "stats"}) {
    const Ran ran = RunAt("unix:" + path, {verb, "--timeout", "1"});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.err, HasSubstr("PERMISSION_DENIED: " + path + " belongs to user 54321"));
  }
  EXPECT_EQ(RunAt("unix:" + path, {"export", "a", "--timeout", "1"}).exit_code, 1);  // a stream
  EXPECT_FALSE(listener.WasReached());
  EXPECT_THAT(RunAt("unix:" + path, {"sessions", "--insecure", "--timeout", "0.3"}).err,
              HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_TRUE(listener.WasReached());
}

TEST(CheckSocketOwner, TrustsItsUserAndRoot) {
  const TemporaryDirectory folder;
  const std::string path = folder.Path("s");
  const MuteListener listener(path);
  EXPECT_TRUE(CheckSocketOwner(path, geteuid()).ok());
  EXPECT_TRUE(absl::IsNotFound(CheckSocketOwner(folder.Path("none"), geteuid())));
  EXPECT_TRUE(absl::IsNotFound(CheckSocketOwner(path + "/below", geteuid())));
  WriteText(folder.Path("file"), "");
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSocketOwner(folder.Path("file"), geteuid())));
  ASSERT_EQ(symlink(path.c_str(), folder.Path("link").c_str()), 0);
  EXPECT_TRUE(CheckSocketOwner(folder.Path("link"), geteuid()).ok());
  if (geteuid() != 0) GTEST_SKIP() << "NOT CHECKED: only root can give a socket away";
  EXPECT_TRUE(CheckSocketOwner(path, kStranger).ok()) << "root's";
  ASSERT_EQ(lchown(folder.Path("link").c_str(), kStranger, kStranger), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSocketOwner(folder.Path("link"), 0)));
  ASSERT_EQ(lchown(folder.Path("link").c_str(), 0, 0), 0);
  ASSERT_EQ(chown(path.c_str(), kStranger, kStranger), 0);
  EXPECT_TRUE(CheckSocketOwner(path, kStranger).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSocketOwner(path, kStranger + 1)));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSocketOwner(path, 0)));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSocketOwner(folder.Path("link"), 0)));
}

TEST(Connection, APathThatIsNoSocketIsAnError) {
  const TemporaryDirectory folder;
  WriteText(folder.Path("file"), "");
  const Ran ran = RunAt("unix:" + folder.Path("file"), {"sessions"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("is no socket"));
  EXPECT_THAT(RunAt("unix:" + folder.Path("none"), {"sessions"}).err,
              HasSubstr("UNAVAILABLE: no fovead answers at unix:"));
}

class Patience : public testing::Test {
 protected:
  // Runs it; at least `least` must pass, and not much more.
  static Ran Timed(const std::string& address, std::vector<std::string> arguments,
                   absl::Duration least) {
    const absl::Time start = absl::Now();
    Ran ran = RunAt(address, std::move(arguments));
    EXPECT_GE(absl::Now() - start, least);
    EXPECT_LT(absl::Now() - start, least + absl::Seconds(10));
    return ran;
  }
};

TEST_F(Patience, AServerThatNeverAnswersIsLeft) {
  const TemporaryDirectory folder;
  const MuteListener listener(folder.Path("s"));
  const Ran ran =
      Timed("unix:" + folder.Path("s"), {"sessions", "--timeout", "1"}, absl::Milliseconds(990));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("DEADLINE_EXCEEDED: fovead at unix:"));
  EXPECT_THAT(ran.err, HasSubstr("--timeout SECONDS waits longer"));
}

TEST_F(Patience, ACallAndAStreamThatHangAreLeft) {
  FakeServer server;
  server.sessions.stored["a"].session.set_session_id("a");
  server.sessions.hangs = true;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"sessions"}, {"export", "a"}}) {
    std::vector<std::string> limited = arguments;
    limited.insert(limited.end(), {"--timeout", "0.5"});
    const Ran ran = Timed(server.address(), limited, absl::Milliseconds(490));
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.err, HasSubstr("DEADLINE_EXCEEDED: fovead at unix:"));
  }
}

TEST_F(Patience, OnlyAStreamsSilenceCounts) {
  grpc::ClientContext context;
  SilenceLimit limit(context, absl::Milliseconds(300));
  const auto step = [](absl::Duration time) {
    return [time] {
      absl::SleepFor(time);
      return true;
    };
  };
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(limit.Wait(step(absl::Milliseconds(100))));
  absl::SleepFor(absl::Milliseconds(500));  // whoever reads takes a pause
  EXPECT_FALSE(limit.Passed());
  EXPECT_TRUE(limit.Wait(step(absl::Milliseconds(700))));
  EXPECT_TRUE(limit.Passed());
}

TEST_F(Patience, TheLimitIsAPositiveNumber) {
  const FakeServer server;
  for (const char* wrong : {"0", "-1", "x", "1e99", "nan", ""}) {
    EXPECT_EQ(RunCli(server, {"sessions", "--timeout", wrong}).exit_code, 2) << wrong;
  }
  EXPECT_EQ(RunCli(server, {"--timeout", "10000000", "sessions"}).exit_code, 0);
}

}  // namespace
}  // namespace fovea::cli
