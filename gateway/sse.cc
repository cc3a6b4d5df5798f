#include "gateway/sse.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace fovea::gateway {
namespace {

// The end of the first event in `text`, behind its empty line; npos if there is none yet.
size_t EventEnd(absl::string_view text, size_t from) {
  for (size_t at = text.find('\n', from); at != absl::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return absl::string_view::npos;
}

std::string DataOf(absl::string_view event) {
  std::string data;
  bool first = true;
  for (absl::string_view line : absl::StrSplit(event, '\n')) {
    line = absl::StripSuffix(line, "\r");
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
  scanned_ = buffer_.size() < 2 ? 0 : buffer_.size() - 2;
  return buffer_.size() <= kMaxEventBytes;
}

}  // namespace fovea::gateway
