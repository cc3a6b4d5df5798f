#include "gateway/env_files.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "gateway/environment.h"
#include "gateway/settings_file.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

using Variables = std::map<std::string, std::string>;

// What `.env` holds; nothing, with a warning, where it is a pipe or the like: to open it would wait
// for somebody, or take what is in it from the agent.
absl::StatusOr<Variables> ReadDotenv(const fs::path& path, std::vector<std::string>& warnings) {
  std::error_code ignored;
  const fs::file_status found = fs::status(path, ignored);
  if (fs::exists(found) && !fs::is_regular_file(found) && !fs::is_directory(found)) {
    std::string warning = absl::StrCat(path.string(),
                                       " is no file, so it is not read here: if it names a base "
                                       "URL, name that one in the environment");
    if (!absl::c_linear_search(warnings, warning)) warnings.push_back(std::move(warning));
    return Variables();
  }
  FOVEA_ASSIGN_OR_RETURN(const std::string text, ReadSettings(path.string()));
  return ParseDotenv(text);
}

// Appends what the file sets `name` to, if it does; sets `found` if so.
absl::Status AddDotenv(const fs::path& path, const char* name, const char* vendor,
                       absl::string_view problem, std::vector<SettingsUrl>& urls,
                       std::vector<std::string>& warnings, bool& found) {
  FOVEA_ASSIGN_OR_RETURN(Variables read, ReadDotenv(path, warnings));
  Variables& set = read;
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
  const Json* const at = SettingAt(json, keys);
  return at != nullptr && at->is_boolean() && at->get<bool>();
}

// `text` with $NAME and ${NAME} as qwen replaces them in settings.json, by the environment, else by
// `files`; one that is not set stays.
std::string Expand(absl::string_view text, const Variables& files) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t sign = text.find('$', at);
    absl::StrAppend(&out, text.substr(at, sign - at));
    if (sign == absl::string_view::npos) break;
    const bool braces = text.substr(sign + 1, 1) == "{";
    const size_t begin = sign + (braces ? 2 : 1);
    size_t end = begin;
    while (end < text.size() &&
           (braces
                ? text[end] != '}'
                : absl::ascii_isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) {
      ++end;
    }
    const bool whole = end > begin && (!braces || end < text.size());
    // The `$` alone: what follows may hold a name.
    at = whole ? end + (braces ? 1 : 0) : sign + 1;
    const std::string name = whole ? std::string(text.substr(begin, end - begin)) : "";
    const auto in_file = files.find(name);
    const std::string folded = absl::AsciiStrToUpper(name);
    // qwen sets these itself, later.
    const bool of_session = folded == "SESSION_ID" || folded == "QWEN_CODE_SESSION_ID";
    if (whole && !of_session && IsSet(name)) {
      absl::StrAppend(&out, Variable(name));
    } else if (whole && !of_session && in_file != files.end()) {
      absl::StrAppend(&out, in_file->second);
    } else {
      absl::StrAppend(&out, text.substr(sign, at - sign));
    }
  }
  return out;
}

}  // namespace

absl::Status AddQwenUrls(const std::string& home, const std::string& folder,
                         std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings) {
  constexpr char kName[] = "OPENAI_BASE_URL";
  const std::string set = Variable("QWEN_HOME");
  const fs::path own = set.empty() ? fs::path(home) / ".qwen" : fs::path(set);
  const fs::path users = own / "settings.json";
  const fs::path projects = fs::path(folder) / ".qwen/settings.json";
  FOVEA_ASSIGN_OR_RETURN(const Json of_user, ReadSettingsJson(users.string()));
  FOVEA_ASSIGN_OR_RETURN(const Json of_project, projects == users
                                                    ? absl::StatusOr<Json>(nullptr)
                                                    : ReadSettingsJson(projects.string()));
  const std::string untrusted = IsTrue(of_user, {"security", "folderTrust", "enabled"})
                                    ? Untrusted("qwen", "--openai-upstream")
                                    : "";
  for (const Json* json : {&of_user, &of_project}) {
    if (!json->is_object() || !json->contains("modelProviders")) continue;
    const std::string text =
        (*json)["modelProviders"].dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.find("\"baseUrl\"") != std::string::npos) {
      warnings.push_back(absl::StrCat("models of qwen's that have a baseUrl in modelProviders of ",
                                      (json == &of_user ? users : projects).string(),
                                      " go past Fovea"));
    }
  }
  if (!Variable(kName).empty()) return absl::OkStatus();
  // The first that has it wins.
  bool found = false;
  absl::Status status;
  if (const auto path = ProjectsFile(folder, home, ".qwen"); path.has_value()) {
    status = AddDotenv(*path, kName, "openai", untrusted, urls, warnings, found);
  }
  for (const fs::path& path :
       {own / ".env", fs::path(home) / ".qwen/.env", fs::path(home) / ".env"}) {
    if (status.ok() && !found && !home.empty()) {
      status = AddDotenv(path, kName, "openai", "", urls, warnings, found);
    }
  }
  Variables files;
  for (const fs::path& path : {own / ".env", fs::path(home) / ".env"}) {
    if (!status.ok() || found || home.empty() || (!set.empty() && path != own / ".env")) continue;
    FOVEA_ASSIGN_OR_RETURN(Variables read, ReadDotenv(path, warnings));
    files.merge(read);  // what is there stays
  }
  for (const std::vector<const char*>& keys :
       {std::vector<const char*>{"env", kName}, {"security", "auth", "baseUrl"}}) {
    for (const bool users_own : {false, true}) {
      const std::string* const text = StringAt(users_own ? of_user : of_project, keys);
      const std::string url = text == nullptr ? "" : Expand(*text, files);
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
                           std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings) {
  constexpr char kName[] = "GOOGLE_GEMINI_BASE_URL";
  if (!Variable(kName).empty()) return absl::OkStatus();
  // It reads one file alone.
  bool found = false;
  if (const auto path = ProjectsFile(folder, home, ".gemini"); path.has_value()) {
    return AddDotenv(*path, kName, "gemini", Untrusted("gemini", "--gemini-upstream"), urls,
                     warnings, found);
  }
  std::error_code ignored;
  for (const char* name : {".gemini/.env", ".env"}) {
    const fs::path path = fs::path(home) / name;
    if (!home.empty() && fs::exists(path, ignored)) {
      return AddDotenv(path, kName, "gemini", "", urls, warnings, found);
    }
  }
  return absl::OkStatus();
}

}  // namespace fovea::gateway
