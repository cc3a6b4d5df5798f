#include "gateway/settings_urls.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "gateway/codex_settings.h"
#include "gateway/env_files.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// What one place says of a provider.
struct Setting {
  SettingsUrl url;
  bool weak = false;      // it gives way to any that is not
  bool has_url = false;   // else it says the wire alone, ...
  bool of_model = false;  // ... of one model
};

struct Sources {
  std::vector<Setting> settings;  // a later one wins
  std::vector<std::string> warnings;
};

struct Provider {
  const char* name;
  const char* vendor;
  std::vector<absl::string_view> wires;  // opencode's and pi's names of those that it speaks
};

// Null for one of the user's own.
const Provider* ProviderOf(absl::string_view name) {
  static const std::vector<Provider> known = {
      {"anthropic", "anthropic", {"@ai-sdk/anthropic", "anthropic-messages"}},
      {"openai",
       "openai",
       {"@ai-sdk/openai", "@ai-sdk/openai-compatible", "openai-responses", "openai-completions"}},
      {"google", "gemini", {"@ai-sdk/google", "google-generative-ai"}}};
  for (const Provider& provider : known) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

constexpr char kOwnAddress[] = "it has an address of its own, which wrap would set another over";

std::string NoWire(const Provider& provider, const std::string& wire) {
  if (absl::c_linear_search(provider.wires, wire)) return "";
  return absl::StrCat("its provider is set to \"", wire,
                      "\", which is not the wire of its name, so that it cannot be the upstream; "
                      "give that provider a name of its own");
}

// `text` with {env:NAME} as opencode replaces it, before it parses.
std::string WithVariables(absl::string_view text) {
  constexpr absl::string_view kBegin = "{env:";
  std::string out;
  while (true) {
    const size_t begin = text.find(kBegin);
    const size_t end = begin == absl::string_view::npos ? begin : text.find('}', begin);
    if (end == absl::string_view::npos || end == begin + kBegin.size()) break;
    const absl::string_view name = text.substr(begin + kBegin.size(), end - begin - kBegin.size());
    absl::StrAppend(&out, text.substr(0, begin), Variable(std::string(name)));
    text.remove_prefix(end + 1);
  }
  return absl::StrCat(out, text);
}

// Reads what the strings of one text of opencode's name.
class Files {
 public:
  explicit Files(fs::path folder) : folder_(std::move(folder)) {}

  // `value` with {file:PATH}, below the folder or the home, as opencode replaces it.
  absl::StatusOr<std::string> Expand(absl::string_view value) {
    constexpr absl::string_view kBegin = "{file:";
    std::string out;
    while (true) {
      const size_t begin = value.find(kBegin);
      const size_t end = begin == absl::string_view::npos ? begin : value.find('}', begin);
      if (end == absl::string_view::npos) break;
      absl::string_view name = value.substr(begin + kBegin.size(), end - begin - kBegin.size());
      if (name.empty()) break;
      const bool at_home = absl::ConsumePrefix(&name, "~/");
      const fs::path from = at_home ? fs::path(Variable("HOME")) : folder_;
      FOVEA_ASSIGN_OR_RETURN(const std::string text,
                             ReadSettings((from / std::string(name)).string()));
      const size_t cost = text.size() + kFileCost;
      if (cost > left_) {
        return absl::InvalidArgumentError(
            absl::StrCat(folder_.string(),
                         ": opencode's settings there name more by {file:} than "
                         "is read here"));
      }
      left_ -= cost;
      absl::StrAppend(&out, value.substr(0, begin), absl::StripAsciiWhitespace(text));
      value.remove_prefix(end + 1);
    }
    return absl::StrCat(out, value);
  }

 private:
  static constexpr size_t kFileCost = 1024;  // so that their number is bounded too

  fs::path folder_;
  size_t left_ = size_t{1} << 20;
};

// opencode's providers in JSON. It has those of the vendors whether or not it is told of them.
absl::Status AddOpencodeText(const std::string& where, const std::string& text,
                             const fs::path& folder, Sources& sources) {
  const Json json = ParseSettings(WithVariables(text));
  if (json.is_discarded()) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": what it holds is no JSON, so it is not known where opencode's requests go"));
  }
  if (!json.is_object() || !json.contains("provider") || !json["provider"].is_object()) {
    return absl::OkStatus();
  }
  Files files(folder);
  for (const auto& [name, provider] : json["provider"].items()) {
    const Provider* const known = ProviderOf(name);
    const auto setting = [&, &name = name](absl::string_view key) {
      return Setting{.url = {.where = absl::StrCat(key, " of ", name, " in ", where),
                             .used = known != nullptr,
                             .vendor = known == nullptr ? "" : known->vendor}};
    };
    for (const bool weak : {true, false}) {
      const std::string* const url =
          weak ? StringAt(provider, {"api"}) : StringAt(provider, {"options", "baseURL"});
      if (url == nullptr) continue;
      FOVEA_ASSIGN_OR_RETURN(auto expanded, files.Expand(*url));
      Setting found = setting(weak ? "api" : "baseURL");
      found.url.url = std::move(expanded);
      found.weak = weak;
      found.has_url = true;
      sources.settings.push_back(std::move(found));
    }
    if (known == nullptr) continue;
    if (const std::string* const wire = StringAt(provider, {"npm"}); wire != nullptr) {
      Setting found = setting("npm");
      FOVEA_ASSIGN_OR_RETURN(const auto expanded, files.Expand(*wire));
      found.url.problem = NoWire(*known, expanded);
      sources.settings.push_back(std::move(found));
    }
    if (!provider.is_object() || !provider.contains("models")) continue;
    for (const auto& [model, set] : provider["models"].items()) {
      const std::string* const wire = StringAt(set, {"provider", "npm"});
      Setting found = setting(absl::StrCat("model ", model));
      found.of_model = true;
      if (wire != nullptr) {
        FOVEA_ASSIGN_OR_RETURN(const auto expanded, files.Expand(*wire));
        found.url.problem = NoWire(*known, expanded);
      }
      if (StringAt(set, {"provider", "api"}) != nullptr) {
        found.url.problem = kOwnAddress;
      }
      if (!found.url.problem.empty()) sources.settings.push_back(std::move(found));
    }
  }
  return absl::OkStatus();
}

absl::Status AddOpencodeFile(const fs::path& path, Sources& sources) {
  FOVEA_ASSIGN_OR_RETURN(const std::string text, ReadSettings(path.string()));
  return AddOpencodeText(path.string(), text, path.parent_path(), sources);
}

// `folder` and those around it up to its repository's, the innermost first.
std::vector<fs::path> ProjectFolders(const std::string& folder) {
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (fs::path at = folder; !at.empty(); at = at.parent_path()) {
    folders.push_back(at);
    if (!at.has_relative_path() || fs::exists(at / ".git", ignored)) break;
  }
  return folders;
}

// What opencode reads behind OPENCODE_CONFIG_CONTENT, or from elsewhere than a file.
absl::Status AddOpencodeWarnings(const std::string& home, Sources& sources) {
  Sources managed;
  for (const char* path : {"/etc/opencode/opencode.json", "/etc/opencode/opencode.jsonc"}) {
    FOVEA_RETURN_IF_ERROR(AddOpencodeFile(path, managed));
  }
  for (const Setting& setting : managed.settings) {
    if (setting.url.vendor.empty() || !setting.has_url) continue;
    sources.warnings.push_back(absl::StrCat("opencode takes ", setting.url.where,
                                            ", so its requests go past Fovea; its administrator "
                                            "says so"));
  }
  std::string data = Variable("XDG_DATA_HOME");
  if (data.empty() && !home.empty()) data = absl::StrCat(home, "/.local/share");
  const auto logins = ReadSettingsJson(absl::StrCat(data, "/opencode/auth.json"));
  if (!logins.ok() || !logins->is_object()) return absl::OkStatus();
  for (const auto& [url, login] : logins->items()) {
    const std::string* const type = StringAt(login, {"type"});
    if (type == nullptr || *type != "wellknown") continue;
    sources.warnings.push_back(absl::StrCat(
        "opencode also takes settings from ", url,
        ", which are not read here: if they name a base URL, name it with --anthropic-upstream, "
        "--openai-upstream or --gemini-upstream"));
  }
  return absl::OkStatus();
}

absl::Status AddOpencode(const std::string& home, const std::string& folder, Sources& sources) {
  std::vector<fs::path> paths;
  const auto both = [&paths](const fs::path& below) {
    paths.push_back(below / "opencode.json");
    paths.push_back(below / "opencode.jsonc");
  };
  std::string config = Variable("XDG_CONFIG_HOME");
  if (config.empty() && !home.empty()) config = absl::StrCat(home, "/.config");
  if (!config.empty()) {
    paths.push_back(fs::path(config) / "opencode/config.json");
    both(fs::path(config) / "opencode");
  }
  if (const std::string file = Variable("OPENCODE_CONFIG"); !file.empty()) paths.emplace_back(file);
  const std::string off = absl::AsciiStrToLower(Variable("OPENCODE_DISABLE_PROJECT_CONFIG"));
  const std::vector<fs::path> around =
      off == "1" || off == "true" ? std::vector<fs::path>() : ProjectFolders(folder);
  for (auto at = around.rbegin(); at != around.rend(); ++at) both(*at);
  // Of these folders the outer one wins.
  for (const fs::path& at : around) both(at / ".opencode");
  if (!home.empty()) both(fs::path(home) / ".opencode");
  if (const std::string set = Variable("OPENCODE_CONFIG_DIR"); !set.empty()) both(set);
  for (const fs::path& path : paths) {
    FOVEA_RETURN_IF_ERROR(AddOpencodeFile(path, sources));
  }
  const char* const inlined = "OPENCODE_CONFIG_CONTENT";
  const absl::Status status = AddOpencodeText(inlined, Variable(inlined), folder, sources);
  return status.ok() ? AddOpencodeWarnings(home, sources) : status;
}

std::string PiFolder(const std::string& home) {
  const std::string set = Variable("PI_CODING_AGENT_DIR");
  if (set.empty()) return absl::StrCat(home, "/.pi/agent");
  return set == "~" || absl::StartsWith(set, "~/") ? absl::StrCat(home, set.substr(1)) : set;
}

absl::Status AddPi(const std::string& home, Sources& sources) {
  const std::string path = absl::StrCat(PiFolder(home), "/models.json");
  FOVEA_ASSIGN_OR_RETURN(const Json json, ReadSettingsJson(path));
  if (!json.is_object() || !json.contains("providers") || !json["providers"].is_object()) {
    return absl::OkStatus();
  }
  for (const auto& [name, provider] : json["providers"].items()) {
    const Provider* const known = ProviderOf(name);
    Setting found;
    found.url.used = known != nullptr;
    if (known != nullptr) found.url.vendor = known->vendor;
    const auto add = [&, &name = name](absl::string_view key) {
      found.url.where = absl::StrCat(key, " of ", name, " in ", path);
      sources.settings.push_back(found);
    };
    if (const std::string* const url = StringAt(provider, {"baseUrl"}); url != nullptr) {
      found.has_url = true;
      found.url.url = *url;
      add("baseUrl");
      found.has_url = false;
      found.url.url.clear();
    }
    if (known == nullptr) continue;
    if (const std::string* const wire = StringAt(provider, {"api"}); wire != nullptr) {
      found.url.problem = NoWire(*known, *wire);
      add("api");
    }
    if (!provider.is_object() || !provider.contains("models")) continue;
    for (const auto& [key, model] : provider["models"].items()) {
      found.of_model = true;
      if (StringAt(model, {"baseUrl"}) != nullptr) {
        found.url.problem = kOwnAddress;
        add("the baseUrl of a model");
      }
      const std::string* const wire = StringAt(model, {"api"});
      if (wire == nullptr) continue;
      found.url.problem = NoWire(*known, *wire);
      if (!found.url.problem.empty()) add("the api of a model");
    }
  }
  return absl::OkStatus();
}

// Of all agents if `agent` is "".
absl::Status AddAgent(const std::string& agent, const std::string& home, const std::string& folder,
                      const std::vector<std::string>& arguments, Sources& sources) {
  const auto strong = [&sources](std::vector<SettingsUrl> urls) {
    for (SettingsUrl& url : urls) {
      const bool has_url = !url.url.empty();
      sources.settings.push_back({.url = std::move(url), .has_url = has_url});
    }
  };
  std::vector<SettingsUrl> urls;
  absl::Status status;
  if (agent == "codex") status = AddCodexUrls(home, arguments, urls, sources.warnings);
  if (agent == "qwen") status = AddQwenUrls(home, folder, urls, sources.warnings);
  if (agent == "gemini") status = AddGeminiUrls(home, folder, urls, sources.warnings);
  if (agent == "opencode") status = AddOpencode(home, folder, sources);
  if (agent == "pi") status = AddPi(home, sources);
  strong(std::move(urls));
  return status;
}

}  // namespace

std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder,
                                      std::vector<std::string>& broken) {
  Sources sources;
  for (const char* agent : {"codex", "opencode", "pi", "qwen", "gemini"}) {
    const absl::Status status = AddAgent(agent, home, folder, {}, sources);
    if (!status.ok()) broken.emplace_back(status.message());
  }
  std::vector<SettingsUrl> urls;
  for (Setting& setting : sources.settings) {
    if (setting.has_url && !setting.url.url.empty()) urls.push_back(std::move(setting.url));
  }
  return urls;
}

absl::StatusOr<AgentSettings> SettingsOf(const std::string& agent, const std::string& folder,
                                         const std::vector<std::string>& arguments) {
  Sources sources;
  FOVEA_RETURN_IF_ERROR(AddAgent(agent, Variable("HOME"), folder, arguments, sources));
  AgentSettings found;
  found.warnings = std::move(sources.warnings);
  // Of each kind the last counts, also where it is empty; a weak one where there is no other.
  std::map<std::string, const Setting*> weak;
  std::map<std::string, const Setting*> strong;
  for (const Setting& setting : sources.settings) {
    if (!setting.url.vendor.empty() && setting.has_url) {
      (setting.weak ? weak : strong)[setting.url.vendor] = &setting;
    }
  }
  for (const auto* const kind : {&weak, &strong}) {
    for (const auto& [vendor, setting] : *kind) {
      if (!setting->url.url.empty()) found.urls[vendor] = setting->url;
    }
  }
  for (const bool of_model : {false, true}) {
    for (const Setting& setting : sources.settings) {
      if (setting.has_url || setting.url.vendor.empty() || setting.of_model != of_model) continue;
      SettingsUrl& at = found.urls[setting.url.vendor];
      if (at.url.empty() || !setting.url.problem.empty()) at.where = setting.url.where;
      at.vendor = setting.url.vendor;
      at.problem = setting.url.problem;
    }
  }
  return found;
}

}  // namespace fovea::gateway
