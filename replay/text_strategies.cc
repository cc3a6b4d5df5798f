// The strategies that know only text.
#include <algorithm>
#include <cstddef>

#include "core/log/group.h"
#include "replay/strategy.h"

namespace fovea::replay {
namespace {

// The same turn, whole or masked, is another segment.
Segment TurnSegment(uint64_t seq, bool masked, int64_t tokens) {
  return {Segment::Kind::kTurn, seq * 2 + (masked ? 1 : 0), tokens};
}

// Serves the head and the turns from `first_` on.
class SuffixStrategy final : public Strategy {
 public:
  SuffixStrategy(const Setting& setting, bool cuts) : setting_(setting), cuts_(cuts) {}

  absl::Status Append(const Turn& turn) override {
    last_ = turn.seq;
    tokens_ += Tokens(turn.seq);
    if (cuts_ && tokens_ > setting_.budget) Cut();
    return absl::OkStatus();
  }

  absl::StatusOr<Served> Serve() override {
    Served served{.turns = std::vector<TurnView>(last_, TurnView::kHidden), .epoch = cuts_made_};
    for (uint64_t seq = 1; seq <= last_; ++seq) {
      if (seq > setting_.session.head && seq < first_) continue;
      served.turns[seq - 1] = TurnView::kText;
      served.prompt.push_back(TurnSegment(seq, false, Tokens(seq)));
    }
    return served;
  }

 private:
  int64_t Tokens(uint64_t seq) const { return setting_.costs.tokens[seq - 1]; }

  void Cut() {
    const uint64_t newest = setting_.session.group_of[last_ - 1].first;
    first_ = std::max(first_, setting_.session.head + 1);
    const uint64_t before = first_;
    while (tokens_ > setting_.budget / 2 && first_ < newest) {
      const SeqRange group = setting_.session.group_of[first_ - 1];
      for (; first_ <= group.last; ++first_) tokens_ -= Tokens(first_);
    }
    if (first_ > before) ++cuts_made_;
  }

  const Setting setting_;
  const bool cuts_;
  uint64_t first_ = 1;
  uint64_t last_ = 0;
  int64_t tokens_ = 0;
  int64_t cuts_made_ = 0;
};

class MaskingStrategy final : public Strategy {
 public:
  MaskingStrategy(const Setting& setting, uint64_t results)
      : setting_(setting), results_(results) {}

  absl::Status Append(const Turn& turn) override {
    last_ = turn.seq;
    if (HasToolResult(turn)) with_results_.push_back(turn.seq);
    return absl::OkStatus();
  }

  absl::StatusOr<Served> Serve() override {
    const size_t masked = with_results_.size() - std::min(with_results_.size(), results_);
    const uint64_t last_masked = masked == 0 ? 0 : with_results_[masked - 1];
    Served served{.turns = std::vector<TurnView>(last_, TurnView::kText),
                  .epoch = static_cast<int64_t>(masked)};
    for (size_t i = 0; i < masked; ++i) {
      served.turns[with_results_[i] - 1] = TurnView::kTextWithoutResults;
    }
    for (uint64_t seq = 1; seq <= last_; ++seq) {
      const bool hidden = seq <= last_masked && served.turns[seq - 1] != TurnView::kText;
      const auto& tokens = hidden ? setting_.costs.masked_tokens : setting_.costs.tokens;
      served.prompt.push_back(TurnSegment(seq, hidden, tokens[seq - 1]));
    }
    return served;
  }

 private:
  const Setting setting_;
  const size_t results_;
  std::vector<uint64_t> with_results_;
  uint64_t last_ = 0;
};

// The largest request of a session whose newest `results` results are kept.
int64_t MaskedPeak(const Session& session, const TurnCosts& costs, size_t results) {
  std::vector<size_t> with_results;
  int64_t tokens = 0;
  int64_t peak = 0;
  for (size_t i = 0; i < session.turns.size(); ++i) {
    if (session.turns[i].role == Role::kAssistant) peak = std::max(peak, tokens);
    tokens += costs.tokens[i];
    if (!HasToolResult(session.turns[i])) continue;
    with_results.push_back(i);
    if (with_results.size() <= results) continue;
    const size_t masked = with_results[with_results.size() - 1 - results];
    tokens += costs.masked_tokens[masked] - costs.tokens[masked];
  }
  return peak;
}

}  // namespace

std::unique_ptr<Strategy> FullHistory(const Setting& setting) {
  return std::make_unique<SuffixStrategy>(setting, false);
}

std::unique_ptr<Strategy> Truncation(const Setting& setting) {
  return std::make_unique<SuffixStrategy>(setting, true);
}

std::unique_ptr<Strategy> Masking(const Setting& setting, uint64_t results) {
  return std::make_unique<MaskingStrategy>(setting, results);
}

uint64_t MaskedResultsWithin(const Session& session, const TurnCosts& costs, int64_t budget) {
  uint64_t fits = 1;
  uint64_t too_many = session.turns.size() + 1;
  while (fits + 1 < too_many) {
    const uint64_t middle = (fits + too_many) / 2;
    (MaskedPeak(session, costs, middle) <= budget ? fits : too_many) = middle;
  }
  return fits;
}

}  // namespace fovea::replay
