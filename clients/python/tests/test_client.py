"""What a session does, against a real server."""

from __future__ import annotations

import json
import os
import struct
import zlib
from typing import Any

import pytest
from conftest import fovead

from fovea import (
    AlreadyExistsError,
    AsyncFovea,
    BudgetTooSmallError,
    Fovea,
    InvalidArgumentError,
    MessageShapeError,
    NotFoundError,
    OutOfRangeError,
    Session,
)


def png(width: int, height: int, shade: int) -> bytes:
    """A picture of one shade."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def fill(session: Session, rounds: int, start: int = 0) -> None:
    for i in range(start, start + rounds):
        session.append(
            [
                {"role": "user", "content": f"question {i} " + "alpha beta gamma " * 40},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": f"c{i}", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                {"role": "tool", "tool_call_id": f"c{i}", "content": f"result {i} " + "delta epsilon " * 80},
                {"role": "assistant", "content": f"answer {i}"},
            ]
        )


FORMATS = ["openai-chat", "openai-responses", "anthropic", "gemini", "vllm", "deepseek"]


@pytest.mark.parametrize("format_", FORMATS)
def test_held_pages_give_the_same_payload(fovea: Fovea, session: Session, format_: Any) -> None:
    fill(session, 40)
    reader = {"anthropic": "claude", "gemini": "gemini-3", "openai-responses": "gpt-5.6"}.get(format_, "gpt-4o")
    first = session.context(reader=reader, format=format_)
    again = session.context(reader=reader, format=format_)
    assert first.page_ids
    assert "fovea:page/" not in json.dumps(again.payload)
    assert first.payload == again.payload
    # A client that holds nothing gets the same from the server alone.
    with Fovea.connect(fovea.server.address if fovea.server else None) as other:
        fresh = other.session(session.id, reader=reader, budget=8000).context(format=format_)
    assert fresh.payload == first.payload
    # The second request asked for references, so its own digest is another.
    assert again.payload_sha256 != first.payload_sha256
    # One more epoch, with pages old and new.
    fill(session, 30, 40)
    held = session.context(reader=reader, format=format_)
    with Fovea.connect(fovea.server.address if fovea.server else None) as other:
        fresh = other.session(session.id, reader=reader, budget=8000).context(format=format_)
    assert held.payload == fresh.payload


def test_pictures_of_the_agents_are_not_taken_for_pages(fovea: Fovea, session: Session) -> None:
    import base64

    fill(session, 30)
    url = "data:image/png;base64," + base64.b64encode(png(768, 768, 200)).decode()
    session.append({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})
    session.context()
    again = session.context()
    assert url in json.dumps(again.payload)
    with Fovea.connect(fovea.server.address if fovea.server else None) as other:
        fresh = other.session(session.id, model="gpt-4o", budget=8000).context()
    assert again.payload == fresh.payload


def test_a_page_by_its_id(session: Session) -> None:
    fill(session, 40)
    context = session.context()
    assert session.page(context.page_ids[0])[:8] == b"\x89PNG\r\n\x1a\n"


def test_errors_keep_the_servers_words(session: Session) -> None:
    fill(session, 8)
    session.pin(1, 32)
    with pytest.raises(BudgetTooSmallError) as caught:
        session.context(budget=1000)
    assert caught.value.required_tokens > 1000
    assert str(caught.value.required_tokens) in caught.value.message
    with pytest.raises(OutOfRangeError):
        session.recall(99)
    with pytest.raises(InvalidArgumentError, match="token_budget"):
        session.context(budget=1)
    session._core.options = type(session._core.options)()
    with pytest.raises(InvalidArgumentError, match="budget"):
        session.context(model="claude")


def test_shapes_that_are_none(session: Session) -> None:
    for wrong in ({"role": "bot", "content": "x"}, 5, {"content": "x"}, [{"role": "user"}]):
        with pytest.raises(MessageShapeError):
            session.append(wrong)
    assert session.info().last_seq == 0
    assert session.append([]) == (0, 0)


def test_idempotency(session: Session) -> None:
    message = {"role": "user", "content": "once"}
    assert session.append(message, idempotency_key="k") == (1, 1)
    assert session.append(message, idempotency_key="k") == (1, 1)
    with pytest.raises(AlreadyExistsError):
        session.append({"role": "user", "content": "twice"}, idempotency_key="k")


def test_large_messages(session: Session) -> None:
    text = "0123456789abcdef" * (1 << 20)
    session.append([{"role": "user", "content": text}] * 5)
    assert session.info().last_seq == 5
    assert session.recall(5) == text


def test_recall_in_pieces(session: Session) -> None:
    session.append({"role": "user", "content": "äöü" * 100_000})
    first, is_error = session.run_tool("recall", {"seq": 1, "max_bytes": 1001})
    assert not is_error
    body, _, note = first.rpartition("\n")
    assert body == ("äöü" * 200)[:500] and note == "[bytes 0 to 999 of 600000 of #1; go on with first_byte 1000]"
    rest, _ = session.run_tool("recall", {"seq": "#1", "first_byte": 1000.0})
    assert rest.startswith(("äöü" * 400)[500:900])
    assert session.run_tool("recall", {"seq": 7})[1]
    assert session.run_tool("recall", {"seq": True})[1]
    assert session.run_tool("search", {})[1]
    assert session.run_tool("search", {"query": "nothing*like*this"})[0].startswith("nothing was found")


def test_answers_in_every_shape(session: Session) -> None:
    session.append({"role": "user", "content": "the needle"})
    arguments = json.dumps({"seq": 1})
    chat = {"id": "a", "type": "function", "function": {"name": "recall", "arguments": arguments}}
    foreign = {"id": "b", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    expected = [{"role": "tool", "tool_call_id": "a", "content": "the needle"}]
    assert session.answer({"role": "assistant", "tool_calls": [chat, foreign]}) == expected
    assert session.answer([chat, foreign]) == expected
    assert session.answer({"choices": [{"message": {"role": "assistant", "tool_calls": [chat]}}]}) == expected
    item = {"type": "function_call", "call_id": "a", "name": "recall", "arguments": arguments}
    output = {"type": "function_call_output", "call_id": "a", "output": "the needle"}
    assert session.answer({"object": "response", "output": [item]}) == [output]
    block = {"type": "tool_use", "id": "a", "name": "recall", "input": {"seq": 1}}
    twice = session.answer({"role": "assistant", "content": [block, {**block, "id": "c", "input": {"seq": 5}}]})
    assert len(twice) == 1 and [result["tool_use_id"] for result in twice[0]["content"]] == ["a", "c"]
    assert twice[0]["content"][1]["is_error"] is True and "is_error" not in twice[0]["content"][0]
    call = {"functionCall": {"name": "recall", "args": {"seq": 1}}}
    response = {"functionResponse": {"name": "recall", "response": {"output": "the needle"}}}
    assert session.answer({"role": "model", "parts": [call]}) == [{"role": "user", "parts": [response]}]
    assert session.answer({"role": "assistant", "content": "no calls"}) == []
    broken = {"id": "a", "type": "function", "function": {"name": "recall", "arguments": "{"}}
    assert "JSON" in session.answer([broken])[0]["content"]


def test_sync_appends_what_is_new_and_forks_where_history_was_edited(fovea: Fovea, session: Session) -> None:
    history: list[Any] = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    assert session.sync(history).appended == 2
    assert session.sync(history).appended == 0
    history.append({"role": "user", "content": "three"})
    assert session.sync(history).appended == 1
    # Another process finds its place again.
    again = fovea.session(session.id)
    assert again.sync(history).appended == 0
    before = session.id
    edited = [history[0], {"role": "assistant", "content": "changed"}]
    result = session.sync(edited)
    assert (result.appended, result.forked_from) == (1, before)
    assert session.id != before
    assert [turn.parts[0].text.text for turn in session.turns()] == [b"one", b"changed"]
    assert fovea.session(before).info().last_seq == 3


def test_explain_search_fork_usage(fovea: Fovea, session: Session) -> None:
    fill(session, 40)
    context = session.context()
    assert session.explain(3).seq == 3
    hits = session.search("question 7")
    assert [hit.seq for hit in hits][-1] == 29 and hits[0].role == "user"
    assert session.report_usage(context.tokens + 100, other_tokens=100).promised_tokens == context.tokens
    fork = session.fork(8)
    assert fork.info().last_seq == 8 and fork.info().forked_from == session.id
    assert session.plan().tokens == context.tokens
    session.compact()
    assert session.delete().turns == 160
    with pytest.raises(NotFoundError):
        session.context()
    assert fork.id in [listed.session_id for listed in fovea.sessions()]


def test_usage_of_a_context_that_held_pages(session: Session) -> None:
    fill(session, 40)
    session.context()
    context = session.context()
    assert session.report_usage(context.tokens).promised_tokens == context.tokens


async def test_async(fovea: Fovea) -> None:
    assert fovea.server is not None
    async with AsyncFovea.connect(fovea.server.address) as client:
        session = await client.session(f"async-{os.urandom(4).hex()}", model="claude", budget=8000)
        await session.append([{"role": "user", "content": "hello"}])
        context = await session.context(format="anthropic")
        assert context.messages[0]["role"] == "user"
        assert [tool["name"] for tool in await session.tools(format="anthropic")] == ["recall", "search"]
        assert (await session.fork()).id != session.id
    async with await AsyncFovea.local(f"/tmp/fovea-test-{os.urandom(4).hex()}", binary=fovead()) as own:
        assert await own.sessions() == []
