#include "gateway/agents.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "gateway/environment.h"
#include "gateway/guard.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

// A string of TOML.
std::string Toml(absl::string_view text) { return Json(std::string(text)).dump(); }

// The object `key` of `parent`, made if it is not there; null if it is something else.
Json* ObjectIn(Json& parent, const char* key) {
  Json& child = parent[key];
  if (child.is_null()) child = Json::object();
  return child.is_object() ? &child : nullptr;
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

// INVALID_ARGUMENT names what is no object in the settings that it is given.
absl::Status LaunchOpencode(const std::string& base, const std::map<std::string, SettingsUrl>& own,
                            AgentLaunch& launch) {
  constexpr char kSettings[] = "OPENCODE_CONFIG_CONTENT";
  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(kSettings, ": ", what, " is no JSON object, so no base URL can be set in it"));
  };
  const std::string set = Variable(kSettings);
  Json config = ParseSettings(set);
  if (config.is_null()) config = Json::object();
  if (!config.is_object()) return bad("what it holds");
  Json* const providers = ObjectIn(config, "provider");
  if (providers == nullptr) return bad("provider");
  for (const auto& [vendor, url] : {std::pair("anthropic", BaseFor(base, "/v1", "anthropic", own)),
                                    std::pair("openai", BaseFor(base, "/v1", "openai", own)),
                                    std::pair("google", BaseFor(base, "/v1beta", "gemini", own))}) {
    Json* at = ObjectIn(*providers, vendor);
    if (at != nullptr) at = ObjectIn(*at, "options");
    if (at == nullptr) return bad(absl::StrCat("provider.", vendor));
    (*at)["baseURL"] = url;
  }
  launch.environment.emplace_back(kSettings, config.dump());
  return absl::OkStatus();
}

// pi's own file of models stays as it is: an extension sets base URLs over it. They are in the
// environment, so that the file holds no secret. The user's extensions come behind this one and win
// over it.
constexpr char kPiExtension[] =
    R"(// Written by `fovea wrap pi`, and removed at its end: leads pi's requests through Fovea.
module.exports = (pi) => {
  for (const [name, baseUrl] of Object.entries(JSON.parse(process.env.FOVEA_PI_BASE_URLS ?? '{}'))) {
    pi.registerProvider(name, { baseUrl });
  }
};
)";

absl::Status LaunchPi(const std::string& base, const std::map<std::string, SettingsUrl>& own,
                      AgentLaunch& launch) {
  // These ask no model, and take no `-e`.
  constexpr const char* kCommands[] = {"install", "remove", "uninstall",
                                       "update",  "list",   "config"};
  if (launch.arguments.size() > 1 && absl::c_linear_search(kCommands, launch.arguments[1])) {
    return absl::OkStatus();
  }
  FOVEA_ASSIGN_OR_RETURN(launch.folder, AgentFolder::Make("fovea.js", kPiExtension));
  launch.arguments.insert(launch.arguments.begin() + 1, {"-e", launch.folder->file()});
  const Json bases = {{"anthropic", base},
                      {"openai", BaseFor(base, "/v1", "openai", own)},
                      {"google", BaseFor(base, "/v1beta", "gemini", own)}};
  launch.environment.emplace_back("FOVEA_PI_BASE_URLS", bases.dump());
  return absl::OkStatus();
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
  Json settings = {{"env", {{kUrl, base}}}};
  for (const auto& [name, value] : ProxyExceptions(claude)) settings["env"][name] = value;
  const std::string text =
      absl::StrCat(settings.dump(2, ' ', false, Json::error_handler_t::replace), "\n");
  FOVEA_ASSIGN_OR_RETURN(launch.folder, AgentFolder::Make("settings.json", text));
  launch.arguments.insert(launch.arguments.begin() + 1, {"--settings", launch.folder->file()});
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
  if (!status.ok()) return status;
  return launch;
}

}  // namespace fovea::gateway
