#include "gateway/codex_settings.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

// toml++, here alone: its headers take long. Values nest by 256 where this does not say otherwise.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#define TOML_ENABLE_UNRELEASED_FEATURES 1  // what Codex's TOML has: 1.1
#include <toml++/toml.h>

namespace fovea::gateway {
namespace {

constexpr char kOpenAi[] = "openai";
constexpr char kCommandLine[] = "the command line";

// The parts of a key are joined by this: a part may hold dots.
constexpr char kJoin = '\n';

// Trees of toml++ are taken apart level by level, so their depth is bounded: by its limit of values
// in values, and by this one of parts of a key.
constexpr int kMaxDots = 32;

struct Setting {
  std::string value;
  std::string where;
};

// By key.
using Settings = std::map<std::string, Setting>;

// Where the string that begins at `at` ends: behind its last quote.
size_t StringEnd(absl::string_view text, size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool of_lines = text.substr(at, 3) == three;
  for (at += of_lines ? 3 : 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (of_lines ? text.substr(at, 3) == three : text[at] == quote || text[at] == '\n') {
      at += of_lines ? 3 : 1;
      // Up to two quotes may stand before the three that end it.
      while (of_lines && at < text.size() && text[at] == quote) ++at;
      return at;
    }
  }
  return text.size();
}

bool HasLongKey(absl::string_view text) {
  int dots = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = StringEnd(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '.' && ++dots > kMaxDots) return true;
    if (absl::StrContains("=,[]{}\n", c)) dots = 0;
    ++at;
  }
  return false;
}

// Puts one in the place of all that the key held.
void Clear(const std::string& key, Settings& settings) {
  settings.erase(key);
  const std::string below = absl::StrCat(key, std::string(1, kJoin));
  auto at = settings.lower_bound(below);
  while (at != settings.end() && absl::StartsWith(at->first, below)) at = settings.erase(at);
}

// The settings below a key that lead requests: strings all.
void AddNode(const std::string& key, const toml::node& node, const std::string& where,
             Settings& settings) {
  constexpr size_t kMaxKeyBytes = 512;
  if (const toml::table* const table = node.as_table(); table != nullptr) {
    settings.erase(key);
    for (const auto& [name, value] : *table) {
      const std::string part(name.str());
      if (key.size() + part.size() > kMaxKeyBytes || absl::StrContains(part, kJoin)) continue;
      const std::string below = key.empty() ? "" : absl::StrCat(key, std::string(1, kJoin));
      AddNode(absl::StrCat(below, part), value, where, settings);
    }
    return;
  }
  Clear(key, settings);
  static const std::set<std::string, std::less<>> leading = {"base_url", "model_provider",
                                                             "openai_base_url", "profile"};
  const toml::value<std::string>* const text = node.as_string();
  if (text != nullptr && leading.contains(key.substr(key.rfind(kJoin) + 1))) {
    settings[key] = {text->get(), where};
  }
}

absl::Status AddToml(absl::string_view text, const std::string& path, Settings& settings) {
  const auto bad = [&path](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, what, ", so it is not known where Codex's requests go"));
  };
  if (HasLongKey(text)) return bad(absl::StrCat(": a key has over ", kMaxDots, " dots"));
  const toml::parse_result parsed = toml::parse(std::string_view(text.data(), text.size()));
  if (!parsed) {
    return bad(absl::StrCat(":", parsed.error().source().begin.line, ": what it holds is no TOML: ",
                            std::string(parsed.error().description())));
  }
  AddNode("", parsed.table(), path, settings);
  return absl::OkStatus();
}

// `key=value` on the command line: a value that is no TOML is a string.
void AddOverride(absl::string_view given, Settings& settings) {
  const size_t sign = given.find('=');
  if (sign == absl::string_view::npos || absl::StrContains(given.substr(0, sign), kJoin)) return;
  const std::string key = absl::StrReplaceAll(absl::StripAsciiWhitespace(given.substr(0, sign)),
                                              {{".", std::string(1, kJoin)}});
  absl::string_view value = absl::StripAsciiWhitespace(given.substr(sign + 1));
  const std::string line = absl::StrCat("x = ", value);
  Clear(key, settings);
  if (!HasLongKey(line)) {
    const toml::parse_result parsed = toml::parse(line);
    const toml::node* const node = parsed ? parsed.table().get("x") : nullptr;
    if (node != nullptr) return AddNode(key, *node, kCommandLine, settings);
  }
  while (!value.empty() && absl::StrContains("\"'", value.front())) value.remove_prefix(1);
  while (!value.empty() && absl::StrContains("\"'", value.back())) value.remove_suffix(1);
  settings[key] = {std::string(value), kCommandLine};
}

// What a flag of the command line is given: `--flag VALUE`, `--flag=VALUE`.
std::vector<std::string> Given(const std::vector<std::string>& arguments, absl::string_view brief,
                               absl::string_view flag) {
  std::vector<std::string> given;
  for (size_t at = 0; at < arguments.size() && arguments[at] != "--"; ++at) {
    absl::string_view argument = arguments[at];
    if ((argument == brief || argument == flag) && at + 1 < arguments.size()) {
      given.push_back(arguments[++at]);
    } else if (absl::ConsumePrefix(&argument, absl::StrCat(flag, "=")) ||
               (!absl::StartsWith(argument, "--") && absl::ConsumePrefix(&argument, brief))) {
      given.emplace_back(absl::StripPrefix(argument, "="));
    }
  }
  return given;
}

const Setting* Find(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? nullptr : &found->second;
}

std::string KeyOf(absl::string_view list, absl::string_view name, absl::string_view key) {
  const std::string join(1, kJoin);
  return absl::StrCat(list, join, name, join, key);
}

// Codex's settings on the command line take a name without quotes only.
bool IsPlainName(absl::string_view name) {
  return !name.empty() && absl::c_all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

// Of the lowest rank first.
absl::Status ReadAll(const std::string& home, const std::vector<std::string>& arguments,
                     Settings& settings) {
  std::string folder = Variable("CODEX_HOME");
  if (folder.empty() && !home.empty()) folder = absl::StrCat(home, "/.codex");
  const auto add = [&settings](const std::string& path) {
    const absl::StatusOr<std::string> text = ReadSettings(path);
    return text.ok() ? AddToml(*text, path, settings) : text.status();
  };
  absl::Status status = add("/etc/codex/config.toml");
  if (status.ok() && !folder.empty()) status = add(absl::StrCat(folder, "/config.toml"));
  if (!status.ok()) return status;
  Settings overrides;
  for (const std::string& given : Given(arguments, "-c", "--config")) AddOverride(given, overrides);
  const std::vector<std::string> profiles = Given(arguments, "-p", "--profile");
  const Setting* set = Find(overrides, "profile");
  if (set == nullptr) set = Find(settings, "profile");
  const std::string profile = !profiles.empty() ? profiles.back() : set ? set->value : "";
  if (!profile.empty()) {
    const std::string prefix = KeyOf("profiles", profile, "");
    Settings of_profile;
    for (const auto& [key, setting] : settings) {
      if (absl::StartsWith(key, prefix)) of_profile[key.substr(prefix.size())] = setting;
    }
    for (auto& [key, setting] : of_profile) settings[key] = std::move(setting);
  }
  if (IsPlainName(profile) && !folder.empty()) {
    status = add(absl::StrCat(folder, "/", profile, ".config.toml"));
  }
  for (auto& [key, setting] : overrides) {
    Clear(key, settings);
    settings[key] = std::move(setting);
  }
  return status;
}

}  // namespace

absl::Status AddCodexUrls(const std::string& home, const std::vector<std::string>& arguments,
                          std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings) {
  Settings settings;
  FOVEA_RETURN_IF_ERROR(ReadAll(home, arguments, settings));
  const Setting* const provider = Find(settings, "model_provider");
  const std::string chosen = provider == nullptr ? kOpenAi : provider->value;
  const std::string list = absl::StrCat("model_providers", std::string(1, kJoin));
  const std::string last = absl::StrCat(std::string(1, kJoin), "base_url");
  const auto past = [&warnings](absl::string_view what) {
    warnings.push_back(absl::StrCat("Codex takes ", what,
                                    " from its command line, so its requests go past Fovea"));
  };
  if (provider != nullptr && provider->where == kCommandLine && chosen == kOpenAi) {
    past("model_provider");
  }
  for (const char* flag : {"--oss", "--local-provider"}) {
    if (absl::c_any_of(arguments, [flag](const std::string& argument) {
          return absl::StartsWith(argument, flag);
        })) {
      past(flag);
    }
  }
  bool has_address = chosen == kOpenAi;
  for (const auto& [key, setting] : settings) {
    if (key == "openai_base_url" && !setting.value.empty()) {
      const bool used = chosen == kOpenAi;
      urls.push_back({.where = absl::StrCat("openai_base_url in ", setting.where),
                      .url = setting.value,
                      .used = used,
                      .vendor = used ? kOpenAi : ""});
    }
    absl::string_view name = key;
    if (!absl::ConsumePrefix(&name, list) || !absl::ConsumeSuffix(&name, last)) continue;
    // Codex does not let its own provider be redefined.
    const bool used = name == chosen && chosen != kOpenAi;
    SettingsUrl url{
        .where = absl::StrCat("base_url of model_providers.", name, " in ", setting.where),
        .url = setting.value,
        .used = used};
    if (used) {
      has_address = !setting.value.empty();
      url.vendor = kOpenAi;
      url.provider = std::string(name);
      if (!IsPlainName(name)) {
        url.problem =
            "the name of this provider cannot be said in a setting of Codex's command line, so no "
            "base URL can be set for it";
      }
      if (setting.where == kCommandLine) past(absl::StrCat("base_url of ", name));
    }
    urls.push_back(std::move(url));
  }
  if (!has_address) {
    urls.push_back(
        {.where = absl::StrCat("model_provider in ", provider->where),
         .vendor = kOpenAi,
         .problem = absl::StrCat("\"", chosen,
                                 "\" has no base_url in Codex's settings, so it is not known where "
                                 "requests are to go; name it with --openai-upstream")});
  }
  return absl::OkStatus();
}

}  // namespace fovea::gateway
