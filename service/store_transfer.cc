#include "service/store_transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr size_t kMaxChunkBytes = size_t{4} << 20;

absl::Status DiskError(int error, absl::string_view what) {
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(absl::StrCat(what, ": the disk is full"));
  }
  return absl::ErrnoToStatus(error, what);
}

// A file of the store's directory that goes with the object. Thread-compatible.
class StagedFile {
 public:
  explicit StagedFile(std::string path) : path_(std::move(path)) {}
  ~StagedFile() { Remove(); }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  const std::string& path() const { return path_; }

  // At once: the object may have to wait for the client to take its answer.
  void Remove() {
    if (file_ >= 0) close(file_);
    file_ = -1;
    // What SQLite may have left beside it, too.
    for (const char* end : {"", "-wal", "-shm", "-journal"}) {
      unlink(absl::StrCat(path_, end).c_str());
    }
  }

  absl::Status Open(int flags) {
    file_ = open(path_.c_str(), flags | O_CLOEXEC, 0600);
    return file_ >= 0 ? absl::OkStatus() : DiskError(errno, "opening the staged backup");
  }

  // Fewer than `limit` bytes at the end of the file alone.
  absl::StatusOr<std::string> Read(size_t limit) const {
    std::string data(limit, '\0');
    size_t done = 0;
    while (done < limit) {
      const ssize_t got = read(file_, data.data() + done, limit - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return DiskError(errno, "reading the staged backup");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    data.resize(done);
    return data;
  }

  absl::Status Rewind() const {
    if (lseek(file_, 0, SEEK_SET) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, "reading the staged backup");
  }

  absl::Status Write(const std::string& data) const {
    size_t done = 0;
    while (done < data.size()) {
      const ssize_t put = write(file_, data.data() + done, data.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return DiskError(errno, "writing the staged backup");
      done += static_cast<size_t>(put);
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  int file_ = -1;
};

class BackupReader {
 public:
  explicit BackupReader(MemoryStore* store) : store_(*store), file_(store->StagingPath()) {}

  absl::Status Make(const Call& call) {
    FOVEA_ASSIGN_OR_RETURN(const VerifyReport report,
                           store_.Backup(file_.path(), [&call] { return call.StillWanted(); }));
    FOVEA_RETURN_IF_ERROR(file_.Open(O_RDONLY));
    Sha256 digest;
    uint64_t bytes = 0;
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const std::string data, file_.Read(kChunkBytes));
      if (data.empty()) break;
      digest.Update(data);
      bytes += data.size();
    }
    header_.set_sessions(report.sessions);
    header_.set_turns(report.turns);
    header_.set_bytes(bytes);
    header_.set_sha256(digest.Digest());
    return file_.Rewind();
  }

  absl::StatusOr<Answered> Next(const Call& call, v1::BackupChunk* chunk) {
    if (!begun_) {
      begun_ = true;
      FOVEA_RETURN_IF_ERROR(Make(call));
      *chunk->mutable_header() = header_;
      return Answered::kMore;
    }
    FOVEA_ASSIGN_OR_RETURN(std::string data, file_.Read(kChunkBytes));
    if (data.empty()) return Answered::kNothing;
    chunk->set_data(std::move(data));
    return Answered::kMore;
  }

 private:
  MemoryStore& store_;
  StagedFile file_;
  v1::BackupChunk::Header header_;
  bool begun_ = false;
};

class StoreRestoreStream final : public StreamConsumer<v1::BackupChunk, v1::RestoreStoreResponse> {
 public:
  explicit StoreRestoreStream(MemoryStore* store) : store_(*store), file_(store->StagingPath()) {}

  absl::Status Add(const Call& /*call*/, const v1::BackupChunk& chunk) override {
    if (!begun_) {
      if (!chunk.has_header()) {
        return absl::InvalidArgumentError("the first chunk must be the header");
      }
      begun_ = true;
      header_ = chunk.header();
      return file_.Open(O_WRONLY | O_CREAT | O_EXCL);
    }
    if (!chunk.has_data()) return absl::InvalidArgumentError("data: is missing");
    if (chunk.data().size() > kMaxChunkBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("data: ", chunk.data().size(), " bytes; at most ", kMaxChunkBytes));
    }
    bytes_ += chunk.data().size();
    if (bytes_ > header_.bytes()) return WrongSize();
    digest_.Update(chunk.data());
    return file_.Write(chunk.data());
  }

  absl::Status Finish(const Call& call, v1::RestoreStoreResponse* response) override {
    absl::Status status = Restore(call, response);
    file_.Remove();
    return status;
  }

  void Abandon(const Call& /*call*/) override { file_.Remove(); }

 private:
  absl::Status Restore(const Call& call, v1::RestoreStoreResponse* response) {
    if (!begun_) return absl::InvalidArgumentError("the first chunk must be the header");
    if (bytes_ != header_.bytes()) return WrongSize();
    if (digest_.Digest() != header_.sha256()) {
      return absl::InvalidArgumentError("sha256: the backup's bytes are not those of its header");
    }
    auto report = store_.Restore(file_.path(), [&call] { return call.StillWanted(); });
    if (absl::IsDataLoss(report.status()) || absl::IsFailedPrecondition(report.status())) {
      // The backup's fault, not this store's.
      return absl::InvalidArgumentError(absl::StrCat(
          "the backup holds no sound log; nothing was restored: ", report.status().message()));
    }
    FOVEA_RETURN_IF_ERROR(report.status());
    response->set_sessions(report->sessions);
    response->set_turns(report->turns);
    for (const SessionKey& key : report->skipped) {
      v1::StoreSession* session = response->add_skipped();
      session->set_tenant(key.tenant);
      session->set_session_id(key.session_id);
    }
    return absl::OkStatus();
  }

  absl::Status WrongSize() const {
    return absl::InvalidArgumentError(
        absl::StrCat("header.bytes: is ", header_.bytes(), "; ", bytes_, " came"));
  }

  MemoryStore& store_;
  StagedFile file_;
  v1::BackupChunk::Header header_;
  Sha256 digest_;
  uint64_t bytes_ = 0;
  bool begun_ = false;
};

}  // namespace

absl::StatusOr<NextAnswer<v1::BackupChunk>> BackupSteps(MemoryStore* store) {
  auto reader = std::make_shared<BackupReader>(store);
  return NextAnswer<v1::BackupChunk>(
      [reader](const Call& call, v1::BackupChunk* chunk) { return reader->Next(call, chunk); });
}

std::unique_ptr<StreamConsumer<v1::BackupChunk, v1::RestoreStoreResponse>> MakeStoreRestoreStream(
    MemoryStore* store) {
  return std::make_unique<StoreRestoreStream>(store);
}

}  // namespace fovea::service
