#include <curl/curl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gateway/agents.h"
#include "gateway/fovea_client.h"
#include "gateway/process.h"
#include "gateway/reports.h"
#include "gateway/settings_urls.h"
#include "gateway/wrap.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr absl::Duration kPatience = absl::Seconds(3);

// Collects findings; the worst is the exit code.
class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}
  void Fine(absl::string_view text) { out_ << "ok    " << text << "\n"; }
  void Note(absl::string_view text) { out_ << "note  " << text << "\n"; }
  void Wrong(int grade, absl::string_view text) {
    out_ << (grade == 2 ? "FAULT " : "fault ") << text << "\n";
    worst_ = std::max(worst_, grade);
  }
  int worst() const { return worst_; }

 private:
  std::ostream& out_;
  int worst_ = 0;
};

// "127.0.0.1:8801" of "http://127.0.0.1:8801/x"; "" where the URL leads to another machine.
std::string LoopbackOf(const std::string& url) {
  struct Delete {
    void operator()(CURLU* parsed) const { curl_url_cleanup(parsed); }
  };
  const std::unique_ptr<CURLU, Delete> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "";
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
      return std::string();
    }
    std::string copy = text;
    curl_free(text);
    return copy;
  };
  const std::string host = part(CURLUPART_HOST);
  if (host != "127.0.0.1" && host != "localhost" && host != "[::1]") return "";
  return absl::StrCat(host, ":", part(CURLUPART_PORT));
}

// `used`: by an agent that is started without more ado.
void CheckUrl(const std::string& where, const std::string& url, bool used, Findings& findings) {
  const std::string loopback = LoopbackOf(url);
  if (loopback.empty()) {
    findings.Note(absl::StrCat(where, " is ", url, ": wrap uses it as the upstream"));
  } else if (Answers(loopback)) {
    findings.Note(absl::StrCat(where, " is ", url, ", and something answers there"));
  } else if (!used) {
    findings.Note(absl::StrCat(where, " is ", url, ", where nothing answers"));
  } else {
    findings.Wrong(2, absl::StrCat(where, " is ", url,
                                   ", where nothing answers: agents that are started without "
                                   "`fovea wrap` will fail. Remove it"));
  }
}

void CheckSettings(const fs::path& path, const std::vector<std::string>& names,
                   Findings& findings) {
  std::ifstream file(path);
  if (!file) return;
  std::stringstream text;
  text << file.rdbuf();
  const Json json = Json::parse(text.str(), nullptr, false);
  if (!json.is_object() || !json.contains("env") || !json["env"].is_object()) return;
  for (const std::string& name : names) {
    if (!json["env"].contains(name) || !json["env"][name].is_string()) continue;
    CheckUrl(absl::StrCat(name, " in ", path.string()), json["env"][name].get<std::string>(), true,
             findings);
  }
}

size_t Discard(const char*, size_t size, size_t count, void*) { return size * count; }

// Whether a provider's address answers at all.
void CheckProvider(const std::string& url, Findings& findings) {
  struct Delete {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  const std::unique_ptr<CURL, Delete> curl(curl_easy_init());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 5L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Discard);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return findings.Fine(absl::StrCat(url, " answers"));
  findings.Wrong(1, absl::StrCat(url, " cannot be reached: ", curl_easy_strerror(code)));
}

void CheckFovead(const DoctorOptions& options, Findings& findings) {
  if (!Answers(options.server)) {
    std::error_code error;
    if (!fs::exists(absl::StrCat(OwnFolder(), "/fovead"), error)) {
      return findings.Wrong(
          1, absl::StrCat("fovead is not in ", OwnFolder(), ": wrap cannot start it"));
    }
    return findings.Note(
        absl::StrCat("no fovead answers at ", options.server, "; `fovea wrap` starts one"));
  }
  const char* token = std::getenv("FOVEA_TOKEN");
  const auto fovea = ConnectFovea(options.server, token == nullptr ? "" : token, kPatience);
  const auto readers = fovea->ListReaders();
  if (!readers.ok()) {
    return findings.Wrong(
        1, absl::StrCat("fovead at ", options.server,
                        " takes connections but says: ", readers.status().message()));
  }
  findings.Fine(
      absl::StrCat("fovead at ", options.server, ", ", readers->readers_size(), " readers"));
}

void CheckBooks(const DoctorOptions& options, Findings& findings) {
  std::error_code error;
  if (!fs::exists(options.database, error)) {
    return findings.Note(
        absl::StrCat("no request was carried yet: ", options.database, " is not there"));
  }
  const auto database = Database::Open(options.database);
  if (!database.ok()) return findings.Wrong(1, database.status().message());
  const int64_t day_ago = absl::ToUnixMicros(absl::Now() - absl::Hours(24));
  const auto reasons = (*database)->Sums("reason", day_ago, "", "");
  if (!reasons.ok()) return findings.Wrong(1, reasons.status().message());
  int64_t requests = 0;
  int64_t compressed = 0;
  int64_t fallbacks = 0;
  for (const BookSum& sum : *reasons) {
    requests += sum.requests;
    compressed += sum.compressed;
    fallbacks += sum.fallbacks;
  }
  const std::string what = absl::StrCat(requests, " requests in 24 h, ", compressed,
                                        " compressed, ", fallbacks, " fallbacks");
  if (fallbacks > 0) {
    findings.Wrong(1, what);
  } else if (requests > 0 && compressed == 0) {
    findings.Note(absl::StrCat(what, ": nothing was compressed. Why:"));
  } else {
    findings.Fine(what);
  }
  for (const BookSum& sum : *reasons) {
    if (sum.compressed == 0 && !sum.key.empty()) {
      findings.Note(absl::StrCat("  ", sum.requests, " times: ", sum.key));
    }
  }
}

}  // namespace

int Doctor(const DoctorOptions& options, std::ostream& out) {
  Findings findings(out);
  findings.Fine(absl::StrCat("fovea-gateway ", FOVEA_VERSION, " in ", OwnFolder()));
  CheckFovead(options, findings);
  for (const std::string& name : BaseUrlVariables()) {
    const char* url = std::getenv(name.c_str());
    if (url != nullptr && *url != '\0')
      CheckUrl(absl::StrCat(name, " in the environment"), url, true, findings);
  }
  const char* home = std::getenv("HOME");
  for (const char* file : {".claude/settings.json", ".claude/settings.local.json",
                           ".qwen/settings.json", ".gemini/settings.json"}) {
    if (home != nullptr) CheckSettings(fs::path(home) / file, BaseUrlVariables(), findings);
  }
  for (const char* file : {".claude/settings.json", ".claude/settings.local.json"}) {
    CheckSettings(file, BaseUrlVariables(), findings);
  }
  for (const SettingsUrl& set : SettingsUrls(home == nullptr ? "" : home, ".")) {
    CheckUrl(set.where, set.url, set.used, findings);
  }
  for (const auto& [variable, url] :
       {std::pair("ANTHROPIC_API_KEY", "https://api.anthropic.com"),
        std::pair("OPENAI_API_KEY", "https://api.openai.com"),
        std::pair("GEMINI_API_KEY", "https://generativelanguage.googleapis.com")}) {
    const char* key = std::getenv(variable);
    if (key != nullptr && *key != '\0') CheckProvider(url, findings);
  }
  CheckBooks(options, findings);
  return findings.worst();
}

}  // namespace fovea::gateway
