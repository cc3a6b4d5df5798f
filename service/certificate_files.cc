#include "service/certificate_files.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "readers/files/read_file.h"
#include "service/check_tls.h"

namespace fovea::service {
namespace {

// Reads what it can. The error has a line for each file that it cannot read.
absl::Status ReadAll(const TlsFiles& files, TlsFiles* texts) {
  absl::Status all;
  const auto read = [&](const char* key, const std::string& file, std::string* to) {
    if (file.empty()) return;
    constexpr size_t kMaxBytes = size_t{1} << 20;
    auto text = ReadFile(file, kMaxBytes);
    absl::Status status = text.status();
    if (status.ok() && text->empty()) {
      status = absl::InvalidArgumentError(absl::StrCat(file, " is empty"));
    }
    if (status.ok()) {
      *to = *std::move(text);
    } else {
      all = Joined(all, absl::Status(status.code(), absl::StrCat(key, ": ", status.message())));
    }
  };
  read("tls_certificate", files.certificate, &texts->certificate);
  read("tls_key", files.key, &texts->key);
  read("tls_client_ca", files.client_ca, &texts->client_ca);
  return all;
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

absl::Status CertificateFiles::Check(const TlsFiles& files) {
  TlsFiles texts;
  const absl::Status read = ReadAll(files, &texts);
  return Joined(read, CheckTls(files, texts));
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
  TlsFiles texts;
  FOVEA_RETURN_IF_ERROR(ReadAll(files_, &texts));
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
