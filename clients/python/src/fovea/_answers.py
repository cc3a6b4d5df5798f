"""Calls of the recall tools in a model's answer, and their results in the answer's shape."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from fovea.errors import MessageShapeError
from fovea.formats import Shape
from fovea.shapes import _langchain, plain

TOOL_NAMES = ("recall", "search")


@dataclass(frozen=True)
class RecallCall:
    """A call of recall or search."""

    shape: Shape
    call_id: str | None
    name: str
    arguments: dict[str, Any] | None  # None: they are no JSON object


@dataclass(frozen=True)
class Result:
    """What answers a call."""

    text: str
    is_error: bool
    pictures: Sequence[Any] = ()  # with media_type and data


# What all of the APIs take.
_PICTURES = frozenset(("image/png", "image/jpeg", "image/webp", "image/gif"))


def _pictures(result: Result) -> list[tuple[str, str]]:
    """Media types and base64."""
    return [
        (picture.media_type, base64.b64encode(picture.data).decode("ascii"))
        for picture in result.pictures
        if picture.media_type in _PICTURES
    ]


def _arguments(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            return None
    return dict(value) if isinstance(value, Mapping) else None


def _one(item: Mapping[str, Any]) -> Iterable[RecallCall]:
    """The calls that an object is or holds."""
    kind = item.get("type")
    if isinstance(item.get("choices"), list):  # a whole answer of Chat Completions
        for choice in item["choices"]:
            yield from find_calls(choice.get("message"))
    elif isinstance(item.get("candidates"), list):  # a whole answer of Gemini's
        for candidate in item["candidates"]:
            yield from find_calls(candidate.get("content"))
    elif isinstance(item.get("output"), list) and item.get("object") == "response":
        yield from find_calls(item["output"])
    elif isinstance(item.get("tool_calls"), list | tuple):
        for call in item["tool_calls"]:
            yield from _one(call)
    elif kind == "function_call":
        yield RecallCall(
            "openai-responses", item.get("call_id"), str(item.get("name")), _arguments(item.get("arguments"))
        )
    elif kind == "tool_use":
        yield RecallCall("anthropic", item.get("id"), str(item.get("name")), _arguments(item.get("input")))
    elif isinstance(item.get("function"), Mapping):
        function = item["function"]
        yield RecallCall(
            "openai-chat", item.get("id"), str(function.get("name")), _arguments(function.get("arguments"))
        )
    elif isinstance(item.get("functionCall") or item.get("function_call"), Mapping):
        call = item.get("functionCall") or item["function_call"]
        yield RecallCall("gemini", call.get("id"), str(call.get("name")), _arguments(call.get("args")))
    elif "args" in item and "name" in item:
        shape: Shape = "langchain" if kind == "tool_call" else "gemini"
        yield RecallCall(shape, item.get("id"), str(item["name"]), _arguments(item["args"]))
    elif isinstance(item.get("parts"), list):
        yield from find_calls(item["parts"])
    elif isinstance(item.get("content"), list):
        yield from find_calls(item["content"])


def find_calls(reply: Any) -> list[RecallCall]:
    """The calls of recall and search in an answer, a message, or a list of calls, blocks or items."""
    if reply is None or isinstance(reply, str):
        return []
    if _langchain.is_message(reply):
        calls = reply.get("tool_calls") if isinstance(reply, Mapping) else getattr(reply, "tool_calls", None)
        return [
            RecallCall("langchain", call.get("id"), call["name"], _arguments(call["args"]))
            for call in calls or []
            if call["name"] in TOOL_NAMES
        ]
    reply = plain(reply)
    if isinstance(reply, Mapping):
        return [call for call in _one(reply) if call.name in TOOL_NAMES]
    if not isinstance(reply, list | tuple):
        raise MessageShapeError(f"reply: {type(reply).__name__} is no answer, no message and no list of calls")
    found: list[RecallCall] = []
    for item in reply:
        found.extend(find_calls(item))
    return found


def results(answers: list[tuple[RecallCall, Result]]) -> list[dict[str, Any]]:
    """Messages that answer the calls. A turn's pictures stand behind its text, for append(): the server puts them where
    each API takes pictures of tools."""
    messages: list[dict[str, Any]] = []
    after: list[dict[str, Any]] = []
    for call, result in answers:
        text, pictures = result.text, _pictures(result)
        if call.shape == "openai-chat":
            content = _content(text, pictures, "text", _chat_picture)
            messages.append({"role": "tool", "tool_call_id": call.call_id, "content": content})
        elif call.shape == "openai-responses":
            content = _content(text, pictures, "input_text", _responses_picture)
            messages.append({"type": "function_call_output", "call_id": call.call_id, "output": content})
        elif call.shape == "langchain":
            messages.append(
                {
                    "type": "tool",
                    "tool_call_id": call.call_id,
                    "name": call.name,
                    "content": _content(text, pictures, "text", _chat_picture),
                    "status": "error" if result.is_error else "success",
                }
            )
        elif call.shape == "anthropic":
            block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call.call_id}
            block["content"] = _content(text, pictures, "text", _anthropic_picture)
            if result.is_error:
                block["is_error"] = True
            _join(messages, "content", block)
        else:
            response: dict[str, Any] = {
                "name": call.name,
                "response": {"error" if result.is_error else "output": text},
            }
            if call.call_id:
                response["id"] = call.call_id
            _join(messages, "parts", {"functionResponse": response})
            after += [{"inlineData": {"mimeType": kind, "data": data}} for kind, data in pictures]
    if after:
        cast("list[Any]", messages[-1]["parts"]).extend(after)
    return messages


def _content(
    text: str, pictures: list[tuple[str, str]], kind: str, picture: Callable[[str, str], dict[str, Any]]
) -> str | list[dict[str, Any]]:
    if not pictures:
        return text
    return [{"type": kind, "text": text}, *(picture(*one) for one in pictures)]


def _chat_picture(media_type: str, data: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}}


def _responses_picture(media_type: str, data: str) -> dict[str, Any]:
    return {"type": "input_image", "image_url": f"data:{media_type};base64,{data}"}


def _anthropic_picture(media_type: str, data: str) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _join(messages: list[dict[str, Any]], key: str, block: dict[str, Any]) -> None:
    """These APIs want the results of a step in one message of the user's."""
    if messages and key in messages[-1]:
        cast("list[Any]", messages[-1][key]).append(block)
    else:
        messages.append({"role": "user", key: [block]})
