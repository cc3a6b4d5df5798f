#include "gateway/http_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace fovea::gateway {
namespace {

namespace http = boost::beast::http;

constexpr size_t kReadBytes = 64 << 10;
constexpr absl::Duration kDrainTime = absl::Seconds(2);

RequestError NotAdmitted(const absl::Status& status) {
  return {absl::IsNotFound(status) ? 404 : 403, std::string(status.message()), {}};
}

RequestError ErrorOf(const boost::beast::error_code& code, const HttpServerOptions& options) {
  if (code == http::error::body_limit) {
    return {413, absl::StrCat("body: over ", options.max_body_bytes, " bytes"), {}};
  }
  if (code == http::error::header_limit || code == http::error::buffer_overflow) {
    return {431, absl::StrCat("header fields: over ", options.max_header_bytes, " bytes"), {}};
  }
  return {400, absl::StrCat("the request is not HTTP/1.1: ", code.message()), {}};
}

// Without its body.
template <typename Message>
Request HeadOf(const Message& message) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.http_1_0 = message.version() < 11;
  for (const auto& field : message) {
    request.headers.Add({field.name_string().data(), field.name_string().size()},
                        {field.value().data(), field.value().size()});
  }
  return request;
}

// What leaves open where a body ends, or for whom a request is: none of it is passed on.
std::optional<RequestError> FaultOf(const Request& head) {
  int hosts = 0;
  int origins = 0;
  int lengths = 0;
  int codings = 0;
  bool chunked = true;
  for (const Headers::Field& field : head.headers.fields()) {
    const auto is = [&field](absl::string_view name) {
      return absl::EqualsIgnoreCase(field.name, name);
    };
    hosts += is("Host") ? 1 : 0;
    origins += is("Origin") ? 1 : 0;
    lengths += is("Content-Length") ? 1 : 0;
    if (!is("Transfer-Encoding")) continue;
    ++codings;
    chunked = chunked && absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(field.value), "chunked");
  }
  if (hosts > 1) return RequestError{400, "Host stands there twice", {}};
  if (origins > 1) return RequestError{400, "Origin stands there twice", {}};
  if (codings > 0 && !chunked) {
    return RequestError{501, "Transfer-Encoding: only chunked is spoken", {}};
  }
  if (codings > 1 || (codings > 0 && (lengths > 0 || head.http_1_0))) {
    return RequestError{400, "it is not said once where the body ends", {}};
  }
  return std::nullopt;
}

constexpr absl::string_view kTooSlow = "the body came too slowly";
constexpr absl::string_view kTooManyBytes = "too many bytes of requests are held; try again";

}  // namespace

absl::StatusOr<bool> RequestReader::Fill(absl::Duration timeout, bool stoppable) {
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const auto count =
      ReadSome(fd_, buffer_.data() + before, kReadBytes, timeout, stoppable ? stop_fd_ : -1);
  buffer_.resize(before + (count.ok() ? *count : 0));
  if (!count.ok()) return count.status();
  return *count > 0;
}

void RequestReader::Drain() {
  const absl::Time end = absl::Now() + kDrainTime;
  shutdown(fd_, SHUT_WR);
  while (absl::Now() < end) {
    buffer_.clear();
    const auto more = Fill(end - absl::Now(), true);
    if (!more.ok() || !*more) return;
  }
}

RequestReader::Result RequestReader::Next(std::unique_ptr<HeldBytes> held,
                                          absl::FunctionRef<void()> on_progress) {
  if (buffer_.empty()) {
    const auto more = Fill(first_ ? options_.first_timeout : options_.idle_timeout, true);
    if (!more.ok() || !*more) return {};
  }
  first_ = false;
  http::request_parser<http::string_body> parser;
  parser.eager(false);  // the header first
  parser.header_limit(static_cast<uint32_t>(options_.max_header_bytes));
  parser.body_limit(options_.max_body_bytes);
  const absl::Time header_deadline = absl::Now() + options_.header_timeout;
  const auto refused = [&](int status, std::string message) {
    return Result{.error = RequestError{status, std::move(message), HeadOf(parser.get())}};
  };
  bool admitted = false;
  absl::Time body_deadline = absl::InfiniteFuture();
  while (true) {
    boost::beast::error_code code;
    const size_t used = parser.put(boost::asio::buffer(buffer_), code);
    buffer_.erase(0, used);
    if (code && code != http::error::need_more) {
      RequestError error = ErrorOf(code, options_);
      error.head = HeadOf(parser.get());
      return {.error = std::move(error)};
    }
    if (parser.is_header_done() && !admitted) {
      admitted = true;
      Request head = HeadOf(parser.get());
      if (auto fault = FaultOf(head); fault.has_value()) {
        fault->head = std::move(head);
        return {.error = std::move(fault)};
      }
      const absl::Status status =
          options_.admit == nullptr ? absl::OkStatus() : options_.admit(head);
      if (!status.ok()) {
        RequestError error = NotAdmitted(status);
        error.head = std::move(head);
        return {.error = std::move(error)};
      }
      on_progress();
      body_deadline = absl::Now() + options_.io_timeout;
      parser.eager(true);
      if (absl::EqualsIgnoreCase(std::string(parser.get()[http::field::expect]), "100-continue")) {
        const auto sent = WriteAll(fd_, "HTTP/1.1 100 Continue\r\n\r\n", options_.io_timeout);
        if (!sent.ok()) return {};
      }
      if (!parser.is_done() && !buffer_.empty()) {
        if (!held->Grow(buffer_.size())) return refused(503, std::string(kTooManyBytes));
        continue;
      }
    }
    if (parser.is_done()) break;
    if (!parser.is_header_done() && buffer_.size() > options_.max_header_bytes) {
      return refused(431, ErrorOf(http::error::header_limit, options_).message);
    }
    const absl::Time now = absl::Now();
    const absl::Duration wait =
        admitted ? std::min(options_.io_timeout, body_deadline - now) : header_deadline - now;
    if (admitted && wait <= absl::ZeroDuration()) return refused(408, std::string(kTooSlow));
    const size_t before = buffer_.size();
    const auto more = Fill(wait, false);
    if (admitted && absl::IsDeadlineExceeded(more.status())) {
      return refused(408, std::string(kTooSlow));
    }
    if (!more.ok() || !*more) return {};
    if (!admitted) continue;
    on_progress();
    const size_t came = buffer_.size() - before;
    body_deadline += absl::Seconds(static_cast<double>(came) / options_.least_body_rate);
    // A body counts as it comes: what is announced alone takes nothing from others.
    if (!held->Grow(came)) return refused(503, std::string(kTooManyBytes));
  }
  const bool keep_alive = parser.get().keep_alive();
  auto message = parser.release();
  Request request = HeadOf(message);
  request.body = Counted(std::move(message.body()), std::move(held));
  return {.request = std::move(request), .keep_alive = keep_alive};
}

absl::Status SocketResponse::Put(absl::string_view bytes) {
  if (broken_) return absl::UnavailableError("the client is gone");
  absl::Status status = WriteAll(fd_, bytes, timeout_);
  if (!status.ok()) broken_ = true;
  return status;
}

absl::Status SocketResponse::Start(const ResponseHead& head, std::optional<uint64_t> length) {
  started_ = true;
  const absl::string_view reason =
      head.reason.empty() ? ReasonPhrase(head.status) : absl::string_view(head.reason);
  std::string text = absl::StrCat("HTTP/1.1 ", head.status, " ", reason, "\r\n");
  for (const Headers::Field& field : head.headers.fields()) {
    absl::StrAppend(&text, field.name, ": ", field.value, "\r\n");
  }
  bodiless_ = head_only_ || head.status == 204 || head.status == 304;
  if (length.has_value()) {
    if (head.status != 204) absl::StrAppend(&text, "Content-Length: ", *length, "\r\n");
    remaining_ = length;
  } else if (!bodiless_) {
    if (http_1_0_) {
      keep_alive_ = false;
    } else {
      chunked_ = true;
      absl::StrAppend(&text, "Transfer-Encoding: chunked\r\n");
    }
  }
  absl::StrAppend(&text, "Connection: ", keep_alive_ ? "keep-alive" : "close", "\r\n\r\n");
  return Put(text);
}

absl::Status SocketResponse::Write(absl::string_view bytes) {
  if (bytes.empty() || bodiless_) return absl::OkStatus();
  if (chunked_) return Put(absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n"));
  if (remaining_.has_value()) {
    if (bytes.size() > *remaining_) {
      broken_ = true;
      return absl::InternalError("more bytes than were announced");
    }
    *remaining_ -= bytes.size();
  }
  return Put(bytes);
}

absl::Status SocketResponse::Finish() {
  finished_ = true;
  if (chunked_) return Put("0\r\n\r\n");
  if (!bodiless_ && remaining_.has_value() && *remaining_ > 0) {
    broken_ = true;
    return absl::InternalError("fewer bytes than were announced");
  }
  return absl::OkStatus();
}

}  // namespace fovea::gateway
