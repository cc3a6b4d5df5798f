#include "bench/replay/read_back.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/replay/stable_hash.h"

namespace fovea::replay {
namespace {

// A number that belongs to the seed, the session and the string.
uint64_t HashOf(uint64_t seed, std::string_view session, uint32_t string) {
  return StableHash(StableHash(seed, session), std::to_string(string));
}

double UnitOf(uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1p-53; }

bool Contains(const std::vector<uint32_t>& sorted, uint32_t string) {
  return std::ranges::binary_search(sorted, string);
}

}  // namespace

class RedrawnReading final : public PageReading {
 public:
  RedrawnReading(const ReadBack& sample, uint64_t seed) : sample_(sample), seed_(seed) {
    for (const auto& [typography, donors] : sample.donors_) {
      Pool& pool = pools_[typography];
      for (size_t i = 0; i < donors.size(); ++i) {
        const uint64_t hash =
            StableHash(seed, absl::StrCat(typography.first, " ", typography.second, " ", i));
        pool.donors.push_back(donors[hash % donors.size()]);
        pool.moments += pool.donors.back().moments;
        pool.moments_up_to.push_back(pool.moments);
      }
    }
  }

  double Exact(const SeenPage& page, uint32_t string) const override {
    const auto pool = pools_.find(TypographyOf(page));
    const bool tried = sample_.Tried(page, string).has_value();
    if (tried || pool == pools_.end() || pool->second.moments == 0) {
      return sample_.Exact(page, string);
    }
    // A donor by the moments that it stands for, then whether one of these finds its string.
    const double at = UnitOf(HashOf(seed_, page.session, string)) * pool->second.moments;
    const auto chosen = std::ranges::upper_bound(pool->second.moments_up_to, at);
    const auto i = static_cast<size_t>(chosen - pool->second.moments_up_to.begin());
    const ReadBack::Donor& donor = pool->second.donors[std::min(i, pool->second.donors.size() - 1)];
    const double share = donor.moments_read / donor.moments;
    return UnitOf(HashOf(~seed_, page.session, string)) < share ? 1 : 0;
  }

  double Gist(const SeenPage& page) const override {
    const auto pool = pools_.find(TypographyOf(page));
    if (sample_.tried_.contains(&page) || pool == pools_.end()) return sample_.Gist(page);
    const auto& donors = pool->second.donors;
    return donors[StableHash(seed_, page.planned.page_id) % donors.size()].gist ? 1 : 0;
  }

 private:
  struct Pool {
    std::vector<ReadBack::Donor> donors;
    std::vector<double> moments_up_to;  // by donor
    double moments = 0;
  };
  const ReadBack& sample_;
  const uint64_t seed_;
  std::map<Typography, Pool> pools_;
};

double ReadBack::Rate::PercentError() const {
  if (pages < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(pages);
  const double variance = (percent_squares - percent_sum * percent_sum / n) / (n - 1);
  return 1.96 * std::sqrt(std::max(0.0, variance) / n);
}

void ReadBack::Add(const PageDemand& demand, BandRead read) {
  const SeenPage& page = *demand.page;
  const bool gist = read.percent_right >= 100 * kGistShare;
  Rate& rate = rates_[TypographyOf(page)];
  std::vector<Donor>& donors = donors_[TypographyOf(page)];
  const auto [donor_of, is_new] = donor_of_.try_emplace(page.planned.page_id, donors.size());
  if (is_new) {
    donors.push_back({.gist = gist});
    ++rate.pages;
    rate.characters += read.characters;
    if (gist) rate.gist += read.characters;
    const double percent = std::max(0.0, read.percent_right);
    rate.percent_sum += percent;
    rate.percent_squares += percent * percent;
  }
  Donor& donor = donors[donor_of->second];
  for (const auto& [string, moments] : demand.moments) {
    if (!Contains(read.strings, string)) continue;
    const double found = Contains(read.found_strings, string) ? moments : 0;
    donor.moments += moments;
    donor.moments_read += found;
    rate.moments += moments;
    rate.moments_read += found;
  }
  tried_[&page] = {.read = std::move(read), .gist = gist};
}

std::optional<double> ReadBack::Tried(const SeenPage& page, uint32_t string) const {
  const auto tried = tried_.find(&page);
  if (tried == tried_.end() || !Contains(tried->second.read.strings, string)) return std::nullopt;
  return Contains(tried->second.read.found_strings, string) ? 1 : 0;
}

double ReadBack::Exact(const SeenPage& page, uint32_t string) const {
  if (const auto tried = Tried(page, string)) return *tried;
  const auto rate = rates_.find(TypographyOf(page));
  if (rate == rates_.end() || rate->second.moments == 0) return page.exact_legibility;
  return rate->second.moments_read / rate->second.moments;
}

double ReadBack::Gist(const SeenPage& page) const {
  const auto tried = tried_.find(&page);
  if (tried != tried_.end()) return tried->second.gist ? 1 : 0;
  const auto rate = rates_.find(TypographyOf(page));
  if (rate == rates_.end() || rate->second.characters == 0) {
    return page.legibility >= kGistShare ? 1 : 0;
  }
  return rate->second.gist / rate->second.characters;
}

std::unique_ptr<PageReading> ReadBack::Redrawn(uint64_t seed) const {
  return std::make_unique<RedrawnReading>(*this, seed);
}

}  // namespace fovea::replay
