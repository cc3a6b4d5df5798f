"""The example session: what was asked, what the agent thought, and which tools it used."""

import long_session_code as code

SYSTEM = """\
You are a coding agent in the repository /repo, the sources of Fovea: a C++20 service that keeps the
conversations of LLM agents and serves them within a token budget. You have four tools.

bash(command): runs a command in /repo and gives its output.
read_file(path, first_line, last_line): gives a file's lines with their numbers.
write_file(path, content): writes a whole file.
edit_file(path, old, new): replaces a text that occurs exactly once.

Rules of the house: Google style, 100 columns, .clang-format decides. Warnings are errors. absl::Status for
errors, no exceptions across interfaces. Headers are contracts: they say units, errors and thread-safety.
Comments say why. A file fits in a head. Tests are table tests with names where there are several cases.
Read before you write. Say what you did not check.
"""

TASK = """\
Please add a verb `grep` to the command line: `fovea grep SESSION PATTERN`. It finds the lines of a session's
exact text that match a regular expression, and prints turn, line number, role and the line. `fovea search` is
for words and uses the server's index; grep is for the cases where I know what the bytes look like: an address,
a hash, an error code.

What I need:
1. It uses the public API only. No change to the protos and none to the server.
2. Lines that are not UTF-8 must be searched too. Our histories hold the output of shells.
3. `--json` like on every other verb, `--role`, `--limit` (default 50), `-i`.
4. Memory must not grow with the session: one of our customers has a session of 1.2 million turns
   (tenant acme-7, session s-4be1c09a77d2f3e6).
5. Unit tests in tests/cli, against the server that is already there.

The ticket is FOV-4127, please name it in the changelog and nowhere else. The branch is cut on Thursday at
14:30 UTC. Start by looking around; tell me your plan before you write.
"""


def tell(s):
    s.system(SYSTEM)
    s.user(TASK)
    look_around(s)
    read_the_command_line(s)
    plan(s)
    first_version(s)
    make_it_compile(s)
    make_the_tests_pass(s)
    side_question_on_streams(s)
    the_verb(s)
    side_question_on_pages(s)
    review(s)
    finish(s)


def tour(s, *stops):
    """Reads files one after another. A stop is (remark, path) or (remark, path, first, last)."""
    for remark, *place in stops:
        s.act(remark, s.read(*place))


def runs(s, *stops):
    for remark, command in stops:
        s.act(remark, s.bash(command))


def look_around(s):
    s.act("I start with the shape of the repository.", s.bash("git log --oneline | head; ls"),
          s.bash("git ls-files | sed 's|/[^/]*$||' | sort | uniq -c"))
    runs(
        s,
        ("How large are the rooms?",
         "for d in core memory_store render service cli tests; do printf '%-14s' $d; "
         "git ls-files $d | grep -E '\\.(cc|h)$' | xargs cat | wc -l; done"),
        ("The build first: what is the command line made of, and which libraries does it have?",
         "cat CMakeLists.txt cli/CMakeLists.txt cmake/FoveaDependencies.cmake"),
        ("", "cat cmake/FoveaCompiler.cmake CMakePresets.json"),
        ("And the style that is enforced.", "cat .clang-format .clang-tidy; cat tests/cli/CMakeLists.txt"),
    )
    tour(
        s,
        ("Now the API. A grep over the exact text needs a call that reads turns.",
         "proto/fovea/v1/session.proto", 1, 120),
        ("ReadTurns streams; that is what bounded memory needs. The rest of the file.",
         "proto/fovea/v1/session.proto", 121, 227),
        ("What is the text of a turn, exactly?", "proto/fovea/v1/turn.proto"),
        ("Text is `bytes`, and it says so on purpose: \"it need not be\" UTF-8. That is point 2 of the task.",
         "core/turn.h"),
        ("The server's own word for a turn's text is TurnText. I will do the same on the client.",
         "core/turn.cc"),
    )
    s.act("Is there anything like grep already?", s.bash("grep -rniE 'grep|regex|re2' --include='*.cc' "
          "--include='*.h' --include='CMakeLists.txt' --include='*.sh' . | head -40"))


def read_the_command_line(s):
    tour(
        s,
        ("Nothing. Then the command line, from its top.", "cli/app.cc"),
        ("", "cli/verb.h"),
        ("A verb declares options and has a function. The nearest relative is search, in turn_verbs.cc.",
         "cli/turn_verbs.cc"),
        ("", "cli/verb.cc"),
        ("The client: how calls are made, and how errors come back.", "cli/client.h"),
        ("", "cli/client.cc"),
        ("", "cli/status.cc"),
        ("Output: OneLine makes a line safe for a terminal. I need it, since a line may hold escape "
         "sequences.", "cli/console.h"),
        ("", "cli/console.cc"),
        ("JSON output must keep bytes that are no text. lossless_json does that.", "cli/lossless_json.h"),
        ("", "cli/lossless_json.cc"),
        ("", "cli/message_json.cc"),
        ("How does another verb read a stream? transfer.cc does, and import.cc when it resumes.",
         "cli/transfer.cc"),
        ("", "cli/import.cc", 120, 298),
        ("Now the tests that are there, and the small server that they use.", "tests/cli/fake_server.h"),
        ("", "tests/cli/fake_server.cc", 1, 200),
        ("", "tests/cli/app_test.cc"),
        ("One more for the style of table tests.", "tests/cli/lossless_json_test.cc"),
    )
    runs(
        s,
        ("Which regular expression library? RE2 takes time linear in the text and throws nothing; std::regex "
         "throws and recurses. gRPC depends on RE2, so it should be installed already.",
         "ls /usr/include/re2; pkg-config --cflags --libs re2; dpkg-query -W -f '${Package} ${Version}\\n' "
         "libre2-dev libgrpc++-dev libabsl-dev"),
        ("It is, through libgrpc++-dev. What does RE2 say about text that is not UTF-8?",
         "grep -n -i -E 'latin|utf-?8|invalid' /usr/include/re2/re2.h | head -40"),
        ("", "sed -n '/class Options/,/^  };/p' /usr/include/re2/re2.h | head -150"),
        ("And what PartialMatch takes: a StringPiece of its own, or std::string_view?",
         "grep -n 'class StringPiece' -A 45 /usr/include/re2/stringpiece.h"),
        ("A trap on Debian: is absl::string_view the standard one here?",
         "grep -n -E 'define ABSL_OPTION_USE_STD_[A-Z_]+ ' /usr/include/absl/base/options.h; "
         "grep -rn 'absl_view\\|string_view' memory_store/absl_view.h"),
    )


def plan(s):
    s.say("""\
My plan, before I write anything:

* `cli/grep.h`, `cli/grep.cc`: a class `Grep` that compiles a pattern and searches one turn. Pure, no gRPC.
* `cli/grep_verb.cc`: the verb. It reads the session with ReadTurns (a stream), searches turn by turn, and stops
  the stream as soon as the limit is reached. Memory holds one answer of the stream.
* RE2 for the expressions. It is installed already as a dependency of gRPC; I would add `libre2-dev` to
  scripts/install-dependencies.sh all the same, since we would include its header directly.
* tests/cli/grep_test.cc for the class, tests/cli/grep_verb_test.cc for the verb against the fake server.

Two questions. Is RE2 fine? And should a line that is too long for the terminal be cut at its end or around the
match?""")
    s.user("""\
RE2 is fine. Keep its version out of the code, but note somewhere that Debian 12 has 20220601+dfsg-1+b1 or what
dpkg says; I was bitten by that before. Cut at the end like search does, we can do better later.

One more thing: the exit code. Unlike grep(1), no match is not a failure: 0. Scripts look at the JSON.
""", 9)


def first_version(s):
    s.act("Understood: exit code 0 without a match. First a build to start from, so that errors are mine.",
          s.bash("cmake --preset dev > /dev/null && cmake --build build/dev --target cli_test 2>&1 | tail -1"))
    runs(
        s,
        ("And the tests as they are.", "build/dev/bin/cli_test 2>&1 | tail -4"),
        ("The version, as asked.", "dpkg-query -W -f '${Package} ${Version} ${Architecture}\\n' libre2-dev libre2-9"),
    )
    s.act("Now the header of the class.", s.write("cli/grep.h", code.GREP_HEADER))
    s.act("The source.", s.write("cli/grep.cc", code.GREP_SOURCE))
    s.act("The tests, before I look whether it works.", s.write("tests/cli/grep_test.cc", code.GREP_TEST))
    s.act(
        "Both into their lists.",
        s.edit("cli/CMakeLists.txt", "context_files.cc history.cc", "context_files.cc grep.cc history.cc"),
        s.edit("tests/cli/CMakeLists.txt", "fake_server.cc history_test.cc",
               "fake_server.cc grep_test.cc history_test.cc"),
    )


BUILD = "cmake --build build/dev --target cli_test -j1 2>&1 | grep -vE '^\\[[0-9]+/[0-9]+\\] (Building|Linking)' | head -60"
TEST_GREP = "timeout 60 build/dev/bin/cli_test --gtest_filter='Grep*' 2>&1"


def make_it_compile(s):
    runs(
        s,
        ("", BUILD),
        ("As feared: Abseil's string_view is its own type on Debian 12, so StrCat does not take the standard "
         "one. How do the others handle it?", "cat memory_store/absl_view.h; grep -rn 'AbslView' --include='*.cc' . | head -20"),
        ("The rooms do not know each other, so I cannot use that from here. What does the command line do?",
         "grep -n 'std::string(' cli/*.cc | head -40"),
    )
    s.act(
        "It makes strings where Abseil wants a view. RE2's StringPiece takes std::string too.",
        s.edit("cli/grep.cc", "std::make_unique<re2::RE2>(pattern, options)",
               "std::make_unique<re2::RE2>(std::string(pattern), options)"),
        s.edit("cli/grep.cc", 'absl::StrCat("pattern ", pattern, ": "',
               'absl::StrCat("pattern ", std::string(pattern), ": "'),
    )
    runs(
        s,
        ("", BUILD),
        ("The compiler is content, the linker is not: the library has to be named.",
         "grep -n 'PRIVATE_LINKS\\|LINKS' cli/CMakeLists.txt; grep -n pkg_check_modules cmake/FoveaDependencies.cmake"),
    )
    s.act(
        "Grep's header includes re2.h, so the library is part of the interface: LINKS, not PRIVATE_LINKS.",
        s.edit("cmake/FoveaDependencies.cmake", "pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)",
               "pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)\n"
               "pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)"),
        s.edit("cli/CMakeLists.txt", "absl::time absl::cord", "absl::time absl::cord PkgConfig::RE2"),
    )
    runs(s, ("", BUILD))


def make_the_tests_pass(s):
    runs(
        s,
        ("It builds. The tests:", TEST_GREP),
        ("Several failures, four causes. The numbers start at 0. A last line without a newline is never looked "
         "at, since the loop ends where there is no further newline. A carriage return stays in the line. And the "
         "bytes that are no text do not match. The function again:",
         "sed -n '/^void Grep::Search/,/^}/p' cli/grep.cc"),
    )
    s.act(
        "I write the loop anew: numbers from 1, an end that is at most the text's, and a carriage return is no "
        "part of a line.",
        s.edit("cli/grep.cc", code.GREP_SOURCE[code.GREP_SOURCE.index("void Grep::Search"):
                                               code.GREP_SOURCE.index("}  // namespace fovea::cli")],
               code.GREP_SOURCE_FIXED_SEARCH.replace("if (Matches(line))",
                                                     "if (re2::RE2::PartialMatch(line, *pattern_))") + "\n"),
        s.edit("cli/grep.cc", "#include <memory>\n", "#include <algorithm>\n#include <cstdint>\n#include <memory>\n"),
    )
    runs(
        s,
        ("", BUILD),
        ("", TEST_GREP),
        ("One is left, and it is the requirement: a line that is not UTF-8. RE2's dot does not match a byte "
         "that is no character. What are those bytes?",
         "printf 'sum=\\xff\\xfe 42\\na\\xed\\xa0\\xbdb\\n' | xxd; printf 'a\\xed\\xa0\\xbdb' | iconv -f UTF-8 -t UTF-16LE | xxd"),
        ("ED A0 BD is half of a surrogate pair (U+D83D) in three bytes. RE2 can also read Latin-1, where each "
         "byte is a character. A small experiment outside the tree.",
         "mkdir -p ../try && cat > ../try/t.cc <<'EOF'\n"
         "#include <re2/re2.h>\n#include <cstdio>\n#include <string>\n"
         "int main() {\n"
         "  re2::RE2::Options latin;\n  latin.set_encoding(re2::RE2::Options::EncodingLatin1);\n"
         "  const std::string texts[] = {\"sum=\\xff\\xfe 42\", \"gr\\xc3\\xbcn\", \"a\\xed\\xa0\\xbd\" \"b\"};\n"
         "  const std::string patterns[] = {\"sum=.*42\", \"^gr.n$\", \"^gr..n$\", \"gr\\xc3\\xbcn\", \"a.+b\"};\n"
         "  for (const auto& t : texts)\n    for (const auto& p : patterns)\n"
         "      std::printf(\"%-10s text %zu  utf8 %d  latin1 %d\\n\", p.c_str(), &t - texts,\n"
         "                  RE2::PartialMatch(t, RE2(p)), RE2::PartialMatch(t, RE2(p, latin)));\n}\n"
         "EOF\ng++ -std=c++20 ../try/t.cc -o ../try/t -lre2 && ../try/t"),
    )
    s.act(
        "So: UTF-8 for lines that are UTF-8, bytes for the others. With bytes for all, `^gr.n$` would miss "
        "\"gr\u00fcn\". I need to know whether a line is UTF-8; lossless_json.cc has what that takes.",
        s.edit("cli/lossless_json.h", "// What JsonOf was given.",
               "// Whether `bytes` are well-formed UTF-8.\nbool IsUtf8(std::string_view bytes);\n\n"
               "// What JsonOf was given."),
        s.edit("cli/lossless_json.cc", "absl::StatusOr<Json> ParseJson(std::string_view text) {",
               "bool IsUtf8(std::string_view bytes) {\n  for (size_t at = 0; at < bytes.size();) {\n"
               "    const size_t length = CharacterLength(bytes, at);\n    if (length == 0) return false;\n"
               "    at += length;\n  }\n  return true;\n}\n\n"
               "absl::StatusOr<Json> ParseJson(std::string_view text) {"),
    )
    s.act(
        "Two patterns in the class.",
        s.edit("cli/grep.h", "  explicit Grep(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}\n\n"
               "  const std::unique_ptr<re2::RE2> pattern_;\n",
               "  Grep(std::unique_ptr<re2::RE2> text_pattern, std::unique_ptr<re2::RE2> bytes_pattern);\n\n"
               "  bool Matches(const std::string& line) const;\n\n"
               "  const std::unique_ptr<re2::RE2> text_pattern_;   // reads UTF-8\n"
               "  const std::unique_ptr<re2::RE2> bytes_pattern_;  // reads bytes\n"),
        s.edit("cli/grep.cc", "  options.set_case_sensitive(!ignore_case);\n"
               "  auto compiled = std::make_unique<re2::RE2>(std::string(pattern), options);\n"
               "  if (!compiled->ok()) {\n",
               "  options.set_case_sensitive(!ignore_case);\n"
               "  auto text_pattern = std::make_unique<re2::RE2>(std::string(pattern), options);\n"
               "  options.set_encoding(re2::RE2::Options::EncodingLatin1);\n"
               "  auto bytes_pattern = std::make_unique<re2::RE2>(std::string(pattern), options);\n"
               "  if (!text_pattern->ok()) {\n"),
        s.edit("cli/grep.cc", "  return absl::WrapUnique(new Grep(std::move(compiled)));\n}\n",
               "  return absl::WrapUnique(new Grep(std::move(text_pattern), std::move(bytes_pattern)));\n}\n\n"
               "Grep::Grep(std::unique_ptr<re2::RE2> text_pattern, std::unique_ptr<re2::RE2> bytes_pattern)\n"
               "    : text_pattern_(std::move(text_pattern)), bytes_pattern_(std::move(bytes_pattern)) {}\n\n"
               + code.GREP_MATCHES),
        s.edit("cli/grep.cc", "compiled->error()", "text_pattern->error()"),
        s.edit("cli/grep.cc", "if (re2::RE2::PartialMatch(line, *pattern_))", "if (Matches(line))"),
        s.edit("cli/grep.cc", '#include "absl/strings/str_cat.h"\n',
               '#include "absl/strings/str_cat.h"\n#include "cli/lossless_json.h"\n'),
    )
    runs(s, ("", BUILD), ("", TEST_GREP),
         ("All pass. The whole of the room's tests, since I touched lossless_json.",
          "build/dev/bin/cli_test 2>&1 | tail -3"))


def side_question_on_streams(s):
    s.say("""\
The class works: numbers from 1, carriage returns cut, lines that are not UTF-8 read byte by byte. All tests of the
command line pass. Next is the verb.""")
    s.user("""\
Good. Before the verb: point 4. I want to be sure that ReadTurns itself does not collect the session on the server.
Follow it down to SQLite, please, and tell me the number of bytes that one answer holds at most.
""", 17)
    tour(
        s,
        ("From the top: the handler.", "service/session_streams.cc"),
        ("", "service/session_streams.h"),
        ("The wrapper that every call goes through.", "service/rpc.h"),
        ("The port that it reads from.", "core/log_store.h"),
        ("And the implementation.", "memory_store/sqlite/sqlite_log_store.cc"),
        ("", "memory_store/sqlite/log_rows.cc", 1, 180),
        ("", "memory_store/sqlite/log_rows.cc", 181, 348),
        ("", "memory_store/sqlite/log_rows.h"),
        ("Reads have their own connections.", "memory_store/sqlite/read_pool.h"),
        ("", "memory_store/sqlite/read_pool.cc"),
        ("How a row becomes a turn again.", "memory_store/turn_codec.cc"),
        ("", "memory_store/sqlite/database.h"),
        ("What is the isolation? If turns are appended while I read, do I see them?",
         "memory_store/sqlite/database.cc"),
        ("", "memory_store/sqlite/schema.cc"),
        ("The write side, to be sure that a long read does not block appends.", "memory_store/sqlite/writer.h"),
        ("", "memory_store/sqlite/writer.cc"),
    )
    runs(
        s,
        ("The numbers, all in one place.",
         "grep -rnE 'constexpr (size_t|uint64_t|int|int64_t) k[A-Za-z]+ *=' service memory_store | sort | head -60"),
        ("", "grep -n -i 'max_bytes' -r service memory_store core | head -30"),
        ("Is the bound tested?", "grep -n -B3 -A25 -i 'maxbytes\\|max_bytes\\|Pages' tests/memory_store/log_store_contract.cc | head -90"),
    )
    tour(s, ("The contract tests in full, since I rely on them.", "tests/memory_store/log_store_contract.cc", 1, 160),
         ("", "tests/memory_store/log_store_contract.cc", 161, 320))
    s.say("""\
ReadTurns does not collect the session. The handler asks the store for a range with a limit of bytes, sends what it
got as one answer, and asks again behind the last turn until the range is done; a read holds no transaction between
two answers, so appends are not held up, and turns that are appended meanwhile are seen if the range is open.

An answer holds at most the limit plus one turn, because reading stops after the turn that reaches it. A turn has at
most 64 MiB. The client holds one answer too. So grep's memory is bounded by the largest turn, not by the session.

What I did not check: how much gRPC itself buffers for a client that reads slowly. Its flow control should stop the
server's writes, but I have not measured it.""")
    s.user("That is what I wanted to hear. Go on with the verb.", 4)


def the_verb(s):
    s.act("The verb.", s.write("cli/grep_verb.cc", code.GREP_VERB))
    s.act(
        "Known to the command line:",
        s.edit("cli/verb.h", "void AddInsightVerbs(Verbs& verbs);", "void AddGrepVerb(Verbs& verbs);\nvoid AddInsightVerbs(Verbs& verbs);"),
        s.edit("cli/app.cc", "  AddInsightVerbs(verbs);\n", "  AddGrepVerb(verbs);\n  AddInsightVerbs(verbs);\n"),
        s.edit("cli/CMakeLists.txt", "grep.cc history.cc", "grep.cc grep_verb.cc history.cc"),
    )
    s.act(
        "And its tests, against the server in the process.",
        s.write("tests/cli/grep_verb_test.cc", code.VERB_TEST),
        s.edit("tests/cli/CMakeLists.txt", "grep_test.cc", "grep_test.cc grep_verb_test.cc"),
    )
    runs(
        s,
        ("", BUILD),
        ("", TEST_GREP),
        ("Formatting and the linter, on my files only.",
         "clang-format --dry-run cli/grep.h cli/grep.cc cli/grep_verb.cc tests/cli/grep_test.cc tests/cli/grep_verb_test.cc 2>&1 | head -40"),
        ("", "clang-format -i cli/grep.h cli/grep.cc cli/grep_verb.cc tests/cli/grep_test.cc tests/cli/grep_verb_test.cc && git diff --stat && git status --short"),
        ("", "clang-tidy -p build/dev --quiet cli/grep.cc 2>&1 | grep -v 'warnings generated' | sed 's/^$//' | head -40"),
        ("The help, as a user sees it.", "cmake --build build/dev --target fovea 2>&1 | tail -1; build/dev/bin/fovea grep --help"),
        ("And a server that is not there.", "build/dev/bin/fovea --server unix:/tmp/none.sock grep s-4be1c09a77d2f3e6 'E[0-9]{4}'; echo exit $?"),
    )


def side_question_on_pages(s):
    s.say("""\
The verb works against the fake server: turn and line, `--role`, `--limit`, `-i`, `--json`. A pattern that RE2 does
not take gives exit code 1 with RE2's own words.

Not done yet: the changelog with FOV-4127, and libre2-dev in scripts/install-dependencies.sh.""")
    s.user("""\
While I read your diff: somebody asks whether grep could also say *where in the context* a matching turn is, that is,
whether the model still sees it as text or on a page, and at which rung. I do not want that in this change. But tell
me how hard it would be. Look at how the planner assigns rungs and how a page knows its turns, and at what a page
looks like when it is drawn, so that the answer is right and not a guess.
""", 55)
    tour(
        s,
        ("First the words: what decides where a turn is?", "docs/forgetting.md"),
        ("", "core/planner.h"),
        ("", "core/planner.cc"),
        ("The steps of an epoch.", "core/planner_step.cc"),
        ("Runs are what pages are made of.", "core/run.h"),
        ("", "core/run.cc"),
        ("", "core/group.cc"),
        ("The assembled context, which knows its pages.", "core/context.h"),
        ("", "core/context.cc"),
        ("", "core/context_summary.cc"),
        ("So a summary can be asked for, without drawing: PlanContext. What does the API give for one turn?",
         "proto/fovea/v1/context.proto", 1, 150),
        ("", "proto/fovea/v1/context.proto", 151, 297),
        ("ExplainTurn answers it for one turn: rung, chunk, pages, legibility. For many turns the summary's ranges "
         "are enough. Now the drawing, as asked.", "render/renderer.cc"),
        ("", "render/tokens.cc"),
        ("", "render/line_breaker.cc"),
        ("", "render/page_painter.cc"),
        ("", "render/marks.cc"),
        ("", "render/glyphs.h"),
        ("", "render/png.cc"),
        ("The readers: sizes and evidence are data.", "readers/claude.json"),
        ("", "readers/gemini-3.json"),
        ("", "core/page.h"),
        ("How is legibility carried from there to the summary?", "core/reader_profile.h"),
        ("", "core/reader_profile_json.cc"),
        ("And the exact strings, which grep's users care most about.", "core/exact_scan.cc"),
        ("", "core/exact_classify.cc"),
        ("", "core/sidecar.cc"),
    )
    runs(
        s,
        ("What do the tests promise about it?", "grep -n 'TEST' tests/core/*.cc tests/core/readers/*.cc | head -80"),
        ("", "cat docs/adr/*.md"),
    )
    tour(s, ("", "tests/core/planner_laws_test.cc"), ("", "tests/core/planner_test.cc"))
    s.say("""\
It would be small. One PlanContext call before the stream gives the summary: its rungs and its loss manifest are
ranges of turns with rung, legibility and evidence. A matching turn is then looked up by its sequence. No page needs
to be drawn. Two things make it less than trivial:

1. The view needs a reader and a budget, so the verb would get --reader and --budget, and a match without them could
   not say where it is.
2. A turn on a page may still be exact in part: its hashes, paths and numbers may stand in the sidecar beside the
   page. The manifest counts them (exact_strings_in_sidecar) but does not name them. So grep could say "on a page at
   rung soft, legibility expected 0.95", not "the model has this very line as text".

I would do it as a flag `--where` in a change of its own, about 60 lines.""")


def review(s):
    s.user("""\
Agreed, not now. My review of the diff:

a) `Find` compares role names as strings for every turn. Compare the enum.
b) "RoleText" builds a message to print a name. There must be something better.
c) `matches` may grow far over the limit within one turn: a turn of 60 MiB where every line matches. Give Search a
   limit.
d) Add a test for (c), and one that grep does not read on after the limit.
e) The limit is a uint64_t with PositiveNumber, which is a check for doubles. Look at what CLI11 2.1.2 does with
   --limit 99999999999999999999.
f) The port number in your test, 50061, is the one of our staging proxy. Take another one, 7443.
""", 26)
    runs(
        s,
        ("(e) first, since I do not know the answer.",
         "build/dev/bin/fovea --server unix:/tmp/none.sock grep a b --limit 99999999999999999999; echo exit $?; "
         "build/dev/bin/fovea --server unix:/tmp/none.sock grep a b --limit -1; echo exit $?; "
         "build/dev/bin/fovea --server unix:/tmp/none.sock grep a b --limit 0; echo exit $?"),
        ("How does CLI11 convert?", "grep -n 'integral_conversion\\|lexical_cast' /usr/include/CLI/TypeTools.hpp | head -40"),
        ("", "grep -n 'bool integral_conversion' -A 22 /usr/include/CLI/TypeTools.hpp | head -60"),
        ("", "grep -n 'class Range' -A 40 /usr/include/CLI/Validators.hpp | head -60"),
        ("(b): who else needs a role's name?", "grep -n 'role' cli/*.cc cli/*.h | head -40"),
    )
    s.act("history.cc has RoleName and RoleOf, in its anonymous namespace. I make them part of its header.",
          s.read("cli/history.h"), s.read("cli/history.cc", 1, 60))
    s.act(
        "",
        s.edit("cli/history.h", "struct History {",
               "// \"system\", \"user\", \"assistant\" or \"tool\"; \"user\" for a role that is none of them.\n"
               "std::string RoleName(v1::Role role);\n\n"
               "// The role of that name; also of \"developer\" and \"function\". ROLE_UNSPECIFIED for others.\n"
               "v1::Role RoleOf(std::string_view name);\n\nstruct History {"),
        s.bash("python3 - <<'EOF'\n"
               "path = 'cli/history.cc'\n"
               "text = open(path).read()\n"
               "start = text.index('v1::Role RoleOf(')\n"
               "end = text.index('// Takes `key` out of `object`')\n"
               "functions = text[start:end]\n"
               "text = text[:start] + text[end:]\n"
               "text = text.replace('}  // namespace\\n\\nabsl::StatusOr<v1::Turn> ParseHistoryTurn',\n"
               "                    '}  // namespace\\n\\n' + functions + 'absl::StatusOr<v1::Turn> ParseHistoryTurn')\n"
               "open(path, 'w').write(text)\n"
               "EOF\ngit diff cli/history.cc"),
    )
    s.act(
        "(a), (b), (c) and (e) in the verb and the class.",
        s.edit("cli/grep.h", "  // Appends the turn's matching lines, top to bottom.\n"
               "  void Search(const v1::Turn& turn, std::vector<GrepMatch>& matches) const;",
               "  // Appends the turn's matching lines, top to bottom, until `matches` has `limit` in all.\n"
               "  void Search(const v1::Turn& turn, size_t limit, std::vector<GrepMatch>& matches) const;"),
        s.edit("cli/grep.cc", "void Grep::Search(const v1::Turn& turn, std::vector<GrepMatch>& matches) const {",
               "void Grep::Search(const v1::Turn& turn, size_t limit,\n"
               "                  std::vector<GrepMatch>& matches) const {"),
        s.edit("cli/grep.cc", "at < text.size();) {", "at < text.size() && matches.size() < limit;) {"),
        s.edit("cli/grep_verb.cc", "      if (options.role.empty() || RoleText(turn.role()) == options.role) {\n"
               "        grep.Search(turn, matches);\n      }\n",
               "      if (role == v1::ROLE_UNSPECIFIED || turn.role() == role) {\n"
               "        grep.Search(turn, options.limit, matches);\n      }\n"),
        s.edit("cli/grep_verb.cc", "  std::vector<GrepMatch> matches;\n  v1::ReadTurnsResponse response;\n",
               "  const v1::Role role = RoleOf(options.role);\n  std::vector<GrepMatch> matches;\n  v1::ReadTurnsResponse response;\n"),
        s.edit("cli/grep_verb.cc", "std::string RoleText(v1::Role role) {\n  v1::Turn turn;\n  turn.set_role(role);\n"
               "  return MessageToJson(turn)[\"role\"].get<std::string>();\n}\n\n", ""),
        s.bash("sed -i 's/RoleText(/RoleName(/; s/    matches.resize(options.limit);\\n//; s|#include \"cli/message_json.h\"|#include \"cli/history.h\"|; "
               "/matches.resize/d; s/check(CLI::PositiveNumber)/check(CLI::Range(1, 1000000))/; s/uint64_t limit = 50/int64_t limit = 50/' "
               "cli/grep_verb.cc && sed -i 's/50061/7443/; s/50062/7444/; s/50061/7443/' tests/cli/grep_verb_test.cc && "
               "sed -i 's/(\\*grep)->Search(TurnOf(text), matches)/(*grep)->Search(TurnOf(text), 100, matches)/' tests/cli/grep_test.cc; "
               "grep -n 'RoleName\\|limit' cli/grep_verb.cc; grep -n '744\\|500' tests/cli/grep_verb_test.cc"),
    )
    runs(s, ("", BUILD))
    s.act(
        "A comparison of signed and unsigned: with the range checked, size_t is right.",
        s.bash("sed -i 's/int64_t limit = 50/size_t limit = 50/' cli/grep_verb.cc; grep -n 'size_t limit' cli/*.cc cli/*.h"),
        s.edit("tests/cli/grep_test.cc", "TEST(Grep, RefusesWhatIsNoPattern) {",
               "TEST(Grep, StopsWithinATurn) {\n  std::string text;\n  for (int i = 0; i < 100'000; ++i) text += \"match\\n\";\n"
               "  std::vector<GrepMatch> matches(3);\n"
               "  Grep::Create(\"match\", false).value()->Search(TurnOf(text), 5, matches);\n"
               "  ASSERT_EQ(matches.size(), 5U);\n  EXPECT_EQ(matches[4].line, 2U);\n}\n\n"
               "TEST(Grep, RefusesWhatIsNoPattern) {"),
    )
    runs(s, ("", BUILD), ("", TEST_GREP))
    s.act(
        "(d), the second: that it does not read on. The fake server writes one turn an answer, so I can count.",
        s.read("tests/cli/fake_server.cc", 120, 165),
    )
    s.act(
        "It does not say how much a client read. I give it a counter.",
        s.edit("tests/cli/fake_server.h", "  int refuse_appends = 0; ", "  int turns_sent = 0;               // by ReadTurns, before the client had enough\n  int refuse_appends = 0; "),
        s.edit("tests/cli/fake_server.cc", "    *response.add_turns() = turn;\n    writer->Write(response);\n",
               "    *response.add_turns() = turn;\n    if (!writer->Write(response)) break;\n    ++turns_sent;\n"),
        s.edit("tests/cli/grep_verb_test.cc", "TEST_F(GrepVerb, SaysWhatIsWrongWithAPattern) {",
               "// 200 turns of 100 kB each: far more than a connection buffers.\n"
               "TEST_F(GrepVerb, DoesNotReadOnBehindTheLimit) {\n"
               "  const std::string big(100'000, 'x');\n"
               "  std::string line = R\"({\"session_id\":\"big\",\"turns\":[)\";\n"
               "  for (int i = 0; i < 200; ++i) {\n"
               "    line += (i > 0 ? \",\" : \"\") + (R\"({\"role\":\"tool\",\"text\":\")\" + big + \"\\\"}\");\n"
               "  }\n"
               "  WriteText(folder_.path(\"big.jsonl\"), line + \"]}\");\n"
               "  ASSERT_EQ(RunCli(server_, {\"import\", folder_.path(\"big.jsonl\")}).exit_code, 0);\n"
               "  EXPECT_EQ(RunCli(server_, {\"grep\", \"big\", \"x\", \"--limit\", \"1\"}).exit_code, 0);\n"
               "  EXPECT_LT(server_.sessions.turns_sent, 150);\n}\n\n"
               "TEST_F(GrepVerb, SaysWhatIsWrongWithAPattern) {"),
    )
    runs(
        s,
        ("", BUILD),
        ("", TEST_GREP),
        ("The same with the stop taken out, to see the test fail.",
         "sed -i 's/while (matches.size() < options.limit \\&\\& stream->Read/while (stream->Read/' cli/grep_verb.cc && "
         "cmake --build build/dev --target cli_test -j1 2>&1 | tail -1; " + TEST_GREP + "; "
         "sed -i 's/while (stream->Read/while (matches.size() < options.limit \\&\\& stream->Read/' cli/grep_verb.cc"),
        ("It fails without the stop, so it tests something. Back to the right version.", BUILD),
        ("", "build/dev/bin/cli_test 2>&1 | tail -3"),
        ("(e) again.", "cmake --build build/dev --target fovea 2>&1 | tail -1; for n in 99999999999999999999 -1 0 1000001 2; do "
         "build/dev/bin/fovea --server unix:/tmp/none.sock grep a b --limit $n; echo \"$n: exit $?\"; done"),
    )
    s.say("""\
All six are done:

a) Find compares the enum. b) RoleName and RoleOf are in cli/history.h now; they were there already, hidden.
c) Search takes the limit and stops within a turn. d) Two tests: StopsWithinATurn and DoesNotReadOnBehindTheLimit;
I took the stop out once and saw the second one fail. e) PositiveNumber let a number that is out of range through to
the conversion, whose message does not name the limit; Range(1, 1000000) does. f) The port is 7443.""")


def finish(s):
    s.user("""\
Thanks. Finish it: changelog, install script, format, tidy, the test of the rules between rooms, and show me the
whole diff once. Then a commit message; I commit myself.
""", 40)
    s.act(
        "",
        s.write("CHANGELOG.md", code.CHANGELOG),
        s.bash("cat scripts/install-dependencies.sh"),
    )
    s.act("", s.edit("scripts/install-dependencies.sh", "libprotobuf-dev\n", "libprotobuf-dev libre2-dev\n"),
          s.bash("sh -n scripts/install-dependencies.sh && grep -n re2 scripts/install-dependencies.sh"))
    runs(
        s,
        ("", "clang-format -i cli/grep*.cc cli/grep.h cli/history.* tests/cli/grep*.cc tests/cli/fake_server.*; git status --short"),
        ("The rules between rooms: does a test look at includes?", "ls tests/rooms; cat tests/rooms/check_rooms.sh"),
        ("", "bash tests/rooms/check_rooms.sh . ; echo exit $?"),
        ("", "for f in cli/grep.cc cli/grep_verb.cc; do clang-tidy -p build/dev --quiet $f 2>&1 | grep -v 'warnings generated'; done; echo done"),
        ("", BUILD + "; build/dev/bin/cli_test 2>&1 | tail -3"),
        ("No TODO, no stray file, no long line?", "git diff base | grep -nE '^\\+.{101,}|TODO|FIXME'; git ls-files --others --exclude-standard; awk 'length > 100 {print FILENAME\":\"FNR}' cli/grep*.cc cli/grep.h tests/cli/grep*.cc"),
        ("The ticket's number must be in the changelog and nowhere else.", "grep -rn 'FOV-4127' --exclude-dir=build --exclude-dir=.git ."),
        ("And the staging port nowhere.", "grep -rn '50061' cli tests/cli; echo exit $?"),
        ("The whole diff.", "git add -N . && git diff base -- . ':!CHANGELOG.md'"),
        ("", "git diff base --stat"),
    )
    s.say("""\
Finished. The message:

    Command line: find lines by a regular expression

    `fovea grep SESSION PATTERN` streams the session and searches turn by turn, so memory is bounded by the largest
    turn. RE2 (Debian's libre2-dev, already there through gRPC) reads lines that are UTF-8 as text and others byte by
    byte. No match is exit code 0. RoleName and RoleOf move to cli/history.h, the fake server counts what it sends.

What I did not check: a run against a real fovead, and how much gRPC buffers for a slow reader.""")
    s.user("""\
Committed. Two last questions, and please answer from what you have seen, exactly: what was the session id of the
customer with 1.2 million turns, and which version of libre2-dev did dpkg name?
""", 75)
    s.say("""\
The session is s-4be1c09a77d2f3e6, of the tenant acme-7. For the version I look again rather than rely on my memory
of it.""")
    s.act("", s.bash("dpkg-query -W -f '${Package} ${Version}\\n' libre2-dev"))
    s.say("That is the one that dpkg named at the start as well. Anything else for the branch?")
    s.user("No. Good work.", 3)
