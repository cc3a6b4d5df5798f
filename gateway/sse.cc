#include "gateway/sse.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fovea::gateway {
namespace {

constexpr absl::string_view kLineEnds = "\r\n";

// Behind the line end that begins at `at`.
size_t BehindLineEnd(absl::string_view text, size_t at) {
  return text.substr(at, 2) == "\r\n" ? at + 2 : at + 1;
}

// The end of the first event in `text`, behind its empty line; npos if there is none yet. It may be
// looked for from the last three bytes on.
size_t EventEnd(absl::string_view text, size_t from) {
  for (size_t at = text.find_first_of(kLineEnds, from); at != absl::string_view::npos;) {
    const size_t next = BehindLineEnd(text, at);
    if (next >= text.size()) break;
    if (text[next] == '\n') return next + 1;
    if (text[next] == '\r') {
      // An LF may follow, unless lines end with CR alone: such an event is not to wait for the
      // next.
      const bool cr_alone = text[at] == '\r' && next == at + 1;
      if (next + 1 < text.size() || cr_alone) return BehindLineEnd(text, next);
      break;
    }
    at = text.find_first_of(kLineEnds, next);
  }
  return absl::string_view::npos;
}

std::string DataOf(absl::string_view event) {
  std::string data;
  bool first = true;
  absl::ConsumePrefix(&event, "\xEF\xBB\xBF");  // a stream may begin with a byte order mark
  while (!event.empty()) {
    const size_t end = event.find_first_of(kLineEnds);
    absl::string_view line = event.substr(0, end);
    event.remove_prefix(end == absl::string_view::npos ? event.size() : BehindLineEnd(event, end));
    if (!absl::ConsumePrefix(&line, "data:")) continue;
    absl::ConsumePrefix(&line, " ");
    absl::StrAppend(&data, first ? "" : "\n", line);
    first = false;
  }
  return data;
}

}  // namespace

bool SseSplitter::Feed(absl::string_view bytes, const OnEvent& on_event) {
  buffer_.append(bytes.data(), bytes.size());
  size_t begin = 0;
  while (true) {
    const size_t from = begin > scanned_ ? begin : scanned_;
    const size_t end = EventEnd(buffer_, from);
    if (end == absl::string_view::npos) break;
    const absl::string_view raw = absl::string_view(buffer_).substr(begin, end - begin);
    on_event(raw, DataOf(raw));
    begin = end;
  }
  buffer_.erase(0, begin);
  scanned_ = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
  return buffer_.size() <= kMaxEventBytes;
}

void SseSplitter::End(const OnEvent& on_event) {
  if (buffer_.empty()) return;
  const std::string raw = std::move(buffer_);
  buffer_.clear();
  scanned_ = 0;
  on_event(raw, DataOf(raw));
}

}  // namespace fovea::gateway
