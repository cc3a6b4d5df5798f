// What the gateway is told when it starts.
#ifndef FOVEA_GATEWAY_CONFIG_H_
#define FOVEA_GATEWAY_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::gateway {

// The shapes in which agents talk to models.
enum class Wire : uint8_t { kAnthropic = 1, kOpenAiResponses = 2, kOpenAiChat = 3, kGemini = 4 };

// "anthropic", "openai-responses", "openai-chat", "gemini".
const char* WireName(Wire wire);

struct GatewayConfig {
  // Where requests go, and the only places where they go. A path in them is kept (docs/gateway.md).
  std::string anthropic_upstream = "https://api.anthropic.com";
  std::string openai_upstream = "https://api.openai.com";
  std::string gemini_upstream = "https://generativelanguage.googleapis.com";

  // First segment of every path, "" for none: who does not know it is refused.
  std::string secret;
  // Names under which the gateway may be called, beside loopback's: "gateway.example:8080".
  std::vector<std::string> hosts;

  std::string fovea_server;  // fovead's address: "unix:PATH" or "HOST:PORT"
  std::string fovea_token;
  std::string database;  // of sessions and books; ":memory:" for none on disk
  std::string project;   // whose work this is, for the books: usually a directory

  std::string reader;               // "": by the model's name
  int64_t budget = 0;               // tokens of the served history; 0: by the model's window
  int64_t window = 0;               // tokens that the model takes; 0: by its name
  int64_t min_tokens = 20000;       // of a history: below, it is sent as it came
  std::vector<std::string> policy;  // a name, or FIELD=VALUE of fovea.v1.Policy
  bool force = false;               // compress wherever that is possible at all, by a frugal policy
  bool recall = true;               // offer the tools recall and search
  bool off = false;                 // the kill switch: everything passes
  // Others than this machine's user may call: requests without a credential are not one person's.
  bool shared = false;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CONFIG_H_
