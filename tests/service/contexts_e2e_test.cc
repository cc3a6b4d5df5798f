// Contexts over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "tests/service/payload_check.h"
#include "tests/service/server_fixture.h"
#include "tests/support/pictures.h"
#include "tests/support/wire_formats.h"

namespace fovea::testing {
namespace {

using ::grpc::StatusCode;

const std::vector<v1::WireFormat> kFormats = AllFormats();
constexpr int64_t kBudget = 16'000;

// All that a client gets, as bytes.
std::string Bytes(const v1::BuildContextResponse& response) { return response.SerializeAsString(); }

class ContextsE2e : public ::testing::Test {
 protected:
  void Fill(int turns, int bytes = 3000) {
    ASSERT_TRUE(client_.CreateSession("s").ok());
    ASSERT_TRUE(client_.Append("s", WorkingAgent(turns, bytes)).ok());
  }

  ServerFixture fixture_;
  Client client_ = fixture_.MakeClient();
};

std::vector<std::string> Problems(v1::WireFormat format, const std::string& payload) {
  const auto json = nlohmann::json::parse(payload);
  switch (format) {
    case v1::WIRE_FORMAT_OPENAI_CHAT:
      return OpenAiChatProblems(json);
    case v1::WIRE_FORMAT_ANTHROPIC:
      return AnthropicProblems(json);
    case v1::WIRE_FORMAT_OPENAI_RESPONSES:
      return ResponsesProblems(json);
    case v1::WIRE_FORMAT_GEMINI:
      return GeminiProblems(json);
    case v1::WIRE_FORMAT_VLLM:
      return VllmProblems(json);
    case v1::WIRE_FORMAT_DEEPSEEK:
      return DeepSeekProblems(json);
    default:
      return {"no check for this format"};
  }
}

TEST_F(ContextsE2e, StaysWithinItsBudgetAndIsAcceptedByEveryApi) {
  Fill(120);
  for (uint64_t as_of : {2, 3, 20, 61, 120}) {
    for (v1::WireFormat format : kFormats) {
      const auto context = client_.MustBuild(ViewOf("s", kBudget, format, as_of));
      EXPECT_LE(context.summary().tokens(), kBudget);
      EXPECT_EQ(context.summary().as_of_seq(), as_of);
      if (format == v1::WIRE_FORMAT_NATIVE) continue;
      EXPECT_THAT(Problems(format, context.payload()), ::testing::IsEmpty());
      EXPECT_EQ(context.payload_sha256(), Sha256Hex(context.payload()));
    }
  }
}

// An agent within an agent: the outer call's result comes after inner turns with calls of their
// own.
TEST_F(ContextsE2e, ACallAnsweredAfterAnotherAgentsTurnsBreaksNothing) {
  ASSERT_TRUE(client_.CreateSession("s").ok());
  const std::vector<v1::Turn> turns = {
      TextTurn(v1::ROLE_USER, "task"),     CallTurn("delegate", {"outer"}),
      CallTurn("inner work", {"inner"}),   ResultTurn("inner", "inner result"),
      CallTurn("more inner", {"inner_2"}), ResultTurn("inner_2", "more"),
      ResultTurn("outer", "outer result"), TextTurn(v1::ROLE_ASSISTANT, "done")};
  ASSERT_TRUE(client_.Append("s", turns).ok());
  for (uint64_t as_of = 1; as_of <= turns.size(); ++as_of) {
    for (v1::WireFormat format : kFormats) {
      SCOPED_TRACE(absl::StrCat(v1::WireFormat_Name(format), " @", as_of));
      const auto context = client_.MustBuild(ViewOf("s", kBudget, format, as_of));
      std::string all = context.payload();
      for (const v1::ContextBlock& block : context.blocks()) all += block.note();
      const bool noted =
          absl::StrContains(all, "[its result had not come when the conversation went on]");
      // Both calls are of one step. Until another one begins, the client may still answer; a
      // payload that has one result must have one for each call.
      EXPECT_EQ(noted, as_of >= (format == v1::WIRE_FORMAT_NATIVE ? 5 : 4));
      if (format == v1::WIRE_FORMAT_NATIVE) continue;
      EXPECT_THAT(Problems(format, context.payload()), ::testing::IsEmpty());
      EXPECT_EQ(absl::StrContains(all, "outer result"), as_of >= 7);
    }
  }
}

v1::Turn PictureTurn(const std::string& data) {
  v1::Turn turn;
  turn.set_role(v1::ROLE_USER);
  turn.add_parts()->mutable_image()->set_media_type("image/png");
  turn.mutable_parts(0)->mutable_image()->set_data(data);
  return turn;
}

// Of all turns: what went out as a note of what it was.
int PartsAsNotes(const v1::BuildContextResponse& response) {
  int parts = 0;
  for (const auto& entry : response.summary().loss().entries()) {
    parts += static_cast<int>(entry.parts_as_notes() + entry.images_omitted());
  }
  return parts;
}

// A request that the reader's API would refuse is refused here, with the reason.
TEST(ContextLimits, HoldForEveryFormat) {
  ServerFixture fixture([](service::ServerOptions& options) {
    for (const char* name : {"few-images", "small-body"}) {
      ReaderProfile reader = **options.readers.Find("claude");
      reader.name = name;
      reader.limits = {};
      if (reader.name == "few-images") reader.limits.max_images = 2;
      if (reader.name == "small-body") reader.limits.max_body_bytes = 20'000;
      options.readers.Add(std::move(reader));
    }
  });
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("images").ok());
  ASSERT_TRUE(client.CreateSession("bytes").ok());
  const v1::Turn picture = PictureTurn(PngHeader(40, 30));
  ASSERT_TRUE(client.Append("images", {picture, picture, picture}).ok());
  ASSERT_TRUE(
      client.Append("bytes", {PictureTurn(PngHeader(40, 30) + std::string(20'000, 'p'))}).ok());
  for (v1::WireFormat format : kFormats) {
    if (format == v1::WIRE_FORMAT_NATIVE) continue;
    SCOPED_TRACE(v1::WireFormat_Name(format));
    v1::BuildContextResponse response;
    auto request = ViewOf("images", 40'000, format);
    request.mutable_view()->set_reader("few-images");
    // A picture too many is served as a note of it, and the manifest says so.
    grpc::Status status = client.Build(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(PartsAsNotes(response), 1);
    request.mutable_view()->set_as_of_seq(2);
    EXPECT_TRUE(client.Build(request, &response).ok());
    EXPECT_EQ(PartsAsNotes(response), 0);
    request = ViewOf("bytes", 40'000, format);
    request.mutable_view()->set_reader("small-body");
    status = client.Build(request, &response);
    EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(absl::StrContains(status.error_message(), "takes requests of at most 20000"))
        << status.error_message();
  }
}

TEST_F(ContextsE2e, GivesToolsForEveryFormat) {
  for (v1::WireFormat format : kFormats) {
    v1::GetRecallToolsRequest request;
    request.set_format(format);
    v1::GetRecallToolsResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(client_.contexts->GetRecallTools(&context, request, &response).ok());
    EXPECT_TRUE(nlohmann::json::parse(response.tools_json()).is_array());
  }
  v1::GetRecallToolsRequest request;
  request.set_format(static_cast<v1::WireFormat>(77));
  v1::GetRecallToolsResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(client_.contexts->GetRecallTools(&context, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

// Where the prefix of `payload` ends: the one place up to which its bytes have that digest.
size_t PrefixLength(const std::string& payload, const std::string& sha256) {
  Sha256 hash;
  size_t hashed = 0;
  for (size_t end = 1; end <= payload.size(); ++end) {
    if (payload[end - 1] != '}' && payload[end - 1] != '[') continue;
    hash.Update(std::string_view(payload).substr(hashed, end - hashed));
    hashed = end;
    if (hash.HexDigest() == sha256) return end;
  }
  return std::string::npos;
}

TEST_F(ContextsE2e, ThePrefixIsLiterallyAPrefixWithinAnEpoch) {
  ASSERT_TRUE(client_.CreateSession("s").ok());
  struct Seen {
    uint64_t epoch = UINT64_MAX;
    std::string sha256;
    std::string prefix;
  };
  std::map<v1::WireFormat, Seen> seen;
  int kept = 0;
  const auto turns = WorkingAgent(120, 2500);
  for (size_t i = 0; i < turns.size(); ++i) {
    ASSERT_TRUE(client_.Append("s", {turns[i]}).ok());
    if (i < 2) continue;
    for (v1::WireFormat format : kFormats) {
      const auto now = client_.MustBuild(ViewOf("s", kBudget, format));
      Seen& before = seen[format];
      if (now.summary().epoch() == before.epoch) {
        ++kept;
        ASSERT_EQ(now.summary().prefix_sha256(), before.sha256) << "turn " << i + 1;
        ASSERT_EQ(now.payload().compare(0, before.prefix.size(), before.prefix), 0);
        continue;
      }
      before.epoch = now.summary().epoch();
      before.sha256 = now.summary().prefix_sha256();
      if (format == v1::WIRE_FORMAT_NATIVE) continue;
      const size_t length = PrefixLength(now.payload(), before.sha256);
      ASSERT_NE(length, std::string::npos) << "turn " << i + 1;
      before.prefix = now.payload().substr(0, length);
    }
  }
  EXPECT_GT(kept, 200);
  EXPECT_GT(seen[v1::WIRE_FORMAT_NATIVE].epoch, 3);
}

TEST_F(ContextsE2e, TheAnswerDependsOnTheLogAlone) {
  Fill(150);
  std::map<std::pair<v1::WireFormat, uint64_t>, std::string> first;
  for (uint64_t as_of : {150, 30, 90, 150, 31}) {
    for (v1::WireFormat format : kFormats) {
      const std::string bytes = Bytes(client_.MustBuild(ViewOf("s", kBudget, format, as_of)));
      auto [known, is_new] = first.emplace(std::pair{format, as_of}, bytes);
      EXPECT_EQ(known->second, bytes);
    }
  }
  fixture_.Restart();
  Client later = fixture_.MakeClient();
  for (const auto& [view, bytes] : first) {
    EXPECT_EQ(Bytes(later.MustBuild(ViewOf("s", kBudget, view.first, view.second))), bytes);
  }
  // Without the cached pages too.
  grpc::ClientContext context;
  v1::DropPagesResponse dropped;
  ASSERT_TRUE(later.admin->DropPages(&context, {}, &dropped).ok());
  for (const auto& [view, bytes] : first) {
    EXPECT_EQ(Bytes(later.MustBuild(ViewOf("s", kBudget, view.first, view.second))), bytes);
  }
}

TEST_F(ContextsE2e, EventsTakeTheirPlaceInTheLog) {
  Fill(100);
  const auto plain = client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_OPENAI_CHAT));
  v1::PinTurnsRequest pin;
  pin.set_session_id("s");
  pin.mutable_range()->set_first(4);
  pin.mutable_range()->set_last(4);
  grpc::ClientContext context;
  v1::PinTurnsResponse response;
  ASSERT_TRUE(client_.sessions->PinTurns(&context, pin, &response).ok());
  const auto pinned = client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_OPENAI_CHAT));
  ASSERT_EQ(pinned.summary().pinned_size(), 1);
  EXPECT_NE(pinned.payload().find("src/module_0/file_0.cc:0: note"), std::string::npos);
  // A look at the time before the pin does not see it.
  EXPECT_EQ(client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_OPENAI_CHAT, 99))
                .summary()
                .pinned_size(),
            0);
  fixture_.Restart();
  Client later = fixture_.MakeClient();
  EXPECT_EQ(Bytes(later.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_OPENAI_CHAT))),
            Bytes(pinned));
}

TEST_F(ContextsE2e, HeldPagesComeAsReferences) {
  Fill(120);
  const auto full = client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE));
  std::map<std::string, std::string> pngs;
  for (const auto& page : full.page_bytes()) pngs[page.page_id()] = page.png();
  ASSERT_EQ(pngs.size(), static_cast<size_t>(full.summary().pages_size()));
  ASSERT_GT(pngs.size(), 1);
  for (v1::WireFormat format : kFormats) {
    auto request = ViewOf("s", kBudget, format);
    const auto inlined = client_.MustBuild(request);
    for (const auto& [id, png] : pngs) request.add_held_page_ids(id);
    const auto held = client_.MustBuild(request);
    EXPECT_EQ(held.page_bytes_size(), 0);
    for (const auto& [id, png] : pngs) {
      if (format == v1::WIRE_FORMAT_NATIVE) continue;
      EXPECT_NE(held.payload().find("fovea:page/" + id), std::string::npos);
      EXPECT_NE(inlined.payload().find(absl::Base64Escape(png)), std::string::npos);
    }
    request.clear_held_page_ids();
    EXPECT_EQ(Bytes(client_.MustBuild(request)), Bytes(inlined));
  }
}

TEST_F(ContextsE2e, EveryPageCanBeFetched) {
  Fill(120);
  const auto full = client_.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE));
  for (const auto& page : full.page_bytes()) {
    v1::GetPageRequest request;
    *request.mutable_view() = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE).view();
    request.set_page_id(page.page_id());
    grpc::ClientContext context;
    v1::GetPageResponse response;
    ASSERT_TRUE(client_.contexts->GetPage(&context, request, &response).ok());
    EXPECT_EQ(response.png(), page.png());
    EXPECT_EQ(response.page().page_id(), page.page_id());
  }
  grpc::ClientContext context;
  v1::ServerStats stats;
  ASSERT_TRUE(client_.admin->GetServerStats(&context, {}, &stats).ok());
  EXPECT_EQ(stats.pages_drawn(), static_cast<uint64_t>(full.page_bytes_size()));
  // A build that was slow goes on in another lane, and finds there what it has drawn itself.
  EXPECT_GE(stats.pages_from_cache(), static_cast<uint64_t>(full.page_bytes_size()));
}

TEST_F(ContextsE2e, TheLossManifestCountsHiddenCharacters) {
  constexpr char kHidden[] = "\x1B[2K\u200B\u202E x\uFE0F";
  constexpr uint64_t kHiddenCharacters = 4;
  std::vector<v1::Turn> turns = WorkingAgent(120, 3000);
  int step = 0;
  for (v1::Turn& turn : turns) {
    for (v1::Part& part : *turn.mutable_parts()) {
      // No result is superseded by a later one of the same call, and cut for it.
      if (part.has_tool_call()) {
        part.mutable_tool_call()->set_arguments_json(absl::StrCat("{\"step\":", ++step, "}"));
      }
      if (!part.has_tool_result()) continue;
      std::string* text =
          part.mutable_tool_result()->mutable_content(0)->mutable_text()->mutable_text();
      text->append(kHidden);
    }
  }
  ASSERT_TRUE(client_.CreateSession("s").ok());
  ASSERT_TRUE(client_.Append("s", turns).ok());
  auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
  // Which results are cut at the last rung depends on the marks.
  request.mutable_view()->mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
  const auto response = client_.MustBuild(request);
  uint64_t found = 0;
  for (const v1::LossManifest::Entry& entry : response.summary().loss().entries()) {
    uint64_t expected = 0;
    for (uint64_t seq = entry.range().first(); seq <= entry.range().last(); ++seq) {
      const bool hides = turns[seq - 1].role() == v1::ROLE_TOOL && entry.rung() != "latent";
      expected += hides ? kHiddenCharacters : 0;
    }
    EXPECT_EQ(entry.hidden_characters(), expected) << entry.rung();
    found += entry.hidden_characters();
  }
  EXPECT_GT(found, 0U);
}

TEST_F(ContextsE2e, ABudgetThatIsTooSmallNamesTheOneThatIsNot) {
  ASSERT_TRUE(client_.CreateSession("s").ok());
  std::string task;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&task, "requirement ", i, ", ");
  ASSERT_TRUE(client_.Append("s", {TextTurn(v1::ROLE_USER, task)}).ok());
  v1::BuildContextResponse response;
  grpc::ClientContext context;
  const grpc::Status status = client_.contexts->BuildContext(
      &context, ViewOf("s", 2000, v1::WIRE_FORMAT_ANTHROPIC), &response);
  ASSERT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  const auto metadata = context.GetServerTrailingMetadata().find("fovea-required-tokens");
  ASSERT_NE(metadata, context.GetServerTrailingMetadata().end());
  const int64_t required =
      std::stoll(std::string(metadata->second.data(), metadata->second.size()));
  EXPECT_EQ(status.error_message(),
            absl::StrCat("the context needs at least ", required, " tokens; token_budget is 2000"));
  v1::RequiredTokens detail;
  detail.set_required_tokens(required);
  detail.set_budget(2000);
  EXPECT_NE(status.error_details().find(detail.SerializeAsString()), std::string::npos);
  EXPECT_TRUE(client_.Build(ViewOf("s", required, v1::WIRE_FORMAT_ANTHROPIC), &response).ok());
  EXPECT_FALSE(client_.Build(ViewOf("s", required - 1, v1::WIRE_FORMAT_ANTHROPIC), &response).ok());
}

struct BadView {
  const char* name;
  std::function<void(v1::BuildContextRequest&)> spoil;
  StatusCode code;
  const char* words;
};

class BadViews : public ContextsE2e, public ::testing::WithParamInterface<BadView> {};

TEST_P(BadViews, AreRefused) {
  Fill(10, 100);
  auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
  GetParam().spoil(request);
  v1::BuildContextResponse response;
  const grpc::Status status = client_.Build(request, &response);
  EXPECT_EQ(status.error_code(), GetParam().code);
  EXPECT_TRUE(absl::StrContains(status.error_message(), GetParam().words))
      << status.error_message();
}

INSTANTIATE_TEST_SUITE_P(
    All, BadViews,
    ::testing::Values(
        BadView{"NoSession", [](auto& r) { r.mutable_view()->set_session_id("x"); },
                StatusCode::NOT_FOUND, "no such session"},
        BadView{"EmptyReader", [](auto& r) { r.mutable_view()->clear_reader(); },
                StatusCode::INVALID_ARGUMENT, "view.reader"},
        BadView{"Budget", [](auto& r) { r.mutable_view()->set_token_budget(999); },
                StatusCode::INVALID_ARGUMENT, "token_budget is 999"},
        BadView{"Policy",
                [](auto& r) { r.mutable_view()->mutable_policy()->set_tail_high_permille(1001); },
                StatusCode::INVALID_ARGUMENT, "policy.tail_high_permille is 1001"},
        BadView{"PastTheEnd", [](auto& r) { r.mutable_view()->set_as_of_seq(11); },
                StatusCode::OUT_OF_RANGE, "view.as_of_seq: is 11; the session ends at 10"},
        BadView{"Format", [](auto& r) { r.set_format(static_cast<v1::WireFormat>(77)); },
                StatusCode::INVALID_ARGUMENT, "format"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(ContextsE2e, PlansExplainsAndCompares) {
  Fill(150);
  const auto request = ViewOf("s", kBudget, v1::WIRE_FORMAT_NATIVE);
  v1::PlanContextResponse plan;
  grpc::ClientContext plan_context;
  ASSERT_TRUE(client_.contexts->PlanContext(&plan_context, request, &plan).ok());
  EXPECT_EQ(plan.summary().SerializeAsString(),
            client_.MustBuild(request).summary().SerializeAsString());
  ASSERT_GT(plan.summary().epoch(), 1);

  for (uint64_t seq : {1, 2, 3, 50, 149, 150}) {
    v1::ExplainTurnRequest explain;
    *explain.mutable_view() = request.view();
    explain.set_seq(seq);
    v1::ExplainTurnResponse why;
    grpc::ClientContext context;
    ASSERT_TRUE(client_.contexts->ExplainTurn(&context, explain, &why).ok());
    EXPECT_FALSE(why.reason().empty());
    EXPECT_GT(why.text_tokens(), 0);
    const uint64_t caller = seq <= 2 ? seq : seq - (seq + 1) % 2;
    EXPECT_EQ(why.group().first(), caller) << "turn " << seq;
    EXPECT_EQ(why.group().last(), seq <= 2 ? seq : caller + 1) << "turn " << seq;
  }
  v1::DiffEpochsRequest diff;
  *diff.mutable_view() = request.view();
  v1::DiffEpochsResponse difference;
  grpc::ClientContext diff_context;
  ASSERT_TRUE(client_.contexts->DiffEpochs(&diff_context, diff, &difference).ok());
  EXPECT_EQ(difference.to_epoch(), plan.summary().epoch());
  EXPECT_EQ(difference.epochs_size(), static_cast<int>(plan.summary().epoch()));
  EXPECT_GT(difference.moves_size(), 0);
}

TEST_F(ContextsE2e, DrawsALadder) {
  Fill(400, 6000);
  v1::DrawLadderRequest request;
  *request.mutable_view() = ViewOf("s", 0, v1::WIRE_FORMAT_NATIVE).view();
  request.set_first_seq(3);
  v1::DrawLadderResponse response;
  grpc::ClientContext context;
  const grpc::Status status = client_.contexts->DrawLadder(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GT(response.pages_size(), 2);
  for (int i = 0; i < response.pages_size(); ++i) {
    const auto& page = response.pages(i);
    EXPECT_TRUE(absl::StartsWith(page.png(), "\x89PNG"));
    EXPECT_LT(page.tokens(), page.text_tokens()) << page.rung();
    const uint64_t sharper = i == 0 ? 0 : response.pages(i - 1).characters();
    EXPECT_GT(page.characters(), sharper);
  }
  EXPECT_TRUE(absl::StartsWith(response.contact_sheet_png(), "\x89PNG"));
}

TEST_F(ContextsE2e, ListsReaders) {
  v1::ListReadersResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(client_.contexts->ListReaders(&context, {}, &response).ok());
  bool claude = false;
  for (const auto& reader : response.readers()) claude |= reader.name() == "claude";
  EXPECT_TRUE(claude);
}

TEST(ContextThreads, OneAndEightDrawingThreadsGiveTheSameBytes) {
  std::vector<std::string> bytes;
  for (int threads : {1, 8}) {
    ServerFixture fixture(
        [&](service::ServerOptions& options) { options.drawing_threads = threads; });
    Client client = fixture.MakeClient();
    ASSERT_TRUE(client.CreateSession("s").ok());
    ASSERT_TRUE(client.Append("s", WorkingAgent(200, 4000)).ok());
    std::string all;
    for (v1::WireFormat format : kFormats) {
      all += Bytes(client.MustBuild(ViewOf("s", 40'000, format)));
    }
    bytes.push_back(std::move(all));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST(ContextThreads, ManyCallersOfOneViewGetTheSame) {
  ServerFixture fixture;
  Client client = fixture.MakeClient();
  ASSERT_TRUE(client.CreateSession("s").ok());
  ASSERT_TRUE(client.Append("s", WorkingAgent(200, 3000)).ok());
  std::vector<std::string> bytes(8);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < bytes.size(); ++i) {
    callers.emplace_back([&, i] {
      Client mine = fixture.MakeClient();
      bytes[i] = Bytes(
          mine.MustBuild(ViewOf("s", kBudget, v1::WIRE_FORMAT_ANTHROPIC, i % 2 == 0 ? 200 : 120)));
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (size_t i = 2; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], bytes[i - 2]) << i;
}

}  // namespace
}  // namespace fovea::testing
