// What a busy tenant costs the others, and what safety costs each call: bars 6 and 8 of
// bench/service/tenant_bars.sh, which starts the servers.
#include <algorithm>
#include <iostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "bench/service/load_baselines.h"
#include "bench/service/load_client.h"
#include "bench/service/noisy_tenant.h"

namespace fovea::bench {
namespace {

// p99 of contexts of two servers, one call to the one and one to the other in turns, so that
// whatever else the machine does meets both.
struct OverheadFlags {
  Access plain;
  Access safe;
  int rounds = 5;
  int samples = 1000;
  ViewFlags view;
};

void RunOverhead(const OverheadFlags& flags) {
  Stubs plain(flags.plain);
  Stubs safe(flags.safe);
  const v1::BuildContextRequest plain_request = HeldView(plain, flags.view);
  const v1::BuildContextRequest safe_request = HeldView(safe, flags.view);
  std::vector<double> ratios;
  std::vector<double> plains;
  std::vector<double> safes;
  for (int round = 0; round < flags.rounds; ++round) {
    std::vector<double> without;
    std::vector<double> with;
    for (int i = 0; i < flags.samples; ++i) {
      without.push_back(Time(1, [&] { Build(plain, plain_request); })[0]);
      with.push_back(Time(1, [&] { Build(safe, safe_request); })[0]);
    }
    std::sort(without.begin(), without.end());
    std::sort(with.begin(), with.end());
    plains.push_back(At(without, 0.99));
    safes.push_back(At(with, 0.99));
    std::cout << absl::StrFormat(
        "round %d: p50 %.2f ms without, %.2f with (%.2f); p99 %.2f without, %.2f with (%.2f)\n",
        round + 1, At(without, 0.5), At(with, 0.5), At(with, 0.5) / At(without, 0.5), plains.back(),
        safes.back(), safes.back() / plains.back());
  }
  std::cout << absl::StrFormat(
      "contexts with TLS, tokens, audit, metrics and logs: p99 %.2f ms, without %.2f: %.2f times"
      " (medians of %d rounds)\n",
      Median(safes), Median(plains), Median(safes) / Median(plains), flags.rounds);
}

int Run(int argc, char** argv) {
  CLI::App app("What tenants cost each other, and what safety costs", "tenant_bench");
  app.require_subcommand(1);
  app.fallthrough();
  Access access;
  std::vector<std::string> tokens = {""};
  uint64_t turns = 2000;
  app.add_option("--server", access.server, "unix:PATH or HOST:PORT")->required();
  app.add_option("--token", tokens, "one for each tenant; the first is the busy one")
      ->allow_extra_args(false);
  app.add_option("--authority", access.authority, "certificates in PEM: TLS");
  auto* fill = app.add_subcommand(
      "fill", "a session \"s\" of --turns turns of 1 KB or some more, for each tenant");
  fill->add_option("--turns", turns);
  fill->callback([&] {
    std::mt19937_64 random(8);
    for (size_t i = 0; i < tokens.size(); ++i) {
      access.token = tokens[i];
      Stubs stubs(access);
      // Of several lengths, so that they do not all take their steps of forgetting at once.
      Fill(stubs, "s", turns + turns * i / 16, random);
    }
  });
  OverheadFlags overhead;
  auto* safety = app.add_subcommand("overhead", "contexts of --server beside those of another");
  safety->add_option("--plain", overhead.plain.server, "the other, without TLS and tokens")
      ->required();
  safety->add_option("--rounds", overhead.rounds);
  safety->add_option("--samples", overhead.samples, "of a round, for each server");
  safety->callback([&] {
    overhead.safe = access;
    overhead.safe.token = tokens.front();
    RunOverhead(overhead);
  });
  NoisyFlags noisy;
  auto* busy = app.add_subcommand("noisy", "the first tenant goes far over its quota");
  busy->add_option("--calls", noisy.calls, "tenant_calls_per_second of the server");
  busy->add_option("--builds", noisy.builds, "tenant_builds_per_second of the server");
  busy->add_option("--turns-per-second", noisy.turns, "tenant_turns_per_second of the server");
  busy->add_option("--seconds", noisy.seconds, "that the tenant is over its quota");
  busy->add_flag("--forgetful", noisy.forgetful, "every answer has all its pages; for memory");
  busy->callback([&] {
    noisy.server = access;
    noisy.tokens = tokens;
    RunNoisy(noisy);
  });
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  return fovea::bench::Run(argc, argv);
} catch (const std::exception& error) {
  std::cerr << "tenant_bench: " << error.what() << "\n";
  return 1;
}
