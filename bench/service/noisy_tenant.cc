#include "bench/service/noisy_tenant.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "bench/service/load_baselines.h"
#include "bench/service/open_loop.h"

namespace fovea::bench {
namespace {

constexpr double kShareOfQuota = 0.8;  // what a tenant asks for that keeps to its quota
constexpr double kTimesQuota = 10;
constexpr double kRecovery = 10;    // seconds in which the noisy one keeps to its quota again
constexpr size_t kTurnBytes = 250;  // so that few contexts take a step of forgetting
constexpr const char* kKinds[] = {"context", "append", "turn", "search"};
enum Kind : size_t { kContext, kAppend, kTurn, kSearch };
// The noisy tenant is away in the first and the last.
enum Phase : size_t { kBefore, kNoise, kAfter, kAgain };

struct Mix {
  std::string method;
  grpc::ByteBuffer request;
  double quota;
  std::function<void(const grpc::ByteBuffer&, grpc::ByteBuffer*)> learn = nullptr;
};

// The pages that a caller holds are those of its newest context.
std::function<void(const grpc::ByteBuffer&, grpc::ByteBuffer*)> KeepsPages(
    v1::BuildContextRequest request) {
  return [request = std::move(request)](const grpc::ByteBuffer& bytes,
                                        grpc::ByteBuffer* next) mutable {
    grpc::Slice slice;
    v1::BuildContextResponse answer;
    if (!bytes.DumpToSingleSlice(&slice).ok() ||
        !answer.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
      Must(absl::InternalError("a context is no message"));
    }
    Hold(answer, &request);
    *next = Written(request);
  };
}

std::vector<Mix> MixOf(const NoisyFlags& flags, Stubs& stubs, std::mt19937_64& random) {
  v1::ExpandTurnRequest turn;
  turn.set_session_id("s");
  turn.set_seq(3);
  v1::SearchTurnsRequest search;
  search.set_session_id("s");
  search.set_query("nowhere");
  search.set_limit(5);
  const double rest = flags.calls - flags.builds - flags.turns;
  std::vector<Mix> mix(std::size(kKinds));
  v1::BuildContextRequest view = HeldView(stubs, {});
  if (flags.forgetful) view.clear_held_page_ids();
  mix[kContext] = {"/fovea.v1.ContextService/BuildContext", Written(view), flags.builds};
  if (!flags.forgetful) mix[kContext].learn = KeepsPages(view);
  mix[kAppend] = {"/fovea.v1.SessionService/AppendTurns",
                  Written(Batch("s", 1, random, kTurnBytes)), flags.turns};
  mix[kTurn] = {"/fovea.v1.SessionService/ExpandTurn", Written(turn), 0.8 * rest};
  mix[kSearch] = {"/fovea.v1.SessionService/SearchTurns", Written(search), 0.2 * rest};
  return mix;
}

using Wanted = std::function<bool(const Answer&)>;
std::vector<double> Times(const std::vector<Answer>& answers, const Wanted& wanted) {
  std::vector<double> times;
  for (const Answer& answer : answers) {
    if (wanted(answer)) times.push_back(answer.milliseconds());
  }
  std::sort(times.begin(), times.end());
  if (times.empty()) Must(absl::InternalError("no call of a kind that is measured was made"));
  return times;
}

bool Calm(const Answer& answer) { return answer.phase == kBefore || answer.phase == kAgain; }

void CheckOthersAreServed(const OpenLoopResult& result) {
  int failed = 0;
  for (const Answer& answer : result.answers) {
    if (answer.tenant == 0 || answer.code == grpc::StatusCode::OK) continue;
    if (++failed > 10) continue;
    std::cerr << absl::StrFormat(
        "tenant %d's %s failed after %.1f s: %d %s\n", answer.tenant, kKinds[answer.kind],
        absl::ToDoubleSeconds(answer.sent - result.phases[0]), answer.code, answer.message);
  }
  if (failed > 0) {
    Must(absl::InternalError(absl::StrCat(failed, " calls of tenants within their quotas failed")));
  }
}

void CompareOthers(const std::vector<Answer>& answers) {
  const auto compare = [&](const char* name, const Wanted& wanted) {
    const auto calm =
        Times(answers, [&](const Answer& a) { return a.tenant > 0 && Calm(a) && wanted(a); });
    const auto noise = Times(
        answers, [&](const Answer& a) { return a.tenant > 0 && a.phase == kNoise && wanted(a); });
    std::cout << absl::StrFormat(
        "the others' %s: without it p50 %.2f p99 %.2f ms (%d), with it p50 %.2f p99 %.2f (%d):"
        " p99 %.2f times\n",
        name, At(calm, 0.5), At(calm, 0.99), calm.size(), At(noise, 0.5), At(noise, 0.99),
        noise.size(), At(noise, 0.99) / At(calm, 0.99));
  };
  for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
    compare(kKinds[kind], [kind](const Answer& a) { return a.kind == kind; });
  }
  compare("calls", [](const Answer&) { return true; });
  std::cout << "   bar: at most 2\n";
}

void TellOfRefusals(const std::vector<Answer>& answers, double seconds) {
  const auto noisy = [](const Answer& a) { return a.tenant == 0 && a.phase == kNoise; };
  const auto refused = Times(answers, [&](const Answer& a) {
    return noisy(a) && a.code == grpc::StatusCode::RESOURCE_EXHAUSTED;
  });
  const auto served = std::count_if(answers.begin(), answers.end(), [&](const Answer& a) {
    return noisy(a) && a.code == grpc::StatusCode::OK;
  });
  std::cout << absl::StrFormat(
      "the noisy one: %.1f calls a second served, %.1f refused, within p50 %.2f p99 %.2f max %.2f"
      " ms\n   bar: 5 ms p99\n",
      static_cast<double>(served) / seconds, static_cast<double>(refused.size()) / seconds,
      At(refused, 0.5), At(refused, 0.99), refused.back());
}

// From the end of the noise on: the first second in which the others' p99 is at most twice what it
// is without noise, and the noisy one's first call that is served.
void TellOfRecovery(const OpenLoopResult& result) {
  const absl::Time end = result.phases[kAfter];
  const auto calm = Times(result.answers, [](const Answer& a) { return a.tenant > 0 && Calm(a); });
  double others = 0;
  for (; others < kRecovery; others += 0.1) {
    const absl::Time from = end + absl::Seconds(others);
    const auto window = Times(result.answers, [&](const Answer& a) {
      return a.tenant > 0 && a.sent >= from && a.sent < from + absl::Seconds(1);
    });
    if (At(window, 0.99) <= 2 * At(calm, 0.99)) break;
  }
  // Each kind has a quota of its own.
  std::vector<double> first(std::size(kKinds), kRecovery);
  int refused = 0;
  int asked = 0;
  for (const Answer& answer : result.answers) {
    if (answer.tenant != 0 || answer.phase != kAfter) continue;
    const double at = absl::ToDoubleSeconds(answer.done - end);
    if (answer.code == grpc::StatusCode::OK) {
      first[answer.kind] = std::min(first[answer.kind], at);
    }
    if (answer.sent < end + absl::Seconds(2)) continue;
    ++asked;
    if (answer.code != grpc::StatusCode::OK) ++refused;
  }
  std::cout << absl::StrFormat(
      "after it: the others are as before %.1f s later; within its quota the noisy one is served"
      " %.1f s later, and of its %d calls after 2 s %d are refused\n   bar: 2 s, and none\n",
      others, *std::max_element(first.begin(), first.end()), asked, refused);
}

}  // namespace

void RunNoisy(const NoisyFlags& flags) {
  std::mt19937_64 random(9);
  std::vector<std::unique_ptr<Stubs>> callers;
  std::vector<Stream> streams;
  for (size_t tenant = 0; tenant < flags.tokens.size(); ++tenant) {
    Access access = flags.server;
    access.token = flags.tokens[tenant];
    callers.push_back(std::make_unique<Stubs>(access));
    std::vector<Mix> mix = MixOf(flags, *callers.back(), random);
    for (size_t kind = 0; kind < mix.size(); ++kind) {
      const double usual = kShareOfQuota * mix[kind].quota;
      const double noise = tenant == 0 ? kTimesQuota * mix[kind].quota : usual;
      const double away = tenant == 0 ? 0 : usual;
      streams.push_back({.caller = callers.back().get(),
                         .tenant = tenant,
                         .kind = kind,
                         .method = mix[kind].method,
                         .request = std::move(mix[kind].request),
                         .learn = std::move(mix[kind].learn),
                         .rates = {away, noise, usual, away}});
    }
  }
  const absl::Duration half = absl::Seconds(flags.seconds / 2);
  const OpenLoopResult result = RunOpenLoop(
      std::move(streams), {half, absl::Seconds(flags.seconds), absl::Seconds(kRecovery), half});
  if (flags.forgetful) {
    const auto served =
        std::count_if(result.answers.begin(), result.answers.end(),
                      [](const Answer& answer) { return answer.code == grpc::StatusCode::OK; });
    std::cout << absl::StrFormat("%d calls, %d of them served\n", result.answers.size(), served);
    return;
  }
  CheckOthersAreServed(result);
  std::vector<double> late;
  for (const Answer& answer : result.answers) late.push_back(answer.late_milliseconds());
  std::sort(late.begin(), late.end());
  std::cout << absl::StrFormat("sent late, which is taken off: p50 %.2f p99 %.2f ms\n",
                               At(late, 0.5), At(late, 0.99));
  CompareOthers(result.answers);
  TellOfRefusals(result.answers, flags.seconds);
  TellOfRecovery(result);
}

}  // namespace fovea::bench
