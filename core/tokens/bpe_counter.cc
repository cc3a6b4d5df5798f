#include "core/tokens/bpe_counter.h"

#include <algorithm>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "core/tokens/normal_form.h"
#include "core/tokens/pretokenizer.h"

namespace fovea {
namespace {

constexpr uint32_t kNone = BpeToken::kNone;

uint64_t PairKey(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

// Values of the trie: a token's number, doubled, and 1 for one that only whole pieces can be.
std::vector<ByteTrie::Entry> TrieEntries(const BpeVocabulary& vocabulary) {
  std::vector<ByteTrie::Entry> entries;
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const BpeToken& token = vocabulary.tokens[i];
    if (!token.reachable() && !vocabulary.whole_pieces) continue;
    entries.push_back({.key = token.bytes,
                       .value = static_cast<uint32_t>(2 * i) + (token.reachable() ? 0U : 1U)});
  }
  return entries;
}

std::vector<ByteTrie::Entry> OutOfOrder(const BpeVocabulary& vocabulary) {
  std::vector<ByteTrie::Entry> entries;
  for (const BpeToken& token : vocabulary.tokens) {
    if (token.left == kNone) continue;
    const uint32_t parts_rank =
        std::max(vocabulary.tokens[token.left].rank, vocabulary.tokens[token.right].rank);
    if (token.rank > parts_rank) continue;
    entries.push_back({.key = token.bytes, .value = static_cast<uint32_t>(entries.size())});
  }
  return entries;
}

absl::Status Check(const BpeVocabulary& vocabulary) {
  const std::vector<BpeToken>& tokens = vocabulary.tokens;
  std::vector<bool> bytes(256);
  for (const BpeToken& token : tokens) {
    if (token.bytes.size() == 1) bytes[static_cast<unsigned char>(token.bytes[0])] = true;
    if (token.left == kNone) continue;
    const bool spelled = token.left < tokens.size() && token.right < tokens.size() &&
                         token.bytes == tokens[token.left].bytes + tokens[token.right].bytes;
    if (!spelled) return absl::InvalidArgumentError("a token's parts do not spell it");
  }
  for (const bool there : bytes) {
    if (!there) return absl::InvalidArgumentError("a byte is no token");
  }
  return absl::OkStatus();
}

}  // namespace

// Finds the one sequence of tokens of a piece in which each pair of neighbours could stand in an
// encoding: that is the piece's own encoding, if merges come in the order of their ranks. Takes the
// longest token at each place and tries shorter ones where the search ends; a place that was left
// so is not visited again.
class BpeCounter::Search {
 public:
  Search(const BpeCounter& counter, std::string_view piece)
      : counter_(counter), piece_(piece), dead_(piece.size() / 64 + 1) {}

  int64_t Count(uint32_t first) {
    uint32_t token = first;
    while (true) {
      const size_t end = at_ + counter_.tokens_[token].bytes;
      if (!IsDead(end) && (path_.empty() || counter_.Neighbours(path_.back(), token))) {
        path_.push_back(token);
        at_ = end;
        if (at_ == piece_.size()) return static_cast<int64_t>(path_.size());
        token = counter_.LongestToken(piece_.substr(at_)).token;
        continue;
      }
      token = counter_.tokens_[token].shorter;
      if (token == kNone) token = StepBack();
    }
  }

 private:
  bool IsDead(size_t at) const { return (dead_[at / 64] >> (at % 64) & 1) != 0; }

  uint32_t StepBack() {
    dead_[at_ / 64] |= uint64_t{1} << (at_ % 64);
    const uint32_t last = path_.back();  // there is one: the piece has an encoding
    path_.pop_back();
    at_ -= counter_.tokens_[last].bytes;
    return last;
  }

  const BpeCounter& counter_;
  const std::string_view piece_;
  absl::InlinedVector<uint64_t, 4> dead_;
  absl::InlinedVector<uint32_t, 64> path_;
  size_t at_ = 0;
};

// Merges a piece pair by pair, as BPE is defined.
class BpeCounter::Merger {
 public:
  Merger(const BpeCounter& counter, std::string_view piece) : counter_(counter) {
    parts_.reserve(piece.size());
    for (size_t i = 0; i < piece.size(); ++i) {
      parts_.push_back({.token = counter.LongestToken(piece.substr(i, 1)).token,
                        .previous = static_cast<uint32_t>(i) - 1,
                        .next = static_cast<uint32_t>(i) + 1});
    }
    parts_.back().next = kNone;
  }

  int64_t Count() {
    auto tokens = static_cast<int64_t>(parts_.size());
    for (uint32_t i = 0; i + 1 < parts_.size(); ++i) Look(i);
    while (!waiting_.empty()) {
      const Candidate candidate = waiting_.top();
      waiting_.pop();
      if (!IsCurrent(candidate)) continue;
      Apply(candidate);
      --tokens;
    }
    return tokens;
  }

 private:
  struct Part {
    uint32_t token = 0;  // kNone once it is merged into the one before
    uint32_t previous = 0;
    uint32_t next = 0;
  };
  struct Candidate {
    Merge merge;
    uint32_t at = 0;
    uint32_t left = 0;
    uint32_t right = 0;
    bool operator<(const Candidate& other) const {
      return std::tie(merge.rank, at) > std::tie(other.merge.rank, other.at);
    }
  };

  bool IsCurrent(const Candidate& candidate) const {
    const Part& part = parts_[candidate.at];
    return part.token == candidate.left && part.next != kNone &&
           parts_[part.next].token == candidate.right;
  }

  void Apply(const Candidate& candidate) {
    Part& part = parts_[candidate.at];
    Part& gone = parts_[part.next];
    part.token = candidate.merge.token;
    part.next = gone.next;
    gone.token = kNone;
    if (part.next != kNone) parts_[part.next].previous = candidate.at;
    Look(candidate.at);
    if (part.previous != kNone) Look(part.previous);
  }

  void Look(uint32_t at) {
    const Part& part = parts_[at];
    if (part.next == kNone) return;
    const uint32_t right = parts_[part.next].token;
    const auto merge = counter_.merges_.find(PairKey(part.token, right));
    if (merge == counter_.merges_.end()) return;
    waiting_.push({.merge = merge->second, .at = at, .left = part.token, .right = right});
  }

  const BpeCounter& counter_;
  std::vector<Part> parts_;
  std::priority_queue<Candidate> waiting_;
};

absl::StatusOr<std::unique_ptr<BpeCounter>> BpeCounter::Create(const BpeVocabulary& vocabulary) {
  const absl::Status status = Check(vocabulary);
  if (!status.ok()) return status;
  return absl::WrapUnique(new BpeCounter(vocabulary));
}

BpeCounter::BpeCounter(const BpeVocabulary& vocabulary)
    : split_(vocabulary.split),
      nfc_(vocabulary.nfc),
      trie_(TrieEntries(vocabulary)),
      out_of_order_(OutOfOrder(vocabulary)) {
  tokens_.reserve(vocabulary.tokens.size());
  for (const BpeToken& token : vocabulary.tokens) {
    const auto id = static_cast<uint32_t>(tokens_.size());
    Token own{.left = id, .right = id, .shorter = kNone};
    own.bytes = static_cast<uint32_t>(token.bytes.size());
    if (token.left != kNone) {
      own.left = token.left;
      own.right = token.right;
      own.rank = token.rank;
      merges_.try_emplace(PairKey(token.left, token.right), Merge{token.rank, id});
    }
    trie_.ForEachPrefix(token.bytes, [&](size_t bytes, uint32_t value) {
      if (bytes < token.bytes.size() && value % 2 == 0) own.shorter = value / 2;
    });
    tokens_.push_back(own);
  }
}

size_t BpeCounter::memory_bytes() const {
  return tokens_.size() * sizeof(Token) + trie_.bytes() + out_of_order_.bytes() +
         merges_.capacity() * (sizeof(std::pair<uint64_t, Merge>) + 1);
}

BpeCounter::Match BpeCounter::LongestToken(std::string_view text) const {
  Match match;
  trie_.ForEachPrefix(text, [&](size_t bytes, uint32_t value) {
    match.bytes = bytes;
    if (value % 2 == 0) match.token = value / 2;
  });
  return match;
}

// Whether `left` and `right` stand side by side in the encoding of what they spell. Takes their
// merges back, the latest first (of two equal ones the right one), and looks each time whether the
// two at the border would have merged before.
bool BpeCounter::Neighbours(uint32_t left, uint32_t right) const {
  uint32_t limit = kNone;  // merges of a lower rank come before those that were taken back
  while (true) {
    const auto merge = merges_.find(PairKey(left, right));
    if (merge != merges_.end() && merge->second.rank < limit) return false;
    const Token& on_left = tokens_[left];
    const Token& on_right = tokens_[right];
    if (on_left.rank > on_right.rank) {
      limit = on_left.rank;
      left = on_left.right;
    } else if (on_right.rank > 0) {
      limit = on_right.rank + 1;
      right = on_right.left;
    } else {
      return true;
    }
  }
}

bool BpeCounter::MayMergeOutOfOrder(std::string_view piece) const {
  if (out_of_order_.empty()) return false;
  bool found = false;
  for (size_t at = 0; at < piece.size() && !found; ++at) {
    out_of_order_.ForEachPrefix(piece.substr(at), [&](size_t, uint32_t) { found = true; });
  }
  return found;
}

int64_t BpeCounter::CountPiece(std::string_view piece) const {
  const Match match = LongestToken(piece);
  if (match.bytes == piece.size()) return 1;
  if (MayMergeOutOfOrder(piece)) return Merger(*this, piece).Count();
  return Search(*this, piece).Count(match.token);
}

int64_t BpeCounter::CountWellFormed(std::string_view text) const {
  int64_t tokens = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = PieceEnd(split_, text, at);
    tokens += CountPiece(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

int64_t BpeCounter::Count(std::string_view text) const {
  if (!IsWellFormedUtf8(text)) return Count(MakeWellFormed(text));
  if (nfc_ && !IsNfc(text)) return CountWellFormed(Nfc(text));
  return CountWellFormed(text);
}

}  // namespace fovea
