#include "render/tokens.h"

#include <algorithm>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_format.h"
#include "core/base/hidden_characters.h"
#include "core/base/utf8.h"

namespace fovea::render {
namespace {

// A run of spaces longer than this is read in pieces, so that one step has a bounded cost.
constexpr size_t kMaxSpaceRun = 9999;
// More marks than this on one letter are drawn by themselves: no script needs them.
constexpr size_t kMaxMarksOnLetter = 6;
constexpr char32_t kObjectReplacement = 0xFFFC;

size_t RunLength(std::string_view text, size_t at) {
  const size_t limit = std::min(text.size(), at + kMaxSpaceRun);
  size_t end = at + 1;
  while (end < limit && text[end] == text[at]) ++end;
  return end - at;
}

// Short names for the hidden characters that honest text holds most often.
std::string_view HiddenName(char32_t code_point) {
  switch (code_point) {
    case 0x00AD:
      return "SHY";
    case 0x200B:
      return "ZWSP";
    case 0x200C:
      return "ZWNJ";
    case 0x200D:
      return "ZWJ";
    case 0x200E:
      return "LRM";
    case 0x200F:
      return "RLM";
    case 0x202A:
      return "LRE";
    case 0x202B:
      return "RLE";
    case 0x202C:
      return "PDF";
    case 0x202D:
      return "LRO";
    case 0x202E:
      return "RLO";
    case 0x2060:
      return "WJ";
    case 0x2066:
      return "LRI";
    case 0x2067:
      return "RLI";
    case 0x2068:
      return "FSI";
    case 0x2069:
      return "PDI";
    case 0xFEFF:
      return "BOM";
    default:
      return "";
  }
}

// "^[" for ESC, as terminals do.
std::string CaretNotation(char32_t control) {
  return {'^', static_cast<char>(control == 0x7F ? '?' : control + '@')};
}

std::string CodePointName(char32_t code_point) {
  return absl::StrFormat("[U+%04X]", static_cast<uint32_t>(code_point));
}

}  // namespace

bool TokenReader::ExtenderAt(size_t at) const {
  if (at >= text_.size() || static_cast<unsigned char>(text_[at]) < 0x80) return false;
  const DecodedCharacter next = DecodeUtf8(text_, at);
  return next.well_formed &&
         table_.Find(weight_, next.code_point).kind == CodePoint::Kind::kExtender;
}

bool TokenReader::ContinuesCluster(size_t at) const {
  if (ExtenderAt(at)) return true;
  if (at >= text_.size() || static_cast<unsigned char>(text_[at]) < 0x80) return false;
  const DecodedCharacter next = DecodeUtf8(text_, at);
  return next.well_formed && IsPresentationSelector(next.code_point) &&
         TakesPresentationSelector(static_cast<unsigned char>(text_[at - 1]));
}

Token TokenReader::Read(size_t at, bool line_start) {
  if (run_ != nullptr && next_cluster_ < run_->clusters.size() &&
      run_begin_ + run_->clusters[next_cluster_].begin_byte == at) {
    ++next_cluster_;
    return CurrentCluster(next_cluster_ - 1);
  }
  switch (text_[at]) {
    case '\n':
      return {.kind = Token::Kind::kNewline,
              .bytes = 1,
              .advance = metrics_.NewlineWidthPx() * kPixel,
              .code_point = '\n'};
    case ' ':
    case '\t':
      return ReadSpace(at, line_start);
    default:
      return ReadCharacter(at);
  }
}

Token TokenReader::ReadSpace(size_t at, bool line_start) const {
  const auto length = static_cast<uint32_t>(RunLength(text_, at));
  const bool tabs = text_[at] == '\t';
  Token token{.kind = Token::Kind::kSpace, .bytes = length, .code_point = ' ', .count = length};
  if (!tabs && !line_start && length < 3) {
    token.advance = metrics_.Space(weight_) * static_cast<Sub>(length);
  } else if (tabs && length <= kMaxTabsByShape) {
    token.kind = Token::Kind::kTabs;
    token.advance = metrics_.TabsWidthPx(length) * kPixel;
  } else if (!tabs && length <= kMaxSpacesByShape) {
    token.kind = Token::Kind::kSpaces;
    token.advance = metrics_.SpacesWidthPx(length) * kPixel;
  } else {
    token = Escape(absl::StrFormat("%d%s", length, tabs ? "tab" : "sp"), length);
  }
  return token;
}

Token TokenReader::ReadCharacter(size_t at) {
  const DecodedCharacter decoded = DecodeUtf8(text_, at);
  if (!decoded.well_formed) {
    return Escape(absl::StrFormat("\\x%02X", static_cast<uint32_t>(decoded.code_point)), 1);
  }
  const char32_t code_point = decoded.code_point;
  const CodePoint& character = table_.Find(weight_, code_point);
  const size_t next = at + decoded.length;
  switch (character.kind) {
    case CodePoint::Kind::kHidden:
      return Hidden(code_point, decoded.length);
    case CodePoint::Kind::kMissing: {
      Token token = Escape(CodePointName(code_point), decoded.length);
      token.missing = true;
      return token;
    }
    case CodePoint::Kind::kComplex:
    case CodePoint::Kind::kExtender:
      return ReadCluster(at, code_point);
    case CodePoint::Kind::kSimple:
      break;
  }
  Token token{.kind = Token::Kind::kGlyph,
              .bytes = decoded.length,
              .advance = Scale(character.advance, metrics_.em),
              .code_point = code_point,
              .character = &character};
  if (ExtenderAt(next)) return ReadCluster(at, code_point);
  if (TakesPresentationSelector(code_point) && next < text_.size()) {
    const DecodedCharacter selector = DecodeUtf8(text_, next);
    if (selector.well_formed && IsPresentationSelector(selector.code_point)) {
      if (ExtenderAt(next + selector.length)) return ReadCluster(at, code_point);
      token.bytes += selector.length;
    }
  }
  return token;
}

// Gathers the run that begins at `at`: a letter with its marks, then what follows in the same
// script, as long as one face has it all.
Token TokenReader::ReadCluster(size_t at, char32_t base) {
  absl::InlinedVector<char32_t, 8> letter = {base};
  size_t end = at + DecodeUtf8(text_, at).length;
  while (end < text_.size() && letter.size() <= kMaxMarksOnLetter) {
    const DecodedCharacter next = DecodeUtf8(text_, end);
    const bool selector = next.well_formed && IsPresentationSelector(next.code_point) &&
                          TakesPresentationSelector(letter.back());
    if (!selector && !ExtenderAt(end)) break;
    if (!selector) letter.push_back(next.code_point);
    end += next.length;
  }
  int face = table_.FaceFor(weight_, letter);
  if (face < 0) {
    // No face has the letter with its marks: the letter alone, and each mark by itself.
    face = table_.Find(weight_, base).face;
    end = at + DecodeUtf8(text_, at).length;
  } else if (table_.Find(weight_, base).kind == CodePoint::Kind::kComplex) {
    const auto script = hb_unicode_script(hb_unicode_funcs_get_default(), base);
    int left = max_run_ - static_cast<int>(letter.size());
    for (; end < text_.size() && left > 0; --left) {
      const DecodedCharacter next = DecodeUtf8(text_, end);
      if (!next.well_formed) break;
      const CodePoint& character = table_.Find(weight_, next.code_point);
      const bool same =
          character.kind == CodePoint::Kind::kComplex &&
          hb_unicode_script(hb_unicode_funcs_get_default(), next.code_point) == script;
      if (!same && character.kind != CodePoint::Kind::kExtender) break;
      if (character.face != face) break;
      end += next.length;
    }
  }
  run_ = shaper_.Shape(static_cast<FaceId>(face), text_.substr(at, end - at));
  run_begin_ = at;
  next_cluster_ = 1;
  return CurrentCluster(0);
}

Token TokenReader::CurrentCluster(size_t index) const {
  const ShapedCluster& cluster = run_->clusters[index];
  return {.kind = Token::Kind::kCluster,
          .bytes = cluster.end_byte - cluster.begin_byte,
          .advance = Scale(cluster.advance, metrics_.em),
          .code_point = DecodeUtf8(text_, run_begin_ + cluster.begin_byte).code_point,
          .run = run_,
          .cluster = &cluster};
}

Token TokenReader::Escape(std::string_view spelling, uint32_t bytes) const {
  Token token{.kind = Token::Kind::kEscape, .bytes = bytes, .code_point = kObjectReplacement};
  token.escape_size = static_cast<uint8_t>(std::min(spelling.size(), token.escape.size()));
  spelling.copy(token.escape.data(), token.escape_size);
  Sub width = 2 * metrics_.escape_padding + kPixel;
  for (const char c : token.EscapeText()) {
    width += metrics_.Ascii(weight_)[static_cast<unsigned char>(c)];
  }
  token.advance = CeilToPixel(width);
  return token;
}

Token TokenReader::Hidden(char32_t code_point, uint32_t bytes) const {
  const bool c0 = code_point < 0x20 || code_point == 0x7F;
  std::string spelling = c0 ? CaretNotation(code_point) : std::string(HiddenName(code_point));
  if (spelling.empty()) spelling = CodePointName(code_point);
  Token token = Escape(spelling, bytes);
  token.hidden = true;
  return token;
}

}  // namespace fovea::render
