"""The client for asyncio."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from fovea._aio_transport import AsyncTransport
from fovea._pages import PageCache
from fovea._session import (
    Look,
    Options,
    SearchHit,
    SessionCore,
    SyncResult,
    TurnText,
    list_readers,
    list_sessions,
    open_session,
)
from fovea._transport import credentials, default_address
from fovea.context import Context
from fovea.formats import Format, PolicyName, Shape
from fovea.local import LocalServer
from fovea.v1 import context_pb2, reader_pb2, session_pb2, turn_pb2

_PAGE_BYTES = 256 << 20


class AsyncFovea:
    """A connection to a server, for one event loop."""

    def __init__(self, transport: AsyncTransport, page_bytes: int, server: LocalServer | None = None) -> None:
        """Use connect() or local()."""
        self._transport = transport
        self._cache = PageCache(page_bytes)
        self._server = server
        if server is not None:
            atexit.register(server.stop)

    @classmethod
    def connect(
        cls,
        address: str | None = None,
        *,
        token: str | None = None,
        tls: bool | str | Path = False,
        certificate: tuple[str | Path, str | Path] | None = None,
        deadline: float | None = None,
        page_bytes: int = _PAGE_BYTES,
    ) -> AsyncFovea:
        """Connects to a server; the connection is made when it is needed, and made again when it breaks.

        address: "unix:PATH" or "HOST:PORT"; None: FOVEA_SERVER, or the socket that fovead listens on by default.
        token: what the server wants to know its tenants by; None: FOVEA_TOKEN.
        tls: whether to encrypt, and to check the server by the system's authorities; or a file with others, in PEM.
        certificate: files with a chain and its key in PEM, for a server that wants to know its clients by them.
        deadline: seconds that a call may take with its retries; None: 30, or 120 for a context.
        page_bytes: memory for pages that are held between calls.
        """
        token = token or os.environ.get("FOVEA_TOKEN")
        secure = credentials(tls, certificate)
        return cls(AsyncTransport(address or default_address(), token, deadline, secure), page_bytes)

    @classmethod
    async def local(
        cls,
        data: str | Path | None = None,
        *,
        binary: str | Path | None = None,
        deadline: float | None = None,
        page_bytes: int = _PAGE_BYTES,
    ) -> AsyncFovea:
        """Starts a server of one's own, which close() or the end of the program stops. What it keeps stays.

        data: the folder of its store; None: fovead's own default.
        binary: the program; None: FOVEAD in the environment, or `fovead` on the PATH.
        """
        server = await AsyncTransport.start(data, binary)
        return cls(AsyncTransport(server.address, None, deadline), page_bytes, server)

    @property
    def server(self) -> LocalServer | None:
        """The server that local() started."""
        return self._server

    async def session(
        self,
        session_id: str,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        format: Format | None = None,  # noqa: A002
        shape: Shape | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
        title: str = "",
        metadata: Mapping[str, Any] | None = None,
        recall_bytes: int = 65_536,
    ) -> AsyncSession:
        """Finds a session, or makes it. The rest is what its calls use where they do not name it.

        model: the model's id, as its provider spells it, or a reader's name; reader: overrules it.
        budget: tokens that a context may have.
        format: the API that contexts are for; None: that of the messages that are appended.
        shape: how messages are written; None: found out, message by message.
        policy: "balanced" (the server's default), "frugal" or "exact", or marks of one's own.
        title, metadata: kept with a session that is new; metadata has at most 64 KiB as JSON.
        recall_bytes: the most that one recall of the model's gives.
        """
        options = Options(model, reader, budget, format, shape, policy, recall_bytes)
        made = await self._transport.run(open_session(session_id, title, metadata))
        return AsyncSession(self._transport, SessionCore(made.session_id, options, self._cache), self._cache)

    async def sessions(self) -> list[session_pb2.Session]:
        """All sessions of the tenant, oldest first."""
        return await self._transport.run(list_sessions())

    async def readers(self, reader: str = "") -> list[context_pb2.Reader]:
        """The models that the server knows: what they cost, and how small they read. reader: only what it finds."""
        return await self._transport.run(list_readers(reader))

    async def close(self) -> None:
        """Ends the connection, and the server if local() started it."""
        await self._transport.close()
        if self._server is not None:
            await AsyncTransport.stop(self._server)
            atexit.unregister(self._server.stop)

    async def __aenter__(self) -> AsyncFovea:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncSession:
    """One conversation. Not for several tasks at a time."""

    def __init__(self, transport: AsyncTransport, core: SessionCore, cache: PageCache) -> None:
        """Use AsyncFovea.session()."""
        self._transport = transport
        self._core = core
        self._cache = cache

    @property
    def id(self) -> str:
        """Changes if sync() finds the history edited."""
        return self._core.id

    @property
    def last_context(self) -> Context | None:
        """What context() gave last."""
        return self._core.last_context

    async def append(
        self,
        messages: Any,
        *,
        shape: Shape | None = None,
        time_us: int | None = None,
        idempotency_key: str | None = None,
        agent_id: str = "",
    ) -> tuple[int, int]:
        """Appends messages; they are on disk when this returns. Gives the numbers of the first and last turn.

        messages: one or several, in a provider's shape: OpenAI Chat or Responses, Anthropic, Gemini, LangChain; as
            mappings or as the SDK's objects; or a provider's whole answer. A string is the user's. An empty list
            gives (0, 0).
        time_us: when it happened, in microseconds since the Unix epoch; None: now, or 0 (unknown) with a key.
        idempotency_key: appends with one key are one append. None: a new one, which makes retries safe.
        agent_id: which agent of several spoke.
        """
        return await self._transport.run(self._core.append(messages, shape, time_us, idempotency_key, agent_id))

    async def sync(self, messages: Any, *, shape: Shape | None = None) -> SyncResult:
        """Appends what of a whole history is new, for frameworks that hand over all of it each time.

        Where the history was edited, the session becomes a fork that shares the turns before the edit, with an id of
        its own.
        """
        return await self._transport.run(self._core.sync(messages, shape))

    async def context(
        self,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
        format: Format | None = None,  # noqa: A002
        as_of_seq: int = 0,
    ) -> Context:
        """The conversation within the budget, ready to send.

        as_of_seq: the newest turn to see; 0: the newest of all. The rest overrules what the session was made with.
        BudgetTooSmallError if it cannot hold what must be text; it names the number of tokens that can.
        """
        look = Look(model, reader, budget, policy, as_of_seq)
        return await self._transport.run(self._core.context(look, format))

    async def tools(self, *, format: Format | None = None) -> list[dict[str, Any]]:  # noqa: A002
        """The tools with which the model asks for what it cannot read, for the API's field `tools`."""
        return await self._transport.run(self._core.tools(format))

    async def answer(self, reply: Any) -> list[dict[str, Any]]:
        """Answers the calls of recall and search in a model's answer; messages in its shape, [] if it has none.

        reply: an answer, a message, or a list of calls, blocks or items. Other tools' calls are left to you.
        """
        return await self._transport.run(self._core.answer(reply))

    async def run_tool(self, name: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        """One call of "recall" or "search": the text for the model, and whether it is an error.

        Pictures of a turn that is recalled are only noted: answer() and expand() give them.
        """
        return await self._transport.run(self._core.run_tool(name, arguments))

    async def report_usage(
        self, input_tokens: int, *, other_tokens: int = 0, context: Context | None = None
    ) -> reader_pb2.ReportUsageResponse:
        """Tells what the provider counted for a context, so that counts get better.

        input_tokens: of the whole request, cached tokens included; other_tokens: of what was not the context, such as
        tools. context: None: the last.
        """
        return await self._transport.run(self._core.report_usage(input_tokens, other_tokens, context))

    async def recall(self, seq: int) -> str:
        """A turn's exact text, recorded as a recall."""
        return await self._transport.run(self._core.recall(seq))

    async def expand(
        self, seq: int, *, first_byte: int = 0, max_bytes: int = 0, record_recall: bool = False
    ) -> TurnText:
        """A turn's exact text, or a range of its bytes, with its pictures. max_bytes: 0: to the end.

        record_recall: whether a model reads it, which keeps the turn sharper in later epochs.
        """
        return await self._transport.run(self._core.expand(seq, first_byte, max_bytes, record_recall))

    async def search(self, query: str, *, limit: int = 0, by_relevance: bool = False) -> list[SearchHit]:
        """Turns that hold all words; the newest first, or the most relevant. limit: at most 200; 0: 20."""
        return await self._transport.run(self._core.search(query, limit, by_relevance))

    async def explain(
        self,
        seq: int,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
        as_of_seq: int = 0,
    ) -> context_pb2.ExplainTurnResponse:
        """Why a turn is where it is in the context that context() gives for the same arguments."""
        look = Look(model, reader, budget, policy, as_of_seq)
        return await self._transport.run(self._core.explain(seq, look))

    async def plan(
        self,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
        as_of_seq: int = 0,
    ) -> context_pb2.ContextSummary:
        """What context() would say of itself, without pages drawn."""
        look = Look(model, reader, budget, policy, as_of_seq)
        return await self._transport.run(self._core.plan(look))

    async def diff(
        self,
        from_epoch: int = 0,
        to_epoch: int = 0,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
        as_of_seq: int = 0,
    ) -> context_pb2.DiffEpochsResponse:
        """Which turns moved to which rung between two epochs, and why each epoch began. to_epoch: 0: the newest."""
        look = Look(model, reader, budget, policy, as_of_seq)
        return await self._transport.run(self._core.diff(from_epoch, to_epoch, look))

    async def ladder(
        self,
        first_seq: int = 0,
        *,
        model: str | None = None,
        reader: str | None = None,
        budget: int | None = None,
        policy: PolicyName | context_pb2.Policy | None = None,
    ) -> context_pb2.DrawLadderResponse:
        """The turns from first_seq on, drawn at every rung of the reader's ladder: what a model would see of them.

        `contact_sheet_png` has all of them in one picture.
        """
        look = Look(model, reader, budget, policy)
        return await self._transport.run(self._core.ladder(first_seq, look))

    async def page(self, page_id: str) -> bytes:
        """The PNG of a page of the last context."""
        return await self._transport.run(self._core.page(self._core.view(Look()), page_id))

    async def turns(self, first: int = 1, last: int = 0) -> list[turn_pb2.Turn]:
        """Turns exactly as they were appended. last: 0: to the end."""
        return await self._transport.run(self._core.turns(first, last))

    async def pin(self, first: int, last: int | None = None) -> None:
        """Keeps turns as text in every context."""
        await self._transport.run(self._core.pin(first, last, True))

    async def unpin(self, first: int, last: int | None = None) -> None:
        """Undoes pin()."""
        await self._transport.run(self._core.pin(first, last, False))

    async def fork(self, at_seq: int = 0, *, session_id: str | None = None, title: str = "") -> AsyncSession:
        """A new session that begins with this one's turns up to at_seq; 0: all."""
        new_id = await self._transport.run(self._core.fork(at_seq, session_id, title))
        return AsyncSession(self._transport, SessionCore(new_id, self._core.options, self._cache), self._cache)

    async def compact(self) -> None:
        """Asks for a step of forgetting now: for a cache that is cold, or a task that is done."""
        await self._transport.run(self._core.compact())

    async def info(self) -> session_pb2.Session:
        """Title, times and counts."""
        return await self._transport.run(self._core.info())

    async def delete(self) -> session_pb2.DeleteSessionResponse:
        """Deletes the session with all that is derived from it; gives the receipt."""
        return await self._transport.run(self._core.delete())
