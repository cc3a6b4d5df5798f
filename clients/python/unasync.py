"""Writes src/fovea/client.py, the synchronous client, from src/fovea/aio.py: the same calls without `await`."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent / "src" / "fovea"
WORDS = [
    ('"""The client for asyncio."""', '"""The synchronous client. Written from aio.py by unasync.py."""'),
    ("A connection to a server, for one event loop.", "A connection to a server. Thread-safe; its sessions are not."),
    ("Not for several tasks at a time.", "Not for several threads at a time."),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
]


def convert(source: str) -> str:
    """The synchronous form of the asynchronous client."""
    for before, after in WORDS:
        if before not in source:
            raise SystemExit(f"unasync.py: aio.py has no {before!r}")
        source = source.replace(before, after)
    source = re.sub(r"\bAsync(Fovea|Session|Transport)\b", r"\1", source)
    return re.sub(r"\basync def\b", "def", re.sub(r"\bawait ", "", source))


if __name__ == "__main__":
    (HERE / "client.py").write_text(convert((HERE / "aio.py").read_text()))
