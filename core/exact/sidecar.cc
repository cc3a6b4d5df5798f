#include "core/exact/sidecar.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "core/exact/exact_scan.h"

namespace fovea {
namespace {

using Kind = ExactString::Kind;

// Hashes, ids and URLs before paths before numbers.
int TierOf(Kind kind) {
  switch (kind) {
    case Kind::kHash:
    case Kind::kUuid:
    case Kind::kUrl:
    case Kind::kIdentifier:
    case Kind::kErrorCode:
      return 0;
    case Kind::kPath:
    case Kind::kVersion:
      return 1;
    case Kind::kNumber:
      return 2;
  }
  return 2;
}

// Of three strings that the agent wrote, one more goes to those that it only heard.
constexpr size_t kOwnForOneHeard = 3;

// The first strings of both lists, `ratio` of `more` for one of `fewer`.
std::vector<ExactString> Interleave(std::vector<ExactString> more, std::vector<ExactString> fewer,
                                    size_t ratio) {
  std::vector<ExactString> all;
  all.reserve(more.size() + fewer.size());
  size_t m = 0;
  size_t f = 0;
  while (m < more.size() || f < fewer.size()) {
    for (size_t i = 0; i < ratio && m < more.size(); ++i) all.push_back(std::move(more[m++]));
    if (f < fewer.size()) all.push_back(std::move(fewer[f++]));
  }
  return all;
}

// A path's label that says no more than that it is one is a waste of room.
std::string_view LabelOf(const ExactString& string) {
  static constexpr std::array<std::string_view, 9> kPathLabels = {
      "command", "cwd", "dir", "directory", "file", "file_path", "filename", "filepath", "path"};
  const bool idle =
      string.kind == Kind::kPath && std::ranges::binary_search(kPathLabels, string.label);
  return idle ? std::string_view() : std::string_view(string.label);
}

std::string LineStart(uint64_t seq) { return absl::StrCat("#", seq); }

size_t EntryBytes(const ExactString& string) {
  const size_t label = LabelOf(string).size();
  return 1 + string.text.size() + (label == 0 ? 0 : label + 1);
}

}  // namespace

void ExactStringCollector::AddText(uint64_t seq, std::string_view text) {
  ExactScanner scanner(text);
  while (const std::optional<ExactMatch> match = scanner.Next()) {
    const auto [found, inserted] = index_.try_emplace(
        absl::string_view(match->text.data(), match->text.size()), strings_.size());
    if (inserted) {
      strings_.push_back({.kind = match->kind,
                          .text = std::string(match->text),
                          .label = std::string(match->label),
                          .first_seq = seq,
                          .occurrences = 1});
    } else {
      ++strings_[found->second].occurrences;
    }
  }
}

void ExactStringCollector::Add(const Turn& turn) {
  ForEachExactText(turn, [&](std::string_view text) { AddText(turn.seq, text); });
}

void ExactStringCollector::Add(const std::vector<ExactString>& strings) {
  for (const ExactString& string : strings) {
    const auto [found, inserted] = index_.try_emplace(string.text, strings_.size());
    if (inserted) {
      strings_.push_back(string);
    } else {
      strings_[found->second].occurrences += string.occurrences;
    }
  }
}

void RankExactStrings(const StringUses& uses, std::vector<ExactString>* strings) {
  struct Ranked {
    std::tuple<uint32_t, uint64_t, size_t> own;
    std::tuple<int, size_t, Kind, bool, uint32_t, uint64_t, size_t> heard;
    size_t index;
  };
  std::array<size_t, 9> of_kind{};
  for (const ExactString& string : *strings) ++of_kind[static_cast<size_t>(string.kind)];
  std::vector<Ranked> own;
  std::vector<Ranked> heard;
  for (size_t i = 0; i < strings->size(); ++i) {
    const ExactString& string = (*strings)[i];
    const StringUses::Use use = uses.Of(string.text);
    if (use.agent_turns > 0) {
      own.push_back({.own = {~std::min(use.agent_turns, 2U), ~use.last_seq, i}, .index = i});
    } else {
      heard.push_back({.heard = {TierOf(string.kind), of_kind[static_cast<size_t>(string.kind)],
                                 string.kind, string.label.empty(),
                                 ~std::max(use.turns, string.occurrences), ~use.last_seq, i},
                       .index = i});
    }
  }
  std::ranges::sort(own, {}, &Ranked::own);
  std::ranges::sort(heard, {}, &Ranked::heard);
  const auto taken = [&](const std::vector<Ranked>& ranked) {
    std::vector<ExactString> list;
    list.reserve(ranked.size());
    for (const Ranked& entry : ranked) list.push_back(std::move((*strings)[entry.index]));
    return list;
  };
  *strings = Interleave(taken(own), taken(heard), kOwnForOneHeard);
}

void KeepHighestRanked(const StringUses& uses, size_t max_bytes,
                       std::vector<ExactString>* strings) {
  RankExactStrings(uses, strings);
  size_t bytes = 0;
  size_t kept = 0;
  while (kept < strings->size() && bytes < max_bytes) bytes += (*strings)[kept++].text.size();
  strings->resize(kept);
}

Sidecar WriteSidecar(const std::vector<ExactString>& ranked, size_t max_bytes,
                     const absl::flat_hash_set<std::string>& elsewhere) {
  std::map<uint64_t, std::vector<size_t>> lines;
  size_t used = 0;
  Sidecar sidecar;
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (elsewhere.contains(ranked[i].text)) continue;
    ++sidecar.omitted;
    const uint64_t seq = ranked[i].first_seq;
    const bool new_line = !lines.contains(seq);
    // A line ends with a newline, the last one too.
    const size_t bytes = EntryBytes(ranked[i]) + (new_line ? LineStart(seq).size() + 1 : 0);
    if (used + bytes > max_bytes) continue;
    used += bytes;
    lines[seq].push_back(i);
  }
  for (auto& [seq, line] : lines) {
    std::ranges::sort(line, {}, [&](size_t i) { return std::string_view(ranked[i].text); });
    absl::StrAppend(&sidecar.text, LineStart(seq));
    for (const size_t i : line) {
      const ExactString& string = ranked[i];
      const std::string label(LabelOf(string));
      absl::StrAppend(&sidecar.text, " ", label, label.empty() ? "" : "=", string.text);
      sidecar.holds.push_back(string.text);
    }
    sidecar.text += '\n';
  }
  sidecar.included = static_cast<uint32_t>(sidecar.holds.size());
  sidecar.omitted -= sidecar.included;
  return sidecar;
}

}  // namespace fovea
