// SHA-256, by OpenSSL.
#ifndef FOVEA_CORE_BASE_SHA256_H_
#define FOVEA_CORE_BASE_SHA256_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fovea {

// Thread-compatible. Copying copies the state, so that a long common prefix is hashed once.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  ~Sha256();

  Sha256& Update(std::string_view bytes);
  // A length-prefixed update: ("ab", "c") and ("a", "bc") give different digests.
  Sha256& UpdateField(std::string_view bytes);
  Sha256& UpdateNumber(uint64_t number);

  // The digest of what came so far; more may follow. 32 bytes, and as 64 lower-case hex digits.
  std::string Digest() const;
  std::string HexDigest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view bytes);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_SHA256_H_
