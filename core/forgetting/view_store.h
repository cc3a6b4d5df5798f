// Port: checkpoints of planners. Losing one loses nothing but time. Implemented by memory_store.
#ifndef FOVEA_CORE_FORGETTING_VIEW_STORE_H_
#define FOVEA_CORE_FORGETTING_VIEW_STORE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// Thread-safe.
class ViewStore {
 public:
  virtual ~ViewStore() = default;

  // Keeps the checkpoint in the place of the view's last one, in the background: it may be lost in
  // a crash. `session` is SessionInfo::identity; one of a session that is not there is dropped.
  // `view_id`: 32 bytes, of all that the view is of besides the session's turns.
  virtual void Put(uint64_t session, std::string view_id, std::string checkpoint) = 0;
  // nullopt if there is none, or it is damaged.
  virtual std::optional<std::string> Get(uint64_t session, const std::string& view_id) = 0;
  // Deletes the checkpoints of a session, or all there are. None of them is read from then on.
  virtual absl::Status DeleteSession(uint64_t session) = 0;
  virtual absl::Status DeleteAll() = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_VIEW_STORE_H_
