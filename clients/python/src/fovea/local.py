"""A fovead of one's own, started and stopped with the program that uses it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from fovea.errors import FailedPreconditionError, NotFoundError

_START_SECONDS = 20.0
# fovead finishes calls in progress for up to 20 seconds.
_STOP_SECONDS = 25.0


class LocalServer:
    """A running fovead. `address` is where it listens; `stop()` ends it."""

    def __init__(self, data: str | Path | None = None, binary: str | Path | None = None) -> None:
        """Starts it and waits until it serves.

        data: the folder of its store, which stays; None: fovead's own default.
        binary: the program; None: FOVEAD in the environment, or `fovead` on the PATH.
        """
        program = str(binary or os.environ.get("FOVEAD") or shutil.which("fovead") or "")
        if not program:
            raise NotFoundError(
                "there is no fovead on the PATH; install it (scripts/install.sh in Fovea's sources), or name it with "
                "binary= or FOVEAD"
            )
        self._folder = tempfile.mkdtemp(prefix="fovea-")
        self.address = f"unix:{self._folder}/fovead.sock"
        self._log = Path(self._folder, "log")
        arguments = [program, "--listen", self.address]
        if data is not None:
            arguments += ["--data", str(data)]
        try:
            with self._log.open("wb") as log:
                # A session of its own: a Ctrl-C at the terminal is for the program that uses it, which stops it.
                self._process = subprocess.Popen(
                    arguments,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise NotFoundError(f"cannot start {program}: {error}") from error
        self._wait(program)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def _wait(self, program: str) -> None:
        # It prints one line when it serves, and none if it cannot.
        output = self._process.stdout
        assert output is not None
        line: list[bytes] = []
        reader = threading.Thread(target=lambda: line.append(output.readline()), daemon=True)
        reader.start()
        reader.join(_START_SECONDS)
        if line and line[0]:
            return
        self._process.kill()
        self._process.wait()
        words = self._log.read_text(errors="replace").strip()[-2000:]
        self.stop()
        if "is in use by another" in words:
            words += "; connect() to the server that uses it, or give local() another folder for its data"
        raise FailedPreconditionError(f"{program} did not start: {words}")

    def stop(self) -> None:
        """Stops it; what was appended is on disk. Does nothing the second time."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            with contextlib.suppress(OSError):
                self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)
