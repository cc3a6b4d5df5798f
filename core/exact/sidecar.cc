#include "core/exact/sidecar.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <variant>

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

// Indices of `strings`, the most telling first.
std::vector<size_t> ByImportance(const std::vector<ExactString>& strings) {
  std::array<size_t, 9> of_kind{};
  for (const ExactString& string : strings) ++of_kind[static_cast<size_t>(string.kind)];
  const auto rank = [&](size_t i) {
    const ExactString& string = strings[i];
    return std::tuple(TierOf(string.kind), of_kind[static_cast<size_t>(string.kind)], string.kind,
                      string.label.empty(), ~string.occurrences, i);
  };
  std::vector<size_t> order(strings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, rank);
  return order;
}

std::string LineStart(uint64_t seq) { return absl::StrCat("#", seq); }

size_t EntryBytes(const ExactString& string) {
  return 1 + string.text.size() + (string.label.empty() ? 0 : string.label.size() + 1);
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
  for (const Part& part : turn.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      AddText(turn.seq, text->text);
    } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      AddText(turn.seq, call->arguments_json);
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& content : result->content) {
        if (const auto* shown = std::get_if<TextPart>(&content)) AddText(turn.seq, shown->text);
      }
    }
  }
}

Sidecar WriteSidecar(const std::vector<ExactString>& strings, size_t max_bytes) {
  std::map<uint64_t, std::vector<size_t>> lines;
  size_t used = 0;
  for (const size_t i : ByImportance(strings)) {
    const uint64_t seq = strings[i].first_seq;
    const bool new_line = !lines.contains(seq);
    // A line ends with a newline, the last one too.
    const size_t bytes = EntryBytes(strings[i]) + (new_line ? LineStart(seq).size() + 1 : 0);
    if (used + bytes > max_bytes) continue;
    used += bytes;
    lines[seq].push_back(i);
  }
  Sidecar sidecar;
  for (auto& [seq, line] : lines) {
    std::ranges::sort(line);
    absl::StrAppend(&sidecar.text, LineStart(seq));
    for (const size_t i : line) {
      const ExactString& string = strings[i];
      absl::StrAppend(&sidecar.text, " ", string.label, string.label.empty() ? "" : "=",
                      string.text);
      ++sidecar.included;
    }
    sidecar.text += '\n';
  }
  sidecar.omitted = static_cast<uint32_t>(strings.size()) - sidecar.included;
  return sidecar;
}

}  // namespace fovea
