// Checks of written payloads, from the APIs' documents alone: they share no code with the service.
#ifndef FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_H_
#define FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fovea::testing {

// What the API would refuse; empty if nothing.
std::vector<std::string> OpenAiChatProblems(const nlohmann::json& payload);
// What the chat templates of Gemma and Mistral raise errors for, beyond the API.
std::vector<std::string> TemplateProblems(const nlohmann::json& payload);
std::vector<std::string> AnthropicProblems(const nlohmann::json& payload);
std::vector<std::string> ResponsesProblems(const nlohmann::json& payload);
std::vector<std::string> GeminiProblems(const nlohmann::json& payload);
std::vector<std::string> VllmProblems(const nlohmann::json& payload);
std::vector<std::string> DeepSeekProblems(const nlohmann::json& payload);

// Every string of the payload, keys left out.
std::vector<std::string> AllStrings(const nlohmann::json& payload);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SERVICE_PAYLOAD_CHECK_H_
