"""Claude Agent SDK's SessionStore, by the SDK's own conformance suite."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from conftest import fovead

from fovea import Fovea

pytest.importorskip("claude_agent_sdk")


async def test_conformance() -> None:
    from claude_agent_sdk.testing import run_session_store_conformance

    from fovea.adapters.claude_agent_sdk import FoveaStore

    with tempfile.TemporaryDirectory() as folder, Fovea.local(folder, binary=fovead()) as fovea:

        def fresh() -> FoveaStore:
            for kept in fovea.sessions():
                fovea.session(kept.session_id).delete()
            return FoveaStore(fovea)

        await run_session_store_conformance(fresh)


async def test_retries_restarts_and_memory(tmp_path: Path) -> None:
    from fovea.adapters.claude_agent_sdk import FoveaStore

    key: Any = {"project_key": "-home-ä/" + "x" * 300, "session_id": "5f7e1c9a-0000-4000-8000-000000000001"}
    said = {"role": "user", "content": "the needle"}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "found"}]}
    entries: Any = [
        {"type": "user", "uuid": "u1", "timestamp": "2026-01-01T00:00:00.000Z", "message": said},
        {"type": "assistant", "uuid": "u2", "timestamp": "2026-01-01T00:00:01.000Z", "message": answer},
        {"type": "assistant", "uuid": "u3", "message": {"role": "assistant", "content": 5}},
        {"type": "user", "uuid": "u4", "isSidechain": True, "message": said},
        {"type": "summary", "summary": "lone \ud800 half", "n": 1.5, "nested": {"a": [None, True]}},
    ]
    with Fovea.local(tmp_path, binary=fovead()) as fovea:
        store = FoveaStore(fovea)
        await store.append(key, entries)
        await store.append(key, entries[:4])  # a retry of what has uuids
        await store.append(key, [{**entries[0], "type": "other"}])
    with Fovea.local(tmp_path, binary=fovead()) as fovea:
        store = FoveaStore(fovea)
        assert await store.load(key) == entries
        memory = fovea.session(key["session_id"], model="claude", budget=4000)
        assert [turn.time_us for turn in memory.turns()] == [1767225600000000, 1767225601000000]
        assert [hit.seq for hit in memory.search("needle")] == [1]
        assert memory.context(format="anthropic").messages[0]["role"] == "user"
        await store.delete(key)
        assert await store.load(key) is None and fovea.sessions() == []
