#!/usr/bin/env python3
"""Shows that a check for each law can fail: breaks the laws in a copy of the sources, one at a time, and
expects the named test to fail. Prints a line a law; exits 1 if a break went unnoticed or does not apply.

    scripts/break-laws.py            all
    scripts/break-laws.py 3 7        those that begin so

The copy and its build are those of scripts/mutate.py. The first build takes some minutes, each break then one
object, one link and the named cases of one test.
"""
import argparse
import pathlib
import re
import sys

from mutate import BuildError, Copy

LAWS = "planner_laws_test:*HoldAtEveryTurn/claude"

# Law, test and its cases, file, what is replaced, by what.
BREAKS = [
    ("1, the log is exact", "memory_store_test:*TurnCodec*", "memory_store/turn_codec.cc",
     r"String\(part\.text\);", "String(part.text.substr(part.text.size() / 2));"),
    ("2, a plan is a pure function", "planner_laws_test:*ReplayingALog*/claude", "core/forgetting/step.cc",
     r"(absl::Status Step::MoveTail\(int64_t low_tokens\) \{)",
     r"\1\n  static int64_t calls = 0;\n  low_tokens += 97 * (++calls % 5);"),
    ("3, the prefix stands still in an epoch", LAWS, "core/context/assemble.cc",
     r"\{sheet\.latent\(\)->note\}", "{sheet.latent()->note + std::to_string(plan_.last_seq)}"),
    ("3, epochs are few", "planner_test:*EpochsAreFew*", "core/forgetting/planner.cc",
     r"const bool tail_due = [^;]*;", "const bool tail_due = room_.movable_verbatim_tokens() > 0 * high * step;"),
    ("4, pages are cheaper than text", "planner_test", "core/forgetting/run_builder.cc",
     r"if \(price < static_cast<double>\(text_tokens\)\) break;", "if (price >= 0) break;"),
    ("5, groups stay whole", LAWS, "core/log/group.cc",
     r"if \(turn\.role != Role::kAssistant\) return newest_\.open;",
     "if (turn.role != Role::kAssistant) return false;"),
    ("6, what must be text is text", LAWS, "core/forgetting/prefix.cc",
     r"pin != EndOfPrefix\(\)", "pin != EndOfPrefix() && false"),
    ("6, every turn has one home", LAWS, "core/forgetting/prefix.cc",
     r"latent\.count \+= run\.turns\.last - run\.turns\.first \+ 1;", "latent.count += 1;"),
    ("7, the budget holds", LAWS, "core/forgetting/room.cc",
     r"plan_\.sheet\.tokens\(\) > setting_\.budget\(\) \|\|", "plan_.sheet.tokens() > 2 * setting_.budget() ||"),
    ("7, a sheet is the sum of its parts", LAWS, "core/sheet/sheet.cc",
     r"shelf\.totals\.Remove\(part\);\n  totals_\.Remove\(part\);\n  change", "change"),
    ("8, an acknowledged turn survives", "memory_store_power_loss_test:*FullSync*", "memory_store/sqlite/database.cc",
     r'full \? "PRAGMA synchronous = FULL"', '(full && false) ? "PRAGMA synchronous = FULL"'),
    ("9, tenants are apart", "memory_store_test", "memory_store/sqlite/session_rows.cc",
     r"FROM sessions WHERE tenant = \?1 AND session_id = \?2", "FROM sessions WHERE ?1 IS NOT NULL AND session_id = ?2"),
]


def verdict_of(copy, test, file, pattern, replacement):
    source = copy.root / file
    kept = source.read_text()
    broken = re.sub(pattern, replacement, kept)
    if broken == kept:
        return "THE BREAK DOES NOT APPLY"
    source.write_text(broken)
    try:
        noticed = copy.try_test(test, copy.limits[test])
        return f"noticed by {noticed}" if noticed else "NOT NOTICED"
    except BuildError as error:
        return f"THE BREAK DOES NOT BUILD\n{str(error)[-2000:]}"
    finally:
        source.write_text(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("laws", nargs="*")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("build/mutate"))
    parser.add_argument("--jobs", type=int, default=1, help="compilers at once")
    flags = parser.parse_args()
    breaks = [each for each in BREAKS if not flags.laws or each[0].startswith(tuple(flags.laws))]
    copy = Copy(flags.scratch, flags.jobs)
    copy.configure()
    copy.prepare(dict.fromkeys(test for _, test, *_ in breaks))
    unnoticed = 0
    for law, test, file, pattern, replacement in breaks:
        verdict = verdict_of(copy, test, file, pattern, replacement)
        unnoticed += not verdict.startswith("noticed")
        print(f"law {law}: {verdict} ({file})", flush=True)
    if unnoticed:
        sys.exit(f"{unnoticed} of {len(breaks)} breaks went unnoticed")
    print("every break was noticed")


if __name__ == "__main__":
    main()
