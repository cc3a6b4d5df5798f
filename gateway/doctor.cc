#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gateway/agents.h"
#include "gateway/claude_settings.h"
#include "gateway/environment.h"
#include "gateway/fovea_client.h"
#include "gateway/process.h"
#include "gateway/reports.h"
#include "gateway/route.h"
#include "gateway/server_address.h"
#include "gateway/settings_file.h"
#include "gateway/settings_urls.h"
#include "gateway/upstreams.h"

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

// Who follows a base URL.
enum class Follows : uint8_t {
  kEveryAgent,  // that is started without more ado
  kNobody,      // unless it is told to
};

// What wrap does with a base URL.
enum class Wraps : uint8_t { kUpstream, kNothing };

void CheckUrl(const std::string& where, const std::string& url, Follows follows, Wraps wraps,
              Findings& findings) {
  const std::string is = absl::StrCat(where, " is ", PrintableUrl(url));
  const std::string loopback = LoopbackOf(url);
  const std::string outer = OuterBase();
  if (!outer.empty() && absl::StartsWith(url, outer)) {
    findings.Note(absl::StrCat(where, " leads to the `fovea wrap` around this command"));
  } else if (!loopback.empty() && !Answers(loopback) && follows == Follows::kNobody) {
    findings.Note(absl::StrCat(is, ", where nothing answers"));
  } else if (!loopback.empty() && !Answers(loopback)) {
    findings.Wrong(2, absl::StrCat(is,
                                   ", where nothing answers: agents that are started without "
                                   "`fovea wrap` will fail. Remove it"));
  } else {
    findings.Note(
        absl::StrCat(is, loopback.empty() ? "" : ", and something answers there",
                     wraps == Wraps::kUpstream
                         ? ": wrap uses it as the upstream"
                         : ": wrap does not use it; where it is to be the upstream, name it by "
                           "--anthropic-upstream, --openai-upstream or --gemini-upstream"));
  }
}

// Of an agent whose variables in its settings wrap does not read.
void CheckSettings(const fs::path& path, Findings& findings) {
  const auto found = ReadSettingsJson(path.string());
  if (!found.ok()) return findings.Wrong(1, found.status().message());
  const Json& json = *found;
  if (!json.is_object() || !json.contains("env") || !json["env"].is_object()) return;
  for (const std::string& name : BaseUrlVariables()) {
    if (!json["env"].contains(name) || !json["env"][name].is_string()) continue;
    CheckUrl(absl::StrCat(name, " in ", path.string()), json["env"][name].get<std::string>(),
             Follows::kEveryAgent, Wraps::kNothing, findings);
  }
}

// Claude Code puts them over its environment, and wrap puts `--settings` over them.
void CheckClaude(const std::map<std::string, ClaudeVariable>& claude, Findings& findings) {
  const auto url = claude.find("ANTHROPIC_BASE_URL");
  if (url == claude.end()) return;
  const std::string where = absl::StrCat("ANTHROPIC_BASE_URL in ", url->second.where);
  if (url->second.managed) {
    return findings.Wrong(1, absl::StrCat(where, " is ", PrintableUrl(url->second.value),
                                          ": Claude Code goes there, past `fovea wrap`"));
  }
  CheckUrl(where, url->second.value, Follows::kEveryAgent, Wraps::kUpstream, findings);
}

size_t Discard(const char*, size_t size, size_t count, void*) { return size * count; }

// Whether a provider's address answers at all. `proxy`: towards it; "": as the environment says.
void CheckProvider(const std::string& url, const std::string& proxy, Findings& findings) {
  struct Delete {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  const std::unique_ptr<CURL, Delete> curl(curl_easy_init());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  if (!proxy.empty()) curl_easy_setopt(curl.get(), CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 5L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Discard);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return findings.Fine(absl::StrCat(PrintableUrl(url), " answers"));
  findings.Wrong(1,
                 absl::StrCat(PrintableUrl(url), " cannot be reached: ", curl_easy_strerror(code)));
}

// What wrap would send requests to: every address that somebody has named, and those of vendors
// that there is a key for.
void CheckUpstreams(const std::map<std::string, ClaudeVariable>& claude, Findings& findings) {
  GivenUpstreams given;
  for (const char* vendor : {"anthropic", "openai", "gemini"}) {
    if (std::string url = Variable(UpstreamVariable(vendor).c_str()); !url.empty()) {
      given[vendor] = std::move(url);
    }
  }
  const auto upstreams = ChooseUpstreams("claude", given, claude, {});
  if (!upstreams.ok()) {
    return findings.Wrong(2, absl::StrCat(upstreams.status().message(), ": wrap refuses to start"));
  }
  for (const ChosenUpstream& upstream : *upstreams) {
    std::string proxy = Variable("FOVEA_PROXY");
    const bool secure = absl::StartsWith(upstream.url, "https:");
    for (const char* name : {"HTTPS_PROXY", "https_proxy"}) {
      const auto set = claude.find(name);
      if (set == claude.end() || !proxy.empty() || !secure) continue;
      if (upstream.vendor == "anthropic") proxy = set->second.value;
    }
    const std::string key = absl::StrCat(absl::AsciiStrToUpper(upstream.vendor), "_API_KEY");
    if (!upstream.where.empty() || !Variable(key.c_str()).empty()) {
      CheckProvider(upstream.url, proxy, findings);
    }
  }
}

void CheckFovead(const DoctorOptions& options, Findings& findings) {
  const absl::Status owner = CheckServerOwner(options.server, geteuid());
  if (!owner.ok()) return findings.Wrong(1, owner.message());
  if (!Answers(options.server)) {
    std::error_code error;
    if (!fs::exists(absl::StrCat(OwnFolder(), "/fovead"), error)) {
      return findings.Wrong(
          1, absl::StrCat("fovead is not in ", OwnFolder(), ": wrap cannot start it"));
    }
    return findings.Note(
        absl::StrCat("no fovead answers at ", options.server, "; `fovea wrap` starts one"));
  }
  const auto fovea = ConnectFovea(options.server, Variable("FOVEA_TOKEN"), kPatience);
  const auto readers = fovea->ListReaders();
  if (!readers.ok()) {
    return findings.Wrong(
        1, absl::StrCat("fovead at ", options.server,
                        " takes connections but says: ", readers.status().message()));
  }
  findings.Fine(
      absl::StrCat("fovead at ", options.server, ", ", readers->readers_size(), " readers"));
}

// Whether a file could be made there, with its folders.
bool CanBeMade(const fs::path& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error).parent_path();
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return fs::is_directory(folder, error) && access(folder.c_str(), W_OK | X_OK) == 0;
}

void CheckBooks(const DoctorOptions& options, Findings& findings) {
  std::error_code error;
  for (const std::string& aside : SetAside(options.database)) {
    findings.Note(absl::StrCat("damaged books were set aside as ", aside));
  }
  if (!fs::exists(options.database, error)) {
    if (!CanBeMade(options.database)) {
      return findings.Wrong(
          1, absl::StrCat(options.database,
                          " cannot be made: wrap goes on without Fovea's memory and its books"));
    }
    return findings.Note(
        absl::StrCat("no request was carried yet: ", options.database, " is not there"));
  }
  const auto database = Database::Open(options.database);
  if (absl::IsDataLoss(database.status())) {
    return findings.Wrong(
        1, absl::StrCat(options.database, " is damaged (", database.status().message(),
                        "): the next gateway sets it aside"));
  }
  if (!database.ok()) {
    return findings.Wrong(
        1, absl::StrCat(options.database, " cannot be used (", database.status().message(),
                        "): the gateway keeps its books in memory"));
  }
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
    const std::string url = Variable(name.c_str());
    if (url.empty()) continue;
    CheckUrl(absl::StrCat(name, " in the environment"), url, Follows::kEveryAgent, Wraps::kUpstream,
             findings);
  }
  std::vector<std::string> broken;
  const auto claude = ClaudeSettings(".", broken);
  CheckClaude(claude, findings);
  const std::string home = Variable("HOME");
  if (!home.empty()) CheckSettings(fs::path(home) / ".gemini/settings.json", findings);
  std::error_code ignored;
  for (const SettingsUrl& set : SettingsUrls(home, fs::current_path(ignored).string(), broken)) {
    CheckUrl(set.where, set.url, set.used ? Follows::kEveryAgent : Follows::kNobody,
             set.vendor.empty() ? Wraps::kNothing : Wraps::kUpstream, findings);
    if (!set.problem.empty()) findings.Wrong(1, absl::StrCat(set.where, ": ", set.problem));
  }
  for (const std::string& what : broken) findings.Wrong(1, what);
  CheckUpstreams(claude, findings);
  CheckBooks(options, findings);
  return findings.worst();
}

}  // namespace fovea::gateway
