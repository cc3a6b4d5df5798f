#include "gateway/reports.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"

namespace fovea::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kBasis[] =
    "input tokens that are not cached, by the reader's cache prices; billed: the provider's own "
    "counts; full: an "
    "estimate of the same requests with their history as text, by what the provider counted for "
    "the session's requests "
    "that went out as they came, all of it but the newest part read from the cache";

// Microseconds since the epoch; INVALID_ARGUMENT for what is neither a duration nor a day.
absl::StatusOr<int64_t> SinceOf(const std::string& since) {
  if (since.empty()) return 0;
  int64_t count = 0;
  const char unit = since.back();
  if (absl::SimpleAtoi(since.substr(0, since.size() - 1), &count) && count >= 0) {
    const absl::Duration step = unit == 'd'   ? absl::Hours(24)
                                : unit == 'h' ? absl::Hours(1)
                                : unit == 'm' ? absl::Minutes(1)
                                              : absl::ZeroDuration();
    if (step > absl::ZeroDuration()) return absl::ToUnixMicros(absl::Now() - step * count);
  }
  absl::Time day;
  std::string error;
  if (absl::ParseTime("%Y-%m-%d", since, absl::LocalTimeZone(), &day, &error)) {
    return absl::ToUnixMicros(day);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--since: ", since, " is neither like 7d, 24h, 30m nor like 2026-11-29"));
}

double Share(double billed, double full) { return full > 0 ? 1 - billed / full : 0; }

std::string When(int64_t us) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMicros(us), absl::LocalTimeZone());
}

// The time that the figures are of, in words.
std::string WindowOf(int64_t since, const std::vector<BookSum>& sums) {
  int64_t first = 0;
  int64_t last = 0;
  for (const BookSum& sum : sums) {
    first = first == 0 ? sum.first_us : std::min(first, sum.first_us);
    last = std::max(last, sum.last_us);
  }
  const std::string asked =
      since == 0 ? "everything in the books" : absl::StrCat("since ", When(since));
  if (first == 0) return absl::StrCat(asked, ": no requests");
  return absl::StrCat(asked, ": requests from ", When(first), " to ", When(last));
}

Json JsonOf(const BookSum& sum) {
  return {{"key", sum.key},
          {"requests", sum.requests},
          {"compressed", sum.compressed},
          {"fallbacks", sum.fallbacks},
          {"errors", sum.errors},
          {"input_tokens", sum.input_tokens},
          {"cached_tokens", sum.cached_tokens},
          {"written_tokens", sum.written_tokens},
          {"output_tokens", sum.output_tokens},
          {"predicted_tokens", sum.predicted_tokens},
          {"billed", sum.billed},
          {"full_billed_estimate", sum.full_billed},
          {"saved_share_estimate", Share(sum.billed, sum.full_billed)},
          {"first", When(sum.first_us)},
          {"last", When(sum.last_us)}};
}

// A field of CSV (RFC 4180).
std::string Csv(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace

absl::Status PrintSavings(Database& database, const SavingsOptions& options, std::ostream& out) {
  FOVEA_ASSIGN_OR_RETURN(const auto since, SinceOf(options.since));
  FOVEA_ASSIGN_OR_RETURN(const auto sums,
                         database.Sums(options.by, since, options.session, options.project));
  if (options.json) {
    Json rows = Json::array();
    for (const BookSum& sum : sums) rows.push_back(JsonOf(sum));
    const Json all = {{"basis", kBasis},
                      {"window", WindowOf(since, sums)},
                      {"since", since == 0 ? Json() : Json(When(since))},
                      {"by", options.by},
                      {"rows", rows}};
    out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return absl::OkStatus();
  }
  if (options.csv) {
    out << options.by
        << ",requests,compressed,fallbacks,errors,input_tokens,cached_tokens,written_tokens,output_"
           "tokens,billed,"
           "full_billed_estimate,first,last\n";
    for (const BookSum& sum : sums) {
      out << Csv(sum.key) << ',' << sum.requests << ',' << sum.compressed << ',' << sum.fallbacks
          << ',' << sum.errors << ',' << sum.input_tokens << ',' << sum.cached_tokens << ','
          << sum.written_tokens << ',' << sum.output_tokens << ','
          << absl::StrFormat("%.0f,%.0f,", sum.billed, sum.full_billed) << When(sum.first_us) << ','
          << When(sum.last_us) << "\n";
    }
    return absl::OkStatus();
  }
  if (sums.empty()) {
    out << "no requests" << (since == 0 ? "" : absl::StrCat(" since ", When(since))) << "\n";
    return absl::OkStatus();
  }
  for (const BookSum& sum : sums) {
    out << (sum.key.empty() ? "(none)" : sum.key) << "\n"
        << absl::StrFormat("  %d requests, %s to %s: %d compressed, %d fallbacks, %d errors\n",
                           sum.requests, When(sum.first_us), When(sum.last_us), sum.compressed,
                           sum.fallbacks, sum.errors)
        << absl::StrFormat("  %d input tokens (%d from the cache, %d written to it), %d output\n",
                           sum.input_tokens, sum.cached_tokens, sum.written_tokens,
                           sum.output_tokens)
        << absl::StrFormat("  billed %.0f, full history about %.0f: about %.0f %% saved\n",
                           sum.billed, sum.full_billed, 100 * Share(sum.billed, sum.full_billed));
  }
  out << "Window: " << WindowOf(since, sums) << ".\nBasis: " << kBasis << ".\n";
  return absl::OkStatus();
}

std::string StatusLine(Database& database, const std::string& input) {
  const Json json = Json::parse(input, nullptr, false);
  std::string project;
  if (json.is_object() && json.contains("workspace") && json["workspace"].is_object() &&
      json["workspace"].contains("project_dir") && json["workspace"]["project_dir"].is_string()) {
    project = json["workspace"]["project_dir"].get<std::string>();
  } else if (json.is_object() && json.contains("cwd") && json["cwd"].is_string()) {
    project = json["cwd"].get<std::string>();
  }
  const int64_t since = absl::ToUnixMicros(absl::Now() - absl::Hours(24));
  const auto sums = database.Sums("", since, "", project);
  if (!sums.ok() || sums->empty()) return "fovea: no requests in 24 h";
  const BookSum& sum = sums->front();
  return absl::StrFormat("fovea: %d of %d requests compressed in 24 h, about %.0f %% saved%s",
                         sum.compressed, sum.requests, 100 * Share(sum.billed, sum.full_billed),
                         sum.fallbacks > 0 ? absl::StrCat(", ", sum.fallbacks, " fallbacks") : "");
}

}  // namespace fovea::gateway
