#include "core/reader/reader_profile.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/reader/reader_files.h"

namespace fovea {

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

absl::StatusOr<const ReaderProfile*> ReaderCatalogue::Find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(profiles_, name, {}, &ReaderProfile::name);
  if (at != profiles_.end() && at->name == name) return &*at;
  const std::string known = absl::StrJoin(
      profiles_, ", ",
      [](std::string* out, const ReaderProfile& profile) { absl::StrAppend(out, profile.name); });
  return absl::NotFoundError(
      absl::StrCat("no reader named \"", std::string(name),
                   "\"; a model that is not known gets text as \"text-only\" "
                   "until it is calibrated; there are: ",
                   known.empty() ? "none" : known));
}

absl::StatusOr<const ReaderProfile*> ReaderCatalogue::FindOrTextOnly(std::string_view name) const {
  auto found = Find(name);
  if (found.ok() || name.empty()) return found;
  auto text_only = Find("text-only");
  return text_only.ok() ? text_only : found;
}

absl::StatusOr<ReaderCatalogue> BuiltInReaders() {
  ReaderCatalogue catalogue;
  for (const ReaderFile& file : BuiltInReaderFiles()) {
    absl::StatusOr<ReaderProfile> profile = ParseReaderProfile(file.name, file.json);
    if (!profile.ok()) return absl::InternalError(profile.status().message());
    if (catalogue.Find(profile->name).ok()) {
      return absl::InternalError(
          absl::StrCat(std::string(file.name), ": name: a second \"", profile->name, "\""));
    }
    catalogue.Add(*std::move(profile));
  }
  return catalogue;
}

}  // namespace fovea
