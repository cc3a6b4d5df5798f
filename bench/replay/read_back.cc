#include "bench/replay/read_back.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace fovea::replay {
namespace {

// A hash that is the same on every machine (FNV-1a, then the finaliser of SplitMix64).
uint64_t HashOf(uint64_t seed, std::string_view text, uint64_t number) {
  uint64_t hash = 14695981039346656037U ^ seed * 0x9E3779B97F4A7C15U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  hash = (hash ^ number) * 1099511628211U;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBU;
  return hash ^ (hash >> 31);
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
        const uint64_t hash = HashOf(seed, "donor", pools_.size() * 1'000'000 + i);
        pool.donors.push_back(donors[hash % donors.size()]);
        pool.moments += pool.donors.back().moments;
        pool.moments_up_to.push_back(pool.moments);
      }
    }
  }

  double Exact(const SeenPage& page, uint32_t string) const override {
    const auto pool = pools_.find(TypographyOf(page));
    if (sample_.tried_.contains(&page) || pool == pools_.end() || pool->second.moments == 0) {
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
    return donors[HashOf(seed_, page.planned.page_id, 0) % donors.size()].gist ? 1 : 0;
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

void ReadBack::Add(const PageDemand& demand, std::vector<uint32_t> found_strings,
                   double percent_right) {
  const SeenPage& page = *demand.page;
  const bool gist = percent_right >= 100 * kGistShare;
  Rate& rate = rates_[TypographyOf(page)];
  std::vector<Donor>& donors = donors_[TypographyOf(page)];
  const auto [donor_of, is_new] = donor_of_.try_emplace(page.planned.page_id, donors.size());
  if (is_new) {
    donors.push_back({.gist = gist});
    ++rate.pages;
    rate.characters += static_cast<double>(page.characters);
    if (gist) rate.gist += static_cast<double>(page.characters);
    const double percent = std::max(0.0, percent_right);
    rate.percent_sum += percent;
    rate.percent_squares += percent * percent;
  }
  Donor& donor = donors[donor_of->second];
  for (const auto& [string, moments] : demand.moments) {
    const double read = Contains(found_strings, string) ? moments : 0;
    donor.moments += moments;
    donor.moments_read += read;
    rate.moments += moments;
    rate.moments_read += read;
  }
  tried_[&page] = {.strings = std::move(found_strings), .gist = gist};
}

double ReadBack::Exact(const SeenPage& page, uint32_t string) const {
  const auto tried = tried_.find(&page);
  if (tried != tried_.end()) return Contains(tried->second.strings, string) ? 1 : 0;
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
