// Where the values of a JSON text stand in it, so that one can be replaced and all else stays byte
// for byte.
#ifndef FOVEA_GATEWAY_JSON_SPAN_H_
#define FOVEA_GATEWAY_JSON_SPAN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fovea::gateway {

// What nests deeper is not looked into.
constexpr int kMaxSpanDepth = 512;
// Of one object or array: a place takes more room than the shortest value.
constexpr size_t kMaxSpanValues = 100'000;

// A value's text within a larger one.
struct JsonSpan {
  size_t begin = 0;
  size_t end = 0;

  absl::string_view In(absl::string_view text) const { return text.substr(begin, end - begin); }
};

struct JsonMember {
  absl::string_view key;  // as written, without the quotes
  JsonSpan value;
};

// The members of the object that `text` is, white space around it apart. INVALID_ARGUMENT if it is
// no object, is cut off, nests deeper than kMaxSpanDepth, has over kMaxSpanValues members, or names
// a key twice. Values are not checked further. Does not recurse, and takes time linear in the text.
absl::StatusOr<std::vector<JsonMember>> ScanObject(absl::string_view text);

// The items of the array at `span` of `text`; errors as above.
absl::StatusOr<std::vector<JsonSpan>> ScanArray(absl::string_view text, JsonSpan span);
// The items of the array that `text` is, each as its text; none where it is no array.
std::vector<absl::string_view> ItemsOf(absl::string_view text);

// A request's body: its members, and the items of the one that is an array and has the key asked
// for.
struct ScannedBody {
  std::vector<JsonMember> members;
  std::vector<JsonSpan> items;
};

// What is known of a text that begins with the same bytes.
struct KnownBeginning {
  absl::string_view text;
  std::vector<JsonMember> before;  // the members in front of the array
  JsonSpan array;                  // its span, of which only the beginning counts
  std::vector<JsonSpan> items;     // all within the bytes that are the same; not empty
};

// ScanObject and ScanArray in one; no items if there is no such array. Does not scan again what is
// known.
absl::StatusOr<ScannedBody> ScanBody(absl::string_view text, absl::string_view key,
                                     const KnownBeginning* known = nullptr);

// The member of that key; null if there is none.
const JsonMember* FindMember(const std::vector<JsonMember>& members, absl::string_view key);

// Where `wanted` stands in `text` from `from` on; npos if it does not. absl's own search stops at
// each place of the first character: in JSON, at every quote.
size_t FindText(absl::string_view text, absl::string_view wanted, size_t from);

// `text` with the value at `span` replaced.
std::string Replaced(absl::string_view text, JsonSpan span, absl::string_view with);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_JSON_SPAN_H_
