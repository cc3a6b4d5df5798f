// Several tenants at work, one of which goes far over its quota for a while.
#ifndef FOVEA_BENCH_SERVICE_NOISY_TENANT_H_
#define FOVEA_BENCH_SERVICE_NOISY_TENANT_H_

#include <string>
#include <vector>

#include "bench/service/load_client.h"

namespace fovea::bench {

struct NoisyFlags {
  Access server;                    // its token does not matter
  std::vector<std::string> tokens;  // one for each tenant: the first is the noisy one
  // The quotas of the server, a second.
  double calls = 40;
  double builds = 10;
  double turns = 5;
  double seconds = 120;  // of noise
  // All callers ask for every page each time: some MiB an answer. For what memory that takes.
  bool forgetful = false;
};

// Each tenant has a session "s". Prints, with their bars: p99 of the others' calls with the noisy
// one and without it, how soon the noisy one is refused, and when all is as before after its end.
// Ends the program if a call of another tenant fails, unless they are forgetful.
void RunNoisy(const NoisyFlags& flags);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_SERVICE_NOISY_TENANT_H_
