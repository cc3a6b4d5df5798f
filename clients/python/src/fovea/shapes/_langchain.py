"""LangChain's messages, as objects or as dictionaries with a `type`: one message is one turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fovea.errors import MessageShapeError
from fovea.shapes import _anthropic
from fovea.shapes import _message as m
from fovea.v1 import turn_pb2

_ROLES: dict[str, turn_pb2.Role] = {
    "system": m.SYSTEM,
    "developer": m.SYSTEM,
    "human": m.USER,
    "user": m.USER,
    "ai": m.ASSISTANT,
    "AIMessageChunk": m.ASSISTANT,
    "assistant": m.ASSISTANT,
    "tool": m.TOOL,
}
_ANTHROPIC_BLOCKS = ("thinking", "redacted_thinking")
# Calls stand in `tool_calls` as well.
_CALL_BLOCKS = ("tool_use", "tool_call", "function_call", "input_json_delta")


def is_message(message: Any) -> bool:
    """Whether it is LangChain's, as an object or a dictionary."""
    if isinstance(message, Mapping):
        return "role" not in message and message.get("type") in _ROLES and "content" in message
    return type(message).__module__.startswith("langchain_core.") and hasattr(message, "content")


def read(message: Any) -> list[turn_pb2.Turn]:

    def get(key: str) -> Any:
        return message.get(key) if isinstance(message, Mapping) else getattr(message, key, None)

    kind = get("type")
    role = _ROLES.get(str(kind))
    if role is None:
        raise MessageShapeError(f'type: "{kind}" is not a type of LangChain\'s messages')
    builder = m.MessageBuilder(role)
    content = get("content")
    if role == m.TOOL:
        contents = [m.content(part) or m.text_content(part.opaque.data.decode()) for part in _parts(content)]
        builder.add(m.result(str(get("tool_call_id") or ""), contents, get("status") == "error"))
    else:
        calls = get("tool_calls") or []
        extra = get("additional_kwargs") or {}
        reasoning = extra.get("reasoning_content")
        if isinstance(reasoning, str) and reasoning:
            builder.add(m.opaque("deepseek.reasoning_content", m.to_bytes(reasoning)))
        if not (content == "" and calls):
            for part in _parts(content):
                builder.add(part)
        for call in calls:
            builder.add(m.call(str(call.get("id") or ""), call["name"], m.dump(call["args"])))
        for call in get("invalid_tool_calls") or []:
            builder.add(m.call(str(call.get("id") or ""), str(call.get("name") or ""), str(call.get("args") or "")))
    name = get("name")
    if name:
        builder.keep({"name": name})
    return builder.finish("content")


def _parts(content: Any) -> list[turn_pb2.Part]:
    if isinstance(content, str):
        return [m.text(content)]
    if not isinstance(content, list | tuple):
        raise MessageShapeError("content: a string or a list is expected")
    made = []
    for index, block in enumerate(content):
        where = f"content[{index}]"
        if isinstance(block, str):
            made.append(m.text(block))
            continue
        kind = m.Fields(block, where).text("type")
        if kind in _CALL_BLOCKS:
            continue
        made.append(_part(block, kind, where))
    return made


def _part(block: Mapping[str, Any], kind: str, where: str) -> turn_pb2.Part:
    if kind in ("text", "text-plain", "output_text"):
        return m.text(m.Fields(block, where).text("text"))
    if kind == "image" and "source" not in block:
        data = block.get("base64") or block.get("data")
        picture = m.image(str(block.get("mime_type") or ""), data)
        return picture or m.whole("langchain.image", block)
    if kind == "image_url":
        url = block.get("image_url")
        picture = m.image_url(url) if isinstance(url, str) else m.image_url(str((url or {}).get("url")))
        return picture or m.whole("openai.image_url", block)
    if kind in _ANTHROPIC_BLOCKS:
        return m.whole(f"anthropic.{kind}", {key: value for key, value in block.items() if key != "index"})
    if kind == "reasoning":
        return m.whole("openai.reasoning", {key: value for key, value in block.items() if key != "index"})
    return _anthropic.media(block, kind) or m.whole(f"langchain.{kind}", block)
