"""A session as a Model Context Protocol server: recall, search, tiers, why; pages and turns' pictures as images.

Needs the extra: pip install fovea-memory[mcp]. `fovea-memory mcp --session ID` runs it (cli.py).
"""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from starlette.types import ASGIApp, Receive, Scope, Send

import fovea
from fovea.client import Session
from fovea.v1 import context_pb2

_INSTRUCTIONS = (
    "Older turns of this conversation are kept exactly, though you may see them only on pages of small text or not at "
    "all. Before you rely on the exact text of an old turn, recall it by its number; where you do not know the number, "
    "search."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_PICTURES = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp", "image/gif": "gif"}


def make_server(session: Session, *, allow_pins: bool = False) -> MCPServer[Any]:
    """The server of one session. The session needs a model or reader and a budget for tiers, why and pages.

    allow_pins: whether the model may pin and unpin turns.
    """
    server: MCPServer[Any] = MCPServer(
        "fovea", title="Fovea", instructions=_INSTRUCTIONS, version=fovea.__version__, log_level="WARNING"
    )
    descriptions = {
        tool["function"]["name"]: tool["function"]["description"] for tool in session.tools(format="openai-chat")
    }

    async def answer(name: str, arguments: dict[str, Any]) -> str:
        text, is_error = await asyncio.to_thread(session.run_tool, name, arguments)
        if is_error:
            raise ToolError(text)
        return text

    @server.tool(description=descriptions["recall"], annotations=_READS, structured_output=False)
    async def recall(seq: int, first_byte: int = 0, max_bytes: int = 0) -> list[str | Image]:
        text = await answer("recall", {"seq": seq, "first_byte": first_byte, "max_bytes": max_bytes})
        pictures = await asyncio.to_thread(_pictures, session, seq) if first_byte == 0 else []
        return [text, *pictures]

    @server.tool(description=descriptions["search"], annotations=_READS, structured_output=False)
    async def search(query: str, limit: int = 20) -> str:
        return await answer("search", {"query": query, "limit": limit})

    @server.tool(
        description="Shows which turns of the conversation are text now, on pages of which size, or only recallable.",
        annotations=_READS,
        structured_output=False,
    )
    async def tiers() -> str:
        return _tiers(await asyncio.to_thread(session.plan))

    @server.tool(
        description="Says why a turn, by its number, is shown as it is.", annotations=_READS, structured_output=False
    )
    async def why(seq: int) -> str:
        explained = await asyncio.to_thread(session.explain, seq)
        return f"#{seq} is {explained.rung}. {explained.reason}"

    @server.resource(
        "fovea://page/{page_id}", name="page", description="A page of the present context", mime_type="image/png"
    )
    async def page(page_id: str) -> bytes:
        return await asyncio.to_thread(session.page, page_id)

    @server.resource(
        "fovea://pages", name="pages", description="The pages of the present context", mime_type="application/json"
    )
    async def pages() -> str:
        summary = await asyncio.to_thread(session.plan)
        listed = [
            {
                "uri": f"fovea://page/{one.page_id}",
                "rung": one.rung,
                "turns": [one.first_seq, one.last_seq],
                "tokens": one.tokens,
            }
            for one in summary.pages
        ]
        return json.dumps(listed)

    if allow_pins:
        _add_pins(server, session)
    return server


def _add_pins(server: MCPServer[Any], session: Session) -> None:
    @server.tool(
        description="Keeps turns, by their numbers, as text in every context.",
        annotations=_WRITES,
        structured_output=False,
    )
    async def pin(first: int, last: int = 0) -> str:
        await asyncio.to_thread(session.pin, first, last or first)
        return "pinned"

    @server.tool(description="Undoes pin.", annotations=_WRITES, structured_output=False)
    async def unpin(first: int, last: int = 0) -> str:
        await asyncio.to_thread(session.unpin, first, last or first)
        return "unpinned"


def _pictures(session: Session, seq: int) -> list[Image]:
    (turn,) = session.turns(seq, seq)
    images = [part.image for part in turn.parts if part.HasField("image")]
    for part in turn.parts:
        images += [item.image for item in part.tool_result.content if item.HasField("image")]
    return [Image(data=one.data, format=_PICTURES[one.media_type]) for one in images if one.media_type in _PICTURES]


def _tiers(summary: context_pb2.ContextSummary) -> str:
    lines = [f"{summary.tokens} of {summary.budget} tokens, epoch {summary.epoch}, for {summary.reader}"]
    lines += [
        f"{share.rung}: turns #{share.first_seq} to #{share.last_seq}, {share.characters} characters, "
        f"{share.tokens} tokens, {share.pages} pages"
        for share in summary.rungs
    ]
    return "\n".join(lines)


class TokenGate:
    """Lets in requests with `authorization: Bearer TOKEN`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers 401."""
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._wanted):
                headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._app(scope, receive, send)


def http_app(server: MCPServer[Any], token: str) -> ASGIApp:
    """Streamable HTTP at /mcp for this machine: checks Host and Origin, and the token."""
    return TokenGate(server.streamable_http_app(host="127.0.0.1"), token)
