// How long a context takes over a real socket: an agent lives through a history turn by turn and
// asks for its context before every step.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/service/history_file.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "service/server.h"
#include "spdlog/sinks/null_sink.h"

namespace fovea::bench {
namespace {

struct Flags {
  std::string history;
  std::string reader = "claude";
  int64_t budget = 200'000;
  int samples = 40;
};

void Check(const grpc::Status& status, const char* what) {
  if (status.ok()) return;
  std::cerr << what << ": " << status.error_message() << "\n";
  std::exit(1);
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<size_t>(share * static_cast<double>(values.size())))];
}

struct Sample {
  double ms = 0;
  v1::BuildContextResponse response;
};

// An agent with one session, which keeps the pages that it was sent.
class Agent {
 public:
  Agent(const std::string& address, const Flags& flags, std::string session)
      : flags_(flags), session_(std::move(session)) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    sessions_ = v1::SessionService::NewStub(channel);
    contexts_ = v1::ContextService::NewStub(channel);
    v1::CreateSessionRequest request;
    request.set_session_id(session_);
    v1::Session created;
    grpc::ClientContext context;
    Check(sessions_->CreateSession(&context, request, &created), "CreateSession");
  }

  void Append(const v1::Turn& turn) {
    v1::AppendTurnsRequest request;
    request.set_session_id(session_);
    *request.add_turns() = turn;
    v1::AppendTurnsResponse response;
    grpc::ClientContext context;
    Check(sessions_->AppendTurns(&context, request, &response), "AppendTurns");
  }

  // Without held pages, all bytes come.
  Sample Build(v1::WireFormat format, bool held) {
    v1::BuildContextRequest request;
    request.mutable_view()->set_session_id(session_);
    request.mutable_view()->set_reader(flags_.reader);
    request.mutable_view()->set_token_budget(flags_.budget);
    request.set_format(format);
    if (held) {
      for (const std::string& id : pages_) request.add_held_page_ids(id);
    }
    Sample sample;
    grpc::ClientContext context;
    const absl::Time start = absl::Now();
    Check(contexts_->BuildContext(&context, request, &sample.response), "BuildContext");
    sample.ms = absl::ToDoubleMilliseconds(absl::Now() - start);
    new_characters_ = 0;
    std::set<std::string> now;
    for (const v1::PageRef& page : sample.response.summary().pages()) {
      if (pages_.count(page.page_id()) == 0) new_characters_ += page.characters();
      now.insert(page.page_id());
    }
    pages_ = std::move(now);
    return sample;
  }

  // Characters on pages that the last context was the first to have.
  uint64_t new_characters() const { return new_characters_; }

 private:
  const Flags& flags_;
  const std::string session_;
  std::unique_ptr<v1::SessionService::Stub> sessions_;
  std::unique_ptr<v1::ContextService::Stub> contexts_;
  std::set<std::string> pages_;
  uint64_t new_characters_ = 0;
};

struct Crossing {
  double ms = 0;
  uint64_t characters = 0;
};

// Lives through the turns, all but the pages' bytes sent again each time, and keeps what crossing
// an epoch cost.
void Live(Agent& agent, const std::vector<v1::Turn>& turns, std::vector<Crossing>& crossings) {
  uint64_t epoch = 0;
  for (const v1::Turn& turn : turns) {
    agent.Append(turn);
    const Sample sample = agent.Build(v1::WIRE_FORMAT_NATIVE, true);
    if (sample.response.summary().epoch() != epoch) {
      crossings.push_back({sample.ms, agent.new_characters()});
    }
    epoch = sample.response.summary().epoch();
  }
}

struct Row {
  const char* name;
  v1::WireFormat format;
  bool held;
};
constexpr Row kRows[] = {
    {"native, pages held", v1::WIRE_FORMAT_NATIVE, true},
    {"OpenAI Chat, pages held", v1::WIRE_FORMAT_OPENAI_CHAT, true},
    {"Anthropic, pages held", v1::WIRE_FORMAT_ANTHROPIC, true},
    {"native, all bytes", v1::WIRE_FORMAT_NATIVE, false},
    {"OpenAI Chat, all bytes", v1::WIRE_FORMAT_OPENAI_CHAT, false},
    {"Anthropic, all bytes", v1::WIRE_FORMAT_ANTHROPIC, false},
};

struct Measured {
  double p50 = 0;
  double p99 = 0;
  double megabytes = 0;
};

// One small turn before each context, so that none is the same as the last.
Measured Measure(Agent& agent, const Row& row, int samples) {
  Measured measured;
  std::vector<double> times;
  v1::Turn turn;
  turn.set_role(v1::ROLE_ASSISTANT);
  turn.add_parts()->mutable_text()->set_text("I go on with the next file.");
  agent.Build(row.format, row.held);
  for (int i = 0; i < samples; ++i) {
    agent.Append(turn);
    const Sample sample = agent.Build(row.format, row.held);
    times.push_back(sample.ms);
    measured.megabytes = static_cast<double>(sample.response.ByteSizeLong()) / 1e6;
  }
  measured.p50 = Quantile(times, 0.5);
  measured.p99 = Quantile(times, 0.99);
  return measured;
}

std::string Processor() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

void PrintRows(Agent& tenth, Agent& full, int samples) {
  absl::PrintF("\n%-26s %21s %21s %7s\n", "context within an epoch", "a tenth", "full length", "");
  absl::PrintF("%-26s %7s %7s %5s %7s %7s %5s %7s\n", "", "p50 ms", "p99 ms", "MB", "p50 ms",
               "p99 ms", "MB", "ratio");
  for (const Row& row : kRows) {
    const Measured a = Measure(tenth, row, samples);
    const Measured b = Measure(full, row, samples);
    absl::PrintF("%-26s %7.2f %7.2f %5.1f %7.2f %7.2f %5.1f %7.2f\n", row.name, a.p50, a.p99,
                 a.megabytes, b.p50, b.p99, b.megabytes, b.p50 / a.p50);
  }
}

void PrintCrossings(const std::vector<Crossing>& crossings) {
  if (crossings.empty()) return;
  std::vector<double> times;
  Crossing largest;
  for (const Crossing& crossing : crossings) {
    times.push_back(crossing.ms);
    if (crossing.characters > largest.characters) largest = crossing;
  }
  absl::PrintF("\ncrossing an epoch (turn fed, new pages laid out and drawn, all sent): %d times\n",
               crossings.size());
  absl::PrintF("p50 %.1f ms, p99 %.1f ms; the largest: %d characters in %.1f ms\n",
               Quantile(times, 0.5), Quantile(times, 0.99), largest.characters, largest.ms);
}

int Run(const Flags& flags) {
  auto turns = ReadLongestSession(flags.history);
  auto readers = BuiltInReaders();
  if (!turns.ok() || !readers.ok()) {
    std::cerr << (turns.ok() ? readers.status() : turns.status()).ToString() << "\n";
    return 1;
  }
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / absl::StrCat("fovea-context-bench-", getpid());
  const std::string address = "unix:" + (directory.string() + ".sock");
  auto server =
      service::Server::Start({.data_directory = directory,
                              .addresses = {address},
                              .readers = *readers,
                              .log = std::make_shared<spdlog::logger>(
                                  "bench", std::make_shared<spdlog::sinks::null_sink_mt>())});
  if (!server.ok()) {
    std::cerr << server.status().ToString() << "\n";
    return 1;
  }
  absl::PrintF("processor  %s\ncompiler   %s, %s\ncommit     %s\n", Processor(), __VERSION__,
               FOVEA_BUILD_TYPE, FOVEA_COMMIT);
  absl::PrintF("history    %s, %d turns\nview       %s, %d tokens; %d samples\n",
               std::filesystem::path(flags.history).filename().string(), turns->size(),
               flags.reader, flags.budget, flags.samples);

  std::vector<Crossing> crossings;
  const std::vector<v1::Turn> start(turns->begin(),
                                    turns->begin() + static_cast<long>(turns->size() / 10));
  Agent tenth(address, flags, "tenth");
  Live(tenth, start, crossings);
  crossings.clear();
  Agent full(address, flags, "full");
  Live(full, *turns, crossings);
  PrintRows(tenth, full, flags.samples);
  PrintCrossings(crossings);
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  absl::PrintF("peak memory of server and client together: %d MB\n", usage.ru_maxrss / 1024);
  server->reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return 0;
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  CLI::App app("Measures contexts over a real socket");
  fovea::bench::Flags flags;
  app.add_option("history", flags.history, "JSON Lines, plain or gzip; the longest session is used")
      ->required();
  app.add_option("--reader", flags.reader)->capture_default_str();
  app.add_option("--budget", flags.budget, "tokens")->capture_default_str();
  app.add_option("--samples", flags.samples)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return fovea::bench::Run(flags);
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
