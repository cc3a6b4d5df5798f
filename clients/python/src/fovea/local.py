"""A fovead of one's own, started and stopped with the program that uses it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from fovea.errors import FailedPreconditionError, NotFoundError

_START_SECONDS = 20.0
# Ends the server when standard input ends, which it does however the program that uses it ends. Prints the server's
# process id first.
_KEEPER = """
exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
echo $pid
{ read -r line <&3; kill -TERM $pid; } >/dev/null 2>&1 &
exec 3<&-
wait $pid
"""
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
        if shutil.which(program) is None:
            raise NotFoundError(f"cannot start {program}: it is no program")
        self._folder = tempfile.mkdtemp(prefix="fovea-")
        self.address = f"unix:{self._folder}/fovead.sock"
        self._log = Path(self._folder, "log")
        arguments = ["/bin/sh", "-c", _KEEPER, "sh", program, "--listen", self.address]
        if data is not None:
            arguments += ["--data", str(data)]
        try:
            with self._log.open("wb") as log:
                # A session of its own: a Ctrl-C at the terminal is for the program that uses it, which stops it.
                self._process = subprocess.Popen(
                    arguments,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise NotFoundError(f"cannot start {program}: {error}") from error
        self._wait(program)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._pid

    def _wait(self, program: str) -> None:
        # Behind its process id it prints one line when it serves, and none if it cannot.
        output = self._process.stdout
        assert output is not None
        self._pid = int(output.readline() or 0)
        line: list[bytes] = []
        reader = threading.Thread(target=lambda: line.append(output.readline()), daemon=True)
        reader.start()
        reader.join(_START_SECONDS)
        if line and line[0]:
            return
        self._kill()
        words = self._log.read_text(errors="replace").strip()[-2000:]
        self.stop()
        if "is in use by another" in words:
            words += "; connect() to the server that uses it, or give local() another folder for its data"
        raise FailedPreconditionError(f"{program} did not start: {words}")

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Stops it; what was appended is on disk. Does nothing the second time."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
        if self._process.stdout is not None:
            with contextlib.suppress(OSError):
                self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)
