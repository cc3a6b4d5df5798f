// Sessions over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/service/server_fixture.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

TEST(SessionsE2e, TurnsComeBackByteForByte) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  v1::Turn odd = TextTurn(v1::ROLE_ASSISTANT, std::string("\xED\xA0\xBD\0 \xFF", 6));
  odd.set_time_us(1'700'000'000'000'001);
  odd.set_attributes_json(R"({"cost": 1})");
  odd.add_parts()->mutable_opaque()->set_kind("anthropic.thinking");
  odd.add_parts()->mutable_image()->set_media_type("image/png");
  odd.mutable_parts(2)->mutable_image()->set_data(std::string(3 << 20, 'x'));
  std::vector<v1::Turn> turns = {TextTurn(v1::ROLE_USER, ""), odd, ResultTurn("", "out")};
  ASSERT_TRUE(client.Append("s", turns).ok());
  const auto read = client.MustRead("s");
  ASSERT_EQ(read.size(), turns.size());
  for (size_t i = 0; i < turns.size(); ++i) {
    turns[i].set_seq(i + 1);
    EXPECT_EQ(read[i].SerializeAsString(), turns[i].SerializeAsString()) << "turn " << i + 1;
  }
}

TEST(SessionsE2e, ARetriedAppendAppendsNothing) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  const auto turns = WorkingAgent(6, 100);
  v1::AppendTurnsResponse first, again;
  ASSERT_TRUE(client.Append("s", turns, "key", &first).ok());
  fixture.Restart();
  Client later = fixture.MakeClient();
  ASSERT_TRUE(later.Append("s", turns, "key", &again).ok());
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.first_seq(), first.first_seq());
  EXPECT_EQ(again.last_seq(), first.last_seq());
  EXPECT_EQ(later.MustRead("s").size(), turns.size());
  EXPECT_EQ(later.Append("s", WorkingAgent(5, 100), "key").error_code(),
            StatusCode::ALREADY_EXISTS);
}

struct FieldCase {
  const char* name;
  std::function<void(v1::AppendTurnsRequest&)> spoil;
  const char* message;
};

class AppendFields : public ::testing::TestWithParam<FieldCase> {};

TEST_P(AppendFields, AnErrorNamesTheField) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  v1::AppendTurnsRequest request;
  request.set_session_id("s");
  for (const v1::Turn& turn : WorkingAgent(4, 10)) *request.add_turns() = turn;
  GetParam().spoil(request);
  grpc::ClientContext context;
  v1::AppendTurnsResponse response;
  const grpc::Status status = client.sessions->AppendTurns(&context, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), GetParam().message);
  EXPECT_TRUE(client.MustRead("s").empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, AppendFields,
    ::testing::Values(
        FieldCase{"Session", [](auto& r) { r.set_session_id("a\nb"); },
                  "session_id: must be 1 to 200 bytes of printable ASCII; it has 3"},
        FieldCase{"NoTurns", [](auto& r) { r.clear_turns(); },
                  "turns: 0 turns; an append has 1 to 10000"},
        FieldCase{"Role", [](auto& r) { r.mutable_turns(1)->clear_role(); },
                  "turns[1].role: must be system, user, assistant or tool"},
        FieldCase{
            "EmptyPart", [](auto& r) { r.mutable_turns(3)->add_parts(); },
            "turns[3].parts[1]: must be a text, an image, a call, a result, an opaque block, a "
            "document, a search result, a refusal or a sound"},
        FieldCase{"MediaType",
                  [](auto& r) {
                    auto* image = r.mutable_turns(3)->mutable_parts(0)->mutable_image();
                    image->set_media_type("image/tiff");
                  },
                  "turns[3].parts[0].image.media_type: must be image/png, image/jpeg, image/webp "
                  "or image/gif"},
        FieldCase{"UserCalls",
                  [](auto& r) { r.mutable_turns(1)->add_parts()->mutable_tool_call(); },
                  "turns[1].parts[1].tool_call: only assistant turns make calls"},
        FieldCase{"TooManyParts",
                  [](auto& r) {
                    for (int i = 0; i < 1000; ++i) r.mutable_turns(0)->add_parts()->mutable_text();
                  },
                  "turns[0].parts: 1001 parts; at most 1000"},
        FieldCase{"Key", [](auto& r) { r.set_idempotency_key(std::string(201, 'k')); },
                  "idempotency_key: 201 bytes; at most 200"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(SessionsE2e, AppendsOfUpTo64MebibytesAreTaken) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  EXPECT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, std::string(64 << 20, 'a'))}).ok());
  EXPECT_EQ(client.Append("s", {TextTurn(v1::ROLE_USER, std::string((64 << 20) + 1, 'a'))})
                .error_message(),
            "turns[0]: holds 67108865 bytes; at most 67108864");
}

// grpc.health.v1.Health, whose messages are written here by hand.
TEST(SessionsE2e, AnswersHealthChecks) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  grpc::GenericStub stub(client.channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice no_service_named;
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                    grpc::ByteBuffer(&no_service_named, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  ASSERT_TRUE(answer.DumpToSingleSlice(&slice).ok());
  const std::string serving = "\x08\x01";  // field 1, the status: SERVING
  EXPECT_EQ(std::string(slice.begin(), slice.end()), serving);
}

TEST(SessionsE2e, AStreamOfAppendsCountsWhatIsOnDisk) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  grpc::ClientContext context;
  v1::StreamAppendTurnsResponse response;
  auto writer = client.sessions->StreamAppendTurns(&context, &response);
  const auto turns = WorkingAgent(50, 200);
  for (size_t i = 0; i < turns.size(); i += 5) {
    v1::AppendTurnsRequest request;
    if (i == 0) request.set_session_id("s");
    for (size_t j = i; j < i + 5; ++j) *request.add_turns() = turns[j];
    ASSERT_TRUE(writer->Write(request));
  }
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response.appends(), 10);
  EXPECT_EQ(response.turns(), 50);
  EXPECT_EQ(response.last_seq(), 50);
  EXPECT_EQ(client.MustRead("s").size(), 50);
}

TEST(SessionsE2e, ARecallGivesExactBytesAndIsRecorded) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", WorkingAgent(4, 100)).ok());
  v1::ExpandTurnRequest request;
  request.set_session_id("s");
  request.set_seq(2);
  request.set_byte_offset(5);
  request.set_byte_length(3);
  request.set_record_recall(true);
  grpc::ClientContext context;
  v1::ExpandTurnResponse response;
  ASSERT_TRUE(client.sessions->ExpandTurn(&context, request, &response).ok());
  EXPECT_EQ(response.text(), "the");
  EXPECT_EQ(response.role(), v1::ROLE_USER);
  grpc::ClientContext get_context;
  v1::GetSessionRequest get;
  get.set_session_id("s");
  v1::Session session;
  ASSERT_TRUE(client.sessions->GetSession(&get_context, get, &session).ok());
  EXPECT_EQ(session.event_count(), 1);
  request.set_seq(5);
  grpc::ClientContext past_context;
  EXPECT_EQ(client.sessions->ExpandTurn(&past_context, request, &response).error_code(),
            StatusCode::OUT_OF_RANGE);
}

std::vector<v1::ExportChunk> Export(Client& client, const std::string& id) {
  grpc::ClientContext context;
  v1::ExportSessionRequest request;
  request.set_session_id(id);
  auto reader = client.sessions->ExportSession(&context, request);
  std::vector<v1::ExportChunk> chunks;
  v1::ExportChunk chunk;
  while (reader->Read(&chunk)) chunks.push_back(chunk);
  EXPECT_TRUE(reader->Finish().ok());
  return chunks;
}

grpc::Status Import(Client& client, const std::vector<v1::ExportChunk>& chunks) {
  grpc::ClientContext context;
  v1::Session response;
  auto writer = client.sessions->ImportSession(&context, &response);
  for (const v1::ExportChunk& chunk : chunks) {
    if (!writer->Write(chunk)) break;
  }
  writer->WritesDone();
  return writer->Finish();
}

TEST(SessionsE2e, AnImportedExportIsTheSameSession) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("origin").ok());
  const auto turns = WorkingAgent(40, 2000);
  for (size_t i = 0; i < turns.size(); i += 4) {
    ASSERT_TRUE(client.Append("origin", {turns.begin() + i, turns.begin() + i + 4}).ok());
    v1::PinTurnsRequest pin;
    pin.set_session_id("origin");
    pin.mutable_range()->set_first(i + 1);
    pin.mutable_range()->set_last(i + 2);
    grpc::ClientContext context;
    v1::PinTurnsResponse response;
    ASSERT_TRUE(client.sessions->PinTurns(&context, pin, &response).ok());
  }
  auto chunks = Export(client, "origin");
  ASSERT_EQ(chunks.size(), 1 + 40 + 10);
  EXPECT_TRUE(chunks[5].has_event());
  EXPECT_EQ(Import(client, chunks).error_code(), StatusCode::ALREADY_EXISTS);

  chunks[0].mutable_header()->mutable_session()->set_session_id("copy");
  ASSERT_TRUE(Import(client, chunks).ok());
  const auto again = Export(client, "copy");
  ASSERT_EQ(again.size(), chunks.size());
  for (size_t i = 1; i < chunks.size(); ++i) {
    EXPECT_EQ(again[i].SerializeAsString(), chunks[i].SerializeAsString()) << "chunk " << i;
  }
  const auto a = client.MustBuild(ViewOf("origin", 16000, v1::WIRE_FORMAT_ANTHROPIC));
  const auto b = client.MustBuild(ViewOf("copy", 16000, v1::WIRE_FORMAT_ANTHROPIC));
  EXPECT_EQ(a.payload_sha256(), b.payload_sha256());
}

// What an archive says of its time is bounded, and says nothing of when it came here.
TEST(SessionsE2e, AnImportsTimesAreBounded) {
  constexpr int64_t kNow = 1'800'000'000'000'000;
  ServerFixture fixture(
      [](service::ServerOptions& options) { options.now_us = [] { return kNow; }; });
  Client client = fixture.MakeClient();
  v1::ExportChunk chunk;
  chunk.mutable_header()->set_format_version(1);
  v1::Session* const session = chunk.mutable_header()->mutable_session();
  session->set_session_id("copy");
  session->set_created_us(-1);
  const grpc::Status before = Import(client, {chunk});
  EXPECT_EQ(before.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(before.error_message(), ::testing::HasSubstr("header.session.created_us"));
  session->set_created_us(std::numeric_limits<int64_t>::max());
  ASSERT_TRUE(Import(client, {chunk}).ok());
  v1::Session made = Export(client, "copy").at(0).header().session();
  EXPECT_EQ(made.created_us(), kNow);
  EXPECT_EQ(made.updated_us(), kNow);
  session->set_session_id("old");
  session->set_created_us(77);
  ASSERT_TRUE(Import(client, {chunk}).ok());
  made = Export(client, "old").at(0).header().session();
  EXPECT_EQ(made.created_us(), 77);
  EXPECT_EQ(made.updated_us(), kNow);
}

TEST(SessionsE2e, ACutOffImportLeavesNothing) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("origin").ok());
  ASSERT_TRUE(client.Append("origin", WorkingAgent(10, 100)).ok());
  auto chunks = Export(client, "origin");
  chunks[0].mutable_header()->mutable_session()->set_session_id("copy");
  chunks.pop_back();
  const grpc::Status status = Import(client, chunks);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "the header names 10 turns and 0 events; 9 and 0 came");
  EXPECT_TRUE(client.CreateSession("copy").ok());
}

TEST(SessionsE2e, ADeletedSessionIsGoneAndItsIdStartsClean) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", WorkingAgent(60, 3000), "key").ok());
  const auto before = client.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_OPENAI_CHAT));
  ASSERT_GT(before.summary().pages_size(), 0);
  client.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE));

  // Pages are kept in the background.
  v1::StoreStats stats;
  for (int i = 0; i < 100 && stats.pages() == 0; ++i) {
    grpc::ClientContext context;
    ASSERT_TRUE(client.admin->GetStoreStats(&context, {}, &stats).ok());
  }
  v1::DeleteSessionRequest request;
  request.set_session_id("s");
  v1::DeleteSessionResponse receipt;
  grpc::ClientContext context;
  ASSERT_TRUE(client.sessions->DeleteSession(&context, request, &receipt).ok());
  EXPECT_EQ(receipt.turns(), 60);
  EXPECT_EQ(receipt.idempotency_keys(), 1);
  EXPECT_EQ(receipt.pages(), static_cast<uint64_t>(before.summary().pages_size()));
  EXPECT_GT(receipt.bytes(), 0);
  grpc::ClientContext stats_context;
  ASSERT_TRUE(client.admin->GetStoreStats(&stats_context, {}, &stats).ok());
  EXPECT_EQ(stats.pages(), 0);
  EXPECT_EQ(stats.turns(), 0);

  v1::BuildContextResponse response;
  EXPECT_EQ(client.Build(ViewOf("s", 16000, v1::WIRE_FORMAT_NATIVE), &response).error_code(),
            StatusCode::NOT_FOUND);
  grpc::ClientContext again_context;
  EXPECT_EQ(client.sessions->DeleteSession(&again_context, request, &receipt).error_code(),
            StatusCode::NOT_FOUND);

  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", {TextTurn(v1::ROLE_USER, "a new life")}, "key").ok());
  const auto after = client.MustBuild(ViewOf("s", 16000, v1::WIRE_FORMAT_OPENAI_CHAT));
  EXPECT_EQ(after.payload(), R"({"messages":[{"role":"user","content":"a new life"}]})");
}

}  // namespace
}  // namespace fovea::testing
