#include "tests/service/raw_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fovea::testing {

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame;
  for (int shift = 16; shift >= 0; shift -= 8) {
    frame += static_cast<char>(payload.size() >> shift & 0xFF);
  }
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(stream >> shift & 0xFF);
  return frame + payload;
}

std::string Literal(const std::string& name, const std::string& value) {
  std::string text("\x00", 1);
  text += static_cast<char>(name.size());
  text += name;
  if (value.size() < 127) return text + static_cast<char>(value.size()) + value;
  text += '\x7F';
  size_t rest = value.size() - 127;
  for (; rest >= 128; rest /= 128) text += static_cast<char>(rest % 128 + 128);
  return text + static_cast<char>(rest) + value;
}

RawConnection::RawConnection(const std::string& address, Wire wire) {
  int port = 0;
  (void)absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  const timeval patience = {.tv_sec = 5};
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (wire == Wire::kTls) {
    signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    context_.reset(SSL_CTX_new(TLS_client_method()));
    constexpr std::array<unsigned char, 3> kH2 = {2, 'h', '2'};
    SSL_CTX_set_alpn_protos(context_.get(), kH2.data(), kH2.size());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    EXPECT_EQ(SSL_connect(ssl_.get()), 1);
  }
  EXPECT_TRUE(Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, "")));
}

RawConnection::~RawConnection() { close(socket_); }

bool RawConnection::Send(const std::string& bytes) const {
  if (ssl_ != nullptr) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool RawConnection::TakeSettings() const {
  std::array<char, 4096> some;
  const ssize_t got = ssl_ != nullptr ? SSL_read(ssl_.get(), some.data(), some.size())
                                      : recv(socket_, some.data(), some.size(), 0);
  constexpr uint8_t kAck = 1;
  return got > 0 && Send(Frame(kSettings, kAck, 0, ""));
}

std::string FreeAddress() {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(at);
  bind(made, reinterpret_cast<const sockaddr*>(&at), length);
  getsockname(made, reinterpret_cast<sockaddr*>(&at), &length);
  close(made);
  return absl::StrCat("127.0.0.1:", ntohs(at.sin_port));
}

}  // namespace fovea::testing
