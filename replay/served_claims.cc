#include "replay/served_claims.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "replay/exact_uses.h"

namespace fovea::replay {
namespace {

constexpr std::string_view kSidecar = "[Exact strings of ";

// "#57" and what follows; nothing if the text does not begin so.
std::optional<uint64_t> LeadingSeq(std::string_view& text) {
  if (!text.starts_with('#')) return std::nullopt;
  uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), seq);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return seq;
}

bool IsOneOf(std::string_view bytes, char c) { return bytes.find(c) != std::string_view::npos; }

// Whether the label ends before `at`, with nothing between but quotes, spaces and the sign that
// makes it a label.
bool LabelStandsBefore(std::string_view text, size_t at, std::string_view label) {
  std::string_view before = text.substr(0, at);
  bool sign = false;
  while (!before.empty() && IsOneOf("\"'`\\$ :=", before.back())) {
    sign = sign || IsOneOf(":=", before.back());
    before.remove_suffix(1);
  }
  return sign && before.ends_with(label);
}

// Whether the value stands in the text as a whole, behind its label if it has one.
bool Stands(std::string_view text, std::string_view label, std::string_view value) {
  for (size_t at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1)) {
    if (!StandsAlone(text, at, value)) continue;
    if (label.empty() || LabelStandsBefore(text, at, label)) return true;
  }
  return false;
}

// "value" or "label=value", of which either may hold further equals signs.
bool EntryStands(const std::vector<std::string_view>& texts, std::string_view entry) {
  const auto in_any = [&](std::string_view label, std::string_view value) {
    return std::ranges::any_of(texts,
                               [&](std::string_view text) { return Stands(text, label, value); });
  };
  if (in_any("", entry)) return true;
  for (size_t at = entry.find('='); at != std::string_view::npos; at = entry.find('=', at + 1)) {
    const std::string_view value = entry.substr(at + 1);
    if (at > 0 && !value.empty() && in_any(entry.substr(0, at), value)) return true;
  }
  return false;
}

// Takes from the note a text of which the middle is left out, "… 1,234 characters left out: recall
// #57 …" on a line of its own in its place; false if it does not stand there so.
bool TakeElided(std::string_view text, uint64_t seq, std::string_view& note) {
  constexpr std::string_view kBefore = "\n… ";
  const std::string after = absl::StrCat(" characters left out: recall #", seq, " …");
  const size_t end = note.find(after);
  if (end == std::string_view::npos) return false;
  const size_t mark = note.substr(0, end).rfind(kBefore);
  if (mark == std::string_view::npos) return false;
  uint64_t left_out = 0;
  std::string digits(note.substr(mark + kBefore.size(), end - mark - kBefore.size()));
  std::erase(digits, ',');
  if (!absl::SimpleAtoi(digits, &left_out)) return false;
  const std::string_view before = note.substr(0, mark);
  const size_t start = before.find(text.substr(0, std::min<size_t>(text.size(), 60)));
  if (start == std::string_view::npos || !text.starts_with(before.substr(start))) return false;
  std::string_view rest = text.substr(before.size() - start);
  for (; left_out > 0 && !rest.empty(); --left_out) {
    rest.remove_prefix(DecodeUtf8(rest, 0).length);
  }
  std::string_view behind = note.substr(end + after.size());
  // What is left of the text, if anything is, begins on a line of its own.
  if (!rest.empty()) {
    if (!behind.starts_with('\n')) return false;
    behind.remove_prefix(1);
  }
  if (left_out > 0 || !behind.starts_with(rest)) return false;
  note = behind.substr(rest.size());
  return true;
}

void Wrong(std::string_view what, int64_t& count, Claims& claims) {
  ++count;
  if (claims.first_wrong.empty()) claims.first_wrong = std::string(what.substr(0, 200));
}

}  // namespace

Claims& Claims::operator+=(const Claims& other) {
  strings += other.strings;
  wrong_strings += other.wrong_strings;
  texts += other.texts;
  wrong_texts += other.wrong_texts;
  if (first_wrong.empty()) first_wrong = other.first_wrong;
  return *this;
}

const Turn* ClaimChecker::Find(uint64_t seq) const {
  return seq >= 1 && seq <= log_.size() ? &log_[seq - 1] : nullptr;
}

Claims ClaimChecker::Check(const Context& context) {
  Claims claims;
  for (const std::vector<ServedGroup>* groups : {&context.head, &context.tail}) {
    for (const ServedGroup& group : *groups) {
      for (const ServedTurn& served : group.turns) {
        ++claims.texts;
        const Turn* turn = Find(served.turn->seq);
        if (turn == nullptr || !(*turn == *served.turn)) {
          Wrong(absl::StrCat("#", served.turn->seq), claims.wrong_texts, claims);
        }
      }
    }
  }
  for (const HistoryMessage& message : context.history) {
    for (const auto& item : message.items) {
      const auto* note = std::get_if<std::string>(&item);
      if (note == nullptr) continue;
      auto checked = checked_.find(*note);
      if (checked == checked_.end()) checked = checked_.emplace(*note, CheckNote(*note)).first;
      claims += checked->second;
    }
  }
  return claims;
}

Claims ClaimChecker::CheckNote(const std::string& note) const {
  Claims claims;
  std::string_view rest = note;
  if (rest.starts_with('#')) {
    CheckTurns(rest, claims);
  } else if (rest.starts_with('[')) {
    // A sidecar follows its title; the latent turns' stands behind the note of them.
    const size_t title = rest.find(kSidecar);
    if (title == std::string_view::npos) return claims;
    size_t end = rest.find('\n', title);
    while (end != std::string_view::npos) {
      rest.remove_prefix(end + 1);
      end = rest.find('\n');
      if (!rest.empty()) CheckSidecarLine(rest.substr(0, end), claims);
    }
  } else {
    ++claims.texts;
    Wrong(rest, claims.wrong_texts, claims);
  }
  return claims;
}

// "#57 tool", the texts of that turn in their order, and so for the turns after it.
void ClaimChecker::CheckTurns(std::string_view note, Claims& claims) const {
  while (!note.empty()) {
    ++claims.texts;
    const std::string_view whole = note;
    const std::optional<uint64_t> seq = LeadingSeq(note);
    const Turn* turn = seq.has_value() ? Find(*seq) : nullptr;
    bool right = turn != nullptr;
    for (const std::string_view text : right ? AllTexts(*turn) : std::vector<std::string_view>()) {
      if (!right) break;
      const size_t at = note.find(text);
      if (at != std::string_view::npos) {
        note.remove_prefix(at + text.size());
      } else {
        right = TakeElided(text, *seq, note);
      }
    }
    const size_t next = note.find("\n#");
    if (!right) Wrong(whole, claims.wrong_texts, claims);
    if (next == std::string_view::npos) return;
    note.remove_prefix(next + 1);
  }
}

void ClaimChecker::CheckSidecarLine(std::string_view line, Claims& claims) const {
  const std::optional<uint64_t> seq = LeadingSeq(line);
  const Turn* turn = seq.has_value() ? Find(*seq) : nullptr;
  const std::vector<std::string_view> texts =
      turn == nullptr ? std::vector<std::string_view>() : AllTexts(*turn);
  do {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view entry = line.substr(0, line.find(' '));
    ++claims.strings;
    if (entry.empty() || !EntryStands(texts, entry)) Wrong(entry, claims.wrong_strings, claims);
    line.remove_prefix(entry.size());
  } while (!line.empty());
}

}  // namespace fovea::replay
