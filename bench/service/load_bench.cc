// What a running fovead does under load, beside what SQLite and gRPC do without it.
//
// Each measurement that waits for the disk is interleaved with its baseline, since disks throttle
// in bursts: rounds of one and the other, and the median of the rounds' ratios.
// bench/service/bars.sh starts the server and knows the bars.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <random>
#include <thread>

#include "CLI/CLI.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/service/load_baselines.h"
#include "bench/service/load_client.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "grpcpp/grpcpp.h"

namespace fovea::bench {
namespace {

// Bytes of a page of the raw file: what is best for SQLite in each case.
constexpr int kManyTurnsPage = 16384;
constexpr int kOneTurnPage = 4096;

struct Flags {
  std::string server;
  std::string directory = ".";  // of the raw files: on the disk that is measured
  int clients = 64;
  int turns = 16;
  int rounds = 5;
  double seconds = 2;  // of a round
  std::string session = "s";
  uint64_t fill = 1'000'000;
  uint64_t sessions = 1;
  int samples = 200;
  std::string query;
  bool exact = false;
  std::string reader = "claude";
  int64_t budget = 64'000;
};

// A client that appends again and again, on threads of gRPC's: a generator that needs a thread for
// each client takes more of a small machine than the server does.
class Appender {
 public:
  Appender(Stubs& stubs, const v1::AppendTurnsRequest& request)
      : stubs_(stubs), request_(request) {}

  void Begin() {
    stopping_ = false;
    Next();
  }
  // Waits for the append that is under way; how many there were since Begin.
  uint64_t End() {
    stopping_ = true;
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&idle_));
    idle_ = false;
    return std::exchange(count_, 0);
  }

 private:
  void Next() {
    context_ = std::make_unique<grpc::ClientContext>();
    stubs_.sessions->async()->AppendTurns(context_.get(), &request_, &response_,
                                          [this](const grpc::Status& status) {
                                            Must(status);
                                            ++count_;
                                            if (!stopping_) return Next();
                                            const absl::MutexLock lock(&mutex_);
                                            idle_ = true;
                                          });
  }

  Stubs& stubs_;
  const v1::AppendTurnsRequest& request_;
  std::unique_ptr<grpc::ClientContext> context_;
  v1::AppendTurnsResponse response_;
  std::atomic<bool> stopping_ = false;
  uint64_t count_ = 0;
  absl::Mutex mutex_;
  bool idle_ = false;
};

std::string Unique(const std::string& prefix) {
  return absl::StrCat(prefix, "-", absl::Hex(absl::ToUnixNanos(absl::Now())));
}

// Many clients: turns a second, as a share of raw SQLite's.
void RunAppend(const Flags& flags) {
  Raw raw(flags.directory, flags.turns > 1 ? kManyTurnsPage : kOneTurnPage);
  std::vector<std::unique_ptr<Stubs>> stubs;
  std::vector<v1::AppendTurnsRequest> batches;
  std::mt19937_64 random(2);
  for (int i = 0; i < flags.clients; ++i) {
    stubs.push_back(std::make_unique<Stubs>(flags.server));
    const std::string id = Unique("append");
    Create(*stubs.back(), id);
    batches.push_back(Batch(id, flags.turns, random));
  }
  std::vector<std::unique_ptr<Appender>> appenders;
  for (size_t i = 0; i < batches.size(); ++i) {
    appenders.push_back(std::make_unique<Appender>(*stubs[i], batches[i]));
  }
  std::vector<double> shares;
  for (int round = 0; round < flags.rounds; ++round) {
    const double baseline =
        flags.turns > 1 ? RawBatches(raw, 256, flags.seconds) : RawFed(raw, 64, flags.seconds);
    const absl::Time begun = absl::Now();
    for (const auto& appender : appenders) appender->Begin();
    absl::SleepFor(absl::Seconds(flags.seconds));
    uint64_t appends = 0;
    for (const auto& appender : appenders) appends += appender->End();
    const double rate =
        static_cast<double>(appends) * flags.turns / absl::ToDoubleSeconds(absl::Now() - begun);
    shares.push_back(rate / baseline);
    std::cout << absl::StrFormat("round %d: raw %.0f/s, fovead %.0f/s: %.2f\n", round + 1, baseline,
                                 rate, rate / baseline);
  }
  std::cout << absl::StrFormat("append %dx%d: %.2f of raw (median)\n", flags.clients, flags.turns,
                               Median(shares));
}

// One client: the median of an append, over a raw commit and a call that does nothing.
void RunSingle(const Flags& flags) {
  Raw raw(flags.directory, kOneTurnPage);
  const std::string address = absl::StrCat("unix:", flags.directory, "/nothing-", getpid());
  Nothing nothing(address);
  Stubs idle(address);
  Stubs stubs(flags.server);
  const std::string id = Unique("single");
  Create(stubs, id);
  std::mt19937_64 random(3);
  const v1::AppendTurnsRequest batch = Batch(id, 1, random);
  std::vector<double> ratios;
  for (int round = 0; round < flags.rounds; ++round) {
    const double commit = At(Time(flags.samples, [&] { raw.Insert(1); }), 0.5);
    const double call = At(Time(flags.samples, [&] { Append(idle, batch); }), 0.5);
    const double append = At(Time(flags.samples, [&] { Append(stubs, batch); }), 0.5);
    ratios.push_back(append / (commit + call));
    std::cout << absl::StrFormat("round %d: commit %.3f ms + call %.3f ms, append %.3f ms: %.2f\n",
                                 round + 1, commit, call, append, ratios.back());
  }
  std::cout << absl::StrFormat("append by one client: %.2f times raw (median)\n", Median(ratios));
}

void ReadTurns(Stubs& stubs, const v1::ReadTurnsRequest& request) {
  grpc::ClientContext context;
  auto reader = stubs.sessions->ReadTurns(&context, request);
  v1::ReadTurnsResponse response;
  while (reader->Read(&response)) continue;
  Must(reader->Finish());
}

// The last 20 turns of the session.
void RunLast(const Flags& flags) {
  Raw raw(flags.directory, kManyTurnsPage);
  for (int i = 0; i < 100; ++i) raw.Insert(100);
  const std::string address = absl::StrCat("unix:", flags.directory, "/nothing-", getpid());
  Nothing nothing(address);
  std::mt19937_64 random(4);
  nothing.set_turns(Batch("s", 20, random));
  Stubs idle(address);
  Stubs stubs(flags.server);
  v1::Session session;
  grpc::ClientContext context;
  v1::GetSessionRequest get;
  get.set_session_id(flags.session);
  Must(stubs.sessions->GetSession(&context, get, &session));
  v1::ReadTurnsRequest request;
  request.set_session_id(flags.session);
  request.mutable_range()->set_first(session.last_seq() -
                                     std::min<uint64_t>(19, session.last_seq()));
  request.mutable_range()->set_last(session.last_seq());
  std::vector<double> ratios;
  for (int round = 0; round < flags.rounds; ++round) {
    const double query = At(Time(flags.samples, [&] { raw.ReadLast(20); }), 0.5);
    const double call = At(Time(flags.samples, [&] { ReadTurns(idle, request); }), 0.5);
    const double read = At(Time(flags.samples, [&] { ReadTurns(stubs, request); }), 0.5);
    ratios.push_back(read / (query + call));
    std::cout << absl::StrFormat("round %d: query %.3f ms + call %.3f ms, read %.3f ms: %.2f\n",
                                 round + 1, query, call, read, ratios.back());
  }
  std::cout << absl::StrFormat("last 20 turns: %.2f times raw (median)\n", Median(ratios));
}

// Turns of 1 KB, each 1,000th with a rare word.
void RunFill(const Flags& flags) {
  Stubs stubs(flags.server);
  std::mt19937_64 random(5);
  const uint64_t each = flags.fill / flags.sessions;
  const int batch = static_cast<int>(std::min<uint64_t>(each, 1000));
  const absl::Time begun = absl::Now();
  for (uint64_t i = 0; i < flags.sessions; ++i) {
    const std::string id = flags.sessions == 1 ? flags.session : absl::StrCat(flags.session, i);
    Create(stubs, id);
    for (uint64_t done = 0; done < each; done += static_cast<uint64_t>(batch)) {
      v1::AppendTurnsRequest request = Batch(id, batch, random);
      std::string* text =
          request.mutable_turns(0)->mutable_parts(0)->mutable_text()->mutable_text();
      absl::StrAppend(text, " needle", done / 1000 + i * 1'000'000, "x common");
      Append(stubs, request);
    }
  }
  std::cout << absl::StrFormat("filled %d turns in %.0f s\n", flags.fill,
                               absl::ToDoubleSeconds(absl::Now() - begun));
}

// Until the index has come to the session's end: the lag that a search would have met.
void RunSettle(const Flags& flags) {
  Stubs stubs(flags.server);
  v1::GetSessionRequest get;
  get.set_session_id(flags.session);
  v1::Session session;
  grpc::ClientContext got;
  Must(stubs.sessions->GetSession(&got, get, &session));
  v1::SearchTurnsRequest request;
  request.set_session_id(flags.session);
  request.set_query("needle0x");
  const absl::Time begun = absl::Now();
  uint64_t first = 0;
  while (true) {
    v1::SearchTurnsResponse response;
    grpc::ClientContext context;
    Must(stubs.sessions->SearchTurns(&context, request, &response));
    if (first == 0) first = session.last_seq() - response.indexed_through_seq();
    if (response.indexed_through_seq() >= session.last_seq()) break;
    absl::SleepFor(absl::Milliseconds(100));
  }
  std::cout << absl::StrFormat("the index was %d turns behind, and %.1f s later none\n", first,
                               absl::ToDoubleSeconds(absl::Now() - begun));
}

void RunSearch(const Flags& flags) {
  Stubs stubs(flags.server);
  v1::SearchTurnsRequest request;
  request.set_session_id(flags.session);
  request.set_query(flags.query);
  if (flags.exact) request.set_match(v1::SEARCH_MATCH_EXACT);
  v1::SearchTurnsResponse response;
  const std::vector<double> times = Time(flags.samples, [&] {
    grpc::ClientContext context;
    Must(stubs.sessions->SearchTurns(&context, request, &response));
  });
  std::cout << absl::StrFormat("search \"%s\"%s: %d hits, p50 %.2f ms, p99 %.2f, max %.2f\n",
                               flags.query, flags.exact ? " (exact)" : "", response.hits_size(),
                               At(times, 0.5), At(times, 0.99), times.back());
}

// Contexts of one view: the first, and then warm ones with an append before each.
void RunContext(const Flags& flags) {
  Stubs stubs(flags.server);
  v1::BuildContextRequest request;
  request.mutable_view()->set_session_id(flags.session);
  request.mutable_view()->set_reader(flags.reader);
  request.mutable_view()->set_token_budget(flags.budget);
  request.set_format(v1::WIRE_FORMAT_ANTHROPIC);
  v1::BuildContextResponse response;
  const auto build = [&] {
    grpc::ClientContext context;
    response.Clear();
    Must(stubs.contexts->BuildContext(&context, request, &response));
  };
  const double first = Time(1, build)[0];
  const std::string digest = response.payload_sha256();
  for (const v1::PageRef& page : response.summary().pages())
    request.add_held_page_ids(page.page_id());
  const std::vector<double> same = Time(flags.samples, build);
  std::mt19937_64 random(6);
  const v1::AppendTurnsRequest batch = Batch(flags.session, 1, random);
  std::vector<double> appends;
  std::vector<double> fresh;
  for (int i = 0; i < flags.rounds * 10; ++i) {
    appends.push_back(Time(1, [&] { Append(stubs, batch); })[0]);
    fresh.push_back(Time(1, build)[0]);
  }
  std::sort(appends.begin(), appends.end());
  std::sort(fresh.begin(), fresh.end());
  std::cout << absl::StrFormat(
      "context: first %.1f ms (%s), warm p50 %.2f p99 %.2f ms, after an append p50 %.2f p99 %.2f"
      " ms; append p50 %.2f ms\n",
      first, absl::BytesToHexString(digest.substr(0, 6)), At(same, 0.5), At(same, 0.99),
      At(fresh, 0.5), At(fresh, 0.99), At(appends, 0.5));
}

int Run(int argc, char** argv) {
  CLI::App app("What a running fovead does under load", "load_bench");
  Flags flags;
  app.add_option("--server", flags.server, "unix:PATH or HOST:PORT")->required();
  app.add_option("--directory", flags.directory, "for raw files, on the disk to be measured");
  app.add_option("--rounds", flags.rounds);
  app.add_option("--seconds", flags.seconds, "of a round");
  app.add_option("--samples", flags.samples);
  app.add_option("--session", flags.session);
  app.require_subcommand(1);
  app.fallthrough();
  auto* append = app.add_subcommand("append", "turns a second of many clients beside raw SQLite");
  append->add_option("--clients", flags.clients);
  append->add_option("--turns", flags.turns, "of an append");
  append->callback([&] { RunAppend(flags); });
  app.add_subcommand("single", "one client beside a raw commit")->callback([&] {
    RunSingle(flags);
  });
  app.add_subcommand("last", "the last 20 turns beside a raw query")->callback([&] {
    RunLast(flags);
  });
  auto* fill = app.add_subcommand("fill", "a large store");
  fill->add_option("--turns", flags.fill);
  fill->add_option("--sessions", flags.sessions);
  fill->callback([&] { RunFill(flags); });
  auto* settle = app.add_subcommand("settle", "waits until all of a session is indexed");
  settle->callback([&] { RunSettle(flags); });
  auto* search = app.add_subcommand("search", "times of a query");
  search->add_option("query", flags.query)->required();
  search->add_flag("--exact", flags.exact);
  search->callback([&] { RunSearch(flags); });
  auto* context = app.add_subcommand("context", "times of a view");
  context->add_option("--reader", flags.reader);
  context->add_option("--budget", flags.budget);
  context->callback([&] { RunContext(flags); });
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as fovead does
  return fovea::bench::Run(argc, argv);
} catch (const std::exception& error) {
  std::cerr << "load_bench: " << error.what() << "\n";
  return 1;
}
