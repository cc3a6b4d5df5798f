#include "core/tokens/piece_counter.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "core/base/status_macros.h"
#include "core/tokens/bpe_merges.h"

namespace fovea {
namespace {

constexpr uint32_t kNone = BpeToken::kNone;
constexpr uint32_t kByteTokens = 256;
// Of pieces that repeat themselves.
constexpr size_t kMaxPeriod = 16;      // bytes
constexpr size_t kSampleBytes = 1024;  // several times the longest tokens
constexpr size_t kMaxLoopTokens = 32;

absl::Status Check(const BpeVocabulary& vocabulary) {
  const std::vector<BpeToken>& tokens = vocabulary.tokens;
  absl::Status status = IndexTokens(tokens).status();
  if (!status.ok()) return status;
  for (const BpeToken& token : tokens) {
    if (token.left == kNone) continue;
    const bool spelled = token.left < tokens.size() && token.right < tokens.size() &&
                         token.bytes == tokens[token.left].bytes + tokens[token.right].bytes;
    if (!spelled) return absl::InvalidArgumentError("a token's parts do not spell it");
  }
  return absl::OkStatus();
}

}  // namespace

// What a vocabulary's tokens become once they are numbered: bytes, then the others in the order of
// their merges, then those that merges do not lead to.
class PieceCounter::Layout {
 public:
  explicit Layout(const BpeVocabulary& vocabulary) : source_(vocabulary.tokens) {
    for (uint32_t i = 0; i < source_.size(); ++i) {
      if (source_[i].reachable() || vocabulary.whole_pieces) order_.push_back(i);
    }
    std::ranges::sort(order_, {}, [&](uint32_t i) {
      const BpeToken& token = source_[i];
      return std::tuple(!token.reachable(), token.bytes.size() > 1, token.rank, i);
    });
    numbers_.resize(source_.size(), kNone);
    for (uint32_t number = 0; number < order_.size(); ++number) numbers_[order_[number]] = number;
    for (uint32_t number = 0; number < order_.size(); ++number) Add(number);
  }

  const std::vector<Token>& tokens() const { return tokens_; }
  const std::vector<MergeTable::Merge>& merges() const { return merges_; }
  const std::vector<ByteTrie::Entry>& entries() const { return entries_; }
  const std::vector<ByteTrie::Entry>& out_of_order() const { return out_of_order_; }

 private:
  void Add(uint32_t number) {
    const BpeToken& token = source_[order_[number]];
    entries_.push_back({.key = token.bytes, .value = number, .marked = !token.reachable()});
    if (!token.reachable()) return;
    tokens_.push_back({.bytes = static_cast<uint32_t>(token.bytes.size())});
    if (token.left == kNone) return;
    const uint32_t left = numbers_[token.left];
    const uint32_t right = numbers_[token.right];
    tokens_.back().left = left;
    tokens_.back().right = right;
    merges_.push_back({.left = left, .right = right, .token = number});
    if (number < std::max(left, right)) out_of_order_.push_back({.key = token.bytes});
  }

  const std::vector<BpeToken>& source_;
  std::vector<uint32_t> order_;    // the vocabulary's tokens by number
  std::vector<uint32_t> numbers_;  // of the vocabulary's tokens
  std::vector<Token> tokens_;
  std::vector<MergeTable::Merge> merges_;
  std::vector<ByteTrie::Entry> entries_;
  std::vector<ByteTrie::Entry> out_of_order_;
};

// Finds the one sequence of tokens of a piece in which each two neighbours could stand in an
// encoding: that is the piece's own encoding, if merges come in the order of their ranks. Takes the
// longest token at each place and tries shorter ones where the search ends; a place that was left
// so is not visited again.
class PieceCounter::Search {
 public:
  Search(const PieceCounter& counter, std::string_view piece)
      : counter_(counter),
        piece_(piece),
        dead_(piece.size() / 64 + 1),
        known_(piece.size() < kLongPiece ? kFewKnown : kManyKnown) {}

  std::string_view piece() const { return piece_; }

  // The tokens of the piece, the first of which is `first` or begins it.
  const absl::InlinedVector<uint32_t, 64>& Encode(uint32_t first) {
    uint32_t token = first;
    while (true) {
      token = Follower(token);
      while (token != kNone && IsDead(at_ + BytesOf(token))) token = Follower(ShorterThan(token));
      if (token == kNone) {
        token = ShorterThan(StepBack());
        continue;
      }
      path_.push_back(token);
      at_ += BytesOf(token);
      if (at_ == piece_.size()) return path_;
      token = counter_.TokenAt(counter_.LongestToken(piece_.substr(at_)));
    }
  }

 private:
  // What the search found last behind a token: long runs of the same ask for it again and again,
  // and where a vocabulary has dozens of lengths of one character, for thousands of pairs in turn.
  static constexpr size_t kLongPiece = 2048;
  static constexpr size_t kFewKnown = 8;  // powers of two
  static constexpr size_t kManyKnown = 2048;
  struct Known {
    uint32_t left = kNone;
    uint32_t longest = kNone;
    uint32_t follower = kNone;
  };

  uint32_t BytesOf(uint32_t token) const { return counter_.tokens_[token].bytes; }
  uint32_t ShorterThan(uint32_t token) const { return counter_.tokens_[token].shorter; }
  bool IsDead(size_t at) const { return (dead_[at / 64] >> (at % 64) & 1) != 0; }

  // The longest token, from `longest` down, that may stand behind the last of the path, or kNone.
  uint32_t Follower(uint32_t longest) {
    if (path_.empty() || longest == kNone) return longest;
    const uint32_t left = path_.back();
    Known& known = known_[(left * 61 + longest) & (known_.size() - 1)];
    if (known.left == left && known.longest == longest) return known.follower;
    uint32_t token = longest;
    while (token != kNone && !counter_.MayBeNeighbours(left, token)) token = ShorterThan(token);
    known = {.left = left, .longest = longest, .follower = token};
    return token;
  }

  uint32_t StepBack() {
    dead_[at_ / 64] |= uint64_t{1} << (at_ % 64);
    const uint32_t last = path_.back();  // there is one: the piece has an encoding
    path_.pop_back();
    at_ -= BytesOf(last);
    return last;
  }

  const PieceCounter& counter_;
  const std::string_view piece_;
  absl::InlinedVector<uint64_t, 3> dead_;
  absl::InlinedVector<uint32_t, 64> path_;
  absl::InlinedVector<Known, kFewKnown> known_;
  size_t at_ = 0;
};

// Merges a piece pair by pair, as byte-pair encoding is defined.
class PieceCounter::Merger {
 public:
  Merger(const PieceCounter& counter, std::string_view piece) : counter_(counter) {
    parts_.reserve(piece.size());
    for (size_t i = 0; i < piece.size(); ++i) {
      parts_.push_back({.token = counter.TokenAt(counter.LongestToken(piece.substr(i, 1))),
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
    MergeTable::Merge merge;
    uint32_t at = 0;
    bool operator<(const Candidate& other) const {
      return std::tie(merge.token, at) > std::tie(other.merge.token, other.at);
    }
  };

  bool IsCurrent(const Candidate& candidate) const {
    const Part& part = parts_[candidate.at];
    return part.token == candidate.merge.left && part.next != kNone &&
           parts_[part.next].token == candidate.merge.right;
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
    const uint32_t token = counter_.merges_.Find(part.token, right);
    if (token == kNone) return;
    waiting_.push({.merge = {.left = part.token, .right = right, .token = token}, .at = at});
  }

  const PieceCounter& counter_;
  std::vector<Part> parts_;
  std::priority_queue<Candidate> waiting_;
};

absl::StatusOr<std::unique_ptr<PieceCounter>> PieceCounter::Create(
    const BpeVocabulary& vocabulary) {
  FOVEA_RETURN_IF_ERROR(Check(vocabulary));
  const Layout layout(vocabulary);
  std::optional<ByteTrie> trie = ByteTrie::Build(layout.entries());
  std::optional<ByteTrie> out_of_order = ByteTrie::Build(layout.out_of_order());
  if (!trie || !out_of_order) return absl::ResourceExhaustedError("the tokens are too many");
  return absl::WrapUnique(new PieceCounter(layout, *std::move(trie), *std::move(out_of_order)));
}

PieceCounter::PieceCounter(const Layout& layout, ByteTrie trie, ByteTrie out_of_order)
    : trie_(std::move(trie)),
      out_of_order_(std::move(out_of_order)),
      tokens_(layout.tokens()),
      merges_(layout.merges()) {
  for (const ByteTrie::Entry& entry : layout.out_of_order()) {
    shortest_out_of_order_ = std::min(shortest_out_of_order_, entry.key.size());
  }
  for (const ByteTrie::Entry& entry : layout.entries()) {
    if (entry.key.size() == 2) {
      pair_tokens_.Add(entry.key[0], entry.key[1]);
      if (!entry.marked) pair_merges_.Add(entry.key[0], entry.key[1]);
    }
    if (entry.marked) continue;
    uint32_t& shorter = tokens_[entry.value].shorter;
    shorter = kNone;
    trie_.ForEachPrefix(entry.key, [&](size_t bytes, uint32_t slot, bool marked) {
      if (bytes < entry.key.size() && !marked) shorter = trie_.value(slot);
    });
  }
}

size_t PieceCounter::memory_bytes() const {
  return tokens_.size() * sizeof(Token) + trie_.bytes() + out_of_order_.bytes() + merges_.bytes() +
         2 * BytePairs::kBytes;
}

PieceCounter::Match PieceCounter::LongestToken(std::string_view text) const {
  Match match;
  trie_.ForEachPrefix(text, [&](size_t bytes, uint32_t slot, bool marked) {
    match.bytes = bytes;
    if (!marked) match.slot = slot;
  });
  return match;
}

// Whether `left` and `right` stand side by side in the encoding of what they spell. Takes their
// merges back, the latest first (of two equal ones the right one), and looks each time whether the
// two at the border would have merged before.
bool PieceCounter::MayBeNeighbours(uint32_t left, uint32_t right) const {
  uint32_t limit = kNone;  // merges into lower tokens come before those that were taken back
  while (merges_.Find(left, right) >= limit) {
    if (std::max(left, right) < kByteTokens) return true;
    // Which side comes next cannot be foretold: both are read, so that no branch is taken on it.
    const bool from_left = left > right;
    const uint32_t next_left = tokens_[left].right;
    const uint32_t next_right = tokens_[right].left;
    limit = from_left ? left : right + 1;
    left = from_left ? next_left : left;
    right = from_left ? right : next_right;
  }
  return false;
}

bool PieceCounter::IsFollowedByOne(uint32_t left, std::string_view rest) const {
  const Match match = LongestToken(rest);
  if (match.bytes < rest.size()) return false;
  const uint32_t right = TokenAt(match);
  return tokens_[right].bytes == rest.size() && MayBeNeighbours(left, right);
}

bool PieceCounter::MayMergeOutOfOrder(std::string_view piece) const {
  if (piece.size() < shortest_out_of_order_) return false;
  bool found = false;
  for (size_t at = 0; at < piece.size() && !found; ++at) {
    out_of_order_.ForEachPrefix(piece.substr(at), [&](size_t, uint32_t, bool) { found = true; });
  }
  return found;
}

// Some two places of a repetitive piece's encoding with the same token, so that what lies between
// them may stand there any number of times: all neighbours are neighbours already.
struct PieceCounter::Loop {
  size_t tokens = 0;
  size_t bytes = 0;
};

// A loop whose bytes are a multiple of `period`; of `bytes` bytes if that is not 0.
std::optional<PieceCounter::Loop> PieceCounter::FindLoop(absl::Span<const uint32_t> path,
                                                         size_t period, size_t bytes) const {
  for (size_t end = 1; end < path.size(); ++end) {
    Loop loop;
    for (size_t begin = end; begin-- > 0 && loop.tokens < kMaxLoopTokens;) {
      ++loop.tokens;
      loop.bytes += tokens_[path[begin]].bytes;
      const bool wanted = bytes == 0 ? loop.bytes % period == 0 : loop.bytes == bytes;
      if (wanted && path[begin] == path[end]) return loop;
    }
  }
  return std::nullopt;
}

// Tokens of a long piece that is a few bytes again and again, such as a ruler of hyphens: those of
// a short one, and those of its loop as often as it fits in between. Nothing for other pieces.
// Where a vocabulary has dozens of lengths of one character, a search would try them all at every
// byte.
std::optional<int64_t> PieceCounter::CountRepetitive(std::string_view piece) const {
  size_t period = 1;
  while (piece.substr(period) != piece.substr(0, piece.size() - period)) {
    if (++period > kMaxPeriod) return std::nullopt;
  }
  const auto encode = [&](Search& search) {
    return absl::MakeConstSpan(search.Encode(TokenAt(LongestToken(search.piece()))));
  };
  Search sample(*this, piece.substr(0, kSampleBytes));
  const std::optional<Loop> loop = FindLoop(encode(sample), period, 0);
  if (!loop) return std::nullopt;
  const size_t rest = piece.size() - kSampleBytes;
  Search shorter(*this, piece.substr(0, kSampleBytes + rest % loop->bytes));
  const absl::Span<const uint32_t> path = encode(shorter);
  const std::optional<Loop> same = FindLoop(path, period, loop->bytes);
  if (!same) return std::nullopt;
  return static_cast<int64_t>(path.size() + rest / same->bytes * same->tokens);
}

int64_t PieceCounter::CountLonger(std::string_view piece) const {
  const Match match = LongestToken(piece);
  if (match.bytes == piece.size()) return 1;
  if (piece.size() == 3) {
    // One of the two pairs merges, and then nothing more.
    return 3 - static_cast<int64_t>(pair_merges_.Has(piece[0], piece[1]) |
                                    pair_merges_.Has(piece[1], piece[2]));
  }
  if (MayMergeOutOfOrder(piece)) return Merger(*this, piece).Count();
  if (piece.size() >= 2 * kSampleBytes) {
    if (const std::optional<int64_t> tokens = CountRepetitive(piece)) return *tokens;
  }
  const uint32_t first = TokenAt(match);
  if (IsFollowedByOne(first, piece.substr(tokens_[first].bytes))) return 2;
  return static_cast<int64_t>(Search(*this, piece).Encode(first).size());
}

}  // namespace fovea
