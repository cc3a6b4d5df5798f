#include "cli/calibrate/reader_endpoint.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"

namespace fovea::cli {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{16} << 20;
constexpr size_t kQuotedColumns = 200;
constexpr absl::Duration kLongestWait = absl::Minutes(1);

struct CurlDelete {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDelete>;
using CurlUrl = std::unique_ptr<CURLU, CurlDelete>;
using CurlList = std::unique_ptr<curl_slist, CurlDelete>;

size_t Append(const char* data, size_t size, size_t count, void* to) {
  auto* body = static_cast<std::string*>(to);
  if (body->size() + size * count > kMaxAnswerBytes) return 0;
  body->append(data, size * count);
  return size * count;
}

std::string UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

struct HttpAnswer {
  CURLcode code = CURLE_OK;
  std::string error;
  long status = 0;  // NOLINT(google-runtime-int): libcurl's type
  absl::Duration retry_after;
  std::string body;
};

// One attempt of at most `timeout`, which is over 0.
HttpAnswer Post(const EndpointOptions& options, absl::Duration timeout, const std::string& body) {
  HttpAnswer answer;
  const CurlHandle curl(curl_easy_init());
  CurlList headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  headers.reset(curl_slist_append(headers.release(), "Expect:"));
  if (!options.api_key.empty()) {
    const std::string key = absl::StrCat("Authorization: Bearer ", options.api_key);
    headers.reset(curl_slist_append(headers.release(), key.c_str()));
  }
  const std::string url = absl::StrCat(options.url, "/chat/completions");
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  // Rounded up: who waits until a deadline finds it passed when the call ends for it.
  curl_easy_setopt(
      curl.get(), CURLOPT_TIMEOUT_MS,
      std::max<int64_t>(1, absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1)))));
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  answer.code = curl_easy_perform(curl.get());
  answer.error = *error != '\0' ? error : curl_easy_strerror(answer.code);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  // An endpoint may quote the key that it does not like.
  if (!options.api_key.empty()) {
    absl::StrReplaceAll({{options.api_key, "[key]"}}, &answer.body);
  }
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &seconds);
  answer.retry_after = absl::Seconds(seconds);
  return answer;
}

absl::Status StatusOf(const HttpAnswer& answer, absl::Duration timeout) {
  if (answer.code == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(timeout)));
  }
  if (answer.code == CURLE_WRITE_ERROR) return absl::DataLossError("the answer is over 16 MiB");
  if (answer.code != CURLE_OK) return absl::UnavailableError(answer.error);
  if (answer.status == 200) return absl::OkStatus();
  const std::string message =
      absl::StrCat("HTTP status ", answer.status, ": ", OneLine(answer.body, kQuotedColumns));
  if (answer.status == 429 || answer.status >= 500) return absl::UnavailableError(message);
  if (answer.status == 401 || answer.status == 403) return absl::PermissionDeniedError(message);
  return absl::FailedPreconditionError(message);
}

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// A message's content: a string, null, or a list of parts.
std::string ContentText(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    const auto member = part.is_object() ? part.find("text") : part.end();
    if (member != part.end() && member->is_string()) text += member->get<std::string>();
  }
  return text;
}

absl::StatusOr<ReaderEndpoint::Answer> ParseCompletion(const std::string& body) {
  const auto malformed = [&](const char* what) {
    return absl::DataLossError(
        absl::StrCat("the answer ", what, ": ", OneLine(body, kQuotedColumns)));
  };
  // Which bounds how deep it nests.
  if (!transcripts::ParseJson(body).ok()) return malformed("is not JSON");
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return malformed("is not JSON");
  const Json::json_pointer first("/choices/0");
  const Json choice = json.contains(first) ? json[first] : Json();
  const Json message = choice.is_object() ? choice.value("message", Json()) : Json();
  if (!message.is_object() || !message.contains("content")) {
    return malformed("has no choices[0].message.content");
  }
  ReaderEndpoint::Answer answer{.text = ContentText(message["content"])};
  const auto refusal = message.find("refusal");
  answer.refused = refusal != message.end() && refusal->is_string();
  const auto reason = choice.find("finish_reason");
  answer.cut = reason != choice.end() && *reason == "length";
  return answer;
}

}  // namespace

absl::StatusOr<ReaderEndpoint> ReaderEndpoint::Create(EndpointOptions options) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kReady != CURLE_OK) return absl::InternalError(curl_easy_strerror(kReady));
  const CurlUrl url(curl_url());
  const bool parsed = curl_url_set(url.get(), CURLUPART_URL, options.url.c_str(), 0) == CURLUE_OK;
  const std::string scheme = parsed ? UrlPart(url.get(), CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("the endpoint is no URL of the form https://HOST/v1");
  }
  while (absl::EndsWith(options.url, "/")) options.url.pop_back();
  std::string host =
      absl::StrCat(UrlPart(url.get(), CURLUPART_HOST), ":", UrlPart(url.get(), CURLUPART_PORT));
  return ReaderEndpoint(std::move(options), std::move(host));
}

ReaderEndpoint::ReaderEndpoint(EndpointOptions options, std::string host)
    : options_(std::move(options)), host_(std::move(host)) {}

std::string ReaderEndpoint::RequestBody(std::string_view instruction,
                                        const std::vector<std::string_view>& pngs) const {
  Json content = Json::array({{{"type", "text"}, {"text", instruction}}});
  for (const std::string_view png : pngs) {
    const absl::string_view bytes(png.data(), png.size());
    Json image{{"url", absl::StrCat("data:image/png;base64,", absl::Base64Escape(bytes))}};
    if (!options_.detail.empty()) image["detail"] = options_.detail;
    content.push_back({{"type", "image_url"}, {"image_url", std::move(image)}});
  }
  Json request{{"model", options_.model}};
  request.update(options_.fields);
  request["messages"] = Json::array({{{"role", "user"}, {"content", std::move(content)}}});
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ReaderEndpoint::Answer> ReaderEndpoint::Ask(
    std::string_view instruction, const std::vector<std::string_view>& pngs) const {
  const std::string body = RequestBody(instruction, pngs);
  absl::Duration wait = absl::Seconds(1);
  for (int attempt = 0;; ++attempt) {
    const absl::Duration left = options_.deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat(host_, ": no time is left"));
    }
    const absl::Duration timeout = std::min(options_.timeout, left);
    const HttpAnswer answer = Post(options_, timeout, body);
    const absl::Status status = StatusOf(answer, timeout);
    absl::StatusOr<Answer> parsed = status.ok() ? ParseCompletion(answer.body) : status;
    if (parsed.ok()) return parsed;
    if (!MayPass(status) || attempt >= options_.retries) {
      return absl::Status(
          parsed.status().code(),
          absl::StrCat(host_, ": ", std::string(parsed.status().message()),
                       attempt > 0 ? absl::StrCat(" (asked ", attempt + 1, " times)") : ""));
    }
    absl::SleepFor(std::min(
        {std::max(wait, answer.retry_after), kLongestWait, options_.deadline - absl::Now()}));
    wait *= 2;
  }
}

}  // namespace fovea::cli
