#include "gateway/http_message.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace fovea::gateway {

void Headers::Remove(absl::string_view name) {
  fields_.erase(
      std::remove_if(fields_.begin(), fields_.end(),
                     [&](const Field& field) { return absl::EqualsIgnoreCase(field.name, name); }),
      fields_.end());
}

void Headers::Set(absl::string_view name, absl::string_view value) {
  Remove(name);
  Add(name, value);
}

const std::string* Headers::Find(absl::string_view name) const {
  for (const Field& field : fields_) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field.value;
  }
  return nullptr;
}

absl::string_view Headers::Get(absl::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? absl::string_view() : absl::string_view(*value);
}

void RemoveHopByHop(Headers& headers) {
  std::vector<std::string> named;
  for (const Headers::Field& field : headers.fields()) {
    if (!absl::EqualsIgnoreCase(field.name, "Connection")) continue;
    for (absl::string_view name : absl::StrSplit(field.value, ',')) {
      named.emplace_back(absl::StripAsciiWhitespace(name));
    }
  }
  for (const std::string& name : named) {
    if (!name.empty()) headers.Remove(name);
  }
  for (const char* name :
       {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade"}) {
    headers.Remove(name);
  }
}

absl::string_view ReasonPhrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return "";
  const auto words = boost::beast::http::obsolete_reason(known);
  return {words.data(), words.size()};
}

}  // namespace fovea::gateway
