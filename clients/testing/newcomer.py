"""Runs the newcomer's program: 105 questions, 210 turns and more, against the strict model.

python3 clients/testing/newcomer.py PYTHON examples/newcomer.py | NODE newcomer.mjs
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUESTIONS = 105


def check(right: bool, what: str) -> None:
    if not right:
        raise SystemExit(f"newcomer.py: {what}")


def main() -> None:
    program = Path(sys.argv[-1]).read_text()
    check(len(program.splitlines()) == 10, "the program has not ten lines")
    if sys.argv[-1].endswith(".py"):
        readme = (HERE.parent.parent / "README.md").read_text()
        check(f"```python\n{program}```" in readme, "README.md shows another program")
    questions = [f"Question {number}: " + "tell me all of it again, " * 20 for number in range(QUESTIONS)]
    with (
        tempfile.TemporaryDirectory() as data,
        subprocess.Popen(
            [sys.executable, str(HERE / "strict_model.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as model,
    ):
        assert model.stdin is not None and model.stdout is not None
        url = model.stdout.readline().strip()
        environment = {**os.environ, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none", "XDG_DATA_HOME": data}
        environment["FOVEA_VOCABULARIES"] = data  # loading some takes a server seconds
        done = subprocess.run(
            sys.argv[1:], input="\n".join(questions), env=environment, capture_output=True, text=True, timeout=200
        )
        with urllib.request.urlopen(f"{url}/stats") as answer:
            stats = json.load(answer)
        model.stdin.close()
    check(done.returncode == 0, done.stderr)
    expected = [f"Answer {number}: done." for number in range(1, QUESTIONS + 1)]
    check(done.stdout.splitlines() == expected, f"it printed {done.stdout[-1000:]}")
    check(stats["refused"] == [], f"requests were refused: {stats['refused'][:2]}")
    check(stats["pictures"] > 0, "no request had a page")
    recalls = stats["recalls"]
    check(len(recalls) == stats["recalls_asked"] >= 9, f"{len(recalls)} recalls of {stats['recalls_asked']}")
    check(all(text == "Answer 2: done." for text in recalls), f"recalls brought {recalls[:2]}")
    print(f"the package installs, and the newcomer's program works: {QUESTIONS} answers, {len(recalls)} recalls")


if __name__ == "__main__":
    main()
