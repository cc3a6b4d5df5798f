"""Policies, pictures, epochs, ladders and losses; and odd input to every call."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from typing import Any

import pytest
from test_client import fill, png

from fovea import (
    AsyncFovea,
    FailedPreconditionError,
    Fovea,
    FoveaError,
    InvalidArgumentError,
    NotFoundError,
    Session,
)
from fovea.v1 import context_pb2


def test_policies_by_name(fovea: Fovea, session: Session) -> None:
    fill(session, 40)
    tokens = {name: session.plan(policy=name).tokens for name in ("balanced", "frugal", "exact")}
    assert session.plan().tokens == tokens["balanced"]
    assert tokens["exact"] > tokens["frugal"]
    again = fovea.session(session.id, model="gpt-4o", budget=8000, policy="frugal")
    assert again.context().tokens == tokens["frugal"]
    assert again.plan(policy=context_pb2.Policy(name=context_pb2.POLICY_NAME_EXACT)).tokens == tokens["exact"]
    with pytest.raises(InvalidArgumentError, match="balanced, frugal, exact"):
        session.plan(policy="cheap")  # type: ignore[arg-type]


def test_readers_by_the_ids_of_models(fovea: Fovea, session: Session) -> None:
    session.append("hello")
    assert session.context(model="claude-sonnet-4-5-20250929").reader.startswith("claude")
    assert session.context(model="models/gemini-3-flash").reader.startswith("gemini")
    (reader,) = fovea.readers("claude-opus-5")
    assert reader.ladder and reader.name.startswith("claude")
    assert len(fovea.readers()) > 5
    with pytest.raises(NotFoundError, match="claude"):
        session.context(model="claud")


def test_epochs_ladder_and_losses(session: Session) -> None:
    fill(session, 40)
    context = session.context()
    assert context.epoch >= 1 and context.note
    assert context.losses and 0 < context.losses[0].range.first <= 160
    assert sum(share.turns for share in context.rungs) == 160, context.rungs
    diff = session.diff()
    assert diff.to_epoch == context.epoch and len(diff.epochs) == context.epoch
    assert any(move.from_rung == "verbatim" for move in diff.moves)
    before = session.explain(9, as_of_seq=20)
    assert before.rung == "verbatim" and session.explain(9).rung != "verbatim"


def test_ladder(session: Session) -> None:
    fill(session, 1)
    ladder = session.ladder(reader="deepseek-flash")
    assert ladder.contact_sheet_png[:4] == b"\x89PNG" and len(ladder.pages) >= 2
    for odd in (-1, "x", 1 << 64, 10**6):
        with pytest.raises(FoveaError, match="first_seq"):
            session.ladder(odd)  # type: ignore[arg-type]


def test_pictures_come_with_a_recall(session: Session) -> None:
    picture = png(8, 8, 100)
    encoded = base64.b64encode(picture).decode()
    url = f"data:image/png;base64,{encoded}"
    session.append(
        {
            "role": "user",
            "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}],
        }
    )
    expanded = session.expand(1)
    assert expanded.text.startswith("look\n[image 1: image/png") and expanded.role == "user"
    assert [(one.media_type, one.data) for one in expanded.pictures] == [("image/png", picture)]
    assert session.expand(1, max_bytes=2).pictures == []
    arguments = json.dumps({"seq": 1})
    calls: dict[str, Any] = {
        "openai-chat": {"role": "assistant", "content": None, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "recall", "arguments": arguments}}]},
        "openai-responses": {"type": "function_call", "call_id": "b", "name": "recall", "arguments": arguments},
        "anthropic": {"role": "assistant", "content": [
            {"type": "tool_use", "id": "c", "name": "recall", "input": {"seq": 1}}]},
        "gemini": {"role": "model", "parts": [{"functionCall": {"id": "d", "name": "recall", "args": {"seq": 1}}}]},
        "langchain": {"type": "ai", "content": "", "tool_calls": [
            {"type": "tool_call", "id": "e", "name": "recall", "args": {"seq": 1}}]},
    }  # fmt: skip
    for shape, call in calls.items():
        session.append([call] if isinstance(call, dict) else call, shape=shape)  # type: ignore[arg-type]
        answers = session.answer([call] if shape == "openai-responses" else call)
        assert encoded in json.dumps(answers), shape
        _, last = session.append(answers, shape=shape)  # type: ignore[arg-type]
        (held,) = session.turns(last, last)
        pictures = [part.image.data for part in held.parts if part.HasField("image")]
        pictures += [one.image.data for part in held.parts for one in part.tool_result.content if one.HasField("image")]
        assert pictures == [picture], shape
    # Every API gets them in its own place.
    for format_, reader in (
        ("openai-chat", "gpt-4o"),
        ("anthropic", "claude"),
        ("openai-responses", "gpt-5.6"),
        ("gemini", "gemini-3"),
    ):
        assert json.dumps(session.context(reader=reader, format=format_).payload).count(encoded) == 6  # type: ignore[arg-type]


def test_agents_and_custom_tools(session: Session) -> None:
    session.append("task")
    custom = {"type": "custom_tool_call", "call_id": "x", "name": "patch", "input": "*** Begin"}
    output = {"type": "custom_tool_call_output", "call_id": "x", "output": "done"}
    session.append([custom, output], shape="openai-responses", agent_id="worker-1")
    assert {turn.agent_id for turn in session.turns(2)} == {"worker-1"}
    items = session.context(reader="gpt-5.6", format="openai-responses").messages
    assert [item["type"] for item in items[-2:]] == ["custom_tool_call", "custom_tool_call_output"]
    assert items[-2]["input"] == "*** Begin"


ODD: list[Any] = [
    *(None, True, -1, 0, 1 << 63, 1 << 70, 1.5, float("nan"), float("inf")),
    *("", "x", "\ud800", "\0", b"\xff", [], [[]], {}, {"role": 1}, [None], object()),
    *({"role": "user"}, {"role": "user", "content": {"a": 1}}, {"role": "user", "content": [[[]]]}),
    *({"role": "assistant", "tool_calls": [5]}, {"choices": [5]}, {"candidates": [None]}, {"parts": 5}),
]


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"content": [value]}
    return value


CALLS = (
    *("append", "sync", "context", "answer", "run_tool", "report_usage", "recall", "expand", "search"),
    *("explain", "plan", "diff", "page", "turns", "pin", "unpin", "fork"),
)


def refused(call: Any, **arguments: Any) -> None:
    """Makes a call that need not work; what it raises is typed and has words."""
    try:
        call(**arguments)
    except FoveaError as error:
        if not error.message or len(error.message) > 1000:
            raise AssertionError(arguments) from error


@pytest.mark.parametrize("name", CALLS)
def test_odd_input_is_a_typed_error(session: Session, name: str) -> None:
    session.append("hello")
    session.context()
    call = getattr(session, name)
    parameters = inspect.signature(call).parameters
    given = {
        "messages": "x",
        "reply": [],
        "name": "recall",
        "arguments": {},
        "input_tokens": 1,
        "query": "x",
        "page_id": "x",
    }
    for parameter in parameters.values():
        for odd in [*ODD, nested(5000)]:
            arguments = {
                other.name: given.get(other.name, 1) for other in parameters.values() if other.default is other.empty
            }
            arguments[parameter.name] = odd
            refused(call, **arguments)
    # The session lives on.
    assert session.info().last_seq >= 1


def test_odd_sessions_and_servers(fovea: Fovea) -> None:
    def use(**options: Any) -> None:
        made = fovea.session(**options)
        made.append("hello")
        made.context()

    for odd in ODD:
        for name in ("session_id", "model", "reader", "budget", "format", "shape", "policy", "title", "recall_bytes"):
            refused(use, **{"session_id": "odd", "model": "claude", "budget": 4000, name: odd})
    for address in ("unix:/nonexistent/s", "nonsense://x", "256.256.256.256:1", ":", "localhost:99999"):
        with Fovea.connect(address, deadline=0.3) as nobody, pytest.raises(FoveaError):
            nobody.sessions()


async def test_concurrent_calls_of_one_session(fovea: Fovea, session: Session) -> None:
    """Not promised to be in order, but nothing is lost and nothing hangs."""
    assert fovea.server is not None
    async with AsyncFovea.connect(fovea.server.address) as client:
        same = await client.session(session.id, model="claude", budget=8000)
        await asyncio.gather(*(same.append(f"message {number}") for number in range(50)))
        assert sorted(turn.parts[0].text.text for turn in await same.turns()) == sorted(
            f"message {number}".encode() for number in range(50)
        )


GEMINI_FILE = {"fileUri": "fovea:page/x", "mimeType": "image/png"}
REFERENCES: list[tuple[str, str, Any]] = [
    ("gpt-4o", "messages", {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "fovea:page/x"}}]}),
    ("gpt-5.6", "input", {"role": "user", "content": [{"type": "input_image", "image_url": "fovea:page/x"}]}),
    (
        "gemini-3",
        "contents",
        {"role": "user", "parts": [{"fileData": {"fileUri": "fovea:page/x", "mimeType": "image/png"}}]},
    ),
]


@pytest.mark.parametrize(("model", "field", "message"), REFERENCES)
def test_a_url_that_looks_like_a_pages_reference(fovea: Fovea, model: str, field: str, message: Any) -> None:
    session = fovea.session(f"reference-{model}", model=model, budget=8000)
    session.append(message)
    assert "fovea:page/x" in json.dumps(session.context().payload[field])


def test_odd_connections() -> None:
    odd: list[tuple[str, dict[str, Any]]] = [
        ("address", {"address": 5}),
        ("address", {"address": "http://localhost:1"}),
        ("token", {"token": "a\nb"}),
        ("token", {"token": "\u00e4"}),
        ("token", {"token": 5}),
        *(("deadline", {"deadline": value}) for value in (0, -1, "5", True, float("nan"), float("inf"))),
    ]
    for name, options in odd:
        with pytest.raises(InvalidArgumentError, match=f"{name}: "):
            Fovea.connect(**options)


async def test_closed_connections_say_so(fovea: Fovea) -> None:
    assert fovea.server is not None
    client = Fovea.connect(fovea.server.address)
    session = client.session("closed")
    client.close()
    with pytest.raises(FailedPreconditionError, match="closed"):
        session.append("x")
    other = AsyncFovea.connect(fovea.server.address)
    await other.session("closed")
    await other.close()
    with pytest.raises(FailedPreconditionError, match="closed"):
        await other.sessions()


def test_ids_and_queries_are_strings(fovea: Fovea, session: Session) -> None:
    for odd in (None, 5, b"x"):
        with pytest.raises(InvalidArgumentError, match="session_id: "):
            fovea.session(odd)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError, match="query: "):
            session.search(odd)  # type: ignore[arg-type]
