// What the service does while somebody sets the wall clock.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "service/certificate_files.h"
#include "service/connections.h"
#include "service/patience.h"
#include "service/quotas.h"
#include "service/status.h"
#include "service/steady_clock.h"
#include "service/storage_quotas.h"
#include "service/write_health.h"
#include "tests/service/certificate.h"
#include "tests/service/raw_connection.h"
#include "tests/service/server_fixture.h"

namespace {
std::atomic<time_t> wall_clock_is_ahead_by = 0;  // seconds
}  // namespace

// In the place of the C library's, for this program and its libraries.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto status = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (status == 0 && clock == CLOCK_REALTIME) time->tv_sec += wall_clock_is_ahead_by;
  return status;
}

namespace fovea::service {
namespace {

constexpr time_t kHour = 3600;

class Clock : public ::testing::Test {
 protected:
  ~Clock() override { wall_clock_is_ahead_by = 0; }

  // What the kernel does with a wait by the wall clock that began before the clock stepped back: it
  // ends an hour late.
  static void StepBackDuringWaits() { wall_clock_is_ahead_by = kHour; }
  static void StepBack() { wall_clock_is_ahead_by = -kHour; }
  static void StepForth() { wall_clock_is_ahead_by = kHour; }

  static bool Comes(const std::function<bool()>& it) {
    const SteadyTime begun = SteadyNow();
    while (!it() && Since(begun) < absl::Seconds(10)) usleep(1'000);
    return it();
  }
};

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

TEST_F(Clock, TheWallClockIsThisTests) {
  const absl::Time before = absl::Now();
  StepForth();
  EXPECT_GT(absl::Now() - before, absl::Minutes(59));
}

TEST_F(Clock, CallersThatSendWithoutAnEndAreCutOff) {
  testing::ServerFixture fixture([](ServerOptions& options) {
    options.addresses = {"127.0.0.1:0"};
    options.connections.unknown_bytes = uint64_t{1} << 20;
  });
  const testing::RawConnection caller(fixture.server().addresses().front());
  StepBack();
  // Of a kind that nobody knows, which gRPC reads and lets be.
  const std::string frame = testing::Frame(0x20, 0, 0, std::string(16'000, 'x'));
  std::string block;
  while (block.size() < 64 << 10) block += frame;
  size_t sent = 0;
  while (sent < size_t{256} << 20 && caller.Send(block)) sent += block.size();
  std::cout << "[ figure   ] sent: " << (sent >> 10) << " KiB\n";
  EXPECT_LT(sent, size_t{64} << 20);
}

TEST_F(Clock, AThreadThatLooksNowAndThenGoesOn) {
  std::atomic<int> probes = 0;
  StepBackDuringWaits();
  const WriteHealth health(
      [&] {
        ++probes;
        return absl::OkStatus();
      },
      [](const absl::Status&) {});
  EXPECT_TRUE(Comes([&] { return probes >= 2; }));
}

TEST_F(Clock, NewCertificatesAreTakenUp) {
  const TemporaryDirectory files;
  testing::WriteCertificate(files.Path("key"), files.Path("cert"));
  StepBackDuringWaits();
  const auto opened = CertificateFiles::Open(
      {.certificate = files.Path("cert"), .key = files.Path("key"), .client_ca = ""},
      std::make_shared<spdlog::logger>("none"), absl::Milliseconds(5));
  ASSERT_TRUE(opened.ok()) << opened.status();
  usleep(100'000);  // so that the thread has begun to wait
  wall_clock_is_ahead_by = 0;
  testing::WriteCertificate(files.Path("key"), files.Path("cert"));
  const std::string fresh = ReadAll(files.Path("cert"));
  EXPECT_TRUE(Comes([&] { return ReadAll((*opened)->held().certificate) == fresh; }));
}

TEST_F(Clock, QuotasAreEarnedByTheTimeThatPasses) {
  Quotas quotas({.calls_per_second = 1});
  while (quotas.Take("a", {.calls = 1}).ok()) {
  }
  StepForth();
  EXPECT_FALSE(quotas.Take("a", {.calls = 1}).ok());
}

TEST_F(Clock, ATenantAtItsLimitIsMeasuredAgain) {
  std::atomic<uint64_t> there = 5;
  StorageQuotas quotas({.sessions = 5, .stored_bytes = 0}, [&](const std::string&) {
    return TenantHoldings{.sessions = there, .stored_bytes = 0};
  });
  const auto has_room = [&] {
    const TenantHoldings one = {.sessions = 1, .stored_bytes = 0};
    const bool room = quotas.Reserve("a", one).ok();
    if (room) quotas.Settle("a", one, {});
    return room;
  };
  EXPECT_TRUE(Comes([&] { return !has_room(); }));
  StepBack();
  there = 1;
  EXPECT_TRUE(Comes(has_room));
}

TEST_F(Clock, ASliceIsNoLonger) {
  const Patience patience([] { return absl::OkStatus(); }, absl::Milliseconds(5));
  StepBack();
  EXPECT_TRUE(Comes([&] { return IsUnfinished(patience.Check()); }));
}

}  // namespace
}  // namespace fovea::service
