#!/usr/bin/env python3
"""Puts small faults into a copy of the sources, one at a time, and says which tests notice.

    scripts/mutate.py                      120 faults over all rooms
    scripts/mutate.py --room core --count 30 --seed 7
    scripts/mutate.py --list               the faults that would be tried; builds nothing

A fault is one operator, constant or statement changed in the product's code. It is noticed if a test of its
room fails, crashes or does not end. Faults that change nothing that anybody could see are listed in
tests/equivalent-faults.txt, each with its reason, and are left out. The first build of the copy is complete
for the tests that are needed; each fault then costs a small build and the tests of its room.
Exit code 1 if fewer than 85 % are noticed, or fewer than 75 % in one room.
"""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

# The tests of a folder's faults: its own, then those that live through it.
TESTS = {
    "core/base": ["core_test", "transcripts_test"],
    "core/log": ["core_test", "planner_test"],
    "core/page": ["core_test", "render_test"],
    "core/reader": ["readers_test"],
    "core/tokens": ["readers_test"],
    "core/exact": ["readers_test", "core_test"],
    "core": ["core_test", "planner_test", "planner_laws_test"],
    "memory_store": ["memory_store_test"],
    "render": ["render_test", "render_golden_test"],
    "replay": ["replay_test", "replay_files_test"],
    "transcripts": ["transcripts_test"],
    "service/wire": ["service_wire_test", "service_wire_property_test"],
    "service": ["service_test", "service_e2e_test"],
    "gateway": ["gateway_test"],
    "cli": ["cli_test", "cli_app_test"],
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
    ("add to", r" \+= ", " -= "),
    ("take from", r" -= ", " += "),
    ("true", r"\btrue\b", "false"),
    ("false", r"\bfalse\b", "true"),
    ("smallest", r"\bstd::min\b", "std::max"),
    ("largest", r"\bstd::max\b", "std::min"),
    ("go on", r"\bcontinue;", "break;"),
    ("not", r"(?<=\()!(?=\w)", ""),
    ("constant", r"(?<== )(\d{2,})(?=;)", None),
    ("statement", r"^\s+[a-z_.>-]+(->|\.)\w+\([^;{}]*\);$", ""),
]
SKIP = re.compile(r"^\s*(//|#|\*)|static_assert|LOG\(|spdlog|StrCat|Error\(|case |template|operator|constexpr char")


class Fault:
    def __init__(self, path, line, name, before, after):
        self.path, self.line, self.name, self.before, self.after = path, line, name, before, after

    def key(self):
        return f"{self.path}: {self.before.strip()} -> {self.after.strip()}"

    def __str__(self):
        return f"{self.path}:{self.line} {self.name}: {self.before.strip()} -> {self.after.strip()}"


def mutated(pattern, replacement, line, match):
    if replacement is None:
        return line[: match.start()] + str(int(match.group(1)) * 2 + 1) + line[match.end() :]
    return line[: match.start()] + replacement + line[match.end() :]


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
                yield Fault(path, number, name, line, mutated(pattern, replacement, code, match))


def room_of(path):
    return next(room for room in sorted(ROOMS, key=len, reverse=True) if path.startswith(room + "/"))


def tests_of(path, known):
    folder = next(folder for folder in sorted(TESTS, key=len, reverse=True) if path.startswith(folder + "/"))
    return [test for test in TESTS[folder] if test in known]


def choose(root, files, rooms, count, seed, equivalent):
    """The same number for every room, one of a file before a second of it."""
    rng = random.Random(seed)
    chosen = []
    for i, room in enumerate(rooms):
        wanted = count // len(rooms) + (1 if i < count % len(rooms) else 0)
        by_file = []
        for path in sorted(path for path in files if room_of(path) == room):
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


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def verdict_of(fault, root, build, known, timeout):
    source = root / fault.path
    kept = source.read_text()
    lines = kept.split("\n")
    lines[fault.line - 1] = fault.after
    source.write_text("\n".join(lines))
    try:
        tests = tests_of(fault.path, known)
        built = run(["cmake", "--build", str(build), "--target", *tests])
        if built.returncode != 0:
            return "does not build"
        for test in tests:
            try:
                ran = run([str(build / "bin" / test), "--gtest_brief=1"], timeout=timeout, cwd=build)
            except subprocess.TimeoutExpired:
                return f"noticed by {test}, which does not end"
            if ran.returncode != 0:
                failed = re.search(r"\[  FAILED  \] (\S+)", ran.stdout)
                return f"noticed by {failed.group(1) if failed else test}"
        return "NOT NOTICED"
    finally:
        source.write_text(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", choices=ROOMS, action="append")
    parser.add_argument("--scratch", help="folder for the copy and its build; kept")
    parser.add_argument("--timeout", type=int, default=300, help="seconds that a test may take")
    parser.add_argument("--list", action="store_true")
    flags = parser.parse_args()

    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    scratch = pathlib.Path(flags.scratch or tempfile.mkdtemp(prefix="fovea-mutate."))
    root, build = scratch / "source", scratch / "build"
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run("git archive HEAD | tar x -C " + str(root), shell=True, check=True)

    rooms = [room for room in (flags.room or ROOMS) if (root / room).is_dir()]
    files = [str(path.relative_to(root)) for room in rooms for path in (root / room).rglob("*.cc")]
    files = [path for path in files if room_of(path) in rooms and not path.endswith("main.cc")]
    listed = root / "tests/equivalent-faults.txt"
    equivalent = {line.split("  # ")[0] for line in listed.read_text().split("\n")} if listed.exists() else set()
    faults = choose(root, files, rooms, flags.count, flags.seed, equivalent)
    if flags.list:
        print("\n".join(map(str, faults)))
        return 0

    configured = run(["cmake", "-S", str(root), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                      "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DFOVEA_BUILD_BENCH=OFF"])
    if configured.returncode != 0:
        sys.exit(configured.stdout)
    targets = run(["ninja", "-C", str(build), "-t", "targets", "all"]).stdout
    known = {test for tests in TESTS.values() for test in tests if re.search(rf"^bin/{test}: ", targets, re.M)}

    noticed, all_of = {}, {}
    for fault in faults:
        verdict = verdict_of(fault, root, build, known, flags.timeout)
        print(f"{verdict}: {fault}", flush=True)
        if verdict == "does not build":
            continue
        room = room_of(fault.path)
        all_of[room] = all_of.get(room, 0) + 1
        noticed[room] = noticed.get(room, 0) + verdict.startswith("noticed")

    enough = True
    for room, count in all_of.items():
        share = noticed[room] / count
        enough &= share >= 0.75
        print(f"{room}: {noticed[room]} of {count} noticed ({100 * share:.0f} %)")
    total = sum(noticed.values()) / max(1, sum(all_of.values()))
    print(f"all: {sum(noticed.values())} of {sum(all_of.values())} noticed ({100 * total:.0f} %)")
    return 0 if enough and total >= 0.85 else 1


if __name__ == "__main__":
    sys.exit(main())
