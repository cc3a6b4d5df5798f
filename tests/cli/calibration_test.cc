// The parts of a calibration: probes, scores, the choice of rungs, profiles.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/calibrate/calibration.h"
#include "cli/calibrate/calibration_profile.h"
#include "cli/formats/probe_score.h"
#include "cli/formats/probe_text.h"

namespace fovea::cli {
namespace {

using Kind = ExactString::Kind;

TEST(ProbeText, IsTheSameForASeedAndAnotherForAnother) {
  for (const ProbeKind kind : kProbeKinds) {
    const Probe probe = MakeProbe(kind, 7, 1000);
    EXPECT_EQ(probe.text, MakeProbe(kind, 7, 1000).text) << Name(kind);
    EXPECT_NE(probe.text, MakeProbe(kind, 8, 1000).text) << Name(kind);
    EXPECT_GE(probe.text.size(), 1000U);
    EXPECT_LT(probe.text.size(), 4000U);
    EXPECT_EQ(probe.text.back(), '\n');
  }
}

// Another library or compiler must draw the same probes, or figures could not be compared.
TEST(ProbeText, IsTheSameOnEveryMachine) {
  EXPECT_EQ(MakeProbe(ProbeKind::kHex, 1, 1).text,
            "2286fe108d8a 4c3e32c17a80 81fec5d91733 e9e1b96b2f86 17a7b138c874\n");
  EXPECT_EQ(MakeProbe(ProbeKind::kLogs, 1, 1).text,
            "2026-08-03T03:39:13.100Z ERROR [marble-20] lohulloTiraszo468: planet belkalo "
            "/planet/pugonne-28/mirror.cc took 499347565 ns, commit 247a7decd107\n");
}

TEST(ProbeText, ExactStringsStandWhereTheySay) {
  std::map<Kind, std::set<std::string>> found;
  size_t all = 0;
  for (const ProbeKind kind : kProbeKinds) {
    const Probe probe = MakeProbe(kind, 1, 3000);
    for (const ExactString& exact : probe.exacts) {
      EXPECT_EQ(probe.text.substr(exact.begin, exact.text.size()), exact.text);
      found[exact.kind].insert(exact.text);
      ++all;
    }
  }
  EXPECT_EQ(found.size(), kExactKinds);
  size_t different = 0;
  for (const auto& [kind, texts] : found) different += texts.size();
  EXPECT_EQ(different, all);
  for (const std::string& hex : found[Kind::kHex]) {
    EXPECT_EQ(hex.size(), 12U);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

Probe ProbeOf(std::string text, std::vector<ExactString> exacts = {}) {
  return {.text = std::move(text), .exacts = std::move(exacts)};
}

struct ScoreCase {
  const char* name;
  const char* text;
  const char* answer;
  int64_t right;
  int64_t all;
};

TEST(ProbeScore, CountsEdits) {
  for (const ScoreCase& c : std::vector<ScoreCase>{
           {"exact", "abc def\n", "abc def\n", 6, 6},
           {"white space is nothing", "abc def\n", "a b\tcdef", 6, 6},
           {"a page's first line is nothing", "abcdef\n", "probe page 1 of 2\nabcdef\nbye", 6, 6},
           {"newline marks are nothing", "ab\ncd\n", "ab↵ cd¶", 4, 4},
           {"one replaced, one left out", "abcdef\n", "aXcde", 4, 6},
           {"nothing", "abcdef\n", "", 0, 6},
           {"other characters", "abcdef\n", "123456", 0, 6},
           {"characters and not bytes", "的一是在\n", "的一不在", 3, 4},
           {"ill-formed", "ab\n", "a\xFF\xFE", 1, 2}}) {
    const Probe probe = ProbeOf(c.text);
    const ProbeScore score = ScoreAnswer(probe, 0, probe.text.size(), c.answer);
    EXPECT_EQ(score.characters.right, c.right) << c.name;
    EXPECT_EQ(score.characters.all, c.all) << c.name;
  }
}

TEST(ProbeScore, ExactStringsAreWholeAndOnThePage) {
  const Probe probe = ProbeOf("id 0a1b2c3d4e5f and 123456789\n",
                              {{Kind::kHex, 3, "0a1b2c3d4e5f"}, {Kind::kNumber, 20, "123456789"}});
  const ProbeScore all = ScoreAnswer(probe, 0, 30, "id 0a1b2c3d 4e5f and 123456780");
  EXPECT_EQ(all.Exacts(Kind::kHex).right, 1);
  EXPECT_EQ(all.Exacts(Kind::kNumber).right, 0);
  EXPECT_EQ(all.Exacts(Kind::kNumber).all, 1);
  const ProbeScore part = ScoreAnswer(probe, 0, 25, "id 0a1b2c3d4e5f and 12345");
  EXPECT_EQ(part.Exacts(Kind::kNumber).all, 0);
  EXPECT_EQ(part.characters.all, 22);
  EXPECT_EQ(part.characters.right, 22 - 2 + 2);
}

Cell CellOf(int pitch, int right_of_1000) {
  Cell cell{.line_pitch_px = pitch, .pixels_per_character = 0.43 * pitch * pitch};
  KindResult& prose = cell.kinds[0];
  prose.probes = 1;
  prose.score.characters = {.right = right_of_1000, .all = 1000};
  return cell;
}

std::vector<int> PitchesChosen(const std::vector<Cell>& cells) {
  std::vector<int> pitches;
  for (const size_t rung : ChooseRungs(cells)) pitches.push_back(cells[rung].line_pitch_px);
  return pitches;
}

TEST(ChooseRungs, LeavesOutWhatIsNotReadOrGainsNothing) {
  EXPECT_TRUE(PitchesChosen({}).empty());
  EXPECT_TRUE(PitchesChosen({CellOf(14, 300)}).empty());
  EXPECT_TRUE(PitchesChosen({CellOf(14, 849), CellOf(10, 700)}).empty());
  // 14 gains a point over 12, which is not worth its pixels.
  EXPECT_EQ(PitchesChosen({CellOf(14, 990), CellOf(12, 980), CellOf(10, 900), CellOf(8, 500)}),
            (std::vector<int>{12, 10}));
  // 12 reads worse than 10.
  EXPECT_EQ(PitchesChosen({CellOf(14, 990), CellOf(12, 930), CellOf(10, 940), CellOf(8, 860)}),
            (std::vector<int>{14, 10, 8}));
}

TEST(ChooseRungs, FourAtMostAndTheEndsStay) {
  EXPECT_EQ(PitchesChosen({CellOf(16, 990), CellOf(14, 970), CellOf(12, 950), CellOf(11, 930),
                           CellOf(10, 910), CellOf(9, 890), CellOf(8, 870)}),
            (std::vector<int>{16, 12, 10, 8}));
}

TEST(Count, FewTrialsNeverGiveCertainty) {
  EXPECT_DOUBLE_EQ((Count{.right = 10, .all = 10}.Expected()), 11.0 / 12);
  EXPECT_DOUBLE_EQ((Count{}.Expected()), 0.5);
  EXPECT_DOUBLE_EQ(Count{}.Share(), 0);
}

TEST(ProfileLike, TakesNothingOverAsMoreThanAssumed) {
  const Json like = Json::parse(R"({"name": "x", "title": "X", "models": ["X1"],
      "prices": {"input": 3, "evidence": "published", "source": "a list"},
      "image_rule": {"kind": "patches", "evidence": "published", "source": "a page"},
      "text": {"token_factor": 1, "vocabulary": "qwen", "evidence": "measured", "source": "s"},
      "ladder": [{"papers": [{"width": 512}]}]})");
  const Json profile = ProfileLike(like, "mine", "m-7b");
  EXPECT_EQ(profile["name"], "mine");
  EXPECT_EQ(profile["models"], Json::array({"m-7b"}));
  EXPECT_EQ(profile["prices"]["input"], 3);
  EXPECT_EQ(profile["prices"]["evidence"], "assumed");
  EXPECT_EQ(profile["image_rule"]["source"], "as x: a page");
  EXPECT_FALSE(profile["text"].contains("vocabulary"));
  EXPECT_TRUE(profile["ladder"].empty());
  EXPECT_EQ(PapersOf(like)[0]["width"], 512);
  EXPECT_TRUE(PapersOf(profile).is_null());
}

}  // namespace
}  // namespace fovea::cli
