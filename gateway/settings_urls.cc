#include "gateway/settings_urls.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

std::string TextOf(const std::string& path) {
  const std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
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
  const std::string text = TextOf(path);
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
void AddProviders(const std::string& path, const char* list, const std::vector<const char*>& keys,
                  std::vector<SettingsUrl>& urls) {
  const Json json = Json::parse(TextOf(path), nullptr, false, true);
  if (!json.is_object() || !json.contains(list) || !json[list].is_object()) return;
  for (const auto& [name, provider] : json[list].items()) {
    const Json* at = &provider;
    for (const char* key : keys) {
      at = at != nullptr && at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
    }
    if (at == nullptr || !at->is_string()) continue;
    const bool vendors = name == "anthropic" || name == "openai" || name == "google";
    urls.push_back(
        {absl::StrCat(keys.back(), " of ", name, " in ", path), at->get<std::string>(), vendors});
  }
}

}  // namespace

std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder) {
  std::vector<SettingsUrl> urls;
  if (!home.empty()) {
    AddCodex(absl::StrCat(home, "/.codex/config.toml"), urls);
    for (const char* name : {"opencode.json", "opencode.jsonc", "config.json"}) {
      AddProviders(absl::StrCat(home, "/.config/opencode/", name), "provider",
                   {"options", "baseURL"}, urls);
    }
    AddProviders(absl::StrCat(home, "/.pi/agent/models.json"), "providers", {"baseUrl"}, urls);
  }
  for (const char* name : {"opencode.json", "opencode.jsonc"}) {
    AddProviders(absl::StrCat(folder, "/", name), "provider", {"options", "baseURL"}, urls);
  }
  return urls;
}

}  // namespace fovea::gateway
