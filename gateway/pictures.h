// Pictures that a provider would refuse, made smaller.
#ifndef FOVEA_GATEWAY_PICTURES_H_
#define FOVEA_GATEWAY_PICTURES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace fovea::gateway {

// Anthropic refuses a request with more than 20 pictures if one of them has over 2000 pixels a
// side; an agent that has taken one such screenshot can send nothing more. Thread-safe.
class PictureScaler {
 public:
  // `body`, a request of Anthropic's Messages, with those pictures scaled to 2000 pixels; none
  // where there is nothing to do. PNG and JPEG stay what they are; others, and what cannot be
  // decoded, are left. The same picture gives the same bytes.
  std::optional<std::string> Scaled(absl::string_view body);

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::string> done_ ABSL_GUARDED_BY(mutex_);  // base64, by digest
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

struct PictureSize {
  int width = 0;
  int height = 0;
  bool jpeg = false;  // else PNG
};

// From the first bytes of a PNG or JPEG; none for anything else.
std::optional<PictureSize> SizeOfPicture(absl::string_view bytes);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_PICTURES_H_
