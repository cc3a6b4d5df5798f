// HTTP messages as the gateway carries them: header fields in their order, with their spelling.
#ifndef FOVEA_GATEWAY_HTTP_MESSAGE_H_
#define FOVEA_GATEWAY_HTTP_MESSAGE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace fovea::gateway {

// Header fields in the order in which they came. Names are compared without case.
// Thread-compatible.
class Headers {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  void Add(absl::string_view name, absl::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  // Takes away every field of the name, then adds it once.
  void Set(absl::string_view name, absl::string_view value);
  void Remove(absl::string_view name);

  // The first field's value; null if there is none.
  const std::string* Find(absl::string_view name) const;
  // The same, or "".
  absl::string_view Get(absl::string_view name) const;
  bool Has(absl::string_view name) const { return Find(name) != nullptr; }

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

struct Request {
  std::string method;
  std::string target;  // as it stands in the request line: path and query
  Headers headers;
  // Without transfer coding; never null. What was read of it may outlive the request.
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  bool http_1_0 = false;

  absl::string_view path() const { return absl::string_view(target).substr(0, target.find('?')); }
  // With the question mark; empty if there is none.
  absl::string_view query() const {
    const size_t mark = target.find('?');
    return mark == std::string::npos ? absl::string_view() : absl::string_view(target).substr(mark);
  }
};

struct ResponseHead {
  int status = 200;
  std::string reason;
  Headers headers;
};

// Takes away the fields that concern one connection only (RFC 9110, 7.6.1), those that "Connection"
// names included, and the lengths and codings that the next hop states for itself.
void RemoveHopByHop(Headers& headers);

// The words that belong to a status: "Bad Gateway"; "" for one that is not known.
absl::string_view ReasonPhrase(int status);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_HTTP_MESSAGE_H_
