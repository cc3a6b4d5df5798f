// Examination: what is asked, what counts as right, and the whole way against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/app.h"
#include "cli/formats/console.h"
#include "cli/formats/examination.h"
#include "cli/formats/json.h"
#include "core/reader/reader_profile.h"
#include "tests/service/server_fixture.h"

namespace fovea::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string Code(int from, int lines) {
  std::string text;
  for (int i = from; i < from + lines; ++i) {
    absl::StrAppendFormat(&text,
                          "  if (value_%d > %d) {\n    return from_%d(table_%05d[%d]);\n  }\n", i,
                          i * 7919 % 1000, i, i * 104729 % 99991, i);
  }
  return text;
}

TEST(ChooseTasks, AsksOnlyForWhatAPageAloneGives) {
  std::vector<std::string> session;
  std::vector<PagedTurn> turns;
  for (int i = 0; i < 6; ++i) {
    session.push_back(Code(i * 40, 40));
    // Some lines end in space, as numbered empty ones do: no passage has them.
    for (size_t at = 0, line = 0; (at = session.back().find('\n', at)) != std::string::npos; ++at) {
      if (++line % 10 == 0) session.back().insert(at++, " ");
    }
    turns.push_back({.seq = static_cast<uint64_t>(i) + 1,
                     .rung = i < 3 ? "soft" : "faint",
                     .text = session.back(),
                     .pages = {static_cast<size_t>(i) / 2}});
  }
  const std::string shown = Code(0, 40);  // the first turn is in the context as text, too
  const std::vector<Task> tasks = ChooseTasks(turns, session, shown, 5, 1);
  std::map<std::pair<std::string, TaskKind>, int> counts;
  for (const Task& task : tasks) {
    ++counts[{task.rung, task.kind}];
    EXPECT_NE(task.seq, 1U) << task.question;
    const std::string& text = session[task.seq - 1];
    if (task.kind == TaskKind::kPlace) {
      EXPECT_EQ(task.answer, absl::StrCat("#", task.seq));
    } else {
      EXPECT_TRUE(absl::StrContains(text, task.answer));
      EXPECT_FALSE(absl::StrContains(shown, task.answer));
      EXPECT_FALSE(absl::StrContains(absl::StrCat(task.answer, "\n"), " \n")) << task.answer;
      EXPECT_THAT(task.question, HasSubstr(absl::StrCat("turn #", task.seq)));
    }
    EXPECT_TRUE(IsRight(task.kind, task.answer, task.answer));
  }
  for (const char* rung : {"soft", "faint"}) {
    for (const TaskKind kind : kTaskKinds) EXPECT_EQ((counts[{rung, kind}]), 5) << rung;
  }
  EXPECT_EQ(ChooseTasks(turns, session, shown, 5, 1).front().question, tasks.front().question);
  EXPECT_TRUE(ChooseTasks({}, {}, "", 5, 1).empty());
}

TEST(ChooseTasks, AStringThatLanguageCannotGuessIsAskedFor) {
  const auto strings = [](const std::string& word) {
    PagedTurn turn{.seq = 1, .rung = "soft", .text = "the answer of this is " + word + " then"};
    std::vector<std::string> answers;
    for (const Task& task : ChooseTasks({turn}, {turn.text}, "", 5, 1)) {
      if (task.kind == TaskKind::kString) answers.push_back(task.answer);
    }
    return answers;
  };
  for (const char* word : {"build4f2a", "some_name", "src/main"}) {
    EXPECT_THAT(strings(word), ElementsAre(word));
  }
  EXPECT_THAT(strings("encyclopedia"), IsEmpty());
}

struct Judged {
  const char* name;
  TaskKind kind;
  const char* right;
  const char* answer;
  bool is_right;
};

class Judging : public ::testing::TestWithParam<Judged> {};

TEST_P(Judging, Judges) {
  EXPECT_EQ(IsRight(GetParam().kind, GetParam().right, GetParam().answer), GetParam().is_right);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Judging,
    ::testing::Values(
        Judged{"String", TaskKind::kString, "a/b_1", "a/b_1\n", true},
        Judged{"StringQuoted", TaskKind::kString, "a/b_1", " `a/b_1` ", true},
        Judged{"StringWrong", TaskKind::kString, "a/b_1", "a/b_l", false},
        Judged{"StringInASentence", TaskKind::kString, "a/b_1", "It is a/b_1", false},
        Judged{"StringEmpty", TaskKind::kString, "a/b_1", "", false},
        Judged{"Passage", TaskKind::kPassage, "  a\n\n    b", "  a\n\n    b\n", true},
        Judged{"PassageFenced", TaskKind::kPassage, "  a\n  b", "```cpp\n  a\n  b\n```\n", true},
        Judged{"PassageIndent", TaskKind::kPassage, "  a\n  b", "  a\n b", false},
        Judged{"PassageFirstIndent", TaskKind::kPassage, "  a\n  b", "a\n  b", false},
        Judged{"PassageReturns", TaskKind::kPassage, "  a\n  b", "  a\r\n  b\r\n", true},
        Judged{"Place", TaskKind::kPlace, "#57", "#57", true},
        Judged{"PlaceBare", TaskKind::kPlace, "#57", "Turn 57.", true},
        Judged{"PlaceWrong", TaskKind::kPlace, "#57", "#5", false},
        Judged{"PlaceNone", TaskKind::kPlace, "#57", "none", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Confidence95, IsWilsons) {
  const Interval ten = Confidence95({.right = 9, .all = 10});
  EXPECT_NEAR(ten.low, 0.596, 0.001);
  EXPECT_NEAR(ten.high, 0.982, 0.001);
  const Interval none = Confidence95({.right = 0, .all = 20});
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.161, 0.001);
  EXPECT_EQ(Confidence95({}).high, 1);
}

class Examine : public ::testing::Test {
 protected:
  struct Ran {
    int exit_code = 0;
    std::string out;
    std::string err;
  };

  void SetUp() override {
    fovea::testing::Client client = server_.MakeClient();
    ASSERT_TRUE(client.CreateSession("s").ok());
    std::vector<v1::Turn> turns = {fovea::testing::TextTurn(v1::ROLE_USER, "Do the work.")};
    for (int i = 0; i < 60; ++i) {
      const std::string id = absl::StrCat("c", i);
      turns.push_back(fovea::testing::CallTurn("I look.", {id}));
      turns.push_back(fovea::testing::ResultTurn(id, Code(i * 60, 60)));
    }
    ASSERT_TRUE(client.Append("s", turns).ok());
  }

  Ran Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    std::ostringstream out;
    std::ostringstream err;
    Console console{.out = out, .err = err};
    const int code = RunFovea(std::move(arguments), console);
    return {code, out.str(), err.str()};
  }
  std::string Path(const std::string& name) const { return server_.directory().Path(name); }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Answers each task from the key, but for those that are `wrong`.
  int Answer(int wrong) {
    const Json key = ParseJson(Read("exam.key/key.json")).value();
    int answered = 0;
    for (const Json& task : key["tasks"]) {
      std::ofstream(Path(absl::StrFormat("exam/answers/%02d.txt", task["number"].get<int>())))
          << (answered++ < wrong ? "not this" : task["answer"].get<std::string>());
    }
    return answered;
  }

  fovea::testing::ServerFixture server_;
};

TEST_F(Examine, TheWholeWay) {
  const Ran asked = Run({"examine", "s", "--reader", "claude-opus-5", "--budget", "16000", "--out",
                         Path("exam"), "--tasks", "5"});
  ASSERT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_THAT(asked.err, HasSubstr("exam.key/key.json"));
  EXPECT_THAT(Read("exam/context.md"), HasSubstr("](pages/001-"));
  EXPECT_THAT(Read("exam/context.md"), HasSubstr("#1\nDo the work.\n\n"));
  const std::string sheet = Read("exam/tasks.txt");
  EXPECT_THAT(sheet, HasSubstr("\n01. "));
  EXPECT_THAT(sheet, HasSubstr("Copy "));
  EXPECT_FALSE(std::filesystem::exists(Path("exam/key.json"))) << "the key is apart";
  const Json key = ParseJson(Read("exam.key/key.json")).value();
  EXPECT_EQ(key["reader"], "claude-opus-5");
  for (const Json& task : key["tasks"]) {
    if (task["kind"] == "passage") {
      EXPECT_THAT(Read("exam/context.md"), Not(HasSubstr(task["answer"].get<std::string>())));
    }
  }

  const Ran early = Run({"examine", "--score", Path("exam")});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.err, HasSubstr("there is no answer"));

  const int tasks = Answer(1);
  const Ran scored = Run({"examine", "--score", Path("exam"), "--model", "test", "--save",
                          "--profile", Path("mine/claude-opus-5.json"), "--json"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  const Json report = ParseJson(scored.out).value();
  EXPECT_EQ(report["unanswered"], 0);
  EXPECT_THAT(report["wrong"], SizeIs(1));
  int right = 0;
  for (const auto& [rung, kinds] : report["rungs"].items()) {
    for (const auto& [kind, count] : kinds.items()) right += count["right"].get<int>();
  }
  EXPECT_EQ(right, tasks - 1);
  EXPECT_THAT(Run({"examine", "--score", Path("exam")}).out, HasSubstr("exact strings"));

  const auto profile = ParseReaderProfile("mine", Read("mine/claude-opus-5.json"));
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->name, "claude-opus-5");
  bool measured = false;
  for (const Rung& rung : profile->ladder) {
    if (!report["rungs"].contains(rung.name)) continue;
    const Json& counts = report["rungs"][rung.name]["passage"];
    if (counts["all"].get<int>() < 5) continue;
    measured = true;
    EXPECT_EQ(rung.passage_evidence, Evidence::kMeasured);
    EXPECT_THAT(rung.passage_source, HasSubstr("fovea examine"));
    EXPECT_NEAR(rung.passage_legibility,
                (counts["right"].get<double>() + 1) / (counts["all"].get<double>() + 2), 0.001);
  }
  EXPECT_TRUE(measured);
}

TEST_F(Examine, SaysWhatIsMissing) {
  EXPECT_EQ(Run({"examine"}).exit_code, 2);
  EXPECT_EQ(Run({"examine", "--out", Path("exam")}).exit_code, 2);
  const Ran text =
      Run({"examine", "s", "--reader", "text-only", "--budget", "400000", "--out", Path("exam")});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.err, HasSubstr("nothing to ask about"));
  const Ran none = Run({"examine", "--score", Path("none")});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("NOT_FOUND"));
}

}  // namespace
}  // namespace fovea::cli
