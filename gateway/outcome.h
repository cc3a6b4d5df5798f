// What became of a request.
#ifndef FOVEA_GATEWAY_OUTCOME_H_
#define FOVEA_GATEWAY_OUTCOME_H_

#include <cstdint>
#include <string>

namespace fovea::gateway {

// How a request went out.
struct Outcome {
  enum class Action : uint8_t { kPassed, kCompressed, kBypassed, kFallback };
  Action action = Action::kPassed;
  std::string reason;   // a few words, plain ASCII
  std::string session;  // of fovead; "" if none
};

// "passed", "compressed", "bypassed" or "fallback".
const char* ActionName(Outcome::Action action);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_OUTCOME_H_
