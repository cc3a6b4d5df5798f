"""The server is killed while it takes appends: each is acknowledged once, none is there twice, nothing hangs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import fovead

from fovea import AsyncFovea, DeadlineExceededError, Fovea, UnavailableError

APPENDS = 1000
KILLS = 4
DEADLINE = 20.0


class Keeper:
    """A fovead that is killed and started again on the same store and socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"unix:{folder}/s"
        self._stop = threading.Event()
        self.kills = 0
        self.acknowledged: list[int] = []
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [fovead(), "--listen", self.address, "--data", str(self._folder / "data")],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def haunt(self, kills: int) -> None:
        """Kills it in the middle of the appends, some way into each stretch of them."""
        for number in range(kills):
            while len(self.acknowledged) < (number + 1) * APPENDS // (kills + 1):
                if self._stop.wait(0.002):
                    return
            self.kill()
            self.kills += 1
            self.start()

    def close(self) -> None:
        self._stop.set()
        if self._process.poll() is None:
            self.kill()


def test_killed_during_appends(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    haunting = threading.Thread(target=keeper.haunt, args=(KILLS,))
    try:
        with Fovea.connect(keeper.address, deadline=DEADLINE) as fovea:
            session = fovea.session("s")
            haunting.start()
            acknowledged = keeper.acknowledged
            for number in range(APPENDS):
                began = time.monotonic()
                first, last = session.append({"role": "user", "content": f"message {number}"})
                assert first == last
                assert time.monotonic() - began < DEADLINE + 1
                acknowledged.append(first)
            haunting.join()
            texts = [turn.parts[0].text.text.decode() for turn in session.turns()]
    finally:
        keeper.close()
        haunting.join()
    assert keeper.kills == KILLS
    assert acknowledged == list(range(1, APPENDS + 1))
    assert texts == [f"message {number}" for number in range(APPENDS)]


def test_no_server_is_an_error_within_the_deadline(tmp_path: Path) -> None:
    with Fovea.connect(f"unix:{tmp_path}/none", deadline=1.0) as fovea:
        began = time.monotonic()
        with pytest.raises((UnavailableError, DeadlineExceededError)):
            fovea.session("s")
        assert time.monotonic() - began < 2.0


class Slow:
    """Stands before a server that is busy: what is sent reaches it late."""

    def __init__(self, folder: Path, server: str, seconds: float) -> None:
        self.address = f"unix:{folder}/slow"
        self._server = server.removeprefix("unix:")
        self._seconds = seconds
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/slow")
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        time.sleep(self._seconds)
        server = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            server.connect(self._server)
            threading.Thread(target=self._copy, args=(server, client), daemon=True).start()
            self._copy(client, server)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.close()


def test_a_server_that_is_slow_to_greet_is_waited_for(tmp_path: Path) -> None:
    # A busy machine is as slow as that: a connection that is given up early is never made.
    keeper = Keeper(tmp_path)
    slow = Slow(tmp_path, keeper.address, 1.5)
    try:
        with Fovea.connect(slow.address, deadline=DEADLINE) as fovea:
            began = time.monotonic()
            fovea.session("s").append("hello")
            assert time.monotonic() - began < 10
    finally:
        slow.close()
        keeper.close()


async def test_async_client_comes_back(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    try:
        async with AsyncFovea.connect(keeper.address, deadline=DEADLINE) as fovea:
            session = await fovea.session("s")
            for number in range(20):
                if number == 10:
                    keeper.kill()
                    restart = threading.Timer(0.3, keeper.start)
                    restart.start()
                await session.append({"role": "user", "content": f"message {number}"})
            restart.join()
            assert (await session.info()).last_seq == 20
    finally:
        keeper.close()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    from fovea import FoveaError

    with Fovea.local(tmp_path / "data", binary=fovead()) as fovea:
        assert fovea.server is not None and os.path.exists(f"/proc/{fovea.server.pid}")
        with pytest.raises(FoveaError, match="did not start"):
            Fovea.local(tmp_path / "data", binary=fovead())
    assert not os.path.exists(f"/proc/{fovea.server.pid}")


def test_the_server_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import sys, time
from fovea import Fovea
fovea = Fovea.local({str(tmp_path / "data")!r}, binary={fovead()!r})
print(fovea.server.pid, flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    assert "fovead" in Path(f"/proc/{pid}/cmdline").read_text()
    process.kill()
    process.wait()
    ends = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    process.stdout.close()
    # Its store is free again.
    with Fovea.local(tmp_path / "data", binary=fovead()) as fovea:
        assert fovea.sessions() == []
