#include "gateway/codex_settings.h"

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

constexpr char kOpenAi[] = "openai";
constexpr char kCommandLine[] = "the command line";

// The parts of a key are joined by this: a part may hold dots.
constexpr char kJoin = '\n';

struct Setting {
  std::string value;
  std::string where;
};

// By key.
using Settings = std::map<std::string, Setting>;

// Takes a key and the `end` behind it from `line`; none if there is no such end.
std::optional<std::string> TakeKey(absl::string_view& line, char end) {
  std::string key;
  char quote = 0;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote != 0) {
      key += c;
    } else if (c == end) {
      line.remove_prefix(at + 1);
      return key;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '.') {
      key += kJoin;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      key += c;
    }
  }
  return std::nullopt;
}

// A string of TOML, or what else stands there up to a comment. Sets `open` to the three quotes that
// a string is left open by.
std::string ValueOf(absl::string_view text, absl::string_view& open) {
  text = absl::StripAsciiWhitespace(text);
  for (const absl::string_view quotes : {"\"\"\"", "'''", "\"", "'"}) {
    if (!absl::ConsumePrefix(&text, quotes)) continue;
    const size_t end = text.find(quotes);
    if (end == absl::string_view::npos && quotes.size() == 3) open = quotes;
    return std::string(text.substr(0, end));
  }
  return std::string(absl::StripAsciiWhitespace(text.substr(0, text.find('#'))));
}

void AddToml(absl::string_view text, const std::string& where, Settings& settings) {
  std::string table;
  absl::string_view open;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!open.empty()) {  // in a string of several lines
      if (absl::StrContains(line, open)) open = "";
      continue;
    }
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (absl::ConsumePrefix(&line, "[")) {
      const std::optional<std::string> name = TakeKey(line, ']');
      table = name.has_value() ? absl::StrCat(*name, std::string(1, kJoin)) : "";
      continue;
    }
    const std::optional<std::string> key = TakeKey(line, '=');
    if (key.has_value()) settings[absl::StrCat(table, *key)] = {ValueOf(line, open), where};
  }
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
    if (text.ok()) AddToml(*text, path, settings);
    return text.status();
  };
  absl::Status status = add("/etc/codex/config.toml");
  if (status.ok() && !folder.empty()) status = add(absl::StrCat(folder, "/config.toml"));
  if (!status.ok()) return status;
  const std::vector<std::string> profiles = Given(arguments, "-p", "--profile");
  const Setting* const set = Find(settings, "profile");
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
  for (const std::string& given : Given(arguments, "-c", "--config")) {
    AddToml(given, kCommandLine, settings);
  }
  return status;
}

}  // namespace

absl::Status AddCodexUrls(const std::string& home, const std::vector<std::string>& arguments,
                          std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings) {
  Settings settings;
  const absl::Status status = ReadAll(home, arguments, settings);
  if (!status.ok()) return status;
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
    // Codex does not let its own provider be set anew.
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
