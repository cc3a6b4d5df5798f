#include "cli/tls.h"

#include <grpcpp/grpcpp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/formats/line_file.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all};
}

// Nobody is asked for a passphrase: gRPC takes keys that have none.
int NoPassphrase(char*, int, int, void*) { return 0; }

Certificate FirstCertificate(const std::string& pem) {
  return {PEM_read_bio_X509(Open(pem).get(), nullptr, NoPassphrase, nullptr), X509_free};
}

// gRPC itself would only say later that no connection can be made.
absl::Status CheckPair(const TlsOptions& options, const std::string& chain,
                       const std::string& secret) {
  const Certificate certificate = FirstCertificate(chain);
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tls-cert: ", options.certificate, " is no certificate in PEM"));
  }
  const Key key(PEM_read_bio_PrivateKey(Open(secret).get(), nullptr, NoPassphrase, nullptr),
                EVP_PKEY_free);
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tls-key: ", options.key, " is no private key in PEM without a passphrase"));
  }
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--tls-key: ", options.key, " is not the key of ", options.certificate));
}

absl::Status ReadPair(const TlsOptions& options, grpc::SslCredentialsOptions& ssl) {
  if (options.certificate.empty() != options.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key: one wants the other");
  }
  if (options.certificate.empty()) return absl::OkStatus();
  FOVEA_ASSIGN_OR_RETURN(std::string chain, ReadWhole(options.certificate, kMaxSmallFileBytes));
  FOVEA_ASSIGN_OR_RETURN(std::string key, ReadWhole(options.key, kMaxSmallFileBytes));
  FOVEA_RETURN_IF_ERROR(CheckPair(options, chain, key));
  ssl.pem_cert_chain = std::move(chain);
  ssl.pem_private_key = std::move(key);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(
    const TlsOptions& options) {
  grpc::SslCredentialsOptions ssl;
  if (!options.authorities.empty()) {
    FOVEA_ASSIGN_OR_RETURN(std::string authorities,
                           ReadWhole(options.authorities, kMaxSmallFileBytes));
    if (FirstCertificate(authorities) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("--tls-ca: ", options.authorities, " is no certificate in PEM"));
    }
    ssl.pem_root_certs = std::move(authorities);
  }
  FOVEA_RETURN_IF_ERROR(ReadPair(options, ssl));
  return grpc::SslCredentials(ssl);
}

}  // namespace fovea::cli
