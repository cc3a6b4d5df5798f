"""examples/newcomer.py: ten lines, 200 turns, against the strict model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, StrictModel, fovead


def test_newcomer(model: StrictModel, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    program = ROOT / "examples" / "newcomer.py"
    assert len(program.read_text().splitlines()) == 10
    questions = [f"Question {number}: " + "tell me all of it again, " * 20 for number in range(105)]
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": f"{model.url}/v1",
        "OPENAI_API_KEY": "none",
        "FOVEAD": fovead(),
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, str(program)],
        input="\n".join(questions),
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"Answer {number}: done." for number in range(1, 106)]
    stats = model.stats()
    assert stats["refused"] == [] and stats["pictures"] > 0
    assert len(stats["recalls"]) == stats["recalls_asked"] >= 9
    assert all(text == "Answer 2: done." for text in stats["recalls"])
