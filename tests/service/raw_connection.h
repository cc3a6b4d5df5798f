// A peer that speaks HTTP/2 by hand, so that it can do what no client does.
#ifndef FOVEA_TESTS_SERVICE_RAW_CONNECTION_H_
#define FOVEA_TESTS_SERVICE_RAW_CONNECTION_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace fovea::testing {

// A frame of HTTP/2 (RFC 9113, section 4.1).
std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload);
inline constexpr uint8_t kHeaders = 1;
inline constexpr uint8_t kRstStream = 3;
inline constexpr uint8_t kSettings = 4;
inline constexpr uint8_t kContinuation = 9;
inline constexpr uint8_t kEndHeaders = 4;

// A header that goes into no table (RFC 7541, section 6.2.2), with a name and a value of up to
// 16 KB.
std::string Literal(const std::string& name, const std::string& value);

// A connection by TCP that has sent HTTP/2's first words. Thread-compatible.
class RawConnection {
 public:
  enum class Wire { kPlain, kTls };  // TLS trusts whoever answers

  explicit RawConnection(const std::string& address, Wire wire = Wire::kPlain);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // False once the other side has ended the connection, or has taken nothing for five seconds.
  bool Send(const std::string& bytes) const;
  // Waits for the server's settings, and says that it took them.
  bool TakeSettings() const;

 private:
  int socket_ = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
};

// Somewhere free on this machine.
std::string FreeAddress();

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_RAW_CONNECTION_H_
