"""What the Python client adds to the calls that it makes: medians over a long session, pages held.

PYTHONPATH=clients/python/src FOVEAD=build/dev/bin/fovead python3 clients/testing/overhead.py [BUDGET]

Exit code 1 if a context takes 3 ms more than the raw call, or an append of one turn 1.5 times as long.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fovea import Fovea
from fovea import _rpc as rpc
from fovea._rpc import ask
from fovea._session import Look
from fovea.formats import WIRE
from fovea.v1 import context_pb2, session_pb2, turn_pb2

HISTORY = Path(__file__).resolve().parents[2] / "examples" / "long-session.jsonl.gz"
ROUNDS = 200
CONTEXT_MS = 3.0
APPEND_TIMES = 1.5


def messages() -> list[dict[str, Any]]:
    """The bundled session, several times over, as OpenAI Chat has it."""
    with gzip.open(HISTORY, "rt") as history:
        turns = json.loads(history.readline())["turns"]
    made: list[dict[str, Any]] = []
    for copy in range(6):
        for turn in turns:
            message: dict[str, Any] = {"role": turn["role"], "content": turn.get("text") or None}
            if turn.get("tool_calls"):
                message["tool_calls"] = [
                    {
                        "id": f"{copy}-{call['id']}",
                        "type": "function",
                        "function": {"name": call["name"], "arguments": call["args"]},
                    }
                    for call in turn["tool_calls"]
                ]
            if turn["role"] == "tool":
                message["tool_call_id"] = f"{copy}-{turn['tool_call_id']}"
                message["content"] = turn.get("text", "")
            elif message["content"] is None and "tool_calls" not in message:
                message["content"] = ""
            made.append(message)
    return made


def compare(name: str, raw: Callable[[], object], client: Callable[[], object]) -> tuple[float, float]:
    """Runs both in turn, so that what else the machine does falls on both alike; gives what is added, and the ratio."""
    walls: tuple[list[float], list[float]] = ([], [])
    works: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for call, wall, work in zip((raw, client), walls, works, strict=True):
            began, worked = time.perf_counter(), time.thread_time()
            call()
            wall.append(1000 * (time.perf_counter() - began))
            work.append(1000 * (time.thread_time() - worked))
    alone, through = map(statistics.median, walls)
    added, times = through - alone, through / alone
    print(f"{name}: raw p50 {alone:.2f} ms, client {through:.2f} ms: {added:+.2f} ms, {times:.2f} times")
    alone, through = map(statistics.median, works)
    print(f"    of it in the caller's thread: {alone:.2f} ms, {through:.2f} ms: {through - alone:+.2f} ms")
    return added, times


def main() -> int:
    budget = int(sys.argv[1]) if len(sys.argv) > 1 else 64_000
    with tempfile.TemporaryDirectory() as folder, Fovea.local(folder) as fovea:
        within = [measure(fovea, reader, budget) for reader in ("deepseek-flash", "claude")]
        return 0 if all(within) else 1


def measure(fovea: Fovea, reader: str, budget: int) -> bool:
    """Whether all is within its bounds."""
    session = fovea.session(reader, model=reader, budget=budget, format="openai-chat")
    session.append(messages())
    session.context()
    context = session.context()
    core, transport = session._core, session._transport
    request = context_pb2.BuildContextRequest(
        view=core.view(Look()),
        format=WIRE["openai-chat"],
        held_page_ids=core._cache.held(core._seen),
    )
    print(f"{reader}: {context.tokens} tokens, {len(context.page_ids)} pages")
    added, _ = compare("context", lambda: transport.run(ask(rpc.BUILD_CONTEXT, request)), session.context)
    text = "x" * 500
    part = turn_pb2.Part(text=turn_pb2.TextPart(text=text.encode()))
    turn = turn_pb2.Turn(role=turn_pb2.ROLE_USER, parts=[part])
    append = session_pb2.AppendTurnsRequest(session_id=session.id, turns=[turn])
    _, times = compare(
        "append",
        lambda: transport.run(ask(rpc.APPEND_TURNS, append)),
        lambda: session.append({"role": "user", "content": text}),
    )
    return added < CONTEXT_MS and times < APPEND_TIMES


if __name__ == "__main__":
    sys.exit(main())
