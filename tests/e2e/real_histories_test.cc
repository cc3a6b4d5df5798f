// The whole path on real histories, over a real socket: what goes in comes back exactly, and every
// context that is asked for is within its budget and valid, or is refused with the number that it
// needs. FOVEA_EVERY=25 looks at every 25th turn, as the release bar does; the default is every
// 150th. FOVEA_SESSIONS=1000 compares the bytes of every session; the default is 12 of each file.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/log/recall_text.h"
#include "core/tokens/token_counter.h"
#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "service/convert_turn.h"
#include "service/server.h"
#include "spdlog/sinks/null_sink.h"
#include "tests/e2e/payload_checks.h"
#include "tests/support/histories.h"
#include "tests/support/readers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wire_formats.h"

namespace fovea::testing {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) && value > 0 ? value : otherwise;
}

// A server on a directory of its own, and its clients.
class Fixture {
 public:
  explicit Fixture(const std::string& directory, int threads = 2) : directory_(directory) {
    std::filesystem::create_directories(directory_);
    service::ServerOptions options{.data_directory = directory_ + "/data",
                                   .addresses = {absl::StrCat("unix:", directory_, "/socket")},
                                   .readers = *BuiltInReaders(),
                                   .drawing_threads = threads,
                                   .log = std::make_shared<spdlog::logger>(
                                       "test", std::make_shared<spdlog::sinks::null_sink_mt>())};
    auto server = service::Server::Start(options);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel = grpc::CreateCustomChannel(options.addresses.front(),
                                             grpc::InsecureChannelCredentials(), arguments);
    sessions = v1::SessionService::NewStub(channel);
    contexts = v1::ContextService::NewStub(channel);
    admin = v1::AdminService::NewStub(channel);
  }

  void Import(const std::string& id, const std::vector<Turn>& turns) {
    v1::CreateSessionRequest create;
    create.set_session_id(id);
    v1::Session session;
    grpc::ClientContext create_context;
    ASSERT_TRUE(sessions->CreateSession(&create_context, create, &session).ok());
    for (size_t first = 0; first < turns.size(); first += 100) {
      v1::AppendTurnsRequest request;
      request.set_session_id(id);
      for (size_t i = first; i < std::min(turns.size(), first + 100); ++i) {
        service::TurnToProto(turns[i], request.add_turns());
      }
      v1::AppendTurnsResponse response;
      grpc::ClientContext context;
      const grpc::Status status = sessions->AppendTurns(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }

  grpc::Status Build(const v1::BuildContextRequest& request, v1::BuildContextResponse* response,
                     int64_t* required_tokens) {
    grpc::ClientContext context;
    grpc::Status status = contexts->BuildContext(&context, request, response);
    *required_tokens = 0;
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto required = trailers.find("fovea-required-tokens");
    if (required != trailers.end()) {
      EXPECT_TRUE(absl::SimpleAtoi(std::string(required->second.data(), required->second.size()),
                                   required_tokens));
    }
    return status;
  }

  std::string Text(const std::string& id, uint64_t seq) {
    v1::ExpandTurnRequest request;
    request.set_session_id(id);
    request.set_seq(seq);
    v1::ExpandTurnResponse response;
    grpc::ClientContext context;
    const grpc::Status status = sessions->ExpandTurn(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.text();
  }

  void DropPages() {
    v1::DropPagesResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(admin->DropPages(&context, {}, &response).ok());
  }

  std::unique_ptr<v1::SessionService::Stub> sessions;
  std::unique_ptr<v1::ContextService::Stub> contexts;
  std::unique_ptr<v1::AdminService::Stub> admin;

 private:
  const std::string directory_;
  std::unique_ptr<service::Server> server_;
};

class RealHistories : public ::testing::Test {
 protected:
  const TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("store");
};

const std::vector<v1::WireFormat> kFormats = AllFormats();

v1::BuildContextRequest Request(const std::string& session, const std::string& reader,
                                int64_t budget, uint64_t at, v1::WireFormat format) {
  v1::BuildContextRequest request;
  request.mutable_view()->set_session_id(session);
  request.mutable_view()->set_reader(reader);
  request.mutable_view()->set_token_budget(budget);
  request.mutable_view()->set_as_of_seq(at);
  request.set_format(format);
  return request;
}

const std::pair<const char*, v1::WireFormat> kServed[] = {
    {"claude", v1::WIRE_FORMAT_ANTHROPIC},
    {"deepseek-flash", v1::WIRE_FORMAT_OPENAI_CHAT},
    {"gemini-3", v1::WIRE_FORMAT_GEMINI},
    {"gemini-3", v1::WIRE_FORMAT_NATIVE}};

struct Outcomes {
  uint64_t built = 0;
  uint64_t refused = 0;
};

// Asks for one context and checks the answer.
void CheckContext(Fixture& fovea, const v1::BuildContextRequest& request, Outcomes& outcomes) {
  v1::BuildContextResponse response;
  int64_t required = 0;
  const grpc::Status status = fovea.Build(request, &response, &required);
  const int64_t budget = request.view().token_budget();
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
    ++outcomes.refused;
    EXPECT_GT(required, budget) << status.error_message();
    return;
  }
  ++outcomes.built;
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_LE(response.summary().tokens(), budget);
  EXPECT_TRUE(response.summary().groups_complete());
  EXPECT_EQ(response.summary().as_of_seq(), request.view().as_of_seq());
  if (request.format() == v1::WIRE_FORMAT_NATIVE) return;
  EXPECT_EQ(response.payload_sha256(), Sha256Hex(response.payload()));
  EXPECT_EQ(CheckPayload(request.format(), response.payload()), "");
}

TEST_F(RealHistories, EveryContextIsWithinItsBudgetOrRefusedWithTheNumber) {
  const std::vector<ReaderProfile> readers = MainReaders();
  const uint64_t every = FromEnvironment("FOVEA_EVERY", 150);
  Fixture fovea(directory_);
  Outcomes outcomes;
  for (const char* file : {"trajectories/deepswe.jsonl.gz", "trajectories/pi.jsonl.gz"}) {
    const std::vector<SharedSession> sessions = SharedSessions(file);
    if (sessions.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here: " << file;
    for (const SharedSession& session : sessions) {
      fovea.Import(session.name, session.turns);
      for (const ReaderProfile& reader : readers) {
        for (int64_t budget : {16'000, 32'000, 64'000, 128'000}) {
          for (uint64_t at = every, n = 0; at <= session.turns.size(); at += every, ++n) {
            SCOPED_TRACE(absl::StrCat(session.name, " ", reader.name, " ", budget, " @", at));
            CheckContext(
                fovea,
                Request(session.name, reader.name, budget, at, kFormats[n % std::size(kFormats)]),
                outcomes);
            if (HasFailure()) return;
          }
        }
      }
    }
  }
  std::printf("contexts built: %lu, refused with the number needed: %lu\n", outcomes.built,
              outcomes.refused);
  EXPECT_GT(outcomes.built, 0);
}

// Sessions one after the other, until they have about `tokens` of text.
std::vector<Turn> HugeHistory(int64_t tokens) {
  std::vector<Turn> turns;
  int64_t so_far = 0;
  for (const char* file : {"trajectories/deepswe.jsonl.gz", "trajectories/pi.jsonl.gz"}) {
    for (const SharedSession& session : SharedSessions(file)) {
      for (const Turn& turn : session.turns) {
        if (so_far >= tokens) return turns;
        so_far += EstimateTokens(TurnText(turn));
        turns.push_back(turn);
        turns.back().seq = turns.size();
      }
    }
  }
  return turns;
}

TEST_F(RealHistories, AHugeHistoryStaysWithinEveryLimitOfARequest) {
  const std::vector<Turn> turns = HugeHistory(700'000);
  if (turns.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here";
  Fixture fovea(directory_);
  fovea.Import("huge", turns);
  size_t n = 0;
  const ReaderCatalogue catalogue = *BuiltInReaders();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    const ReaderLimits& limits = reader.limits;
    const bool limited = limits.max_images > 0 || limits.max_body_bytes > 0;
    if (!limited || reader.ladder.empty()) continue;
    for (int64_t budget : {128'000, 1'000'000}) {
      SCOPED_TRACE(absl::StrCat(reader.name, " ", budget));
      v1::BuildContextResponse response;
      int64_t required = 0;
      const v1::WireFormat format = kFormats[1 + n++ % (std::size(kFormats) - 1)];
      const grpc::Status status =
          fovea.Build(Request("huge", reader.name, budget, 0, format), &response, &required);
      ASSERT_TRUE(status.ok()) << status.error_message();
      EXPECT_LE(response.summary().tokens(), budget);
      if (limits.max_images > 0) {
        EXPECT_LE(response.summary().pages_size(), limits.max_images);
      }
      if (limits.max_body_bytes > 0) {
        EXPECT_LE(response.payload().size(), limits.max_body_bytes);
      }
      const v1::CharacterCounts& counts = response.summary().characters();
      std::printf(
          "%s, %ld tokens: %d pages of at most %d, %zu bytes of at most %lu, "
          "%.2f million characters on pages\n",
          reader.name.c_str(), budget, response.summary().pages_size(), limits.max_images,
          response.payload().size(), limits.max_body_bytes,
          static_cast<double>(counts.pages()) / 1e6);
      // A million characters take at most 18 MiB of a request to Claude, pictures as base64 and
      // all.
      if (reader.name == "claude" && budget == 1'000'000) {
        EXPECT_GE(counts.pages(), 1'000'000U);
        EXPECT_LE(static_cast<double>(response.payload().size()) * 1e6,
                  static_cast<double>(counts.pages()) * (18 << 20));
      }
    }
  }
  EXPECT_GT(n, 10);
}

TEST_F(RealHistories, EveryTurnComesBackByteForByteAndServedBytesDoNotDependOnCaches) {
  const char* const files[] = {
      "trajectories/swe-agent.jsonl.gz",   "trajectories/swe-smith.jsonl.gz",
      "trajectories/tau-airline.jsonl.gz", "trajectories/aider.jsonl.gz",
      "trajectories/pi.jsonl.gz",          "trajectories/deepswe.jsonl.gz",
      "multilingual/xquad.jsonl.gz"};
  const size_t most = FromEnvironment("FOVEA_SESSIONS", 12);
  std::map<std::string, std::string> served[3];
  const auto serve = [&](Fixture& fovea, const std::string& id,
                         std::map<std::string, std::string>& out) {
    for (const auto& [reader, format] : kServed) {
      v1::BuildContextResponse response;
      int64_t required = 0;
      const grpc::Status status =
          fovea.Build(Request(id, reader, 8'000, 0, format), &response, &required);
      out[absl::StrCat(id, " ", reader, " ", v1::WireFormat_Name(format))] =
          status.ok() ? Sha256Hex(response.SerializeAsString())
                      : absl::StrCat("refused ", required);
    }
  };
  std::map<std::string, std::vector<Turn>> histories;
  for (const char* file : files) {
    const std::vector<SharedSession> sessions = SharedSessions(file);
    if (sessions.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here: " << file;
    for (size_t i = 0; i < std::min(most, sessions.size()); ++i) {
      histories[absl::StrCat(file, "-", i)] = sessions[i].turns;
    }
  }
  {
    Fixture fovea(directory_ + "/one", 1);
    for (const auto& [id, turns] : histories) fovea.Import(id, turns);
    for (const auto& [id, turns] : histories) serve(fovea, id, served[0]);
  }
  {
    Fixture fovea(directory_ + "/one", 8);
    fovea.DropPages();
    for (const auto& [id, turns] : histories) {
      for (const Turn& turn : turns) ASSERT_EQ(fovea.Text(id, turn.seq), RecallTextOf(turn).text);
      serve(fovea, id, served[1]);
    }
  }
  Fixture other(directory_ + "/two", 2);
  for (const auto& [id, turns] : histories) {
    other.Import(id, turns);
    serve(other, id, served[2]);
  }
  uint64_t turns = 0;
  for (const auto& [id, history] : histories) turns += history.size();
  std::printf("sessions %zu, turns compared byte for byte %lu, contexts compared %zu\n",
              histories.size(), turns, served[0].size());
  EXPECT_EQ(served[0], served[1]) << "a restart, lost pages or threads changed what is served";
  EXPECT_EQ(served[0], served[2]) << "another store serves other bytes";
}

TEST_F(RealHistories, MostOfTheLongestSessionIsShownIn64kTokens) {
  const std::vector<SharedSession> sessions = SharedSessions("trajectories/deepswe.jsonl.gz");
  if (sessions.empty()) GTEST_SKIP() << "SKIPPED: the shared histories are not here";
  const auto longest = std::max_element(
      sessions.begin(), sessions.end(),
      [](const auto& a, const auto& b) { return a.turns.size() < b.turns.size(); });
  Fixture fovea(directory_);
  fovea.Import("longest", longest->turns);
  for (const char* reader : {"deepseek-flash", "gemini-3"}) {
    v1::BuildContextResponse response;
    int64_t required = 0;
    auto request = Request("longest", reader, 64'000, 0, v1::WIRE_FORMAT_NATIVE);
    request.mutable_view()->mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
    const grpc::Status status = fovea.Build(request, &response, &required);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const v1::CharacterCounts& counts = response.summary().characters();
    const double shown = static_cast<double>(counts.text() + counts.pages());
    const double all = shown + static_cast<double>(counts.elided() + counts.latent());
    std::printf("%s: %.1f %% of %.0f characters shown in %ld tokens\n", reader, 100 * shown / all,
                all, response.summary().tokens());
    EXPECT_GE(shown / all, 0.9) << reader;
  }
}

}  // namespace
}  // namespace fovea::testing
