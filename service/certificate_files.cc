#include "service/certificate_files.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "service/check_tls.h"
#include "service/read_file.h"

namespace fovea::service {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& file) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  FOVEA_ASSIGN_OR_RETURN(std::string text, ReadFile(file, kMaxBytes));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(file, " is empty"));
  return text;
}

absl::StatusOr<TlsFiles> ReadAll(const TlsFiles& files) {
  TlsFiles texts;
  FOVEA_ASSIGN_OR_RETURN(texts.certificate, ReadPem(files.certificate));
  FOVEA_ASSIGN_OR_RETURN(texts.key, ReadPem(files.key));
  if (!files.client_ca.empty()) {
    FOVEA_ASSIGN_OR_RETURN(texts.client_ca, ReadPem(files.client_ca));
  }
  return texts;
}

// Readers that come meanwhile find it whole, or too long by what is cut off next.
absl::Status Put(int file, std::string_view text) {
  const auto size = static_cast<off_t>(text.size());
  if (pwrite(file, text.data(), text.size(), 0) == size && ftruncate(file, size) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError("no memory for a certificate");
}

std::string PathOf(int file) { return file < 0 ? "" : absl::StrCat("/proc/self/fd/", file); }

}  // namespace

CertificateFiles::CertificateFiles(TlsFiles files, std::shared_ptr<spdlog::logger> log,
                                   absl::Duration interval)
    : files_(std::move(files)), log_(std::move(log)), interval_(interval) {}

absl::StatusOr<std::unique_ptr<CertificateFiles>> CertificateFiles::Open(
    TlsFiles files, std::shared_ptr<spdlog::logger> log, absl::Duration interval) {
  std::unique_ptr<CertificateFiles> made(
      new CertificateFiles(std::move(files), std::move(log), interval));
  made->certificate_ = memfd_create("certificate", MFD_CLOEXEC);
  made->key_ = memfd_create("key", MFD_CLOEXEC);
  if (!made->files_.client_ca.empty()) made->client_ca_ = memfd_create("ca", MFD_CLOEXEC);
  FOVEA_RETURN_IF_ERROR(made->TakeUp());
  made->thread_ = std::thread([keeper = made.get()] { keeper->Run(); });
  return made;
}

CertificateFiles::~CertificateFiles() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  rest_.End();
  if (thread_.joinable()) thread_.join();
  for (const int file : {certificate_, key_, client_ca_}) {
    if (file >= 0) close(file);
  }
}

TlsFiles CertificateFiles::held() const {
  return {
      .certificate = PathOf(certificate_), .key = PathOf(key_), .client_ca = PathOf(client_ca_)};
}

absl::Status CertificateFiles::TakeUp() {
  FOVEA_ASSIGN_OR_RETURN(TlsFiles texts, ReadAll(files_));
  if (texts == texts_) return absl::OkStatus();
  FOVEA_RETURN_IF_ERROR(CheckTls(files_, texts));
  // Files that are being copied may look whole at any moment: the next look must find them so, too.
  if (!texts_.certificate.empty() && texts != seen_) {
    seen_ = std::move(texts);
    return absl::OkStatus();
  }
  FOVEA_RETURN_IF_ERROR(Put(key_, texts.key));
  FOVEA_RETURN_IF_ERROR(Put(certificate_, texts.certificate));
  if (client_ca_ >= 0) FOVEA_RETURN_IF_ERROR(Put(client_ca_, texts.client_ca));
  if (!texts_.certificate.empty()) log_->info("new certificates are taken up");
  texts_ = std::move(texts);
  return absl::OkStatus();
}

void CertificateFiles::Run() {
  while (true) {
    rest_.For(interval_);
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    const absl::Status status = TakeUp();
    std::string problem(status.message());
    if (!status.ok() && problem != complained_) {
      log_->error("the certificates stay as they were: {}", problem);
    }
    complained_ = std::move(problem);
  }
}

}  // namespace fovea::service
