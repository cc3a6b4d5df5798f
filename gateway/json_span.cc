#include "gateway/json_span.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::gateway {
namespace {

class Scanner {
 public:
  Scanner(absl::string_view text, size_t at, size_t end) : text_(text), at_(at), end_(end) {}

  void SkipSpace() {
    while (at_ < end_ &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool Take(char wanted) {
    SkipSpace();
    if (at_ >= end_ || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  // The text between the quotes.
  bool TakeString(absl::string_view* to) {
    if (!Take('"')) return false;
    const size_t begin = at_;
    // Most of a body is long strings: from quote to quote.
    while (at_ < end_) {
      const size_t quote = text_.substr(0, end_).find('"', at_);
      if (quote == absl::string_view::npos) break;
      at_ = quote + 1;
      size_t backslashes = 0;
      while (quote - backslashes > begin && text_[quote - backslashes - 1] == '\\') ++backslashes;
      if (backslashes % 2 == 0) {
        *to = text_.substr(begin, quote - begin);
        return true;
      }
    }
    at_ = end_;
    return false;
  }

  // One value of any kind.
  bool TakeValue(JsonSpan* to) {
    SkipSpace();
    to->begin = at_;
    int depth = 0;
    while (at_ < end_) {
      const char c = text_[at_];
      if (c == '"') {
        absl::string_view unused;
        if (!TakeString(&unused)) return false;
      } else if (c == '{' || c == '[') {
        ++at_;
        if (++depth > kMaxSpanDepth) return false;
        continue;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;
        ++at_;
        --depth;
      } else if (c == ',' && depth == 0) {
        break;
      } else if (depth == 0) {
        TakeScalar();
      } else {
        ++at_;
        continue;
      }
      if (depth == 0) break;
    }
    to->end = at_;
    return depth == 0 && to->end > to->begin;
  }

  bool TakeItem(std::vector<JsonSpan>& items) {
    if (items.size() >= kMaxSpanValues) return false;
    JsonSpan item;
    if (!TakeValue(&item)) return false;
    items.push_back(item);
    return true;
  }

  // The rest of an array, behind an item.
  bool TakeItems(std::vector<JsonSpan>& items) {
    while (Take(',')) {
      if (!TakeItem(items)) return false;
    }
    return Take(']');
  }

  bool AtEnd() {
    SkipSpace();
    return at_ == end_;
  }
  size_t at() const { return at_; }

 private:
  void TakeScalar() {
    while (at_ < end_ &&
           absl::string_view(" \n\r\t,]}").find(text_[at_]) == absl::string_view::npos) {
      ++at_;
    }
  }

  const absl::string_view text_;
  size_t at_;
  const size_t end_;
};

absl::Status Malformed(size_t at) {
  return absl::InvalidArgumentError(
      absl::StrCat("not well-formed JSON, or over ", kMaxSpanValues, " values, at byte ", at));
}

}  // namespace

absl::StatusOr<std::vector<JsonMember>> ScanObject(absl::string_view text) {
  FOVEA_ASSIGN_OR_RETURN(auto body, ScanBody(text, ""));
  return std::move(body.members);
}

std::vector<absl::string_view> ItemsOf(absl::string_view text) {
  std::vector<absl::string_view> items;
  const auto spans = ScanArray(text, {0, text.size()});
  if (!spans.ok()) return items;
  for (const JsonSpan& span : *spans) items.push_back(span.In(text));
  return items;
}

absl::StatusOr<ScannedBody> ScanBody(absl::string_view text, absl::string_view key,
                                     const KnownBeginning* known) {
  ScannedBody body;
  Scanner scanner(text, known == nullptr ? 0 : known->items.back().end, text.size());
  if (known != nullptr) {
    for (JsonMember member : known->before) {
      member.key = text.substr(static_cast<size_t>(member.key.data() - known->text.data()),
                               member.key.size());
      body.members.push_back(member);
    }
    body.items = known->items;
    if (!scanner.TakeItems(body.items)) return Malformed(scanner.at());
    body.members.push_back({key, {known->array.begin, scanner.at()}});
  } else if (!scanner.Take('{')) {
    return Malformed(scanner.at());
  }
  if (!scanner.Take('}')) {
    // The first member has no comma before it.
    bool first = known == nullptr;
    while (first || scanner.Take(',')) {
      first = false;
      JsonMember member;
      if (body.members.size() >= kMaxSpanValues) return Malformed(scanner.at());
      if (!scanner.TakeString(&member.key) || !scanner.Take(':')) return Malformed(scanner.at());
      scanner.SkipSpace();
      member.value.begin = scanner.at();
      if (!key.empty() && member.key == key && scanner.Take('[')) {
        body.items.clear();
        if (!scanner.Take(']') &&
            (!scanner.TakeItem(body.items) || !scanner.TakeItems(body.items))) {
          return Malformed(scanner.at());
        }
        member.value.end = scanner.at();
      } else if (!scanner.TakeValue(&member.value)) {
        return Malformed(scanner.at());
      }
      body.members.push_back(member);
    }
    if (!scanner.Take('}')) return Malformed(scanner.at());
  }
  if (!scanner.AtEnd()) return Malformed(scanner.at());
  std::vector<absl::string_view> keys;
  keys.reserve(body.members.size());
  for (const JsonMember& member : body.members) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  // Which one is the caller's to know: names are what it said, and this goes into logs.
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
    return absl::InvalidArgumentError("a key stands there twice");
  }
  return body;
}

absl::StatusOr<std::vector<JsonSpan>> ScanArray(absl::string_view text, JsonSpan span) {
  Scanner scanner(text, span.begin, span.end);
  std::vector<JsonSpan> items;
  if (!scanner.Take('[')) return Malformed(scanner.at());
  if (!scanner.Take(']') && (!scanner.TakeItem(items) || !scanner.TakeItems(items))) {
    return Malformed(scanner.at());
  }
  if (!scanner.AtEnd()) return Malformed(scanner.at());
  return items;
}

const JsonMember* FindMember(const std::vector<JsonMember>& members, absl::string_view key) {
  for (const JsonMember& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

size_t FindText(absl::string_view text, absl::string_view wanted, size_t from) {
  if (from >= text.size()) return absl::string_view::npos;
  const void* found = memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? absl::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

std::string Replaced(absl::string_view text, JsonSpan span, absl::string_view with) {
  return absl::StrCat(text.substr(0, span.begin), with, text.substr(span.end));
}

}  // namespace fovea::gateway
