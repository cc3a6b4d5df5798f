#include "gateway/route.h"

#include <curl/curl.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fovea::gateway {
namespace {

struct Suffix {
  const char* path;
  Wire wire;
  Purpose purpose;
};

constexpr Suffix kSuffixes[] = {
    {"/messages", Wire::kAnthropic, Purpose::kGenerate},
    {"/messages/count_tokens", Wire::kAnthropic, Purpose::kCount},
    {"/responses", Wire::kOpenAiResponses, Purpose::kGenerate},
    {"/responses/compact", Wire::kOpenAiResponses, Purpose::kCompact},
    {"/responses/input_tokens", Wire::kOpenAiResponses, Purpose::kCount},
    {"/chat/completions", Wire::kOpenAiChat, Purpose::kGenerate},
};

// "/v1beta/models/NAME:METHOD". Others have colons in the names of models, too: the method must be
// one of Gemini's.
bool ReadGeminiPath(absl::string_view path, Route& route) {
  constexpr absl::string_view kMethods[] = {
      "generateContent",      "streamGenerateContent", "countTokens",
      "embedContent",         "batchEmbedContents",    "asyncBatchEmbedContent",
      "batchGenerateContent", "generateAnswer",        "predict",
      "predictLongRunning",   "bidiGenerateContent"};
  const size_t models = path.rfind("/models/");
  const size_t colon = path.rfind(':');
  if (models == absl::string_view::npos || colon == absl::string_view::npos || colon < models ||
      std::find(std::begin(kMethods), std::end(kMethods), path.substr(colon + 1)) ==
          std::end(kMethods)) {
    return false;
  }
  route.wire = Wire::kGemini;
  route.model = std::string(path.substr(models + 8, colon - models - 8));
  const absl::string_view method = path.substr(colon + 1);
  if (method == "generateContent") {
    route.purpose = Purpose::kGenerate;
  } else if (method == "streamGenerateContent") {
    route.purpose = Purpose::kGenerate;
    route.streams = true;
  } else if (method == "countTokens") {
    route.purpose = Purpose::kCount;
  }
  return true;
}

// "?key=...": as Gemini's keys may come.
bool HasKey(absl::string_view query) {
  return absl::StartsWith(query, "?key=") || absl::StrContains(query, "&key=");
}

const std::string& UpstreamOf(Wire wire, const GatewayConfig& config) {
  switch (wire) {
    case Wire::kAnthropic:
      return config.anthropic_upstream;
    case Wire::kGemini:
      return config.gemini_upstream;
    default:
      return config.openai_upstream;
  }
}

}  // namespace

const char* WireName(Wire wire) {
  switch (wire) {
    case Wire::kAnthropic:
      return "anthropic";
    case Wire::kOpenAiResponses:
      return "openai-responses";
    case Wire::kOpenAiChat:
      return "openai-chat";
    case Wire::kGemini:
      return "gemini";
  }
  return "";
}

std::string JoinUrl(absl::string_view upstream, absl::string_view target) {
  upstream = absl::StripSuffix(upstream, "/");
  const size_t scheme = upstream.find("://");
  const size_t slash =
      scheme == absl::string_view::npos ? absl::string_view::npos : upstream.find('/', scheme + 3);
  if (slash == absl::string_view::npos) return absl::StrCat(upstream, target);
  const absl::string_view base = upstream.substr(slash);
  const absl::string_view path = target.substr(0, target.find('?'));
  // The longest end of the base, of whole segments, that the path begins with.
  for (size_t from = 0; from < base.size(); from = base.find('/', from + 1)) {
    if (from == absl::string_view::npos) break;
    const absl::string_view end = base.substr(from);
    if (absl::StartsWith(path, end) && (path.size() == end.size() || path[end.size()] == '/')) {
      return absl::StrCat(upstream.substr(0, slash + from), target);
    }
  }
  return absl::StrCat(upstream, target);
}

absl::StatusOr<Route> RouteOf(const Request& request, const GatewayConfig& config) {
  if (request.target.empty() || request.target[0] != '/') {
    return absl::InvalidArgumentError("the request's target is not a path");
  }
  Route route;
  const absl::string_view path = absl::StripSuffix(request.path(), "/");
  bool known = ReadGeminiPath(path, route);
  if (absl::StrContains(path, "/v1beta/openai/")) {
    // Gemini in OpenAI's form passes: its calls are signed in fields that OpenAI does not have.
    known = true;
    route.wire = Wire::kGemini;
  }
  for (const Suffix& suffix : kSuffixes) {
    if (known || !absl::EndsWith(path, suffix.path)) continue;
    known = true;
    route.wire = suffix.wire;
    route.purpose = suffix.purpose;
  }
  if (request.method != "POST") route.purpose = Purpose::kOther;
  if (!known) {
    // Claude Code's HEAD / has no version yet.
    const bool claude_code =
        path.empty() && absl::StartsWith(request.headers.Get("user-agent"), "claude-cli");
    if (claude_code || request.headers.Has("anthropic-version") ||
        absl::StrContains(path, "/messages/")) {
      route.wire = Wire::kAnthropic;
    } else if (request.headers.Has("x-goog-api-key") || absl::StrContains(path, "/v1beta") ||
               HasKey(request.query())) {
      route.wire = Wire::kGemini;
    }
  }
  route.events = route.streams && absl::StrContains(request.query(), "alt=sse");
  route.url = JoinUrl(UpstreamOf(route.wire, config), request.target);
  return route;
}

std::string PrintableUrl(absl::string_view url) {
  // A password may hold any character, so what is before the last @ goes, wherever that is.
  const size_t scheme = url.find("://");
  const size_t start = scheme == absl::string_view::npos ? 0 : scheme + 3;
  const size_t at = url.rfind('@');
  const size_t host = at == absl::string_view::npos || at < start ? start : at + 1;
  const absl::string_view rest = url.substr(host);
  return absl::StrCat(url.substr(0, start), rest.substr(0, rest.find_first_of("?#")));
}

absl::Status CheckUpstream(absl::string_view name, absl::string_view url) {
  struct Delete {
    void operator()(CURLU* parsed) const { curl_url_cleanup(parsed); }
  };
  const std::unique_ptr<CURLU, Delete> parsed(curl_url());
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", PrintableUrl(url), " ", why));
  };
  if (!absl::StartsWith(url, "http://") && !absl::StartsWith(url, "https://")) {
    return bad("must begin with http:// or https://");
  }
  if (curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) {
    return bad("is not a URL");
  }
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK) continue;
    curl_free(text);
    return bad("must have a host and a path only, without user, query or fragment");
  }
  return absl::OkStatus();
}

}  // namespace fovea::gateway
