// JSON that keeps every string and number as it was written, in bounded depth and time.
//
// JSON may escape half of a surrogate pair ("\ud83d"), agents' histories do so, and JSON libraries
// refuse it. Here such a half is held as its three-byte form (WTF-8). A number that a double or a
// 64-bit integer would write in another way (1e3, 0.10, thirty digits) keeps its digits.
//
// Between ParseJson and DumpJson, strings within a Json are in a protected form: ask IsText, read
// them with BytesOf, write them with JsonOf. Names of members and text without U+10FFFD are the
// same in both. All functions are thread-safe.
#ifndef FOVEA_TRANSCRIPTS_LOSSLESS_JSON_H_
#define FOVEA_TRANSCRIPTS_LOSSLESS_JSON_H_

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::transcripts {

using Json = nlohmann::ordered_json;

// What nests deeper is not read: writing it goes down a call a level.
constexpr int kMaxJsonDepth = 1'000;

// More bytes than this are not read: it is four times what a turn may hold.
constexpr size_t kMaxJsonBytes = size_t{256} << 20;

// More values than this are not read: each takes up to about 150 bytes, however few its text has.
constexpr size_t kMaxJsonValues = 4'000'000;

// INVALID_ARGUMENT if `text` is not JSON in UTF-8, holds a number too large for a double or an
// object with the same name twice, nests deeper than kMaxJsonDepth, or is over kMaxJsonBytes or
// kMaxJsonValues.
// `values`, if not null, gets how many there are.
absl::StatusOr<Json> ParseJson(std::string_view text, size_t* values = nullptr);

// Names and values in `text`, without reading them; at least as many as there are.
size_t CountJsonValues(std::string_view text);

// The JSON text of `json` on one line, or over lines with two spaces a level. UTF-8; halves of
// surrogate pairs are escaped.
std::string DumpJson(const Json& json, bool pretty = false);

// If `json` is a string. A number that keeps its digits looks like one to json.is_string().
bool IsText(const Json& json);

// If `json` is a number, however it is held.
bool IsNumber(const Json& json);

// `bytes` as a JSON string; as {"base64": "..."} where a string cannot hold them.
Json JsonOf(std::string_view bytes);

// What JsonOf was given. INVALID_ARGUMENT if `json` is neither a string nor {"base64": "..."}.
absl::StatusOr<std::string> BytesOf(const Json& json);

}  // namespace fovea::transcripts

#endif  // FOVEA_TRANSCRIPTS_LOSSLESS_JSON_H_
