// Certificates for tests of TLS.
#ifndef FOVEA_TESTS_SERVICE_CERTIFICATE_H_
#define FOVEA_TESTS_SERVICE_CERTIFICATE_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace fovea::testing {

// A key of its own and a certificate that it signed itself, an authority, good for an hour, both in
// PEM. `subjects` is OpenSSL's subjectAltName: "DNS:localhost,IP:127.0.0.1".
void WriteCertificate(const std::string& key_file, const std::string& certificate_file,
                      const std::string& name = "localhost",
                      const std::string& subjects = "DNS:localhost,IP:127.0.0.1");

// The same for a key of any kind, and by another's signature.
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
void WriteCertificateOf(EVP_PKEY* key, EVP_PKEY* signer, const std::string& key_file,
                        const std::string& certificate_file, const std::string& name = "localhost",
                        const std::string& subjects = "DNS:localhost,IP:127.0.0.1");

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_CERTIFICATE_H_
