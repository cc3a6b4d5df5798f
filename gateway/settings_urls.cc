#include "gateway/settings_urls.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/environment.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

// How an agent's settings name providers.
struct Form {
  const char* list;
  std::vector<const char*> url;  // in the provider
  const char* wire;              // what says which wire it speaks, in the provider
};

const Form& OpencodeForm() {
  static const Form form{"provider", {"options", "baseURL"}, "npm"};
  return form;
}

const Form& PiForm() {
  static const Form form{"providers", {"baseUrl"}, "api"};
  return form;
}

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

// The string behind `key =` on a line of TOML; "" for any other line.
std::string TomlString(absl::string_view line, absl::string_view key) {
  line = absl::StripAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, key)) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "=")) return "";
  line = absl::StripLeadingAsciiWhitespace(line);
  if (line.size() < 2 || (line.front() != '"' && line.front() != '\'')) return "";
  const size_t end = line.find(line.front(), 1);
  return end == absl::string_view::npos ? "" : std::string(line.substr(1, end - 1));
}

// Codex: openai_base_url, and base_url of [model_providers.NAME], where model_provider names the
// one that is used.
void AddCodex(const std::string& path, std::vector<SettingsUrl>& urls) {
  const std::string text = SettingsText(path);
  std::string table;
  std::string chosen = "openai";
  for (const absl::string_view raw : absl::StrSplit(text, '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (absl::StartsWith(line, "[")) {
      table = std::string(line.substr(0, line.find(']')));
      continue;
    }
    if (table.empty()) {
      if (std::string name = TomlString(line, "model_provider"); !name.empty()) {
        chosen = std::move(name);
      }
      if (std::string url = TomlString(line, "openai_base_url"); !url.empty()) {
        urls.push_back({absl::StrCat("openai_base_url in ", path), std::move(url), true});
      }
    }
    if (!absl::StartsWith(table, "[model_providers.")) continue;
    if (std::string url = TomlString(line, "base_url"); !url.empty()) {
      const std::string name = table.substr(1);
      const bool used = name == absl::StrCat("model_providers.", chosen) ||
                        name == absl::StrCat("model_providers.\"", chosen, "\"");
      urls.push_back({absl::StrCat("base_url of ", name, " in ", path), std::move(url), used});
    }
  }
}

// What a list of providers in JSON gives for each of them, by a path of keys. An agent has those of
// the vendors whether or not it is told of them.
void AddProviders(const std::string& where, const std::string& text, const Form& form,
                  std::vector<SettingsUrl>& urls) {
  const Json json = Json::parse(text, nullptr, false, true);
  if (!json.is_object() || !json.contains(form.list) || !json[form.list].is_object()) return;
  for (const auto& [name, provider] : json[form.list].items()) {
    const Json* at = &provider;
    for (const char* key : form.url) {
      at = at != nullptr && at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
    }
    if (at == nullptr || !at->is_string()) continue;
    const Provider* const known = ProviderOf(name);
    SettingsUrl url{absl::StrCat(form.url.back(), " of ", name, " in ", where),
                    at->get<std::string>(), known != nullptr};
    if (known != nullptr) {
      url.vendor = known->vendor;
      if (provider.contains(form.wire) && provider[form.wire].is_string()) {
        std::string wire = provider[form.wire].get<std::string>();
        if (!absl::c_linear_search(known->wires, wire)) url.foreign = std::move(wire);
      }
    }
    urls.push_back(std::move(url));
  }
}

// `folder` and those around it up to its repository's, the outermost first.
std::vector<std::filesystem::path> ProjectFolders(const std::string& folder) {
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  for (std::filesystem::path at = folder; !at.empty(); at = at.parent_path()) {
    folders.insert(folders.begin(), at);
    if (!at.has_relative_path() || std::filesystem::exists(at / ".git", ignored)) break;
  }
  return folders;
}

void AddOpencode(const std::string& home, const std::string& folder,
                 std::vector<SettingsUrl>& urls) {
  const auto add = [&urls](const std::string& path) {
    AddProviders(path, SettingsText(path), OpencodeForm(), urls);
  };
  std::string config = Variable("XDG_CONFIG_HOME");
  if (config.empty() && !home.empty()) config = absl::StrCat(home, "/.config");
  for (const char* name : {"config.json", "opencode.json", "opencode.jsonc"}) {
    if (!config.empty()) add(absl::StrCat(config, "/opencode/", name));
  }
  if (const std::string file = Variable("OPENCODE_CONFIG"); !file.empty()) add(file);
  const auto folders = ProjectFolders(folder);
  for (const char* below : {"", ".opencode"}) {
    for (const std::filesystem::path& at : folders) {
      for (const char* name : {"opencode.json", "opencode.jsonc"})
        add((at / below / name).string());
    }
  }
  const char* const inlined = "OPENCODE_CONFIG_CONTENT";
  AddProviders(inlined, Variable(inlined), OpencodeForm(), urls);
}

void AddPi(const std::string& home, std::vector<SettingsUrl>& urls) {
  const std::string path = absl::StrCat(PiFolder(home), "/models.json");
  AddProviders(path, SettingsText(path), PiForm(), urls);
}

}  // namespace

std::string PiFolder(const std::string& home) {
  const std::string set = Variable("PI_CODING_AGENT_DIR");
  return set.empty() ? absl::StrCat(home, "/.pi/agent") : set;
}

std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder) {
  std::vector<SettingsUrl> urls;
  if (!home.empty()) AddCodex(absl::StrCat(home, "/.codex/config.toml"), urls);
  AddOpencode(home, folder, urls);
  AddPi(home, urls);
  return urls;
}

std::map<std::string, SettingsUrl> OwnBaseUrls(const std::string& agent,
                                               const std::string& folder) {
  std::vector<SettingsUrl> urls;
  if (agent == "opencode") AddOpencode(Variable("HOME"), folder, urls);
  if (agent == "pi") AddPi(Variable("HOME"), urls);
  std::map<std::string, SettingsUrl> found;
  for (SettingsUrl& url : urls) {
    if (!url.vendor.empty() && !url.url.empty()) found[url.vendor] = std::move(url);
  }
  return found;
}

}  // namespace fovea::gateway
