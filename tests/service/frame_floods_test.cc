// Frames that cost the server more than their sender: nobody else waits for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "tests/service/certificate.h"
#include "tests/service/process.h"
#include "tests/service/raw_connection.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using Wire = RawConnection::Wire;
// Whether the server ended the connection.
using Flood = std::function<bool(const RawConnection&)>;

constexpr absl::Duration kFlooded = absl::Seconds(3);
// Without limits a call waits for half a minute; with them, for milliseconds, or seconds where the
// machine has much else to do.
constexpr absl::Duration kLongest = absl::Seconds(5);

// The server parses what is unfinished again with each of these.
bool UnfinishedHeader(const RawConnection& connection) {
  connection.Send(Frame(kHeaders, 0, 1,
                        std::string("\x00\x01"
                                    "a\x7f\x80\x80\x80\x80\x04",
                                    9)));
  for (int i = 0; i < 4; ++i) connection.Send(Frame(kContinuation, 0, 1, std::string(15'000, 'v')));
  std::string small;
  for (int i = 0; i < 100; ++i) small += Frame(kContinuation, 0, 1, "v");
  for (int i = 0; i < 20'000; ++i) {
    if (!connection.Send(small)) return true;
  }
  return false;
}

std::string CallHeaders() {
  return Literal(":method", "POST") + Literal(":scheme", "http") +
         Literal(":path", "/fovea.v1.SessionService/GetSession") + Literal(":authority", "here") +
         Literal("te", "trailers") + Literal("content-type", "application/grpc") +
         Literal("authorization", "Bearer red");
}

// Calls without an end, from a client that has not taken the settings that say how many it may
// have at a time.
bool CallsWithoutSettings(const RawConnection& connection) {
  constexpr uint8_t kData = 0;
  constexpr uint8_t kEndStream = 1;
  const std::string call = CallHeaders();
  // So said before they are there, it would hold for no settings at all.
  connection.Send(Frame(kSettings, 1, 0, ""));
  uint32_t stream = 1;
  for (int i = 0; i < 2'000; ++i) {
    std::string some;
    for (int j = 0; j < 100; ++j, stream += 2) {
      some += Frame(kHeaders, kEndHeaders, stream, call) +
              Frame(kData, kEndStream, stream, std::string(5, '\0'));
    }
    if (!connection.Send(some)) return true;
  }
  return false;
}

// Calls that are given up before they are answered.
bool Resets(const RawConnection& connection) {
  const std::string call = CallHeaders();
  connection.TakeSettings();
  uint32_t stream = 1;
  for (int i = 0; i < 20'000; ++i) {
    std::string some;
    for (int j = 0; j < 100; ++j, stream += 2) {
      some += Frame(kHeaders, kEndHeaders, stream, call) +
              Frame(kRstStream, 0, stream, std::string("\0\0\0\x08", 4));
    }
    if (!connection.Send(some)) return true;
  }
  return false;
}

std::string Content(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool GoAways(const RawConnection& connection) {
  constexpr uint8_t kGoAway = 7;
  std::string some;
  for (int i = 0; i < 100; ++i) some += Frame(kGoAway, 0, 0, std::string(8, '\0'));
  for (int i = 0; i < 20'000; ++i) {
    if (!connection.Send(some)) return true;
  }
  return false;
}

// The longest that an honest call took while two did nothing but flood, one connection after
// another.
absl::Duration LongestCallBeside(const Flood& flood, Wire wire) {
  const TemporaryDirectory directory;
  const std::string address = FreeAddress();
  std::ofstream(directory.Path("tokens"))
      << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("red"), R"(", "tenant": "red"})", "\n");
  std::vector<std::string> flags = {"--data",   directory.Path("data"),   "--listen",    address,
                                    "--tokens", directory.Path("tokens"), "--log-level", "error"};
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (wire == Wire::kTls) {
    WriteCertificate(directory.Path("key"), directory.Path("certificate"));
    flags.insert(flags.end(), {"--tls-key", directory.Path("key"), "--tls-certificate",
                               directory.Path("certificate")});
    credentials = grpc::SslCredentials({.pem_root_certs = Content(directory.Path("certificate"))});
  }
  const Process server({.flags = flags});
  const auto channel = grpc::CreateChannel(address, credentials);
  EXPECT_TRUE(
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)));
  const auto sessions = v1::SessionService::NewStub(channel);
  std::atomic<bool> over = false;
  std::vector<std::thread> flooders;
  for (int i = 0; i < 2; ++i) {
    flooders.emplace_back([&] {
      while (!over) {
        EXPECT_TRUE(flood(RawConnection(address, wire)));
        absl::SleepFor(absl::Milliseconds(20));
      }
    });
  }
  absl::Duration longest;
  for (const absl::Time end = absl::Now() + kFlooded; absl::Now() < end;) {
    const absl::Time begun = absl::Now();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(begun + absl::Seconds(30)));
    context.AddMetadata("authorization", "Bearer red");
    v1::ListSessionsResponse response;
    const grpc::Status status = sessions->ListSessions(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    longest = std::max(longest, absl::Now() - begun);
    absl::SleepFor(absl::Milliseconds(20));
  }
  over = true;
  for (std::thread& flooder : flooders) flooder.join();
  std::cout << "[ figure   ] longest call: " << longest << "\n";
  return longest;
}

TEST(FrameFloods, AnUnfinishedHeaderStopsNobody) {
  EXPECT_LT(LongestCallBeside(UnfinishedHeader, Wire::kPlain), kLongest);
}

TEST(FrameFloods, NorOneThatCameByTls) {
  EXPECT_LT(LongestCallBeside(UnfinishedHeader, Wire::kTls), kLongest);
}

TEST(FrameFloods, FarewellsStopNobody) {
  EXPECT_LT(LongestCallBeside(GoAways, Wire::kPlain), kLongest);
}

TEST(FrameFloods, CallsOfOneWhoTakesNoSettingsStopNobody) {
  EXPECT_LT(LongestCallBeside(CallsWithoutSettings, Wire::kPlain), kLongest);
}

TEST(FrameFloods, NorDoTheyByTls) {
  EXPECT_LT(LongestCallBeside(CallsWithoutSettings, Wire::kTls), kLongest);
}

TEST(FrameFloods, CallsThatAreGivenUpStopNobody) {
  EXPECT_LT(LongestCallBeside(Resets, Wire::kPlain), kLongest);
}

}  // namespace
}  // namespace fovea::testing
