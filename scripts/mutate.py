#!/usr/bin/env python3
"""Puts small faults into a copy of the sources, one at a time, and says which tests notice.

    scripts/mutate.py                                  120 faults over all rooms
    scripts/mutate.py --room core/tokens --sample 20   20 faults in one room, or in one folder of it
    scripts/mutate.py --seed 7                         others
    scripts/mutate.py --list                           the faults that would be tried; builds nothing

A fault is one operator, constant or statement changed in the product's code. It is noticed if a test of its
room fails, crashes or does not end. Only the object with the fault is compiled, and the tests of its room
are linked and run one after the other until one notices.

The copy and its build stay in build/mutate (--scratch), with a verdict a line in verdicts.jsonl. A run that was
stopped goes on where it was: what was noticed is not tried again while its line is the same; what went
unnoticed is, so that the same command shows what a new test has closed (--retry tries all again).
Faults that change nothing that anybody could see are listed in tests/equivalent-faults.txt, each with its
reason, and are left out.
Exit code 1 if fewer than 85 % are noticed, or fewer than 75 % in one room.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

os.chdir(pathlib.Path(__file__).resolve().parent.parent)

# The tests of a folder's faults, the quickest first. Behind a colon: which cases of the program, for those
# that take long. "ctest:" runs a test that is no program of its own, once the programs before it are built.
LAWS = "planner_laws_test:*Laws.*claude:*Laws.*text_only:*Laws.*deepseek_ocr:Files/*file[01]"
PROGRAMS = "+fovea +fovea-gateway +fovead "
GATEWAY = ["compaction", "pass", "recordings", "mutate", "wrap", "messages", "serve", "litellm", "wrap_environment",
           "recall_inside", "faults"]
CLI = ["cli_test", "cli_examine_test", "cli_tls_test", "cli_transcripts_test", "cli_app_test",
       "+fovea +fovead ctest:cli_fovead_test"]
TESTS = {
    "core/base": ["core_test", "transcripts_test"],
    "core/log": ["core_test", "planner_test", "memory_store_test", LAWS],
    "core/page": ["core_test", "planner_test", LAWS],
    "core/reader": ["readers_test", "core_test"],
    "core/tokens": ["readers_test", "core_test", "readers_data_test"],
    "core/exact": ["readers_test", "core_test", "readers_data_test"],
    "core": ["core_test", "planner_test", LAWS],
    "memory_store": ["memory_store_test", "memory_store_model_test", "memory_store_power_loss_test"],
    "render": ["render_pieces_test", "render_layout_test", "render_draw_test", "render_picture_test",
               "render_webp_test", "render_golden_test"],
    "replay": ["replay_test", "replay_files_test", "+fovea +fovea-replay ctest:replay_program_test"],
    "transcripts/proto": ["transcripts_test", "service_test:ConvertTurn*", "+fovea +fovead ctest:cli_fovead_test"],
    "transcripts": ["transcripts_test", "+fovea +fovead ctest:cli_fovead_test"],
    "service/wire": ["service_wire_test", "service_wire_property_test:-*Every*"],
    "service": ["service_test", "service_views_e2e_test", "service_clock_test", "service_fuzz_test", "service_crash_test",
                "service_abuse_test", "service_e2e_test", "service_faults_test"],
    "gateway": ["gateway_parts_test", *(PROGRAMS + f"ctest:gateway_{name}_test" for name in GATEWAY)],
    "cli/calibrate": [*CLI, "cli_calibrate_test"],
    "cli": [*CLI, PROGRAMS + "ctest:gateway_wrap_test"],
}
ROOMS = ["core", "memory_store", "render", "replay", "transcripts", "service/wire", "service", "gateway", "cli"]

# Name, pattern, replacement. Patterns want spaces around operators, which templates do not have.
OPERATORS = [
    ("less", r" < ", " <= "),
    ("less or equal", r" <= ", " < "),
    ("greater", r" > ", " >= "),
    ("greater or equal", r" >= ", " > "),
    ("equal", r" == ", " != "),
    ("unequal", r" != ", " == "),
    ("and", r" && ", " || "),
    ("or", r" \|\| ", " && "),
    ("plus", r" \+ ", " - "),
    ("minus", r" - ", " + "),
    ("times", r" \* (?=\w)", " / "),
    ("divided", r" / (?=\w)", " * "),
    ("add to", r" \+= ", " -= "),
    ("take from", r" -= ", " += "),
    ("true", r"\btrue\b", "false"),
    ("false", r"\bfalse\b", "true"),
    ("smallest", r"\bstd::min\b", "std::max"),
    ("largest", r"\bstd::max\b", "std::min"),
    ("go on", r"\bcontinue;", "break;"),
    ("stop", r"\bbreak;", "continue;"),
    ("not", r"(?<=\()!(?=\w)", ""),
    ("constant", r"(?<== )(\d{2,})(?=;)", None),
    ("one more", r" \+ 1\b", ""),
    ("one less", r" - 1\b", ""),
    ("statement", r"^\s+[a-z_.>-]+(->|\.)\w+\([^;{}]*\);$", ""),
]
# What stands in comments and messages, and how much is reserved, changes nothing that a test could see.
SKIP = re.compile(r"^\s*(//|#|\*)|static_assert|\breserve\(|LOG\(|spdlog|StrCat|Error\(|case |template|operator|constexpr char")


class Fault:
    def __init__(self, path, line, name, before, after):
        self.path, self.line, self.name, self.before, self.after = path, line, name, before, after

    def key(self):
        return f"{self.path}: {self.before.strip()} -> {self.after.strip()}"

    def __str__(self):
        return f"{self.path}:{self.line} {self.name}: {self.before.strip()} -> {self.after.strip()}"


def mutated(replacement, line, match):
    if replacement is None:
        return line[: match.start()] + str(int(match.group(1)) * 2 + 1) + line[match.end() :]
    return line[: match.start()] + replacement + line[match.end() :]


def balanced(text):
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def faults_of(root, path):
    for number, line in enumerate((root / path).read_text().split("\n"), 1):
        if SKIP.search(line):
            continue
        code = line.split("//")[0]
        for name, pattern, replacement in OPERATORS:
            for match in re.finditer(pattern, code):
                # What stands in a string is a text, not an operator.
                if code[: match.start()].count('"') % 2 == 1:
                    continue
                yield Fault(path, number, name, line, mutated(replacement, code, match))
        condition = re.match(r"(\s*(?:\} else )?if )\((.*)\)( \{| (?:return|continue|break)\b.*;)$", code)
        if condition and not re.search(r"^!|\bauto\b|; | = |ok\(\)", condition[2]) and balanced(condition[2]):
            yield Fault(path, number, "condition", line, f"{condition[1]}(!({condition[2]})){condition[3]}")


def room_of(path):
    return next(room for room in sorted(ROOMS, key=len, reverse=True) if path.startswith(room + "/"))


def tests_of(path):
    folder = next(folder for folder in sorted(TESTS, key=len, reverse=True) if path.startswith(folder + "/"))
    return TESTS[folder]


def choose(root, files, places, count, seed, equivalent):
    """The same number for every place, one of a file before a second of it."""
    chosen = []
    for i, place in enumerate(places):
        rng = random.Random(f"{seed} {place}")
        wanted = count // len(places) + (1 if i < count % len(places) else 0)
        by_file = []
        for path in sorted(path for path in files if belongs(path, place)):
            faults = [fault for fault in faults_of(root, path) if fault.key() not in equivalent]
            rng.shuffle(faults)
            if faults:
                by_file.append(faults)
        rng.shuffle(by_file)
        while wanted > 0 and any(by_file):
            for faults in by_file:
                if faults and wanted > 0:
                    chosen.append(faults.pop())
                    wanted -= 1
    return chosen


def belongs(path, place):
    return path.startswith(place + "/") and (place not in ROOMS or room_of(path) == place)


def run(command, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


class Copy:
    """The sources, their build and what was found out: all in one folder, which outlives a run."""

    def __init__(self, scratch, jobs):
        scratch = scratch.resolve()
        self.root, self.build = scratch / "source", scratch / "build"
        self.verdicts_file = scratch / "verdicts.jsonl"
        self.jobs = jobs
        self.limits = {}  # seconds that a test may take, by its entry in TESTS
        self.root.mkdir(parents=True, exist_ok=True)
        self.sync()

    def sync(self):
        """HEAD. Files that are the same keep their times, so that nothing is built again for them."""
        with tempfile.TemporaryDirectory(prefix="fovea-mutate.") as folder:
            subprocess.run(f"git archive HEAD | tar x -C {folder}", shell=True, check=True)
            fresh = pathlib.Path(folder)
            wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
            for path in {path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file()} - wanted:
                (self.root / path).unlink()
            for path in wanted:
                target = self.root / path
                if target.exists() and target.read_bytes() == (fresh / path).read_bytes():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(fresh / path, target)

    def configure(self):
        # The flags of the preset dev, so that a compiler cache knows most of it.
        configured = run(["cmake", "-S", str(self.root), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                          "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1", "-DFOVEA_BUILD_BENCH=OFF"])
        if configured.returncode != 0:
            sys.exit(configured.stdout)

    def make(self, *targets):
        return run(["ninja", "-C", str(self.build), "-j", str(self.jobs), *targets])

    def try_test(self, entry, timeout):
        """None if it passes, else who noticed. Raises BuildError."""
        words = entry.split()
        name, _, cases = words[-1].partition(":")
        programs = [word[1:] for word in words[:-1]] + ([] if name == "ctest" else [name])
        built = self.make(*["bin/" + program for program in programs])
        if built.returncode != 0:
            raise BuildError(built.stdout)
        if name == "ctest":
            command = ["ctest", "-R", f"^{cases}$", "--stop-on-failure", "--no-tests=error"]
        else:
            command = [str(self.build / "bin" / name), "--gtest_brief=1", "--gtest_fail_fast"]
            if cases:
                command.append("--gtest_filter=" + cases)
        # A test of whole programs may fail for the machine's sake: it must fail twice.
        for _ in range(2 if name == "ctest" else 1):
            try:
                ran = run(command, timeout=timeout, cwd=self.build)
            except subprocess.TimeoutExpired:
                return f"{name}, which does not end"
            if ran.returncode == 0:
                return None
        failed = re.search(r"\[  FAILED  \] ([^\s,]+)|\d+ - (\S+) \(Failed\)", ran.stdout)
        return (failed.group(1) or failed.group(2)) if failed else f"{name}, exit code {ran.returncode}"

    def prepare(self, entries):
        """Each test must pass without a fault; how long it takes says when it will not end."""
        for entry in entries:
            started = time.monotonic()
            try:
                failed = self.try_test(entry, 3600)
            except BuildError as error:
                sys.exit(f"{entry} does not build:\n{error}")
            if failed:
                sys.exit(f"{entry} fails without a fault: {failed}")
            self.limits[entry] = 60 + 10 * (time.monotonic() - started)

    def verdict_of(self, fault):
        source = self.root / fault.path
        kept = source.read_text()
        lines = kept.split("\n")
        lines[fault.line - 1] = fault.after
        source.write_text("\n".join(lines))
        try:
            # "^": what is made of this source first, its object.
            if self.make(f"{source}^").returncode != 0:
                return "does not build"
            for entry in tests_of(fault.path):
                noticed = self.try_test(entry, self.limits[entry])
                if noticed:
                    return f"noticed by {noticed}"
            return "NOT NOTICED"
        except BuildError:
            return "does not build"
        finally:
            source.write_text(kept)

    def remembered(self):
        verdicts = {}
        if self.verdicts_file.exists():
            for line in self.verdicts_file.read_text().splitlines():
                entry = json.loads(line)
                verdicts[entry["fault"]] = entry["verdict"]
        return verdicts

    def remember(self, fault, verdict):
        with self.verdicts_file.open("a") as file:
            file.write(json.dumps({"fault": fault.key(), "verdict": verdict}, ensure_ascii=False) + "\n")


class BuildError(Exception):
    pass


def equivalent_faults(file):
    """A fault a line, as it is printed behind the verdict but without number and name; behind "  # " the reason."""
    if not file.exists():
        return set()
    return {line.split("  # ")[0] for line in file.read_text().splitlines() if line and not line.startswith("#")}


def print_table(verdicts):
    """By room: noticed, of how many. Returns whether they are enough."""
    rows, enough = {}, True
    for fault, verdict in verdicts:
        row = rows.setdefault(room_of(fault.path), [0, 0, 0])
        row[2] += verdict == "does not build"
        row[1] += verdict != "does not build"
        row[0] += verdict.startswith("noticed")
    rows["all"] = [sum(column) for column in zip(*rows.values())] if rows else [0, 0, 0]
    print(f"\n{'room':<14}{'noticed':>8}{'of':>5}{'share':>8}{'  unbuildable':>14}")
    for room, (noticed, tried, unbuildable) in rows.items():
        share = noticed / max(1, tried)
        enough &= tried == 0 or share >= (0.85 if room == "all" else 0.75)
        print(f"{room:<14}{noticed:>8}{tried:>5}{100 * share:>6.0f} %{unbuildable:>14}")
    return enough


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", "--count", type=int, default=120, help="faults, over all places together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", action="append", metavar="FOLDER", help="a room or a folder in it; may be repeated")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("build/mutate"))
    parser.add_argument("--retry", action="store_true", help="try all again, not only what went unnoticed")
    parser.add_argument("--jobs", type=int, default=1, help="compilers at once")
    parser.add_argument("--list", action="store_true")
    flags = parser.parse_args()

    here = pathlib.Path(".").resolve()
    places = flags.room or [room for room in ROOMS if (here / room).is_dir()]
    for place in places:
        if not (here / place).is_dir() or not any(place == room or place.startswith(room + "/") for room in ROOMS):
            parser.error(f"no room or folder of a room: {place}")
    copy = None if flags.list else Copy(flags.scratch, flags.jobs)
    root = here if flags.list else copy.root
    files = [str(path.relative_to(root)) for place in places for path in (root / place).rglob("*.cc")]
    files = [path for path in files if not path.endswith("main.cc")]
    faults = choose(root, files, places, flags.sample, flags.seed, equivalent_faults(root / "tests/equivalent-faults.txt"))
    if flags.list:
        print("\n".join(map(str, faults)))
        return 0

    known = {} if flags.retry else copy.remembered()
    due = [fault for fault in faults if known.get(fault.key(), "NOT NOTICED") == "NOT NOTICED"]
    if due:
        copy.configure()
        copy.prepare(dict.fromkeys(entry for fault in due for entry in tests_of(fault.path)))
    verdicts = []
    for fault in faults:
        verdict = known.get(fault.key())
        if fault in due:
            verdict = copy.verdict_of(fault)
            copy.remember(fault, verdict)
        print(f"{verdict}: {fault}", flush=True)
        verdicts.append((fault, verdict))
    return 0 if print_table(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
