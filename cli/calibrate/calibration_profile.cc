#include "cli/calibrate/calibration_profile.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/formats/json.h"

namespace fovea::cli {
namespace {

using Kind = ExactString::Kind;

constexpr std::array<const char*, kMaxRungs> kRungNames = {"sharp", "soft", "faint", "trace"};

double Rounded(double value, double unit) { return std::round(value * unit) / unit; }

std::string Of(const Count& count, const char* what) {
  return absl::StrCat(", ", what, " ", count.right, " of ", count.all);
}

std::string SourceText(const Cell& cell, const CalibrationOptions& options,
                       const CalibrationSource& source) {
  const KindResult mixed = cell.Mixed();
  const KindResult& cjk = cell[ProbeKind::kCjk];
  std::string text = absl::StrFormat(
      "fovea calibrate, %s, %s at %s: %d pages of %dx%d (prose, code, JSON, logs, hex; seed %d), "
      "%.1f %% of %d characters",
      source.date, source.model, source.host, mixed.probes, options.width, options.height,
      options.seed, mixed.score.characters.Share() * 100, mixed.score.characters.all);
  absl::StrAppend(&text, Of(mixed.score.Exacts(Kind::kHex), "12-digit hex"),
                  Of(mixed.score.Exacts(Kind::kIdentifier), "identifiers"),
                  Of(mixed.score.Exacts(Kind::kNumber), "numbers"),
                  Of(mixed.score.Exacts(Kind::kPath), "paths"));
  if (cjk.probes > 0) {
    absl::StrAppendFormat(&text, "; CJK %.1f %%", cjk.score.characters.Share() * 100);
  } else {
    absl::StrAppend(&text, "; CJK not read");
  }
  return text;
}

}  // namespace

std::string TextOf(const Json& object, const char* member) {
  const bool there = object.is_object() && object.contains(member) && object[member].is_string();
  return there ? object[member].get<std::string>() : "";
}

int IntOf(const Json& object, const char* member) {
  const bool there =
      object.is_object() && object.contains(member) && object[member].is_number_integer();
  return there ? object[member].get<int>() : 0;
}

Json ProfileLike(const Json& like, const std::string& reader, const std::string& model) {
  Json profile = like;
  const std::string name = TextOf(like, "name");
  profile["name"] = reader;
  profile["title"] = reader;
  profile["models"] = Json::array({JsonOf(model)});
  profile["source"] = absl::StrCat("fovea calibrate; all but the ladder as ", name);
  profile["confidence"] =
      absl::StrCat("Legibility is measured. Prices and limits are assumed to be those of ", name,
                   "; text is counted on the safe side.");
  for (const char* group : {"prices", "image_rule", "limits", "cache"}) {
    if (!profile.contains(group)) continue;
    profile[group]["evidence"] = "assumed";
    profile[group]["source"] = absl::StrCat("as ", name, ": ", TextOf(profile[group], "source"));
  }
  profile["text"] = Json{{"token_factor", 1.3},
                         {"evidence", "assumed"},
                         {"source", "the factor of a reader that is not known"}};
  profile["ladder"] = Json::array();
  return profile;
}

Json PapersOf(const Json& profile) {
  const Json::json_pointer papers("/ladder/0/papers");
  return profile.contains(papers) && profile[papers].is_array() ? profile[papers] : Json();
}

Json LadderOf(const std::vector<Cell>& cells, const std::vector<size_t>& rungs,
              const CalibrationOptions& options, const CalibrationSource& source,
              const Json& papers) {
  Json ladder = Json::array();
  for (size_t i = 0; i < rungs.size(); ++i) {
    const Cell& cell = cells[rungs[i]];
    const ProbeScore score = cell.Mixed().score;
    ladder.push_back(Json{{"name", kRungNames[i]},
                          {"line_pitch_px", cell.line_pitch_px},
                          {"grey_bits", options.grey_bits},
                          {"pixels_per_character", Rounded(cell.pixels_per_character, 10)},
                          {"legibility", Rounded(score.characters.Expected(), 1000)},
                          {"exact_legibility", Rounded(score.Exacts(Kind::kHex).Expected(), 1000)},
                          {"evidence", "measured"},
                          {"source", JsonOf(SourceText(cell, options, source))},
                          {"papers", papers}});
  }
  return ladder;
}

}  // namespace fovea::cli
