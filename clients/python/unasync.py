"""Writes the synchronous client from the asynchronous one: the same calls without `await`."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent / "src" / "fovea"
# What is written, from what, and what must be said in other words.
FILES = {
    "client.py": (
        "aio.py",
        [
            ('"""The client for asyncio."""', '"""The synchronous client. Written from aio.py by unasync.py."""'),
            (
                "A connection to a server, for one event loop.",
                "A connection to a server. Thread-safe; its sessions are not.",
            ),
            ("Not for several tasks at a time.", "Not for several threads at a time."),
            ("fovea._aio_transport", "fovea._sync_transport"),
            ("__aenter__", "__enter__"),
            ("__aexit__", "__exit__"),
        ],
    ),
    "_sync_transport.py": (
        "_aio_transport.py",
        [
            ("over a channel, for asyncio.", "over a channel. Written from _aio_transport.py by unasync.py."),
            ("A channel for asyncio. Belongs to the event loop that it was made in.", "A channel. Thread-safe."),
            ("import asyncio\n", "import time\n"),
            ("import grpc.aio\n", ""),
            ("grpc.aio.", "grpc."),
            ("asyncio.sleep", "time.sleep"),
        ],
    ),
}


def convert(name: str) -> str:
    """The synchronous form of a file."""
    origin, words = FILES[name]
    source = (HERE / origin).read_text()
    for before, after in words:
        if before not in source:
            raise SystemExit(f"unasync.py: {origin} has no {before!r}")
        source = source.replace(before, after)
    source = re.sub(r"\bAsync(Fovea|Session|Transport)\b", r"\1", source)
    source = re.sub(r"\basyncio\.to_thread\(([\w.]+)(?:, |(?=\)))", r"\1(", source)
    return re.sub(r"\basync (def|for)\b", r"\1", re.sub(r"\bawait ", "", source))


if __name__ == "__main__":
    for name in FILES:
        (HERE / name).write_text(convert(name))
