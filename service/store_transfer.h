// Backups of a whole store as streams.
#ifndef FOVEA_SERVICE_STORE_TRANSFER_H_
#define FOVEA_SERVICE_STORE_TRANSFER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "fovea/v1/admin.pb.h"
#include "memory_store/memory_store.h"
#include "service/reactors.h"

namespace fovea::service {

// Makes a verified copy in the store's directory, at the first step, and gives it chunk by chunk;
// the copy goes with what this returns. `store` outlives it.
absl::StatusOr<NextAnswer<v1::BackupChunk>> BackupSteps(MemoryStore* store);

// Writes what comes to a file in the store's directory, compares it with its header, and restores
// it; the file is gone before the call is answered. `store` outlives it.
std::unique_ptr<StreamConsumer<v1::BackupChunk, v1::RestoreStoreResponse>> MakeStoreRestoreStream(
    MemoryStore* store);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_STORE_TRANSFER_H_
