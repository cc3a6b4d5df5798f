#include "gateway/guard.h"

#include <openssl/crypto.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fovea::gateway {

Guard::Guard(const GatewayConfig& config, int port)
    : prefix_(config.secret.empty() ? "" : absl::StrCat("/", config.secret)) {
  for (const char* host : {"127.0.0.1", "localhost", "[::1]"}) {
    names_.push_back(absl::StrCat(host, ":", port));
    if (port == 80) names_.emplace_back(host);
  }
  for (const std::string& host : config.hosts) names_.push_back(absl::AsciiStrToLower(host));
}

bool Guard::IsOwnName(absl::string_view host) const {
  const std::string wanted = absl::AsciiStrToLower(host);
  for (const std::string& name : names_) {
    if (name == wanted) return true;
  }
  return false;
}

absl::Status Guard::Check(const Request& request) const {
  const std::string* host = request.headers.Find("Host");
  if (host == nullptr || !IsOwnName(*host)) {
    return absl::PermissionDeniedError(
        "Host: not a name of this gateway; --host NAME:PORT adds one");
  }
  const std::string* origin = request.headers.Find("Origin");
  if (origin != nullptr) {
    absl::string_view name = *origin;
    if (!absl::ConsumePrefix(&name, "http://") || !IsOwnName(name)) {
      return absl::PermissionDeniedError("Origin: web pages may not use this gateway");
    }
  }
  if (prefix_.empty()) return absl::OkStatus();
  if (InPath(request.target) || InHeader(request.headers)) return absl::OkStatus();
  return absl::NotFoundError("no such path");
}

// Secrets are compared in constant time, so that they cannot be found byte by byte.
bool Guard::InPath(absl::string_view target) const {
  if (target.size() < prefix_.size() ||
      CRYPTO_memcmp(target.data(), prefix_.data(), prefix_.size()) != 0) {
    return false;
  }
  return target.size() == prefix_.size() || target[prefix_.size()] == '/' ||
         target[prefix_.size()] == '?';
}

bool Guard::InHeader(const Headers& headers) const {
  const absl::string_view secret = absl::string_view(prefix_).substr(1);
  const std::string* given = headers.Find(kSecretHeader);
  return given != nullptr && given->size() == secret.size() &&
         CRYPTO_memcmp(given->data(), secret.data(), secret.size()) == 0;
}

absl::Status Guard::Admit(Request& request) const {
  absl::Status status = Check(request);
  if (!status.ok()) return status;
  request.headers.Remove(kSecretHeader);
  if (prefix_.empty()) return status;
  if (!InPath(request.target)) return status;
  request.target.erase(0, prefix_.size());
  if (request.target.empty() || request.target[0] == '?') request.target.insert(0, "/");
  return absl::OkStatus();
}

}  // namespace fovea::gateway
