// What the checkers of single formats share.
#ifndef FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_COMMON_H_
#define FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_COMMON_H_

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fovea::testing {

// Collects problems, each with the message that it was found in.
class Checker {
 protected:
  using Json = nlohmann::json;

  void Say(const std::string& what) {
    problems_.push_back("message " + std::to_string(at_) + ": " + what);
  }
  // Says so if `object` has a field that is not in `known`.
  void CheckKeys(const Json& object, std::initializer_list<const char*> known);

  std::vector<std::string> problems_;
  size_t at_ = 0;
};

// Letters, digits, '_' and '-', at least one.
bool IsPlain(const std::string& name);
bool IsBlank(const std::string& text);
bool EndsWhite(const std::string& text);
bool IsBase64(const std::string& text);
// Begins like an image of that type.
bool IsImageData(const std::string& type, const std::string& base64);
// "data:image/...;base64,..." or "fovea:page/ID".
bool IsImageUrl(const std::string& url);
bool IsPageUrl(const std::string& url);
bool IsPageId(const std::string& id);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_COMMON_H_
