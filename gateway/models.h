// What the gateway knows of models by their names.
#ifndef FOVEA_GATEWAY_MODELS_H_
#define FOVEA_GATEWAY_MODELS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace fovea::gateway {

struct ModelFacts {
  std::string reader;  // fovead's profile of it; "" if there is none that fits
  int64_t window = 0;  // tokens that a request may have
};

// By the model's name as agents send it, a provider's prefix ("anthropic/", "models/") and a date
// behind it aside. `long_window`: the request asks for the long window that some models have. An
// unknown model has no reader, and a window of 128,000 tokens.
ModelFacts FactsOf(absl::string_view model, bool long_window);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_MODELS_H_
