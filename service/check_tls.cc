#include "service/check_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using ConnectionPtr = std::unique_ptr<SSL, decltype(&SSL_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

// As gRPC 1.51 asks for them of TLS 1.2.
constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";

BioPtr Reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// A key that is locked with a passphrase is no key here: nobody is there to be asked.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

// OpenSSL's words for the last error of this thread; the errors are forgotten.
std::string Why() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL does not say why" : reason;
}

absl::Status Wrong(std::string_view key, const std::string& file, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(key), ": ", file, ": ", what));
}

constexpr absl::string_view kBegin = "-----BEGIN ";
constexpr absl::string_view kEnd = "-----END ";

// The number of PEM blocks, whatever they hold. INVALID_ARGUMENT if one is damaged or cut off.
absl::StatusOr<size_t> CountBlocks(const std::string& text) {
  const BioPtr reader = Reader(text);
  size_t blocks = 0;
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;  // NOLINT(google-runtime-int): OpenSSL's
    if (PEM_read_bio(reader.get(), &name, &header, &data, &size) != 1) break;
    ++blocks;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = Why();
  if (!at_the_end) {
    return absl::InvalidArgumentError(
        absl::StrCat("block ", blocks + 1, " of it is damaged or cut off (", why, ")"));
  }
  // A first line that is cut off is no first line to OpenSSL.
  size_t marks = 0;
  absl::string_view last;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, kBegin) || absl::StartsWith(line, kEnd)) ++marks;
    last = line;
  }
  const bool begins =
      !last.empty() && last.size() < kBegin.size() && absl::StartsWith(kBegin, last);
  if (marks == 2 * blocks && !begins) return blocks;
  return absl::InvalidArgumentError(
      absl::StrCat("a block of it is cut off, behind ", blocks, " whole ones"));
}

// INVALID_ARGUMENT unless all that the file calls a certificate is one, and there is one at least.
absl::StatusOr<std::vector<CertificatePtr>> Certificates(std::string_view key,
                                                         const std::string& file,
                                                         const std::string& text) {
  const absl::Status whole = CountBlocks(text).status();
  if (!whole.ok()) return Wrong(key, file, std::string(whole.message()));
  std::vector<CertificatePtr> certificates;
  const BioPtr reader = Reader(text);
  while (true) {
    CertificatePtr next(PEM_read_bio_X509_AUX(reader.get(), nullptr, NoPassphrase, nullptr),
                        X509_free);
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = Why();
  if (!at_the_end) {
    return Wrong(key, file,
                 absl::StrCat("certificate ", certificates.size() + 1, " is none (", why, ")"));
  }
  if (certificates.empty()) return Wrong(key, file, "has no certificate in PEM");
  return certificates;
}

// As gRPC sets up its own.
ContextPtr NewContext() {
  ContextPtr context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphers);
  return context;
}

// Whether a client that asks for nothing in particular gets a connection.
bool Serves(SSL_CTX* server_context) {
  const ContextPtr client_context = NewContext();
  const ConnectionPtr client(SSL_new(client_context.get()), SSL_free);
  const ConnectionPtr server(SSL_new(server_context), SSL_free);
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  if (BIO_new_bio_pair(&client_end, 0, &server_end, 0) != 1) return false;
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  const auto goes_on = [](SSL* end) {
    const int done = SSL_do_handshake(end);
    const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(end, done);
    return error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  };
  // A long chain does not fit into the pipe at once.
  constexpr int kMaxTurns = 10'000;
  for (int i = 0; i < kMaxTurns; ++i) {
    // The client's word for why is "handshake failure": the server's is asked for first.
    if (!goes_on(server.get()) || !goes_on(client.get())) return false;
    if (SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get())) return true;
  }
  return false;
}

absl::Status CheckKey(const TlsFiles& files, const TlsFiles& texts, KeyPtr* secret) {
  const absl::Status whole = CountBlocks(texts.key).status();
  if (!whole.ok()) return Wrong("tls_key", files.key, std::string(whole.message()));
  secret->reset(PEM_read_bio_PrivateKey(Reader(texts.key).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (*secret != nullptr) return absl::OkStatus();
  return Wrong("tls_key", files.key, "has no private key in PEM without a passphrase");
}

// That the two fit.
absl::Status CheckServing(const TlsFiles& files, const std::vector<CertificatePtr>& chain,
                          EVP_PKEY* secret) {
  if (X509_check_private_key(chain.front().get(), secret) != 1) {
    ERR_clear_error();
    return Wrong("tls_key", files.key,
                 absl::StrCat("is not the key of tls_certificate, ", files.certificate));
  }
  const ContextPtr context = NewContext();
  const auto unusable = [&] {
    return Wrong("tls_certificate", files.certificate, absl::StrCat("cannot be used: ", Why()));
  };
  if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1) return unusable();
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) != 1) return unusable();
  }
  if (SSL_CTX_use_PrivateKey(context.get(), secret) != 1) {
    return Wrong("tls_key", files.key, absl::StrCat("cannot be used: ", Why()));
  }
  if (!Serves(context.get())) return unusable();
  ERR_clear_error();
  return absl::OkStatus();
}

}  // namespace

absl::Status Joined(const absl::Status& first, const absl::Status& second) {
  if (first.ok() || second.ok()) return first.ok() ? second : first;
  return {first.code(), absl::StrCat(first.message(), "\n", second.message())};
}

absl::Status CheckTls(const TlsFiles& files, const TlsFiles& texts) {
  ERR_clear_error();
  absl::Status all;
  absl::StatusOr<std::vector<CertificatePtr>> chain = std::vector<CertificatePtr>();
  KeyPtr secret(nullptr, EVP_PKEY_free);
  if (!texts.certificate.empty()) {
    chain = Certificates("tls_certificate", files.certificate, texts.certificate);
    all = chain.status();
  }
  if (!texts.key.empty()) all = Joined(all, CheckKey(files, texts, &secret));
  if (chain.ok() && !chain->empty() && secret != nullptr) {
    all = Joined(all, CheckServing(files, *chain, secret.get()));
  }
  if (!texts.client_ca.empty()) {
    all = Joined(all, Certificates("tls_client_ca", files.client_ca, texts.client_ca).status());
  }
  return all;
}

}  // namespace fovea::service
