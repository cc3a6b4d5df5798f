#include "gateway/agents.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/environment.h"
#include "gateway/guard.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// A string of TOML.
std::string Toml(absl::string_view text) { return Json(std::string(text)).dump(); }

// The object `key` of `parent`, made if it is not there; null if it is something else.
Json* ObjectIn(Json& parent, const char* key) {
  Json& child = parent[key];
  if (child.is_null()) child = Json::object();
  return child.is_object() ? &child : nullptr;
}

// Sets `key` of each vendor below parent[list], in its object `options` unless that is null.
// INVALID_ARGUMENT names, in `where`, what is no object.
absl::Status SetBases(Json& parent, const char* list, const char* options, const char* key,
                      const std::vector<std::pair<const char*, std::string>>& bases,
                      const std::string& where) {
  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": ", what, " is no JSON object, so no base URL can be set in it"));
  };
  if (!parent.is_object()) return bad("what it holds");
  Json* const providers = ObjectIn(parent, list);
  if (providers == nullptr) return bad(list);
  for (const auto& [vendor, base] : bases) {
    Json* at = ObjectIn(*providers, vendor);
    if (at != nullptr && options != nullptr) at = ObjectIn(*at, options);
    if (at == nullptr) return bad(absl::StrCat(list, ".", vendor));
    (*at)[key] = base;
  }
  return absl::OkStatus();
}

// The gateway's base URL in the place of `vendor`'s in `own`: with `version` unless the agent's own
// is without it, since the agent then leaves it out of its requests' paths, too.
std::string BaseFor(const std::string& base, absl::string_view version, const std::string& vendor,
                    const std::map<std::string, SettingsUrl>& own) {
  const auto set = own.find(vendor);
  if (set == own.end() || set->second.url.empty()) return absl::StrCat(base, version);
  absl::string_view url = set->second.url;
  while (absl::ConsumeSuffix(&url, "/")) {
  }
  return absl::EndsWith(url, version) ? absl::StrCat(base, version) : base;
}

// Codex takes settings on its command line, which every user of the machine sees: the secret is in
// the environment. A provider of the user's keeps its key, headers and the like.
void LaunchCodex(const std::string& base, const std::map<std::string, SettingsUrl>& own,
                 AgentLaunch& launch) {
  constexpr char kSecret[] = "FOVEA_WRAP_SECRET";
  const size_t secret = base.rfind('/');
  launch.environment.emplace_back(kSecret, base.substr(secret + 1));
  const auto set = own.find("openai");
  const bool users = set != own.end() && !set->second.provider.empty();
  const std::string provider =
      absl::StrCat("model_providers.", users ? set->second.provider : "fovea");
  std::vector<std::string> settings = {
      absl::StrCat(provider,
                   ".base_url=", Toml(BaseFor(base.substr(0, secret), "/v1", "openai", own))),
      absl::StrCat(provider, ".env_http_headers.", kSecretHeader, "=", Toml(kSecret))};
  if (!users) {
    settings.emplace_back("model_provider=\"fovea\"");
    // A provider of this name is asked to compact, which the gateway does without a model.
    settings.push_back(absl::StrCat(provider, ".name=\"OpenAI\""));
    settings.push_back(absl::StrCat(provider, ".wire_api=\"responses\""));
    settings.push_back(absl::StrCat(provider, Variable("OPENAI_API_KEY").empty()
                                                  ? ".requires_openai_auth=true"
                                                  : ".env_key=\"OPENAI_API_KEY\""));
  }
  std::vector<std::string> arguments = {launch.arguments[0]};
  for (std::string& setting : settings) {
    arguments.emplace_back("-c");
    arguments.push_back(std::move(setting));
  }
  arguments.insert(arguments.end(), launch.arguments.begin() + 1, launch.arguments.end());
  launch.arguments = std::move(arguments);
}

absl::Status LaunchOpencode(const std::string& base, const std::map<std::string, SettingsUrl>& own,
                            AgentLaunch& launch) {
  const std::string set = Variable("OPENCODE_CONFIG_CONTENT");
  Json config = ParseSettings(set);
  if (config.is_null()) config = Json::object();
  absl::Status status = SetBases(config, "provider", "options", "baseURL",
                                 {{"anthropic", BaseFor(base, "/v1", "anthropic", own)},
                                  {"openai", BaseFor(base, "/v1", "openai", own)},
                                  {"google", BaseFor(base, "/v1beta", "gemini", own)}},
                                 "OPENCODE_CONFIG_CONTENT");
  if (status.ok()) launch.environment.emplace_back("OPENCODE_CONFIG_CONTENT", config.dump());
  return status;
}

// Only the owner may read it: it holds the gateway's secret.
absl::Status Write(const std::string& path, const Json& json) {
  std::ofstream file(path);
  file << json.dump(2) << "\n";
  file.close();
  return file ? absl::OkStatus()
              : absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

// pi reads base URLs from one file of its folder: it gets a folder of links to its own, with that
// file written again.
absl::Status LaunchPi(const std::string& base, const std::map<std::string, SettingsUrl>& own,
                      AgentLaunch& launch) {
  const fs::path folder_of_pi = PiFolder(Variable("HOME"));
  const std::string name = "models.json";
  auto found = ReadSettingsJson((folder_of_pi / name).string());
  if (!found.ok()) return found.status();
  Json models = found->is_null() ? Json::object() : *std::move(found);
  // Providers of the user's own keep their addresses.
  absl::Status status = SetBases(models, "providers", nullptr, "baseUrl",
                                 {{"anthropic", base},
                                  {"openai", BaseFor(base, "/v1", "openai", own)},
                                  {"google", BaseFor(base, "/v1beta", "gemini", own)}},
                                 (folder_of_pi / name).string());
  if (!status.ok()) return status;
  std::error_code ignored;
  // Sessions are to land in its own folder at once, also where that is not there yet.
  fs::create_directories(folder_of_pi / "sessions", ignored);
  auto folder = AgentFolder::Make(folder_of_pi.string(), name, absl::StrCat(models.dump(2), "\n"));
  if (!folder.ok()) return folder.status();
  launch.folder = *std::move(folder);
  launch.environment.emplace_back("PI_CODING_AGENT_DIR", launch.folder->path());
  return status;
}

// `set` with what this machine calls itself: a proxy is not to see the gateway's address, nor the
// keys that go there.
std::string WithLoopback(const std::string& set) {
  std::vector<std::string> names = absl::StrSplit(set, absl::ByAnyChar(", "), absl::SkipEmpty());
  if (absl::c_linear_search(names, "*")) return set;
  for (const char* name : {"127.0.0.1", "localhost", "::1"}) {
    if (!absl::c_linear_search(names, name)) names.emplace_back(name);
  }
  return absl::StrJoin(names, ",");
}

// NO_PROXY and no_proxy: programs differ in which they read, and in which wins.
std::vector<std::pair<std::string, std::string>> ProxyExceptions(
    const std::map<std::string, ClaudeVariable>& claude) {
  const auto set = [&claude](const char* name) {
    const auto setting = claude.find(name);
    return setting == claude.end() ? Variable(name) : setting->second.value;
  };
  const std::string upper = set("NO_PROXY");
  const std::string lower = set("no_proxy");
  return {{"NO_PROXY", WithLoopback(upper.empty() ? lower : upper)},
          {"no_proxy", WithLoopback(lower.empty() ? upper : lower)}};
}

// The value that the user gives `--settings`, of which the last counts.
std::optional<std::string> GivenSettings(const std::vector<std::string>& arguments) {
  constexpr absl::string_view kFlag = "--settings";
  std::optional<std::string> given;
  for (size_t i = 1; i < arguments.size() && arguments[i] != "--"; ++i) {
    absl::string_view argument = arguments[i];
    if (argument == kFlag && i + 1 < arguments.size()) {
      given = arguments[++i];
    } else if (absl::ConsumePrefix(&argument, absl::StrCat(kFlag, "="))) {
      given = std::string(argument);
    }
  }
  return given;
}

// Claude Code puts variables of its settings over those of its environment. Of settings that lead
// its requests elsewhere, `--settings` wins over all but the administrator's.
absl::Status LaunchClaude(const std::string& base,
                          const std::map<std::string, ClaudeVariable>& claude,
                          AgentLaunch& launch) {
  constexpr char kUrl[] = "ANTHROPIC_BASE_URL";
  const auto past = [&launch](const std::string& name, const std::string& where,
                              const std::string& what) {
    launch.warnings.push_back(absl::StrCat("Claude Code takes ", name, " from ", where,
                                           ", so its requests go past Fovea; ", what));
  };
  for (const auto& [name, variable] : claude) {
    if (name == kUrl && variable.managed) past(name, variable.where, "its administrator says so");
  }
  const std::optional<std::string> given = GivenSettings(launch.arguments);
  if (given.has_value()) {
    const auto set = claude.find(kUrl);
    if (!ClaudeSettingOf(*given, kUrl).empty()) {
      past(kUrl, "--settings", "leave it out there and name it with --anthropic-upstream");
    } else if (set != claude.end() && !set->second.managed) {
      past(kUrl, set->second.where, "start it without --settings");
    }
    return absl::OkStatus();
  }
  if (claude.empty()) return absl::OkStatus();
  auto folder = AgentFolder::Make("", "", "");
  if (!folder.ok()) return folder.status();
  launch.folder = *std::move(folder);
  Json settings = {{"env", {{kUrl, base}}}};
  for (const auto& [name, value] : ProxyExceptions(claude)) settings["env"][name] = value;
  const std::string path = absl::StrCat(launch.folder->path(), "/settings.json");
  launch.arguments.insert(launch.arguments.begin() + 1, {"--settings", path});
  return Write(path, settings);
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

std::vector<std::string> PlainCommand(const std::string& agent,
                                      const std::vector<std::string>& arguments) {
  std::vector<std::string> command;
  if (!agent.empty()) command.push_back(agent);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

absl::StatusOr<AgentLaunch> LaunchOf(const std::string& agent, const std::string& wire,
                                     const std::vector<std::string>& arguments,
                                     const std::string& base,
                                     const std::map<std::string, ClaudeVariable>& claude,
                                     const std::map<std::string, SettingsUrl>& own) {
  AgentLaunch launch;
  launch.arguments = PlainCommand(agent, arguments);
  launch.environment = ProxyExceptions(claude);
  if (agent.empty()) {
    if (wire != "anthropic" && wire != "openai-responses" && wire != "openai-chat" &&
        wire != "gemini") {
      return absl::InvalidArgumentError(absl::StrCat(
          "--wire: ", wire, " is none of anthropic, openai-responses, openai-chat, gemini"));
    }
    if (arguments.empty()) return absl::InvalidArgumentError("--wire: no command behind it");
    AddWire(wire, base, launch);
    return launch;
  }
  absl::Status status;
  if (agent == "claude") {
    AddWire("anthropic", base, launch);
    // Without it Claude Code leaves out tools and windows that it has at its vendor's address.
    launch.environment.emplace_back("_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL", "1");
    status = LaunchClaude(base, claude, launch);
  } else if (agent == "codex") {
    LaunchCodex(base, own, launch);
  } else if (agent == "opencode") {
    status = LaunchOpencode(base, own, launch);
  } else if (agent == "pi") {
    status = LaunchPi(base, own, launch);
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
  if (status.ok()) return launch;
  if (launch.folder.has_value()) launch.folder->End().status().IgnoreError();
  return status;
}

}  // namespace fovea::gateway
