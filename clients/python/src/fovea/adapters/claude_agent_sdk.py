"""Claude Agent SDK: a SessionStore that keeps transcripts in Fovea, and makes a memory of them.

    options = ClaudeAgentOptions(session_store=FoveaStore(fovea), resume=..., mcp_servers=...)

What Claude Code writes is kept entry by entry, and given back for a resume. Beside it, what the user and the assistant
said is appended to a session whose id is Claude's own session id, so that `fovea-memory mcp --session ID`, search and
recall know it. Claude Code builds its requests itself: a bounded context in front of the model is `fovea wrap claude`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from claude_agent_sdk import SessionStore
from claude_agent_sdk.types import SessionKey, SessionListSubkeysKey, SessionStoreEntry, SessionStoreListEntry

from fovea.client import Fovea, Session
from fovea.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from fovea.v1 import session_pb2, turn_pb2

_KIND = "claude-agent-sdk.entry"
_MARK = "claude_agent_sdk"


class FoveaStore(SessionStore):
    """For ClaudeAgentOptions(session_store=...). Every entry is on disk when append() returns, and once.

    memory: whether what was said is also appended to a session of its own.
    """

    def __init__(self, fovea: Fovea, *, memory: bool = True) -> None:
        self._fovea = fovea
        self._memory = memory
        self._open: dict[str, Session] = {}
        # Sessions of a client are not for several threads.
        self._lock = threading.Lock()

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Keeps entries. One whose uuid was kept before is not kept again."""
        await asyncio.to_thread(self._append, key, entries)

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """All entries of a key, in their order; None if there are none."""
        return await asyncio.to_thread(self._load, key)

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """The sessions of a project, with the time of their last change."""
        found = await asyncio.to_thread(self._kept, project_key)
        return [
            SessionStoreListEntry(session_id=mark["session_id"], mtime=kept.updated_us // 1000)
            for mark, kept in found
            if not mark["subpath"] and kept.last_seq > 0
        ]

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """The transcripts of a session's subagents."""
        found = await asyncio.to_thread(self._kept, key["project_key"], key["session_id"])
        return [mark["subpath"] for mark, kept in found if mark["subpath"] and kept.last_seq > 0]

    async def delete(self, key: SessionKey) -> None:
        """Deletes a transcript; a session's own with those of its subagents and with its memory."""
        await asyncio.to_thread(self._delete, key)

    def _append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        with self._lock:
            for entry in entries:
                uuid = entry.get("uuid") or None
                data = json.dumps(entry).encode()
                kept = turn_pb2.Turn(role=turn_pb2.ROLE_SYSTEM, time_us=_time(entry))
                kept.parts.add().opaque.CopyFrom(turn_pb2.OpaquePart(kind=_KIND, data=data))
                try:
                    self._session(_id(key), key).append(kept, idempotency_key=uuid)
                except AlreadyExistsError:
                    continue  # that uuid with other words: the first stays
                if self._memory and not key.get("subpath"):
                    self._remember(key, entry, uuid)

    def _remember(self, key: SessionKey, entry: Mapping[str, Any], uuid: str | None) -> None:
        message = entry.get("message")
        if not isinstance(message, Mapping) or entry.get("isSidechain") or entry.get("isMeta"):
            return
        try:
            session = self._session(key["session_id"], None)
            session.append(message, shape="anthropic", idempotency_key=uuid, time_us=_time(entry))
        except (InvalidArgumentError, AlreadyExistsError):
            return  # nothing that a conversation holds: the entry itself is kept

    def _load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        with self._lock:
            if _id(key) not in self._open and not any(mark == _mark(key) for mark, _ in self._kept(key["project_key"])):
                return None
            entries = [
                json.loads(part.opaque.data)
                for turn in self._session(_id(key), key).turns()
                for part in turn.parts
                if part.opaque.kind == _KIND
            ]
        return entries or None

    def _delete(self, key: SessionKey) -> None:
        with self._lock:
            mark = _mark(key)
            ids = [_id(key)]
            if not mark["subpath"]:
                ids += [kept.session_id for _, kept in self._kept(mark["project_key"], mark["session_id"])]
                ids += [key["session_id"]] if self._memory else []
            existing = {kept.session_id for kept in self._fovea.sessions()}
            for session_id in dict.fromkeys(ids):
                self._open.pop(session_id, None)
                if session_id in existing:
                    try:
                        self._fovea.session(session_id).delete()
                    except NotFoundError:
                        continue  # somebody else was faster

    def _session(self, session_id: str, key: SessionKey | None) -> Session:
        session = self._open.get(session_id)
        if session is None:
            metadata = {_MARK: _mark(key)} if key is not None else None
            session = self._open[session_id] = self._fovea.session(session_id, metadata=metadata)
        return session

    def _kept(
        self, project_key: str, session_id: str | None = None
    ) -> list[tuple[dict[str, str], session_pb2.Session]]:
        found = []
        for kept in self._fovea.sessions():
            mark = json.loads(kept.metadata_json or "{}").get(_MARK)
            if mark and mark["project_key"] == project_key and session_id in (None, mark["session_id"]):
                found.append((mark, kept))
        return found


def _mark(key: SessionKey) -> dict[str, str]:
    return {
        "project_key": key["project_key"],
        "session_id": key["session_id"],
        "subpath": key.get("subpath") or "",
    }


def _id(key: SessionKey) -> str:
    # Keys are of any length and any characters, and ids are not. Alike in TypeScript.
    named = "\0".join(_mark(key).values()).encode("utf-8", "surrogatepass")
    return "claude-agent-sdk:" + hashlib.sha256(named).hexdigest()


def _time(entry: Mapping[str, Any]) -> int:
    """Microseconds since the Unix epoch; 0 if the entry does not say."""
    try:
        return int(datetime.fromisoformat(str(entry.get("timestamp")).replace("Z", "+00:00")).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return 0
