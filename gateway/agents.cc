#include "gateway/agents.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A string of TOML.
std::string Toml(absl::string_view text) { return Json(std::string(text)).dump(); }

// Codex takes settings on its command line.
void LaunchCodex(const std::string& base, AgentLaunch& launch) {
  const std::string provider = "model_providers.fovea";
  std::vector<std::string> settings = {
      // A provider of this name is asked to compact, which the gateway does without a model.
      "model_provider=\"fovea\"", absl::StrCat(provider, ".name=\"OpenAI\""),
      absl::StrCat(provider, ".base_url=", Toml(absl::StrCat(base, "/v1"))),
      absl::StrCat(provider, ".wire_api=\"responses\"")};
  if (Variable("OPENAI_API_KEY").empty()) {
    settings.push_back(absl::StrCat(provider, ".requires_openai_auth=true"));
  } else {
    settings.push_back(absl::StrCat(provider, ".env_key=\"OPENAI_API_KEY\""));
  }
  std::vector<std::string> arguments = {launch.arguments[0]};
  for (std::string& setting : settings) {
    arguments.emplace_back("-c");
    arguments.push_back(std::move(setting));
  }
  arguments.insert(arguments.end(), launch.arguments.begin() + 1, launch.arguments.end());
  launch.arguments = std::move(arguments);
}

void LaunchOpencode(const std::string& base, AgentLaunch& launch) {
  Json config = Json::parse(Variable("OPENCODE_CONFIG_CONTENT"), nullptr, false);
  if (!config.is_object()) config = Json::object();
  for (const char* provider : {"anthropic", "openai"}) {
    config["provider"][provider]["options"]["baseURL"] = absl::StrCat(base, "/v1");
  }
  config["provider"]["google"]["options"]["baseURL"] = absl::StrCat(base, "/v1beta");
  launch.environment.emplace_back("OPENCODE_CONFIG_CONTENT", config.dump());
}

// pi reads base URLs from one file of its folder: it gets a folder of links to its own, with that
// file written again.
absl::Status LaunchPi(const std::string& base, AgentLaunch& launch) {
  const std::string set = Variable("PI_CODING_AGENT_DIR");
  const fs::path own = set.empty() ? fs::path(Variable("HOME")) / ".pi" / "agent" : fs::path(set);
  const std::string runtime = Variable("XDG_RUNTIME_DIR");
  std::string made = absl::StrCat(runtime.empty() ? "/tmp" : runtime, "/fovea-pi-XXXXXX");
  std::error_code error;
  if (mkdtemp(made.data()) == nullptr)
    return absl::UnavailableError(absl::StrCat(made, ": cannot be made"));
  launch.folder = made;
  Json models = Json::object();
  // What pi writes (sessions, logins) is to land in its own folder, also where that is not there
  // yet.
  fs::create_directories(own / "sessions", error);
  for (const auto& entry : fs::directory_iterator(own, error)) {
    if (entry.path().filename() == "models.json") {
      std::ifstream file(entry.path());
      std::stringstream text;
      text << file.rdbuf();
      models = Json::parse(text.str(), nullptr, false);
      continue;
    }
    fs::create_symlink(entry.path(), fs::path(made) / entry.path().filename(), error);
  }
  if (!models.is_object()) models = Json::object();
  if (!models.contains("providers")) models["providers"] = Json::object();
  models["providers"]["anthropic"]["baseUrl"] = base;
  models["providers"]["openai"]["baseUrl"] = absl::StrCat(base, "/v1");
  models["providers"]["google"]["baseUrl"] = absl::StrCat(base, "/v1beta");
  // Providers of the user's own at a wire that is known go through the gateway, if it leads to
  // where they are.
  std::ofstream(fs::path(made) / "models.json") << models.dump(2);
  launch.environment.emplace_back("PI_CODING_AGENT_DIR", made);
  return absl::OkStatus();
}

void AddWire(const std::string& wire, const std::string& base, AgentLaunch& launch) {
  if (wire == "anthropic") {
    launch.environment.emplace_back("ANTHROPIC_BASE_URL", base);
  } else if (wire == "gemini") {
    launch.environment.emplace_back("GOOGLE_GEMINI_BASE_URL", base);
  } else {
    launch.environment.emplace_back("OPENAI_BASE_URL", absl::StrCat(base, "/v1"));
    launch.environment.emplace_back("OPENAI_API_BASE", absl::StrCat(base, "/v1"));
  }
}

}  // namespace

std::vector<std::string> KnownAgents() {
  return {"claude", "codex", "opencode", "pi", "gemini", "qwen", "copilot"};
}

std::vector<std::string> BaseUrlVariables() {
  return {"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GOOGLE_GEMINI_BASE_URL"};
}

absl::StatusOr<AgentLaunch> LaunchOf(const std::string& agent, const std::string& wire,
                                     const std::vector<std::string>& arguments,
                                     const std::string& base) {
  AgentLaunch launch;
  if (agent.empty()) {
    if (wire != "anthropic" && wire != "openai-responses" && wire != "openai-chat" &&
        wire != "gemini") {
      return absl::InvalidArgumentError(absl::StrCat(
          "--wire: ", wire, " is none of anthropic, openai-responses, openai-chat, gemini"));
    }
    if (arguments.empty()) return absl::InvalidArgumentError("--wire: no command behind it");
    launch.arguments = arguments;
    AddWire(wire, base, launch);
    return launch;
  }
  launch.arguments = {agent};
  launch.arguments.insert(launch.arguments.end(), arguments.begin(), arguments.end());
  if (agent == "claude") {
    AddWire("anthropic", base, launch);
    // Without it Claude Code leaves out tools and windows that it has at its vendor's address.
    launch.environment.emplace_back("_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL", "1");
  } else if (agent == "codex") {
    LaunchCodex(base, launch);
  } else if (agent == "opencode") {
    LaunchOpencode(base, launch);
  } else if (agent == "pi") {
    absl::Status status = LaunchPi(base, launch);
    if (!status.ok()) return status;
  } else if (agent == "gemini") {
    AddWire("gemini", base, launch);
  } else if (agent == "qwen") {
    AddWire("openai-chat", base, launch);
  } else if (agent == "copilot") {
    launch.environment.emplace_back("COPILOT_PROVIDER_BASE_URL", absl::StrCat(base, "/v1"));
  } else {
    return absl::InvalidArgumentError(absl::StrCat(agent, " is none of ",
                                                   absl::StrJoin(KnownAgents(), ", "),
                                                   "; --wire W -- COMMAND runs any other"));
  }
  return launch;
}

}  // namespace fovea::gateway
