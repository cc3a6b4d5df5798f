"""A fovead, a strict model, and a session for every test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fovea import Fovea, Session

ROOT = Path(__file__).resolve().parents[3]
# Loading vocabularies takes a server seconds, and exact counts are not what is tested here.
os.environ["FOVEA_VOCABULARIES"] = str(ROOT / "clients" / "no-vocabularies")
TESTING = ROOT / "clients" / "testing"


def fovead() -> str:
    program = os.environ.get("FOVEAD") or str(ROOT / "build" / "dev" / "bin" / "fovead")
    if not Path(program).exists():
        pytest.skip(f"there is no {program}; build it, or set FOVEAD")
    return program


@pytest.fixture(scope="session")
def fovea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fovea]:
    with Fovea.local(tmp_path_factory.mktemp("data"), binary=fovead()) as client:
        yield client


@pytest.fixture
def session(fovea: Fovea, request: pytest.FixtureRequest) -> Session:
    return fovea.session(f"{request.node.name}-{os.urandom(4).hex()}", model="gpt-4o", budget=8000)


class StrictModel:
    """clients/testing/strict_model.py in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(TESTING / "strict_model.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/stats") as answer:
            stats: dict[str, Any] = json.load(answer)
            return stats

    def reset(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/reset", data=b"", method="POST")).close()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            reply: dict[str, Any] = json.load(answer)
            return reply

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


@pytest.fixture(scope="session")
def strict_server() -> Iterator[StrictModel]:
    server = StrictModel()
    yield server
    server.close()


@pytest.fixture
def model(strict_server: StrictModel) -> StrictModel:
    strict_server.reset()
    return strict_server
