#!/usr/bin/env python3
"""Makes long-session.jsonl.gz: a coding agent adds a verb to Fovea's own command line.

The story (long_session_story.py) is written by hand; every file that it reads and every command that it
runs is real: the sources of a fixed commit are unpacked, built and changed in a scratch folder, and what
comes out is what the session holds. The same commit on Debian 12 gives the same bytes.

    examples/make_long_session.py [--out FILE]

FOVEA_EXAMPLE_SCRATCH names another scratch folder. Needs the packages of
scripts/install-dependencies.sh, and some minutes for the build.
"""

import argparse
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

COMMIT = "5ec40b8"
HERE = Path(__file__).resolve().parent
# Its repo folder is shown as /repo. A path of another length may wrap compiler output differently.
SCRATCH = Path(os.environ.get("FOVEA_EXAMPLE_SCRATCH", "/tmp/fovea-example"))
REPO = SCRATCH / "repo"

SECOND = 1_000_000
START_US = 1_794_816_000 * SECOND  # 2026-11-16 08:00 UTC
MAX_RESULT_BYTES = 16_000


class Session:
    """Collects turns. Commands run in the scratch folder."""

    def __init__(self):
        self.turns = []
        self.now_us = START_US
        self.calls = 0

    def _add(self, role, text, seconds, **more):
        self.now_us += seconds * SECOND
        self.turns.append({"role": role, "text": text, "time_us": self.now_us, **more})

    def system(self, text):
        self._add("system", text, 0)

    def user(self, text, pause_minutes=2):
        self._add("user", text, pause_minutes * 60)

    def say(self, text):
        """The agent's answer to the user."""
        self._add("assistant", text, 20)

    def act(self, text, *calls):
        """An assistant turn with calls, and their results. A call is (name, arguments, function)."""
        ids = []
        for name, arguments, _ in calls:
            self.calls += 1
            digest = hashlib.sha256(f"{self.calls} {name}".encode()).hexdigest()
            ids.append(f"call_{digest[:20]}")
        self._add(
            "assistant",
            text,
            12,
            tool_calls=[
                {"id": i, "name": name, "args": json.dumps(arguments, ensure_ascii=False)}
                for i, (name, arguments, _) in zip(ids, calls)
            ],
        )
        for i, (_, _, function) in zip(ids, calls):
            output, failed = function()
            more = {"tool_call_id": i}
            if failed:
                more["is_error"] = True
            self._add("tool", output, 2, **more)

    # What the agent's tools do.

    @staticmethod
    def bash(command):
        return ("bash", {"command": command}, lambda: run_command(command))

    @staticmethod
    def read(path, first=1, last=None):
        arguments = {"path": path}
        if first != 1 or last:
            arguments |= {"first_line": first, "last_line": last}
        return ("read_file", arguments, lambda: read_file(path, first, last))

    @staticmethod
    def write(path, content):
        def function():
            (REPO / path).write_text(content)
            return f"wrote {len(content.splitlines())} lines to {path}", False

        return ("write_file", {"path": path, "content": content}, function)

    @staticmethod
    def edit(path, old, new):
        def function():
            text = (REPO / path).read_text()
            if text.count(old) != 1:
                return f"{path}: the old text occurs {text.count(old)} times, not once", True
            (REPO / path).write_text(text.replace(old, new))
            at = text[: text.index(old)].count("\n") + 1
            return f"{path}: replaced {old.count(chr(10)) + 1} lines at line {at}", False

        return ("edit_file", {"path": path, "old": old, "new": new}, function)


def tidy_output(text):
    text = text.replace(str(REPO), "/repo").replace(str(SCRATCH), "/repo/..")
    text = re.sub(r"/tmp/fovea-cli-\w{6}", "/tmp/fovea-cli-test", text)
    if len(text) > MAX_RESULT_BYTES:
        text = text[:MAX_RESULT_BYTES] + "\n[output cut]\n"
    return text


def run_command(command):
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(SCRATCH),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "CCACHE_DIR": os.environ.get("CCACHE_DIR", str(SCRATCH / "ccache")),
        "GTEST_BRIEF": "1",
        "GTEST_PRINT_TIME": "0",
        "NO_COLOR": "1",
        "GIT_AUTHOR_NAME": "Agent", "GIT_AUTHOR_EMAIL": "agent@example.org",
        "GIT_COMMITTER_NAME": "Agent", "GIT_COMMITTER_EMAIL": "agent@example.org",
        "GIT_AUTHOR_DATE": "2026-11-16T08:00:00Z", "GIT_COMMITTER_DATE": "2026-11-16T08:00:00Z",
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=REPO, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    output = tidy_output(done.stdout.decode("utf-8", errors="surrogateescape"))
    # A byte that is not UTF-8 stays what a careless tool makes of it: half of a surrogate pair.
    if done.returncode != 0:
        output += f"exit code {done.returncode}\n"
    return output, done.returncode != 0


def read_file(path, first, last):
    try:
        lines = (REPO / path).read_text().splitlines()
    except OSError as error:
        return tidy_output(f"{path}: {error.strerror}"), True
    last = last or len(lines)
    numbered = [f"{n:5d}  {line}" for n, line in enumerate(lines[first - 1 : last], first)]
    return "\n".join(numbered) + "\n", False


def lock():
    """Two at a time would unpack over each other."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    file = open(SCRATCH.with_suffix(".lock"), "w")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"another run uses {SCRATCH}")
    return file


def unpack():
    if SCRATCH.exists():
        for entry in SCRATCH.iterdir():
            if entry.name != "ccache":
                shutil.rmtree(entry)
    REPO.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(
        ["git", "archive", COMMIT], cwd=HERE.parent, stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "x"], cwd=REPO, input=archive.stdout, check=True)
    # A history of one commit, so that `git diff` and `git status` have something to compare with.
    run_command("git init -q -b main && git add -A && git commit -qm 'Fovea' && git tag base")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "long-session.jsonl.gz")
    options = parser.parse_args()
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    from long_session_story import tell  # pylint: disable=import-outside-toplevel

    held = lock()
    unpack()
    session = Session()
    tell(session)
    line = json.dumps(
        {
            "source": "examples/make_long_session.py",
            "session_id": "long-session",
            "title": "An agent adds `fovea grep`",
            "turns": session.turns,
        }
    )
    with open(options.out, "wb") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as packed:
            packed.write(line.encode() + b"\n")
    size = os.path.getsize(options.out)
    characters = sum(len(turn["text"]) for turn in session.turns)
    held.close()
    print(f"{options.out}: {len(session.turns)} turns, {characters} characters, {size} bytes")


if __name__ == "__main__":
    main()
