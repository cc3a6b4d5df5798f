#include "gateway/claude_settings.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kManaged[] = "/etc/claude-code/managed-settings.json";
constexpr const char* kNames[] = {"ANTHROPIC_BASE_URL", "HTTP_PROXY",  "http_proxy",
                                  "HTTPS_PROXY",        "https_proxy", "ALL_PROXY",
                                  "all_proxy",          "NO_PROXY",    "no_proxy"};

// Null where it is not there; what is no JSON is named in `broken`, and null, too.
Json ReadJson(const std::string& path, std::vector<std::string>& broken) {
  auto json = ReadSettingsJson(path);
  if (json.ok()) return *std::move(json);
  broken.emplace_back(json.status().message());
  return nullptr;
}

// The string `name` of "env"; "" if there is none.
std::string OfEnv(const Json& json, const std::string& name) {
  const std::string* const value = StringAt(json, {"env", name.c_str()});
  return value == nullptr ? "" : *value;
}

// The folder of the user's own settings; "" without a home.
std::string UsersFolder() {
  const std::string set = Variable("CLAUDE_CONFIG_DIR");
  if (!set.empty()) return set;
  const std::string home = Variable("HOME");
  return home.empty() ? "" : absl::StrCat(home, "/.claude");
}

// Without blanks at its ends, as Claude Code looks whether it is JSON: also JavaScript's own.
absl::string_view Trimmed(absl::string_view text) {
  constexpr absl::string_view kBlanks[] = {
      " ",  "\t",       "\n",           "\v",           "\f",
      "\r", "\xc2\xa0", "\xef\xbb\xbf", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  const auto strip = [&](auto consume) {
    bool more = true;
    while (more) {
      more = false;
      for (const absl::string_view blank : kBlanks) more = consume(&text, blank) || more;
    }
  };
  strip([](absl::string_view* from, absl::string_view blank) {
    return absl::ConsumePrefix(from, blank);
  });
  strip([](absl::string_view* from, absl::string_view blank) {
    return absl::ConsumeSuffix(from, blank);
  });
  return text;
}

}  // namespace

std::map<std::string, ClaudeVariable> ClaudeSettings(const std::string& folder,
                                                     std::vector<std::string>& broken) {
  std::map<std::string, ClaudeVariable> found;
  const std::string users = UsersFolder();
  // The first that has a variable wins.
  for (const std::string& path :
       {std::string(kManaged), absl::StrCat(folder, "/.claude/settings.local.json"),
        absl::StrCat(folder, "/.claude/settings.json"),
        users.empty() ? "" : absl::StrCat(users, "/settings.json")}) {
    const Json json = ReadJson(path, broken);
    for (const char* name : kNames) {
      std::string value = OfEnv(json, name);
      if (!value.empty())
        found.try_emplace(name, ClaudeVariable{std::move(value), path, path == kManaged});
    }
  }
  return found;
}

std::string ClaudeSettingOf(const std::string& given, const std::string& name) {
  const absl::string_view text = Trimmed(given);
  const bool inlined = absl::StartsWith(text, "{") && absl::EndsWith(text, "}");
  std::vector<std::string> ignored;  // Claude Code says so itself
  return OfEnv(inlined ? ParseSettings(text) : ReadJson(given, ignored), name);
}

}  // namespace fovea::gateway
