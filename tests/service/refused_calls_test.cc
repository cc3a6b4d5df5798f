// Callers whose calls are refused again and again, and callers who only ask for health.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "httplib.h"
#include "tests/service/raw_connection.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

// A server by TCP that wants tokens.
class RefusedCalls : public ::testing::Test {
 protected:
  RefusedCalls()
      : fixture_([this](service::ServerOptions& options) {
          std::ofstream(files_.Path("tokens"))
              << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("red"), R"(", "tenant": "red"})");
          options.tokens_file = files_.Path("tokens");
          options.addresses = {"127.0.0.1:0"};
          options.metrics_address = "127.0.0.1:0";
        }),
        before_(Counted()) {}

  const std::string& address() { return fixture_.server().addresses().front(); }

  // In this test: some of what is counted is the process's.
  int CutOff() { return Counted() - before_; }

 private:
  int Counted() {
    const std::string name = "\nfovea_connections_cut_off_total ";
    const std::string text =
        httplib::Client("127.0.0.1", fixture_.server().metrics_port()).Get("/metrics")->body;
    const size_t at = text.find(name);
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + name.size());
  }

  TemporaryDirectory files_;
  ServerFixture fixture_;
  const int before_;
};

// A field of a header block, by the number of its name in HPACK's table, which takes less than 15.
std::string Field(char name, const std::string& value) {
  return std::string(1, name) + static_cast<char>(value.size()) + value;
}

// A call that no token comes with.
std::string CallFrame(uint32_t stream) {
  constexpr uint8_t kEndStream = 1;
  const std::string content_type = std::string("\x0f\x10", 2) +
                                   "\x10"
                                   "application/grpc";
  return Frame(kHeaders, kEndHeaders | kEndStream, stream,
               "\x83\x86" + Field(4, "/fovea.v1.SessionService/ListSessions") +
                   Field(1, "localhost") + content_type);
}

TEST_F(RefusedCalls, WithoutAnEndTheirConnectionIsCutOff) {
  // More than gRPC lists at a time stand before it.
  std::vector<std::unique_ptr<RawConnection>> others;
  for (int i = 0; i < 520; ++i) others.push_back(std::make_unique<RawConnection>(address()));
  const RawConnection caller(address());
  ASSERT_TRUE(caller.TakeSettings());
  uint32_t calls = 0;
  while (calls < 5'000) {
    std::string block;
    for (int i = 0; i < 5; ++i) block += CallFrame(2 * calls++ + 1);
    if (!caller.Send(block)) break;
    usleep(2'000);
  }
  EXPECT_GE(calls, 100U);
  EXPECT_LT(calls, 1'000U);
  EXPECT_EQ(CutOff(), 1);
}

TEST_F(RefusedCalls, OneThatWasLetInMayBeRefusedAfterwards) {
  const auto channel = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  const auto stub = v1::SessionService::NewStub(channel);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    grpc::ClientContext context;
    if (i == 0) context.AddMetadata("authorization", "Bearer red");
    v1::ListSessionsResponse response;
    refused += stub->ListSessions(&context, {}, &response).error_code() ==
                       grpc::StatusCode::UNAUTHENTICATED
                   ? 1
                   : 0;
  }
  EXPECT_EQ(refused, 299);
  EXPECT_EQ(CutOff(), 0);
}

TEST_F(RefusedCalls, AProbersCallsAreLetIn) {
  const Client prober(address(), "red");
  for (int i = 0; i < 300; ++i) {
    const grpc::Status status = CallRaw(prober, "/grpc.health.v1.Health/Check", "");
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(CutOff(), 0);
}

}  // namespace
}  // namespace fovea::testing
