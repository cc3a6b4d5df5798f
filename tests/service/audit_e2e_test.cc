// Nothing is read, deleted or administered without a line in the audit log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "core/base/sha256.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/ostream_sink.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Methods that read nothing of a session, delete nothing and administer nothing. Whoever adds one
// here says so of it.
const std::set<std::string> kNotAudited = {
    "CreateSession", "AppendTurns",      "StreamAppendTurns", "PinTurns",
    "UnpinTurns",    "CompactSession",   "ListReaders",       "GetRecallTools",
    "CountTokens",   "GetReaderProfile", "ReportUsage",       "RenderDocument"};

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  return {v1::AppendTurnsRequest::descriptor()->file()->service(0),
          v1::BuildContextRequest::descriptor()->file()->service(0),
          v1::CountTokensRequest::descriptor()->file()->service(0),
          v1::RenderDocumentRequest::descriptor()->file()->service(0),
          v1::VerifyStoreRequest::descriptor()->file()->service(0)};
}

// One empty request to whatever kind of method, and all its answers.
void CallWithNothing(Client& client, const std::string& path) {
  grpc::GenericStub stub(client.channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(done());
  call->Write(grpc::ByteBuffer(), nullptr);
  done();  // the server may have answered already
  call->WritesDone(nullptr);
  done();
  grpc::ByteBuffer answer;
  do {
    call->Read(&answer, nullptr);
  } while (done());
  grpc::Status status;
  call->Finish(&status, nullptr);
  done();
  EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
}

std::vector<nlohmann::json> Lines(const std::string& file) {
  std::ifstream input(file);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(input, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(AuditE2e, EveryMethodThatDoesNotSayOtherwise) {
  TemporaryDirectory files;
  ServerFixture fixture(
      [&](service::ServerOptions& options) { options.audit_log = files.Path("audit"); });
  Client client = fixture.MakeClient();
  std::map<std::string, int> expected;
  for (const google::protobuf::ServiceDescriptor* service : Services()) {
    ASSERT_EQ(service->file()->service_count(), 1) << service->full_name();
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name(service->method(i)->name());
      CallWithNothing(client, absl::StrCat("/", std::string(service->full_name()), "/", name));
      if (!kNotAudited.contains(name)) expected[name] = 1;
    }
  }
  std::map<std::string, int> lines;
  for (const nlohmann::json& line : Lines(files.Path("audit"))) {
    ++lines[line["method"].get<std::string>()];
  }
  EXPECT_EQ(lines, expected);
  EXPECT_GE(lines.size(), 20U);
}

TEST(AuditE2e, AnImportNamesItsSession) {
  TemporaryDirectory files;
  ServerFixture fixture(
      [&](service::ServerOptions& options) { options.audit_log = files.Path("audit"); });
  Client client = fixture.MakeClient();
  grpc::ClientContext context;
  v1::Session session;
  auto import = client.sessions->ImportSession(&context, &session);
  v1::ExportChunk header;
  header.mutable_header()->set_format_version(1);
  header.mutable_header()->mutable_session()->set_session_id("copy");
  import->Write(header);
  import->WritesDone();
  ASSERT_TRUE(import->Finish().ok());
  const auto lines = Lines(files.Path("audit"));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["session"], "copy");
}

// Whoever asked for the retention: a call, or the configuration.
TEST(AuditE2e, EachSessionThatRetentionDeletes) {
  TemporaryDirectory files;
  std::ofstream(files.Path("tokens")) << absl::StrCat(
      R"({"token_sha256": ")", Sha256Hex("w"), R"(", "tenant": "red"})", "\n",
      R"({"token_sha256": ")", Sha256Hex("a"), R"(", "tenant": "ops", "role": "admin"})", "\n");
  std::ostringstream log;
  ServerFixture fixture([&](service::ServerOptions& options) {
    options.tokens_file = files.Path("tokens");
    options.audit_log = files.Path("audit");
    options.log = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
  });
  Client writer = fixture.MakeClient("w");
  Client admin = fixture.MakeClient("a");
  for (const char* id : {"first", "second"}) {
    ASSERT_TRUE(writer.CreateSession(id).ok());
    ASSERT_TRUE(writer.Append(id, {TextTurn(v1::ROLE_USER, "the secret word")}).ok());
  }
  grpc::ClientContext context;
  admin.Prepare(context);
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  v1::ApplyRetentionRequest request;
  request.set_dry_run(true);
  request.set_max_stored_bytes(1);
  v1::ApplyRetentionResponse report;
  ASSERT_TRUE(admin.admin->ApplyRetention(&context, request, &report).ok());
  ASSERT_EQ(report.deleted_sessions(), 2U);
  request.set_dry_run(false);
  request.set_max_stored_bytes(report.deleted_bytes() - 1);
  grpc::ClientContext again;
  admin.Prepare(again);
  again.AddMetadata("traceparent", "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(admin.admin->ApplyRetention(&again, request, &report).ok());
  ASSERT_EQ(report.deleted_sessions(), 1U);
  fixture.server().SetRetention({.max_stored_bytes = 1});
  for (int i = 0; i < 1'500 && Lines(files.Path("audit")).size() < 4; ++i) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  fixture.Stop();

  std::vector<std::string> lines;
  for (const nlohmann::json& line : Lines(files.Path("audit"))) {
    lines.push_back(absl::StrCat(line["method"].get<std::string>(), " of ",
                                 line["tenant"].get<std::string>(), " ", line.value("session", "-"),
                                 " by ", line.value("token", "-"), " ",
                                 line["outcome"].get<std::string>()));
  }
  const std::string who = Sha256Hex("a").substr(0, 12);
  EXPECT_THAT(lines,
              ::testing::ElementsAre(absl::StrCat("ApplyRetention of ops - by ", who, " OK"),
                                     absl::StrCat("RetentionDeletes of red first by ", who, " OK"),
                                     absl::StrCat("ApplyRetention of ops - by ", who, " OK"),
                                     "RetentionDeletes of red second by - OK"));
  EXPECT_THAT(log.str(), HasSubstr("[tenant=red session=first "
                                   "request=5bf92f3577b34da6a3ce929d0e0e4736]"));
  EXPECT_THAT(log.str(), HasSubstr("[tenant=red session=second "));
  EXPECT_THAT(log.str(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace fovea::testing
