#include "core/reader/reader_profile.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/utf8.h"
#include "core/reader/model_id.h"
#include "core/reader/reader_family.h"
#include "core/reader/reader_files.h"

namespace fovea {
namespace {

constexpr size_t kNearest = 3;
constexpr size_t kShownBytes = 200;  // of a name, in an error
// Below this share of exact strings a reader does not read them.
constexpr double kExactIsRead = 0.5;

}  // namespace

const char* EvidenceName(Evidence evidence) {
  switch (evidence) {
    case Evidence::kMeasured:
      return "measured";
    case Evidence::kPublished:
      return "published";
    case Evidence::kThirdParty:
      return "third party";
    case Evidence::kAssumed:
      return "assumed";
  }
  return "unknown";
}

void ReaderCatalogue::Add(ReaderProfile profile) {
  const auto at = std::ranges::lower_bound(profiles_, profile.name, {}, &ReaderProfile::name);
  if (at != profiles_.end() && at->name == profile.name) {
    *at = std::move(profile);
  } else {
    profiles_.insert(at, std::move(profile));
  }
}

const ReaderProfile* ReaderCatalogue::FindByName(std::string_view name) const {
  const auto at = std::ranges::lower_bound(profiles_, name, {}, &ReaderProfile::name);
  return at != profiles_.end() && at->name == name ? &*at : nullptr;
}

const ReaderProfile* ReaderCatalogue::FindByModelId(std::string_view id) const {
  for (const std::string& form : ModelIdForms(id)) {
    const ReaderProfile* found = nullptr;
    size_t longest = 0;
    for (const ReaderProfile& profile : profiles_) {
      for (const std::string& known : profile.ids) {
        const std::string plain = PlainModelId(known);
        if (plain.size() <= longest || !IsModel(form, plain)) continue;
        longest = plain.size();
        found = &profile;
      }
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

std::vector<std::string> ReaderCatalogue::Nearest(std::string_view name) const {
  const std::string wanted = ModelIdForms(name).back();
  std::vector<std::pair<size_t, std::string>> distances;
  for (const ReaderProfile& profile : profiles_) {
    size_t least = SpellingDistance(wanted, PlainModelId(profile.name));
    for (const std::string& id : profile.ids) {
      least = std::min(least, SpellingDistance(wanted, PlainModelId(id)));
    }
    distances.emplace_back(least, profile.name);
  }
  std::ranges::sort(distances);
  if (distances.size() > kNearest) distances.resize(kNearest);
  std::vector<std::string> nearest;
  nearest.reserve(distances.size());
  for (auto& [distance, found] : distances) nearest.push_back(std::move(found));
  return nearest;
}

absl::StatusOr<const ReaderProfile*> ReaderCatalogue::Find(std::string_view name) const {
  const ReaderProfile* found = FindByName(name);
  if (found == nullptr) found = FindByModelId(name);
  if (found != nullptr) return found;
  const std::vector<std::string> nearest = Nearest(name);
  return absl::NotFoundError(absl::StrCat(
      "no reader named \"", std::string(name.substr(0, CharacterStart(name, kShownBytes))),
      "\"; the nearest are: ", nearest.empty() ? "none" : absl::StrJoin(nearest, ", "),
      ". ListReaders (`fovea readers`) names all; \"text-only\" serves text to any model"));
}

std::vector<std::string> ReaderWarnings(const ReaderProfile& reader) {
  std::vector<std::string> warnings;
  if (reader.ladder.empty()) return warnings;
  const Rung& best = *std::ranges::max_element(reader.ladder, {}, &Rung::exact_legibility);
  if (best.exact_legibility < kExactIsRead) {
    warnings.push_back(absl::StrCat(
        "Exact strings are not read from its pages (",
        best.exact_legibility > 0
            ? absl::StrFormat("%.0f %% at the sharpest", best.exact_legibility * 100)
            : "nothing was measured, or nothing was read",
        "): hashes, ids and paths are text in sidecars; recall a turn before copying from it."));
  }
  const bool assumed = std::ranges::all_of(
      reader.ladder, [](const Rung& rung) { return rung.evidence == Evidence::kAssumed; });
  if (assumed) {
    warnings.emplace_back(
        "Nothing was measured on this model: its rungs are assumed. `fovea calibrate` or `fovea "
        "examine` measures them.");
  }
  return warnings;
}

absl::StatusOr<ReaderCatalogue> BuiltInReaders() {
  ReaderCatalogue catalogue;
  for (const ReaderFile& file : BuiltInReaderFiles()) {
    auto profiles = ParseReaderFile(file.name, file.json);
    if (!profiles.ok()) return absl::InternalError(profiles.status().message());
    for (ReaderProfile& profile : *profiles) {
      const auto same = [&profile](const ReaderProfile& other) {
        return other.name == profile.name;
      };
      if (std::ranges::any_of(catalogue.profiles(), same)) {
        return absl::InternalError(
            absl::StrCat(std::string(file.name), ": name: a second \"", profile.name, "\""));
      }
      catalogue.Add(std::move(profile));
    }
  }
  return catalogue;
}

}  // namespace fovea
