// JSON that keeps every string, also those that are not Unicode text. JSON may escape half of a
// surrogate pair ("\ud83d"), agents' histories do so, and JSON libraries refuse it. Here such a
// half is held as its three-byte form (WTF-8).
//
// Between ParseJson and DumpJson, strings within a Json are in a protected form: read them with
// BytesOf, write them with JsonOf. Names of members and text without U+10FFFD are the same in both.
#ifndef FOVEA_CLI_LOSSLESS_JSON_H_
#define FOVEA_CLI_LOSSLESS_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::cli {

using Json = nlohmann::ordered_json;

// What nests deeper is not read: writing it goes down a call a level.
constexpr int kMaxJsonDepth = 1'000;

// INVALID_ARGUMENT if `text` is not JSON in UTF-8, holds a number too large for a double, or nests
// deeper than kMaxJsonDepth.
absl::StatusOr<Json> ParseJson(std::string_view text);

// The JSON text of `json` on one line, or over lines with two spaces a level. UTF-8; halves of
// surrogate pairs are escaped.
std::string DumpJson(const Json& json, bool pretty = false);

// `bytes` as a JSON string; as {"base64": "..."} where a string cannot hold them.
Json JsonOf(std::string_view bytes);

// What JsonOf was given. INVALID_ARGUMENT if `json` is neither a string nor {"base64": "..."}.
absl::StatusOr<std::string> BytesOf(const Json& json);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_LOSSLESS_JSON_H_
