// Who is let in and how: TLS, client certificates, roles, the audit log, health and metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "tests/service/certificate.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  std::ostringstream text;
  text << input.rdbuf();
  return text.str();
}

grpc::Status ListOver(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                      const std::string& address, const std::string& token) {
  const auto stub = v1::SessionService::NewStub(grpc::CreateChannel(address, credentials));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  v1::ListSessionsResponse response;
  return stub->ListSessions(&context, {}, &response);
}

TEST(DoorsE2e, TlsLetsInWhoHasATokenAndACertificate) {
  const TemporaryDirectory files;
  WriteCertificate(files.Path("key"), files.Path("cert"));
  WriteCertificate(files.Path("client.key"), files.Path("client.cert"));
  std::ofstream(files.Path("tokens"))
      << absl::StrCat(R"({"token_sha256": ")", Sha256Hex("red"), R"(", "tenant": "red"})");
  for (const bool mutual : {false, true}) {
    ServerFixture fixture([&](service::ServerOptions& options) {
      options.addresses = {"127.0.0.1:0"};
      options.tokens_file = files.Path("tokens");
      options.tls = {.certificate = files.Path("cert"),
                     .key = files.Path("key"),
                     .client_ca = mutual ? files.Path("client.cert") : ""};
    });
    const std::string address = absl::StrCat(
        "localhost:",
        std::vector<std::string>(absl::StrSplit(fixture.server().addresses().front(), ':')).back());
    grpc::SslCredentialsOptions trusted;
    trusted.pem_root_certs = ReadAll(files.Path("cert"));
    const auto plain = grpc::SslCredentials(trusted);
    trusted.pem_private_key = ReadAll(files.Path("client.key"));
    trusted.pem_cert_chain = ReadAll(files.Path("client.cert"));
    const auto certified = grpc::SslCredentials(trusted);
    EXPECT_EQ(ListOver(certified, address, "red").error_code(), StatusCode::OK);
    EXPECT_EQ(ListOver(certified, address, "").error_code(), StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(ListOver(certified, address, "blue").error_code(), StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(ListOver(plain, address, "red").error_code(),
              mutual ? StatusCode::UNAVAILABLE : StatusCode::OK);
    EXPECT_EQ(ListOver(grpc::InsecureChannelCredentials(), address, "red").error_code(),
              StatusCode::UNAVAILABLE);
  }
}

TEST(DoorsE2e, ACertificateNeedsItsKey) {
  const TemporaryDirectory files;
  WriteCertificate(files.Path("key"), files.Path("cert"));
  WriteCertificate(files.Path("other.key"), files.Path("other.cert"));
  const auto problem = [&](const std::string& certificate, const std::string& key) {
    return std::string(
        service::CertificateFiles::Open({.certificate = certificate, .key = key}, nullptr)
            .status()
            .message());
  };
  EXPECT_THAT(problem(files.Path("cert"), files.Path("other.key")), HasSubstr("is not the key of"));
  EXPECT_THAT(problem(files.Path("none"), files.Path("key")), HasSubstr("cannot read"));
  EXPECT_THAT(problem(files.Path("key"), files.Path("key")), HasSubstr("tls_certificate"));
}

// What does not fit together is not taken up; what was held serves on.
TEST(DoorsE2e, CertificatesAreTakenUpWhenTheyFit) {
  const TemporaryDirectory files;
  WriteCertificate(files.Path("key"), files.Path("cert"));
  WriteCertificate(files.Path("new.key"), files.Path("new.cert"));
  const auto log = std::make_shared<spdlog::logger>("none");
  const auto opened = service::CertificateFiles::Open(
      {.certificate = files.Path("cert"), .key = files.Path("key")}, log, absl::Milliseconds(5));
  ASSERT_TRUE(opened.ok()) << opened.status();
  const service::TlsFiles held = (*opened)->held();
  EXPECT_EQ(held.client_ca, "");
  const std::string key = ReadAll(files.Path("key"));
  const std::string certificate = ReadAll(files.Path("cert"));
  EXPECT_EQ(ReadAll(held.key), key);
  EXPECT_EQ(ReadAll(held.certificate), certificate);
  const auto stays = [&] {
    absl::SleepFor(absl::Milliseconds(100));
    EXPECT_EQ(ReadAll(held.key), key);
    EXPECT_EQ(ReadAll(held.certificate), certificate);
  };
  std::ofstream(files.Path("cert")) << "junk, and longer than nothing";
  stays();
  std::filesystem::copy_file(files.Path("new.cert"), files.Path("cert"),
                             std::filesystem::copy_options::overwrite_existing);
  stays();
  std::filesystem::copy_file(files.Path("new.key"), files.Path("key"),
                             std::filesystem::copy_options::overwrite_existing);
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (ReadAll(held.certificate) != ReadAll(files.Path("new.cert")) && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(ReadAll(held.key), ReadAll(files.Path("new.key")));
  EXPECT_EQ(ReadAll(held.certificate), ReadAll(files.Path("new.cert")));
}

TEST(DoorsE2e, RolesAndTheAuditLog) {
  const TemporaryDirectory files;
  const auto line = [](const std::string& token, const std::string& role) {
    return absl::StrCat(R"({"token_sha256": ")", Sha256Hex(token),
                        R"(", "tenant": "red", "role": ")", role, "\"}\n");
  };
  std::ofstream(files.Path("tokens")) << line("r", "reader") << line("w", "writer");
  ServerFixture fixture([&](service::ServerOptions& options) {
    options.tokens_file = files.Path("tokens");
    options.audit_log = files.Path("audit");
  });
  Client reader = fixture.MakeClient("r");
  Client writer = fixture.MakeClient("w");
  ASSERT_TRUE(writer.CreateSession("s").ok());
  ASSERT_TRUE(writer.Append("s", {TextTurn(v1::ROLE_USER, "the secret word")}).ok());
  EXPECT_EQ(reader.Append("s", {TextTurn(v1::ROLE_USER, "x")}).error_code(),
            StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reader.CreateSession("t").error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reader.MustRead("s").size(), 1);
  EXPECT_GT(reader.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE)).summary().tokens(), 0);
  v1::ExpandTurnRequest expand;
  expand.set_session_id("s");
  expand.set_seq(1);
  expand.set_record_recall(true);  // which changes the session
  grpc::ClientContext recall;
  reader.Prepare(recall);
  v1::ExpandTurnResponse expanded;
  EXPECT_EQ(reader.sessions->ExpandTurn(&recall, expand, &expanded).error_code(),
            StatusCode::PERMISSION_DENIED);
  grpc::ClientContext deletion;
  writer.Prepare(deletion);
  deletion.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  v1::DeleteSessionRequest request;
  request.set_session_id("s");
  v1::DeleteSessionResponse deleted;
  EXPECT_TRUE(writer.sessions->DeleteSession(&deletion, request, &deleted).ok());
  grpc::ClientContext stats;
  writer.Prepare(stats);
  v1::StoreStats ignored;
  EXPECT_EQ(writer.admin->GetStoreStats(&stats, {}, &ignored).error_code(),
            StatusCode::PERMISSION_DENIED);
  fixture.Stop();

  const std::string audit = ReadAll(files.Path("audit"));
  EXPECT_THAT(audit, Not(HasSubstr("secret word")));
  std::vector<std::string> lines;
  for (const absl::string_view text : absl::StrSplit(audit, '\n', absl::SkipEmpty())) {
    const auto json = nlohmann::json::parse(std::string(text));
    lines.push_back(
        absl::StrCat(json["method"].get<std::string>(), " ", json["outcome"].get<std::string>()));
    EXPECT_EQ(json["tenant"], "red");
    if (json["method"] == "DeleteSession") {
      EXPECT_EQ(json["request"], "4bf92f3577b34da6a3ce929d0e0e4736");
      EXPECT_EQ(json["session"], "s");
      EXPECT_EQ(json["token"], Sha256Hex("w").substr(0, 12));
    }
  }
  EXPECT_THAT(lines, ::testing::ElementsAre("ReadTurns OK", "BuildContext OK",
                                            "ExpandTurn PERMISSION_DENIED", "DeleteSession OK",
                                            "GetStoreStats PERMISSION_DENIED"));
}

TEST(DoorsE2e, MetricsAndProbes) {
  std::string address;
  ServerFixture fixture(
      [](service::ServerOptions& options) { options.metrics_address = "127.0.0.1:0"; });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("canary").ok());
  httplib::Client http("127.0.0.1", fixture.server().metrics_port());
  const auto ready = http.Get("/readyz");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, 200);
  EXPECT_EQ(http.Get("/healthz")->status, 200);
  const std::string metrics = http.Get("/metrics")->body;
  EXPECT_THAT(metrics, HasSubstr("fovea_call_seconds_count{method=\"CreateSession\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("fovea_writes_serving 1\n"));
  EXPECT_THAT(metrics, HasSubstr("# TYPE fovea_connections gauge\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("canary")));
  EXPECT_EQ(http.Get("/other")->status, 404);
}

}  // namespace
}  // namespace fovea::testing
