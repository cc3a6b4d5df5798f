#include "gateway/env_files.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Appends what the file sets `name` to, if it does; sets `found` if so.
absl::Status AddDotenv(const fs::path& path, const char* name, const char* vendor,
                       absl::string_view problem, std::vector<SettingsUrl>& urls, bool& found) {
  const absl::StatusOr<std::string> text = ReadSettings(path.string());
  if (!text.ok()) return text.status();
  auto set = ParseDotenv(*text);
  if (set[name].empty()) return absl::OkStatus();
  found = true;
  urls.push_back({.where = absl::StrCat(name, " in ", path.string()),
                  .url = set[name],
                  .used = true,
                  .vendor = vendor,
                  .problem = std::string(problem)});
  return absl::OkStatus();
}

std::string Untrusted(absl::string_view agent, absl::string_view flag) {
  return absl::StrCat("whether ", agent,
                      " trusts this folder, and reads that file, is not known here; name the base "
                      "URL with ",
                      flag);
}

// The innermost of `folder` and those around it that has one, `.env` of `own` first; none where
// there is none short of the home.
std::optional<fs::path> ProjectsFile(const fs::path& folder, const fs::path& home,
                                     const char* own) {
  std::error_code ignored;
  for (fs::path at = folder; !at.empty() && at != home; at = at.parent_path()) {
    for (const fs::path& path : {at / own / ".env", at / ".env"}) {
      if (fs::exists(path, ignored)) return path;
    }
    if (!at.has_relative_path()) break;
  }
  return std::nullopt;
}

bool IsTrue(const Json& json, const std::vector<const char*>& keys) {
  const Json* at = &json;
  for (const char* key : keys) {
    if (!at->is_object() || !at->contains(key)) return false;
    at = &(*at)[key];
  }
  return at->is_boolean() && at->get<bool>();
}

std::string StringOf(const Json& json, const std::vector<const char*>& keys) {
  const Json* at = &json;
  for (const char* key : keys) {
    if (!at->is_object() || !at->contains(key)) return "";
    at = &(*at)[key];
  }
  return at->is_string() ? at->get<std::string>() : "";
}

}  // namespace

absl::Status AddQwenUrls(const std::string& home, const std::string& folder,
                         std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings) {
  constexpr char kName[] = "OPENAI_BASE_URL";
  const std::string set = Variable("QWEN_HOME");
  const fs::path own = set.empty() ? fs::path(home) / ".qwen" : fs::path(set);
  const fs::path users = own / "settings.json";
  const fs::path projects = fs::path(folder) / ".qwen/settings.json";
  const absl::StatusOr<Json> of_user = ReadSettingsJson(users.string());
  if (!of_user.ok()) return of_user.status();
  const absl::StatusOr<Json> of_project =
      projects == users ? absl::StatusOr<Json>(nullptr) : ReadSettingsJson(projects.string());
  if (!of_project.ok()) return of_project.status();
  const std::string untrusted = IsTrue(*of_user, {"security", "folderTrust", "enabled"})
                                    ? Untrusted("qwen", "--openai-upstream")
                                    : "";
  for (const Json* json : {&*of_user, &*of_project}) {
    if (!json->is_object() || !json->contains("modelProviders")) continue;
    const std::string text =
        (*json)["modelProviders"].dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.find("\"baseUrl\"") != std::string::npos) {
      warnings.push_back(absl::StrCat("models of qwen's that have a baseUrl in modelProviders of ",
                                      (json == &*of_user ? users : projects).string(),
                                      " go past Fovea"));
    }
  }
  if (!Variable(kName).empty()) return absl::OkStatus();
  // The first that has it wins.
  bool found = false;
  absl::Status status;
  if (const auto path = ProjectsFile(folder, home, ".qwen"); path.has_value()) {
    status = AddDotenv(*path, kName, "openai", untrusted, urls, found);
  }
  for (const fs::path& path :
       {own / ".env", fs::path(home) / ".qwen/.env", fs::path(home) / ".env"}) {
    if (status.ok() && !found && !home.empty()) {
      status = AddDotenv(path, kName, "openai", "", urls, found);
    }
  }
  for (const std::vector<const char*>& keys :
       {std::vector<const char*>{"env", kName}, {"security", "auth", "baseUrl"}}) {
    for (const bool users_own : {false, true}) {
      const std::string url = StringOf(users_own ? *of_user : *of_project, keys);
      if (found || url.empty()) continue;
      found = true;
      urls.push_back(
          {.where = absl::StrCat(keys.back(), " in ", (users_own ? users : projects).string()),
           .url = url,
           .used = true,
           .vendor = "openai",
           .problem = users_own ? "" : untrusted});
    }
  }
  return status;
}

absl::Status AddGeminiUrls(const std::string& home, const std::string& folder,
                           std::vector<SettingsUrl>& urls) {
  constexpr char kName[] = "GOOGLE_GEMINI_BASE_URL";
  if (!Variable(kName).empty()) return absl::OkStatus();
  // It reads one file alone.
  bool found = false;
  if (const auto path = ProjectsFile(folder, home, ".gemini"); path.has_value()) {
    return AddDotenv(*path, kName, "gemini", Untrusted("gemini", "--gemini-upstream"), urls, found);
  }
  std::error_code ignored;
  for (const char* name : {".gemini/.env", ".env"}) {
    const fs::path path = fs::path(home) / name;
    if (!home.empty() && fs::exists(path, ignored)) {
      return AddDotenv(path, kName, "gemini", "", urls, found);
    }
  }
  return absl::OkStatus();
}

}  // namespace fovea::gateway
