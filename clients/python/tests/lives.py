"""Agents that live through many turns against the strict model, over each provider's wire."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from conftest import StrictModel

from fovea import Session
from fovea.context import Context

Tool = dict[str, Any]
SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


def look_up(query: str) -> str:
    """What the agents' own tool prints: long enough to press on a budget, different each time.

    Args:
        query: what to look up
    """
    lines = [f"{query} line {i}: value {hash_of(query, i):08x}" for i in range(30)]
    return "\n".join(lines)


def hash_of(query: str, i: int) -> int:
    value = 2166136261
    for byte in f"{query}/{i}".encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def chat(model: StrictModel, context: Context, tools: list[Tool]) -> tuple[list[Any], list[tuple[str, Any]], str]:
    """Sends a context; gives the messages to append, the agent's own calls (id, arguments), and the text."""
    own = {"type": "function", "function": {"name": "look_up", "parameters": SCHEMA}}
    body = {"model": "m", "tools": [*tools, own], **context.payload}
    message = model.post("/v1/chat/completions", body)["choices"][0]["message"]
    calls = [
        (call["id"], call["function"]["arguments"])
        for call in message.get("tool_calls", [])
        if call["function"]["name"] == "look_up"
    ]
    return [message], calls, message.get("content") or ""


def chat_result(call_id: str, text: str) -> list[Any]:
    return [{"role": "tool", "tool_call_id": call_id, "content": text}]


def responses(model: StrictModel, context: Context, tools: list[Tool]) -> tuple[list[Any], list[tuple[str, Any]], str]:
    own = {"type": "function", "name": "look_up", "parameters": SCHEMA}
    answer = model.post("/v1/responses", {"model": "m", "tools": [*tools, own], **context.payload})
    items = answer["output"]
    calls = [(item["call_id"], item["arguments"]) for item in items if item.get("name") == "look_up"]
    texts = [item["content"][0]["text"] for item in items if item["type"] == "message"]
    return items, calls, "".join(texts)


def responses_result(call_id: str, text: str) -> list[Any]:
    return [{"type": "function_call_output", "call_id": call_id, "output": text}]


def anthropic(model: StrictModel, context: Context, tools: list[Tool]) -> tuple[list[Any], list[tuple[str, Any]], str]:
    own = {"name": "look_up", "input_schema": SCHEMA}
    answer = model.post("/v1/messages", {"model": "m", "max_tokens": 1, "tools": [*tools, own], **context.payload})
    calls = [(b["id"], b["input"]) for b in answer["content"] if b.get("name") == "look_up"]
    return [answer], calls, "".join(b.get("text", "") for b in answer["content"])


def anthropic_result(call_id: str, text: str) -> list[Any]:
    return [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": text}]}]


def gemini(model: StrictModel, context: Context, tools: list[Tool]) -> tuple[list[Any], list[tuple[str, Any]], str]:
    own = {"functionDeclarations": [{"name": "look_up", "parametersJsonSchema": SCHEMA}]}
    answer = model.post("/v1beta/models/m:generateContent", {"tools": [*tools, own], **context.payload})
    content = answer["candidates"][0]["content"]
    calls = [
        (part["functionCall"]["id"], part["functionCall"]["args"])
        for part in content["parts"]
        if part.get("functionCall", {}).get("name") == "look_up"
    ]
    return [content], calls, "".join(part.get("text", "") for part in content["parts"])


def gemini_result(call_id: str, text: str) -> list[Any]:
    response = {"id": call_id, "name": "look_up", "response": {"output": text}}
    return [{"role": "user", "parts": [{"functionResponse": response}]}]


Send = Callable[[StrictModel, Context, list[Tool]], tuple[list[Any], list[tuple[str, Any]], str]]
Answer = Callable[[str, str], list[Any]]

WIRES: dict[str, tuple[Send, Answer, Callable[[str], Any]]] = {
    "openai-chat": (chat, chat_result, lambda text: {"role": "user", "content": text}),
    "openai-responses": (
        responses,
        responses_result,
        lambda text: {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
    ),
    "anthropic": (anthropic, anthropic_result, lambda text: {"role": "user", "content": text}),
    "gemini": (gemini, gemini_result, lambda text: {"role": "user", "parts": [{"text": text}]}),
}


def live(session: Session, model: StrictModel, wire: str, questions: int) -> list[str]:
    """Asks questions until each is answered; gives the final answers."""
    send, result, ask = WIRES[wire]
    answers = []
    for number in range(questions):
        session.append(ask(f"Question {number}: what of item {number}?"), shape=wire)
        while True:
            context = session.context(format=wire)
            messages, calls, text = send(model, context, session.tools(format=wire))
            session.append(messages, shape=wire)
            replies = session.answer(messages)
            session.append(replies, shape=wire)
            for call_id, arguments in calls:
                session.append(result(call_id, look_up(str(arguments))), shape=wire)
            if not replies and not calls:
                answers.append(text)
                break
    return answers


class Served:
    """Watches the contexts that a session serves."""

    def __init__(self, session: Session) -> None:
        self.epochs: list[int] = []  # by request to the model
        inner = session.context

        def context(*args: Any, **options: Any) -> Context:
            made = inner(*args, **options)
            self.epochs.append(made.epoch)
            return made

        session.context = context  # type: ignore[method-assign]

    def check(self, name: str, session: Session, stats: dict[str, Any]) -> None:
        """What every life must show, but for the comparison with the same agent without Fovea."""
        turns, epochs = session.info().last_seq, len(set(self.epochs))
        report(name, turns, epochs, stats)
        assert stats["refused"] == []
        assert turns >= 150
        assert epochs >= 3 and stats["pictures"] > 0
        # What came before stays as it was within an epoch: only a new epoch may change it.
        assert len(self.epochs) == stats["requests"]
        steps = {i for i in range(1, len(self.epochs)) if self.epochs[i] != self.epochs[i - 1]}
        assert set(stats["breaks"]) <= steps
        exact = session.recall(4)
        assert exact and stats["recalls_asked"] >= 4 and len(stats["recalls"]) == stats["recalls_asked"]
        assert all(exact in text for text in stats["recalls"])
        assert any(len(calls) == 2 for calls in stats["calls"])


def report(name: str, turns: int, epochs: int, stats: dict[str, Any]) -> None:
    """Adds a line to the table that scripts/test-adapters.sh prints."""
    if table := os.environ.get("FOVEA_LIVES"):
        row = [name, turns, stats["requests"], stats["streamed"], epochs]
        row += [len(stats["refused"]), len(stats["breaks"]), len(stats["recalls"])]
        with open(table, "a") as lines:
            print(*row, sep="\t", file=lines)
