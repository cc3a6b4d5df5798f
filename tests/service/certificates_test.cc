// Certificates that connections cannot be made with are not taken up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/certificate_files.h"
#include "service/check_tls.h"
#include "tests/service/certificate.h"
#include "tests/service/server_fixture.h"

namespace fovea::service {
namespace {

using ::fovea::testing::KeyPtr;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ReadAll(const std::string& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

class Certificates : public ::testing::Test {
 protected:
  Certificates() {
    testing::WriteCertificate(files_.Path("key"), files_.Path("cert"));
    good_ = {.certificate = ReadAll(files_.Path("cert")),
             .key = ReadAll(files_.Path("key")),
             .client_ca = ""};
  }

  // Signed by a key that is fit for it.
  TlsFiles With(EVP_PKEY* key) {
    const KeyPtr signer(EVP_EC_gen("P-256"), EVP_PKEY_free);
    testing::WriteCertificateOf(key, signer.get(), files_.Path("own.key"), files_.Path("own.cert"));
    return {.certificate = ReadAll(files_.Path("own.cert")),
            .key = ReadAll(files_.Path("own.key")),
            .client_ca = ""};
  }

  static std::string Problem(const TlsFiles& texts) {
    const TlsFiles names = {.certificate = "/c.pem",
                            .key = "/k.pem",
                            .client_ca = texts.client_ca.empty() ? "" : "/ca.pem"};
    return std::string(CheckTls(names, texts).message());
  }
  std::string ProblemOfAuthorities(const std::string& text) {
    TlsFiles texts = good_;
    texts.client_ca = text;
    return Problem(texts);
  }

  TemporaryDirectory files_;
  TlsFiles good_;
};

TEST_F(Certificates, KeysThatCannotServeAreRefused) {
  EXPECT_EQ(Problem(good_), "");
  const KeyPtr rsa(EVP_RSA_gen(2048), EVP_PKEY_free);
  EXPECT_EQ(Problem(With(rsa.get())), "");
  const KeyPtr weak(EVP_RSA_gen(1024), EVP_PKEY_free);
  EXPECT_THAT(
      Problem(With(weak.get())),
      AllOf(HasSubstr("tls_certificate: /c.pem: cannot be used: "), HasSubstr("too small")));
  const KeyPtr exchange(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), EVP_PKEY_free);
  EXPECT_THAT(Problem(With(exchange.get())),
              HasSubstr("tls_certificate: /c.pem: cannot be used: "));
  const KeyPtr curve(EVP_EC_gen("secp256k1"), EVP_PKEY_free);
  EXPECT_THAT(Problem(With(curve.get())), HasSubstr("tls_certificate: /c.pem: cannot be used: "));
  TlsFiles others = With(rsa.get());
  others.key = good_.key;
  EXPECT_THAT(Problem(others), HasSubstr("tls_key: /k.pem: is not the key of tls_certificate"));
}

TEST_F(Certificates, EveryBlockOfAChainCounts) {
  TlsFiles texts = good_;
  texts.certificate += "a word between\n-- and a line of comment\n-----------\n" +
                       With(KeyPtr(EVP_RSA_gen(2048), EVP_PKEY_free).get()).certificate;
  EXPECT_EQ(Problem(texts), "");
  texts.certificate += "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(Problem(texts), HasSubstr("tls_certificate: /c.pem: certificate 3 is none"));
  texts.certificate = good_.certificate;
  texts.key += "-----BEGIN PRIV";
  EXPECT_THAT(Problem(texts), HasSubstr("tls_key: /k.pem: a block of it is cut off"));
}

TEST_F(Certificates, EveryBlockOfTheAuthoritiesCounts) {
  const std::string one = good_.certificate;
  EXPECT_EQ(ProblemOfAuthorities(one + "# the same, with Windows' ends of lines\r\n" + one), "");
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(ProblemOfAuthorities(one + broken + one), HasSubstr("tls_client_ca: /ca.pem: "));
  // Wherever it is cut off.
  for (size_t cut = 1; cut < one.size() - 1; cut += cut < 30 ? 1 : 7) {
    EXPECT_THAT(ProblemOfAuthorities(one + one.substr(0, cut)),
                HasSubstr("tls_client_ca: /ca.pem: "))
        << cut;
  }
  EXPECT_THAT(ProblemOfAuthorities("nothing"), HasSubstr("has no certificate in PEM"));
}

TEST_F(Certificates, WhatIsBeingCopiedIsNotTakenUp) {
  const std::string one = good_.certificate;
  std::ofstream(files_.Path("ca")) << one << one;
  const auto opened =
      CertificateFiles::Open({.certificate = files_.Path("cert"),
                              .key = files_.Path("key"),
                              .client_ca = files_.Path("ca")},
                             std::make_shared<spdlog::logger>("none"), absl::Milliseconds(200));
  ASSERT_TRUE(opened.ok()) << opened.status();
  // Each moment of it looks whole.
  std::string text;
  for (int i = 0; i < 12; ++i) {
    text += one + "\n";
    std::ofstream(files_.Path("ca")) << text;
    absl::SleepFor(absl::Milliseconds(90));
    EXPECT_EQ(ReadAll((*opened)->held().client_ca), one + one);
  }
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (ReadAll((*opened)->held().client_ca) != text && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(ReadAll((*opened)->held().client_ca), text);
}

}  // namespace
}  // namespace fovea::service
