#include "core/reader/reader_family.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea {
namespace {

using Json = nlohmann::ordered_json;

std::string TextOf(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The family's rung for a model on which nothing was measured.
Json AssumedRung(const Json& rung, const std::string& family) {
  Json assumed = rung;
  for (const char* of_the_family : {"exact_evidence", "exact_source", "passage_legibility",
                                    "passage_evidence", "passage_source"}) {
    assumed.erase(of_the_family);
  }
  assumed["exact_legibility"] = 0;
  assumed["evidence"] = "assumed";
  assumed["source"] = absl::StrCat("assumed to be read as ", family,
                                   " reads it, but no exact string: ", TextOf(rung, "source"));
  return assumed;
}

// The ladder of a variant that states `differences`, an object by rung.
absl::StatusOr<Json> LadderOf(const Json& family, const Json& differences) {
  std::set<std::string> unused;
  for (const auto& [name, ignored] : differences.items()) unused.insert(name);
  Json ladder = Json::array();
  const Json& rungs = family.at("ladder");
  for (size_t i = 0; i < rungs.size(); ++i) {
    const std::string name = TextOf(rungs[i], "name");
    if (unused.erase(name) > 0) {
      Json rung = rungs[i];
      rung.merge_patch(differences.at(name));
      ladder.push_back(std::move(rung));
    } else if (i + 1 < rungs.size()) {
      ladder.push_back(AssumedRung(rungs[i], TextOf(family, "name")));
      // Nor better than the rung above it, which may have been measured.
      if (ladder.size() > 1 &&
          ladder.back()["legibility"] > ladder[ladder.size() - 2]["legibility"]) {
        ladder.back()["legibility"] = ladder[ladder.size() - 2]["legibility"];
      }
    }
  }
  if (!unused.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ladder.", *unused.begin(), ": the family has no such rung"));
  }
  return ladder;
}

absl::StatusOr<Json> VariantOf(const Json& family, const Json& variant) {
  if (!variant.is_object()) return absl::InvalidArgumentError("must be an object");
  if (TextOf(variant, "name").empty()) return absl::InvalidArgumentError("name: is missing");
  Json differences = variant;
  Json rungs = Json::object();
  if (const auto stated = differences.find("ladder"); stated != differences.end()) {
    if (!stated->is_object()) {
      return absl::InvalidArgumentError("ladder: must be an object by the names of rungs");
    }
    rungs = *stated;
    differences.erase("ladder");
  }
  FOVEA_ASSIGN_OR_RETURN(auto ladder, LadderOf(family, rungs));
  Json profile = family;
  profile.erase("ids");
  profile.merge_patch(differences);
  if (!variant.contains("models")) profile["models"] = Json::array({profile.at("title")});
  profile["ladder"] = std::move(ladder);
  return profile;
}

}  // namespace

absl::StatusOr<std::vector<ReaderProfile>> ParseReaderFile(std::string_view file,
                                                           std::string_view json) {
  Json family = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const bool has_variants = family.is_object() && family.contains("variants");
  if (!has_variants) {
    FOVEA_ASSIGN_OR_RETURN(auto profile, ParseReaderProfile(file, json));
    return std::vector<ReaderProfile>{std::move(profile)};
  }
  const auto wrong = [file](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(file), ": ", what));
  };
  const Json variants = family.at("variants");
  family.erase("variants");
  if (!variants.is_array()) return wrong("variants: must be an array of objects");
  // The text as it stands tells the lines of what is wrong, and what stands twice.
  FOVEA_ASSIGN_OR_RETURN(auto first, ParseReaderProfile(file, json));
  std::vector<ReaderProfile> profiles = {std::move(first)};
  profiles.front().json = family.dump(2);
  for (size_t i = 0; i < variants.size(); ++i) {
    const std::string place = absl::StrCat("variants[", i, "]");
    auto variant = VariantOf(family, variants[i]);
    if (!variant.ok()) {
      return wrong(absl::StrCat(place, ".", std::string(variant.status().message())));
    }
    FOVEA_ASSIGN_OR_RETURN(auto profile,
                           ParseReaderProfile(absl::StrCat(std::string(file), ": ", place, " (",
                                                           TextOf(*variant, "name"), ")"),
                                              variant->dump(2)));
    profile.family = profiles.front().name;
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

}  // namespace fovea
