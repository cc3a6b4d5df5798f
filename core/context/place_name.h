// Places by name.
#ifndef FOVEA_CORE_CONTEXT_PLACE_NAME_H_
#define FOVEA_CORE_CONTEXT_PLACE_NAME_H_

#include <string>

#include "core/forgetting/planner.h"
#include "core/sheet/place.h"

namespace fovea {

// "verbatim", a rung's name, "gist" or "latent".
inline std::string PlaceName(const Planner& planner, Place place) {
  if (place.is_verbatim()) return "verbatim";
  if (place.is_rung()) return planner.ladder()[place.rung()].name;
  return place.is_gist() ? "gist" : "latent";
}

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_PLACE_NAME_H_
