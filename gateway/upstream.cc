#include "gateway/upstream.h"

#include <curl/curl.h>
#include <poll.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

constexpr size_t kIdleLines = 64;
constexpr int kPollMilliseconds = 1000;

struct ListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDelete>;

void Append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  list.release();  // NOLINT(bugprone-unused-return-value): it is a part of `longer` now
  list.reset(longer);
}

// The client's fields, and none that libcurl would add on its own.
List HeaderList(const UpstreamRequest& request) {
  List list;
  for (const Headers::Field& field : request.headers.fields()) {
    // An empty value is written with a semicolon, or libcurl takes the field for one to leave out.
    Append(list, field.value.empty() ? absl::StrCat(field.name, ";")
                                     : absl::StrCat(field.name, ": ", field.value));
  }
  for (const char* name : {"Accept", "User-Agent", "Content-Type", "Expect", "Accept-Encoding"}) {
    if (!request.headers.Has(name)) Append(list, absl::StrCat(name, ":"));
  }
  return list;
}

// One transfer's state, for libcurl's callbacks.
struct Transfer {
  const UpstreamSink& sink;
  size_t max_header_bytes;
  size_t header_bytes = 0;
  ResponseHead head;
  bool head_given = false;
  absl::Time last_byte = absl::Now();
  absl::Status status;  // the first thing that went wrong
};

void ReadStatusLine(absl::string_view line, ResponseHead& head) {
  head = ResponseHead();
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return;
  absl::string_view rest = line.substr(space + 1);
  int status = 0;
  if (absl::SimpleAtoi(rest.substr(0, 3), &status)) head.status = status;
  if (rest.size() > 4) head.reason = std::string(absl::StripAsciiWhitespace(rest.substr(4)));
}

size_t OnHeader(const char* data, size_t size, size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  absl::string_view line(data, size * count);
  transfer.last_byte = absl::Now();
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > transfer.max_header_bytes) {
    transfer.status = absl::UnavailableError("the provider's header fields are too long");
    return 0;
  }
  if (transfer.head_given) return line.size();  // trailers
  if (absl::StartsWith(line, "HTTP/")) {
    ReadStatusLine(line, transfer.head);
    return line.size();
  }
  line = absl::StripAsciiWhitespace(line);
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    transfer.head.headers.Add(line.substr(0, colon),
                              absl::StripAsciiWhitespace(line.substr(colon + 1)));
  } else if (line.empty() && transfer.head.status >= 200) {
    transfer.head_given = true;
    transfer.status = transfer.sink.on_head(std::move(transfer.head));
    if (!transfer.status.ok()) return 0;
  }
  return size * count;
}

size_t OnBody(const char* data, size_t size, size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  transfer.last_byte = absl::Now();
  transfer.status = transfer.sink.on_body({data, size * count});
  return transfer.status.ok() ? size * count : 0;
}

}  // namespace

class Upstream::Line {
 public:
  Line() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}
  ~Line() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  absl::Status Send(const UpstreamOptions& options, const UpstreamRequest& request,
                    const UpstreamSink& sink);

 private:
  void SetUp(const UpstreamOptions& options, const UpstreamRequest& request);
  absl::Status Drive(const UpstreamOptions& options, const UpstreamRequest& request,
                     Transfer& transfer);

  CURLM* const multi_;
  CURL* const easy_;
  std::string error_;
};

void Upstream::Line::SetUp(const UpstreamOptions& options, const UpstreamRequest& request) {
  curl_easy_reset(easy_);
  curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 64L << 10);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
  if (!options.proxy.empty()) curl_easy_setopt(easy_, CURLOPT_PROXY, options.proxy.c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

absl::Status Upstream::Line::Send(const UpstreamOptions& options, const UpstreamRequest& request,
                                  const UpstreamSink& sink) {
  Transfer transfer{.sink = sink, .max_header_bytes = options.max_header_bytes};
  const List headers = HeaderList(request);
  char error[CURL_ERROR_SIZE] = "";
  SetUp(options, request);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &transfer);
  curl_multi_add_handle(multi_, easy_);
  absl::Status status = Drive(options, request, transfer);
  curl_multi_remove_handle(multi_, easy_);
  if ((absl::IsUnavailable(status) || absl::IsAborted(status)) && error[0] != '\0') {
    status = absl::Status(status.code(), absl::StrCat(status.message(), ": ", error));
  }
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
  return status;
}

absl::Status Upstream::Line::Drive(const UpstreamOptions& options, const UpstreamRequest& request,
                                   Transfer& transfer) {
  int client_fd = request.client_fd;
  bool half_closed = false;
  while (true) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (!transfer.status.ok()) return transfer.status;
    if (running == 0) break;
    curl_waitfd client = {client_fd, static_cast<short>(half_closed ? 0 : CURL_WAIT_POLLIN), 0};
    int ready = 0;
    curl_multi_poll(multi_, client_fd < 0 ? nullptr : &client, client_fd < 0 ? 0 : 1,
                    kPollMilliseconds, &ready);
    if (half_closed && IsBroken(client_fd)) return absl::CancelledError("the client is gone");
    if (client_fd >= 0 && !half_closed && client.revents != 0) {
      if (!PeerHasClosed(client_fd)) {
        client_fd = -1;  // it sent its next request already, and is watched when that is written to
        continue;
      }
      half_closed = request.may_probe && !transfer.head_given &&
                    WriteAll(client_fd, "HTTP/1.1 100 Continue\r\n\r\n", absl::ZeroDuration()).ok();
      if (!half_closed) return absl::CancelledError("the client is gone");
    }
    if (absl::Now() - transfer.last_byte > options.silence_timeout) {
      return absl::DeadlineExceededError("the provider is silent");
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE || message->data.result == CURLE_OK) continue;
    const CURLcode code = message->data.result;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
      return absl::InvalidArgumentError(curl_easy_strerror(code));
    }
    // Where no request went out, nothing broke off: a proxy that refuses CONNECT is among these.
    long connect_code = 0;
    curl_off_t ready_time = 0;
    curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &connect_code);
    curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready_time);
    if (connect_code >= 300 || ready_time == 0) {
      return absl::UnavailableError(curl_easy_strerror(code));
    }
    if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
        code == CURLE_PARTIAL_FILE) {
      return absl::AbortedError(curl_easy_strerror(code));
    }
    return absl::UnavailableError(curl_easy_strerror(code));
  }
  return transfer.head_given ? absl::OkStatus()
                             : absl::UnavailableError("the provider sent no answer");
}

Upstream::Upstream(UpstreamOptions options) : options_(std::move(options)) {
  static const CURLcode kOnce = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kOnce);
}

Upstream::~Upstream() = default;

std::unique_ptr<Upstream::Line> Upstream::Take() {
  absl::MutexLock lock(&mutex_);
  if (idle_.empty()) return std::make_unique<Line>();
  std::unique_ptr<Line> line = std::move(idle_.back());
  idle_.pop_back();
  return line;
}

void Upstream::GiveBack(std::unique_ptr<Line> line) {
  absl::MutexLock lock(&mutex_);
  if (idle_.size() < kIdleLines) idle_.push_back(std::move(line));
}

absl::Status Upstream::Send(const UpstreamRequest& request, const UpstreamSink& sink) {
  std::unique_ptr<Line> line = Take();
  absl::Status status = line->Send(options_, request, sink);
  GiveBack(std::move(line));
  return status;
}

}  // namespace fovea::gateway
