// From Google's Gemini API reference, "generateContent", and its guides on function calling,
// thought signatures, image understanding and media resolution.
#include <algorithm>
#include <cctype>
#include <set>

#include "tests/service/payload_check.h"
#include "tests/service/payload_check_common.h"

namespace fovea::testing {
namespace {

class GeminiChecker : Checker {
 public:
  std::vector<std::string> Check(const Json& payload) {
    CheckKeys(payload, {"systemInstruction", "contents"});
    if (payload.contains("systemInstruction")) {
      const Json& parts = payload.at("systemInstruction").at("parts");
      if (parts.empty()) Say("the system instruction is empty");
      for (const Json& part : parts) CheckText(part);
    }
    const Json& contents = payload.at("contents");
    if (contents.empty()) Say("contents are empty");
    for (at_ = 0; at_ < contents.size(); ++at_) CheckContent(contents[at_]);
    return problems_;
  }

 private:
  void CheckContent(const Json& content) {
    CheckKeys(content, {"role", "parts"});
    const std::string role = content.at("role");
    const Json& parts = content.at("parts");
    if (!parts.is_array() || parts.empty()) return Say("no parts");
    if (role == "model") {
      if (at_ == 0) Say("the first content is not the user's");
      if (last_role_ == "model") Say("the model follows itself");
      if (!waiting_.empty()) Say("calls without responses");
      CheckModel(parts);
    } else if (role == "user") {
      CheckUser(parts);
    } else {
      Say("unknown role " + role);
    }
    last_role_ = role;
  }

  // As many responses as the content before has calls, with their names and ids.
  void CheckUser(const Json& parts) {
    size_t responses = 0;
    for (const Json& part : parts) {
      if (!part.contains("functionResponse")) {
        CheckMediaOrText(part);
        continue;
      }
      const bool expected = responses < waiting_.size() && &part == &parts[responses];
      if (!expected) return Say("a response out of place");
      CheckResponse(part, waiting_[responses]);
      ++responses;
    }
    if (responses != waiting_.size()) Say("the numbers of calls and responses differ");
    waiting_.clear();
  }

  void CheckResponse(const Json& part, const Json& call) {
    CheckKeys(part, {"functionResponse"});
    const Json& response = part.at("functionResponse");
    CheckKeys(response, {"id", "name", "response"});
    if (response.at("id") != call.at("id")) Say("a response with another id");
    if (response.at("name") != call.at("name")) Say("a response with another name");
    const Json& object = response.at("response");
    const bool known = object.contains("output") || object.contains("error");
    if (!object.is_object() || object.size() != 1 || !known)
      Say("a response is {output} or {error}");
  }

  void CheckModel(const Json& parts) {
    waiting_.clear();
    int codes = 0;
    for (const Json& part : parts) {
      codes += part.contains("executableCode") ? 1 : 0;
      codes -= part.contains("codeExecutionResult") ? 1 : 0;
      if (codes < 0) Say("a result of code that was not run");
      if (part.contains("thoughtSignature")) CheckSignature(part.at("thoughtSignature"));
      if (part.contains("functionCall")) {
        CheckCall(part);
      } else if (part.contains("text")) {
        CheckText(part);
      } else if (!part.contains("executableCode") && !part.contains("codeExecutionResult") &&
                 !part.contains("fileData")) {
        Say("a part of the model's without data: " + part.dump());
      }
    }
  }

  void CheckCall(const Json& part) {
    CheckKeys(part, {"functionCall", "thoughtSignature"});
    const Json& call = part.at("functionCall");
    CheckKeys(call, {"id", "name", "args"});
    // Gemini 3 answers 400 if the first call of a step comes back unsigned.
    if (waiting_.empty() && !part.contains("thoughtSignature")) Say("the first call is not signed");
    const std::string id = call.at("id");
    if (id.empty() || !ids_.insert(id).second) Say("id " + id);
    const std::string name = call.at("name");
    const bool begins = !name.empty() && (name[0] == '_' || std::isalpha(name[0]) != 0);
    std::string plain = name;
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c == '.' || c == ':'; }, '_');
    if (!begins || !IsPlain(plain) || name.size() > 128) Say("name " + name);
    if (!call.at("args").is_object()) Say("args are not an object");
    waiting_.push_back(call);
  }

  // A bytes field: base64, of either alphabet.
  void CheckSignature(std::string signature) {
    std::replace(signature.begin(), signature.end(), '_', '/');
    std::replace(signature.begin(), signature.end(), '-', '+');
    if (!IsBase64(signature)) Say("a signature that is not base64");
  }

  void CheckText(const Json& part) {
    CheckKeys(part, {"text", "thought", "thoughtSignature"});
    const bool empty = part.at("text").get<std::string>().empty();
    if (empty && !part.contains("thoughtSignature")) Say("empty text");
  }

  void CheckMediaOrText(const Json& part) {
    if (part.contains("text")) return CheckText(part);
    CheckKeys(part, {"inlineData", "fileData", "mediaResolution"});
    if (part.contains("inlineData") == part.contains("fileData")) return Say("a part without data");
    if (part.contains("inlineData")) {
      const Json& data = part.at("inlineData");
      if (data.at("mimeType") == "application/pdf") {
        if (!IsBase64(data.at("data"))) Say("no base64");
        return;
      }
      static const std::set<std::string> kTypes = {"image/png", "image/jpeg", "image/webp"};
      if (kTypes.count(data.at("mimeType")) == 0) Say("an image type that the API does not take");
      if (!IsImageData(data.at("mimeType"), data.at("data"))) Say("an image is not of its type");
    } else if (const std::string uri = part.at("fileData").at("fileUri");
               !uri.starts_with("https://") && !IsPageUrl(uri)) {
      Say("a file that is no page");
    }
    if (!part.contains("mediaResolution")) return;
    static const std::set<std::string> kLevels = {"MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM",
                                                  "MEDIA_RESOLUTION_HIGH",
                                                  "MEDIA_RESOLUTION_ULTRA_HIGH"};
    if (kLevels.count(part.at("mediaResolution").at("level")) == 0) Say("media resolution");
  }

  std::string last_role_;
  std::vector<Json> waiting_;  // calls of the content before
  std::set<std::string> ids_;
};

}  // namespace

std::vector<std::string> GeminiProblems(const nlohmann::json& payload) {
  return GeminiChecker().Check(payload);
}

}  // namespace fovea::testing
