// The service's smaller parts.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "cli/default_address.h"
#include "core/base/sha256.h"
#include "fovea/v1/context.pb.h"
#include "service/audit_log.h"
#include "service/auth.h"
#include "service/convert_session.h"
#include "service/convert_turn.h"
#include "service/drawing_pool.h"
#include "service/listen.h"
#include "service/lru_cache.h"
#include "service/metrics.h"
#include "service/status.h"
#include "service/storage_quotas.h"
#include "service/wire/formats.h"
#include "service/worker_pool.h"
#include "tests/service/server_fixture.h"

namespace fovea::service {
namespace {

TEST(LruCacheTest, ForgetsTheOldestUse) {
  LruCache<int, std::string> cache(2, 100);
  cache.Put(1, "one", 1);
  cache.Put(2, "two", 1);
  EXPECT_EQ(cache.Get(1), "one");
  cache.Put(3, "three", 1);
  EXPECT_EQ(cache.Get(2), std::nullopt);
  EXPECT_EQ(cache.Get(1), "one");
  EXPECT_EQ(cache.Get(3), "three");
}

TEST(LruCacheTest, KeepsWithinItsCost) {
  LruCache<int, int> cache(100, 10);
  cache.Put(1, 1, 6);
  cache.Put(2, 2, 6);
  EXPECT_EQ(cache.Get(1), std::nullopt);
  cache.Put(3, 3, 11);
  EXPECT_EQ(cache.Get(3), std::nullopt);
  EXPECT_EQ(cache.Get(2), 2);
  cache.SetCost(2, 11);
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.GetOrMake(4, 1, [] { return 4; }), 4);
  EXPECT_EQ(cache.GetOrMake(4, 1, [] { return 5; }), 4);
  cache.EraseIf([](int key) { return key == 4; });
  EXPECT_EQ(cache.Get(4), std::nullopt);
}

TEST(DrawingPoolTest, DoesEverythingOnceAndNothingAfterAnError) {
  std::vector<std::atomic<int>> done(1000);
  DrawingPool pool(4, /*many_tenants=*/true);
  const SessionKey whose = {.tenant = "a", .session_id = "s"};
  EXPECT_TRUE(pool.ForEach(whose, done.size(),
                           [&](size_t i) {
                             ++done[i];
                             return absl::OkStatus();
                           })
                  .ok());
  for (const auto& count : done) EXPECT_EQ(count, 1);

  std::atomic<size_t> begun = 0;
  const auto fail = [&](size_t i) {
    ++begun;
    return absl::CancelledError(absl::StrCat(i));
  };
  EXPECT_EQ(pool.ForEach(whose, 1000, fail).code(), absl::StatusCode::kCancelled);
  EXPECT_LE(begun, pool.threads());
  EXPECT_TRUE(pool.ForEach(whose, 0, fail).ok());
}

// Whatever one tenant draws, and for however long, another's begins.
TEST(DrawingPoolTest, OneTenantsPagesWaitForNoOthers) {
  DrawingPool pool(2, /*many_tenants=*/true);
  absl::Notification release;
  absl::BlockingCounter held(2);
  std::atomic<int> begun = 0;
  const auto hold = [&](size_t) {
    if (++begun <= 2) held.DecrementCount();
    release.WaitForNotification();
    return absl::OkStatus();
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&, i] {
      EXPECT_TRUE(pool.ForEach({.tenant = "a", .session_id = absl::StrCat(i)}, 20, hold).ok());
    });
  }
  held.Wait();
  int drawn = 0;
  EXPECT_TRUE(pool.ForEach({.tenant = "b", .session_id = "s"}, 20,
                           [&](size_t) {
                             ++drawn;
                             return absl::OkStatus();
                           })
                  .ok());
  EXPECT_EQ(drawn, 20);
  EXPECT_EQ(begun, 2) << "of the tenant that draws for long";
  release.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(begun, 6 * 20);
}

TEST(WorkerPoolTest, RefusesTooMuch) {
  absl::Notification started, release;
  WorkerPool narrow(1, 2, absl::InfiniteDuration());
  ASSERT_TRUE(narrow.Post([&] {
    started.Notify();
    release.WaitForNotification();
  }));
  started.WaitForNotification();
  EXPECT_TRUE(narrow.Post([] {}));
  EXPECT_TRUE(narrow.Post([] {}));
  EXPECT_FALSE(narrow.Post([] {}));
  release.Notify();
}

TEST(WorkerPoolTest, DropsWhatThereIsNoTimeFor) {
  for (const absl::Duration last_time : {absl::ZeroDuration(), absl::InfiniteDuration()}) {
    int queued = 0;
    std::atomic<int> ran = 0;
    auto pool = std::make_unique<WorkerPool>(1, 1'000'000, last_time);
    WorkerPool& at = *pool;
    // Ends only when the pool does.
    ASSERT_TRUE(at.Post([&] {
      while (at.Post([&] { ++ran; })) {
        ++queued;
        absl::SleepFor(absl::Milliseconds(1));
      }
    }));
    pool = nullptr;
    EXPECT_EQ(ran, last_time == absl::ZeroDuration() ? 0 : queued);
  }
}

TEST(MetricsTest, CountsAndPlacesLatencies) {
  Metrics metrics;
  for (int i = 1; i <= 100; ++i) {
    metrics.Method("M").Record(i % 10 == 0, absl::Milliseconds(i <= 98 ? 1 : 100));
  }
  const auto methods = metrics.Methods();
  ASSERT_EQ(methods.size(), 1);
  EXPECT_EQ(methods[0].calls, 100);
  EXPECT_EQ(methods[0].errors, 10);
  EXPECT_NEAR(methods[0].mean_ms, 2.98, 0.01);
  EXPECT_GE(methods[0].p50_ms, 1);
  EXPECT_LE(methods[0].p50_ms, 1.2);
  EXPECT_GE(methods[0].p99_ms, 100);
  EXPECT_LE(methods[0].p99_ms, 120);
}

TEST(StatusTest, InternalTextStaysInside) {
  for (const absl::Status& status :
       {absl::InternalError("SELECT secret"), absl::DataLossError("/var/lib/x"),
        absl::UnknownError("path"), absl::UnavailableError("disk I/O error at /x")}) {
    const grpc::Status out = ToGrpcStatus(status);
    EXPECT_EQ(static_cast<int>(out.error_code()), static_cast<int>(status.code()));
    EXPECT_EQ(out.error_message().find(std::string(status.message())), std::string::npos);
  }
  EXPECT_EQ(ToGrpcStatus(absl::NotFoundError("no session x")).error_message(), "no session x");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(StatusTest, RequiredTokensTravelWithTheStatus) {
  const absl::Status status = NeedsMoreTokens(1234, 1000);
  EXPECT_EQ(RequiredTokensOf(status), 1234);
  EXPECT_EQ(RequiredTokensOf(absl::OkStatus()), std::nullopt);
  const grpc::Status out = ToGrpcStatus(status);
  EXPECT_EQ(out.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // google.rpc.Status: code 8, the message, then the detail.
  EXPECT_EQ(out.error_details().substr(0, 2), "\x08\x08");
  EXPECT_NE(out.error_details().find("type.googleapis.com/fovea.v1.RequiredTokens"),
            std::string::npos);
}

TEST(AuthTest, WithoutAFileEverybodyIsTheDefaultTenant) {
  auto auth = Authenticator::Create("");
  ASSERT_TRUE(auth.ok());
  EXPECT_EQ((*auth)->Identify("")->tenant, "default");
  EXPECT_TRUE((*auth)->Identify("")->access == Access::kAdmin);
}

TEST(AuthTest, TokensHaveRolesAndExpire) {
  const TemporaryDirectory directory;
  const auto line = [](const std::string& token, const std::string& rest) {
    return absl::StrCat(R"({"token_sha256":")", Sha256Hex(token), R"(","tenant":"t")", rest, "}\n");
  };
  std::ofstream(directory.Path("tokens"))
      << line("r", R"(,"role":"reader")") << line("w", R"(,"role":"writer")")
      << line("a", R"(,"role":"admin")") << line("old", R"(,"admin":true)")
      << line("e", R"(,"expires":"2027-01-31T12:00:00Z")");
  auto auth = Authenticator::Create(directory.Path("tokens"));
  ASSERT_TRUE(auth.ok()) << auth.status();
  EXPECT_EQ((*auth)->Identify("Bearer r")->access, Access::kRead);
  EXPECT_EQ((*auth)->Identify("Bearer w")->access, Access::kWrite);
  EXPECT_EQ((*auth)->Identify("Bearer a")->access, Access::kAdmin);
  EXPECT_EQ((*auth)->Identify("Bearer old")->access, Access::kAdmin);
  EXPECT_EQ((*auth)->Identify("Bearer r")->token_id, Sha256Hex("r").substr(0, 12));
  absl::Time end;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2027-01-31T12:00:00Z", &end, nullptr));
  EXPECT_TRUE((*auth)->Identify("Bearer e", end - absl::Seconds(1)).ok());
  EXPECT_EQ((*auth)->Identify("Bearer e", end).status().message(), "the token has expired");
  for (const char* wrong :
       {R"(,"role":"king")", R"(,"expires":"tomorrow")", R"(,"expires":"infinite-future")"}) {
    std::ofstream(directory.Path("tokens")) << line("x", wrong);
    EXPECT_FALSE((*auth)->Reload().ok()) << wrong;
  }
}

struct TokenFileCase {
  const char* name;
  std::string text;
  const char* error;  // "" if the file is fine
};

class TokenFiles : public ::testing::TestWithParam<TokenFileCase> {};

TEST_P(TokenFiles, AreCheckedLineByLine) {
  const TemporaryDirectory directory;
  std::ofstream(directory.Path("tokens")) << GetParam().text;
  auto auth = Authenticator::Create(directory.Path("tokens"));
  if (*GetParam().error == '\0') {
    ASSERT_TRUE(auth.ok()) << auth.status();
    EXPECT_EQ((*auth)->Identify("Bearer secret")->tenant, "t");
    EXPECT_EQ((*auth)->Identify("bearer secret")->tenant, "t");
    for (const char* wrong : {"", "secret", "Bearer ", "Bearer other", "Basic secret"}) {
      EXPECT_EQ((*auth)->Identify(wrong).status().code(), absl::StatusCode::kUnauthenticated);
    }
    return;
  }
  ASSERT_FALSE(auth.ok());
  EXPECT_NE(std::string(auth.status().message()).find(GetParam().error), std::string::npos)
      << auth.status();
}

std::string Line(const std::string& digest, const std::string& tenant) {
  return absl::StrCat(R"({"token_sha256":")", digest, R"(","tenant":")", tenant, "\"}\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenFiles,
    ::testing::Values(TokenFileCase{"Fine", Line(Sha256Hex("secret"), "t") + "\n", ""},
                      TokenFileCase{"NotJson", "\nsecret\n", "tokens:2"},
                      TokenFileCase{"ShortDigest", Line("abc", "t"), "token_sha256"},
                      TokenFileCase{"NoTenant", R"({"token_sha256":"x"})", "tenant"},
                      TokenFileCase{"BadTenant", Line(Sha256Hex("secret"), "a b"), "tenant"},
                      TokenFileCase{"Unknown", R"({"token":"x"})", "tokens:1"},
                      TokenFileCase{"Twice",
                                    Line(Sha256Hex("secret"), "t") + Line(Sha256Hex("secret"), "u"),
                                    "tokens:2"}),
    [](const auto& each) { return std::string(each.param.name); });

struct AddressCase {
  const char* name;
  const char* address;
  bool allowed_without_tokens;
  bool allowed_with_tokens;
};

class Addresses : public ::testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, AreAllowedOrNot) {
  EXPECT_EQ(CheckAddress(GetParam().address, false).ok(), GetParam().allowed_without_tokens);
  EXPECT_EQ(CheckAddress(GetParam().address, true).ok(), GetParam().allowed_with_tokens);
}

INSTANTIATE_TEST_SUITE_P(All, Addresses,
                         ::testing::Values(AddressCase{"Unix", "unix:/x/y", true, true},
                                           AddressCase{"UnixNoPath", "unix:", false, false},
                                           AddressCase{"Loopback", "127.0.0.1:80", true, true},
                                           AddressCase{"Localhost", "localhost:80", true, true},
                                           AddressCase{"Loopback6", "[::1]:80", true, true},
                                           AddressCase{"Any", "0.0.0.0:80", false, true},
                                           AddressCase{"Name", "example.org:80", false, true},
                                           AddressCase{"NoPort", "127.0.0.1", false, false},
                                           AddressCase{"BadPort", "127.0.0.1:99999", false, false}),
                         [](const auto& each) { return std::string(each.param.name); });

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

TEST(AuditLogTest, IsItsOwnersAloneAndOpenedAgainWhereItWas) {
  const TemporaryDirectory files;
  const std::string name = files.Path("audit");
  auto log = service::AuditLog::Open(name);
  ASSERT_TRUE(log.ok()) << log.status();
  const service::AuditLine line = {.time = absl::UnixEpoch(),
                                   .method = "ReadTurns",
                                   .tenant = "a\nb",
                                   .token = "",
                                   .session = "s",
                                   .peer = "unix:",
                                   .request_id = "1",
                                   .outcome = "OK"};
  (*log)->Write(line);
  EXPECT_EQ(std::filesystem::status(name).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(ReadAll(name),
            R"({"time":"1970-01-01T00:00:00+00:00","method":"ReadTurns","tenant":"a\nb",)"
            R"("session":"s","peer":"unix:","request":"1","outcome":"OK"})"
            "\n");
  std::filesystem::rename(name, files.Path("rotated"));
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Write(line);
  EXPECT_EQ(ReadAll(name), ReadAll(files.Path("rotated")));
  EXPECT_EQ((*log)->lost(), 0U);
  EXPECT_TRUE(absl::IsUnavailable(service::AuditLog::Open(files.Path("no/where")).status()));
  auto full = service::AuditLog::Open("/dev/full");
  ASSERT_TRUE(full.ok()) << full.status();
  (*full)->Write(line);
  EXPECT_EQ((*full)->lost(), 1U);
}

TEST(StorageQuotasTest, CountsBetweenMeasurements) {
  std::atomic<uint64_t> there = 5;
  std::atomic<int> measured = 0;
  service::StorageQuotas quotas({.sessions = 7, .stored_bytes = 0}, [&](const std::string&) {
    ++measured;
    return TenantHoldings{.sessions = there, .stored_bytes = 0};
  });
  const auto room_for = [&](uint64_t sessions) {
    const TenantHoldings more = {.sessions = sessions, .stored_bytes = 0};
    absl::Status status = quotas.Reserve("a", more);
    if (status.ok()) quotas.Settle("a", more, {});
    return status;
  };
  // Nobody waits for the first measurement.
  EXPECT_TRUE(room_for(1).ok());
  while (measured == 0 || room_for(3).ok()) absl::SleepFor(absl::Milliseconds(1));
  quotas.Settle("a", {}, {.sessions = 2, .stored_bytes = 0});
  const absl::Status full = room_for(1);
  EXPECT_TRUE(absl::IsResourceExhausted(full));
  EXPECT_EQ(full.message(), "tenant_sessions: this tenant has 7 sessions of 7: delete some");
  EXPECT_TRUE(quotas.ReserveAppend("a", 0).ok()) << "it may append";
  quotas.Remove("a", {.sessions = 1, .stored_bytes = 0});
  EXPECT_TRUE(room_for(1).ok());
  // What went without a word is seen within a second of asking.
  there = 7;
  quotas.SetLimits({.sessions = 7, .stored_bytes = 0});
  while (room_for(1).ok()) absl::SleepFor(absl::Milliseconds(1));
  there = 1;
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!room_for(1).ok() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_TRUE(room_for(1).ok());
}

// It was stored before or after the measurement looked, and is known to be before the measurement
// ends or after it.
TEST(StorageQuotasTest, WhatComesDuringAMeasurementCountsOnce) {
  constexpr TenantHoldings kOne = {.sessions = 1, .stored_bytes = 10};
  for (const bool seen : {false, true}) {
    for (const bool settled_meanwhile : {false, true}) {
      for (const uint64_t before : {0, 1}) {
        absl::Notification begun;
        absl::Notification go_on;
        std::atomic<int> measurements = 0;
        std::atomic<uint64_t> stored = before + (seen ? 1 : 0);
        service::StorageQuotas quotas(
            {.sessions = before + 2, .stored_bytes = 1'000}, [&](const std::string&) {
              const uint64_t sessions = stored;
              if (++measurements == 1) {
                begun.Notify();
                go_on.WaitForNotification();
              }
              return TenantHoldings{.sessions = sessions, .stored_bytes = 10 * sessions};
            });
        ASSERT_TRUE(quotas.Reserve("a", kOne).ok());
        begun.WaitForNotification();
        if (settled_meanwhile) {
          stored = before + 1;
          quotas.Settle("a", kOne, kOne);
        }
        go_on.Notify();
        // The last of a row, or the one that saw nothing on its way.
        const int last = settled_meanwhile ? 2 : 3;
        const absl::Time end = absl::Now() + absl::Seconds(10);
        while (measurements < last && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
        stored = before + 1;
        if (!settled_meanwhile) quotas.Settle("a", kOne, kOne);
        ASSERT_TRUE(quotas.Reserve("a", kOne).ok())
            << seen << " " << settled_meanwhile << " " << before;
        stored = before + 2;
        quotas.Settle("a", kOne, kOne);
        absl::Status third;
        while ((third = quotas.Reserve("a", kOne)).ok() && absl::Now() < end) {
          quotas.Settle("a", kOne, {});
          absl::SleepFor(absl::Milliseconds(5));
        }
        EXPECT_TRUE(absl::IsResourceExhausted(third)) << third;
      }
    }
  }
}

TEST(StorageQuotasTest, WhatIsOnItsWayCounts) {
  service::StorageQuotas quotas({.sessions = 2, .stored_bytes = 100},
                                [](const std::string&) { return absl::UnavailableError("later"); });
  const TenantHoldings most = {.sessions = 1, .stored_bytes = 60};
  const TenantHoldings less = {.sessions = 1, .stored_bytes = 20};
  ASSERT_TRUE(quotas.Reserve("a", most).ok());
  EXPECT_EQ(quotas.Reserve("a", most).message(),
            "tenant_stored_bytes: this tenant's sessions take 60 bytes of 100, and 60 would come: "
            "delete some");
  quotas.Settle("a", most, less);
  ASSERT_TRUE(quotas.Reserve("a", most).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(quotas.Reserve("a", {.sessions = 1, .stored_bytes = 0})));
  quotas.Settle("a", most, {});  // it failed
  EXPECT_TRUE(quotas.Reserve("a", most).ok());
  EXPECT_TRUE(quotas.ReserveAppend("a", 0).ok());
}

TEST(ListenTest, TheCommandLineLooksWhereTheServerListens) {
  EXPECT_EQ(DefaultListenAddress(), DefaultServerAddress());
}

TEST(ListenTest, OnlyAStaleSocketIsReplaced) {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("s");
  EXPECT_TRUE(ClearStaleSocket("unix:" + path).ok());
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(ClearStaleSocket("unix:" + path).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  close(listener);
  EXPECT_TRUE(ClearStaleSocket("unix:" + path).ok());
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  std::ofstream(path) << "a file";
  EXPECT_EQ(ClearStaleSocket("unix:" + path).code(), absl::StatusCode::kFailedPrecondition);
}

// The table of formats and the API's enumeration say the same.
TEST(WireFormatsTest, AreThoseOfTheApi) {
  for (const wire::FormatEntry& entry : wire::Formats()) {
    std::string name = absl::StrCat("WIRE_FORMAT_", absl::AsciiStrToUpper(std::string(entry.name)));
    std::replace(name.begin(), name.end(), '-', '_');
    EXPECT_EQ(v1::WireFormat_Name(static_cast<v1::WireFormat>(entry.number)), name);
  }
  // All but "unspecified" and "native".
  EXPECT_EQ(v1::WireFormat_descriptor()->value_count(),
            static_cast<int>(wire::Formats().size()) + 2);
}

TEST(ConvertTest, MetadataIsAnObject) {
  EXPECT_TRUE(CheckMetadata("").ok());
  EXPECT_TRUE(CheckMetadata(R"( {"a": [1]})").ok());
  for (const std::string& wrong : {std::string("[1]"), std::string("{"), std::string("x"),
                                   absl::StrCat(R"({"a":")", std::string(70'000, 'x'), R"("})")}) {
    EXPECT_EQ(CheckMetadata(wrong).code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fovea::service
