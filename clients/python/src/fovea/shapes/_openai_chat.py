"""OpenAI's Chat Completions, and what follows their shape: one message is one turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fovea.shapes import _message as m
from fovea.shapes._openai_parts import read_content, read_output
from fovea.v1 import turn_pb2

_ROLES: dict[str, turn_pb2.Role] = {
    "system": m.SYSTEM,
    "developer": m.SYSTEM,
    "user": m.USER,
    "assistant": m.ASSISTANT,
    "tool": m.TOOL,
    "function": m.TOOL,
}
REASONING = "deepseek.reasoning_content"


def read(message: Any) -> list[turn_pb2.Turn]:
    fields = m.Fields(message, "")
    name = fields.text("role")
    role = _ROLES.get(name)
    if role is None:
        raise fields.error("role", f'is "{name}", not one of {", ".join(_ROLES)}')
    builder = m.MessageBuilder(role)
    if name in ("developer", "function"):
        builder.keep({"role": name})
    if role == m.TOOL:
        _read_result(fields, builder)
    else:
        _read_said(fields, builder)
    builder.keep(fields.rest())
    return builder.finish("content")


def _read_result(fields: m.Fields, builder: m.MessageBuilder) -> None:
    call_id = fields.text_or_json("tool_call_id")
    is_error = fields.boolean("is_error")
    content = fields.take("content")
    if content is None:
        raise fields.error("content", "it holds nothing")
    contents, kept = read_output(content, "content")
    builder.add(m.result(call_id, contents, is_error), kept)


def _read_said(fields: m.Fields, builder: m.MessageBuilder) -> None:
    assistant = builder.role == m.ASSISTANT
    if assistant:
        reasoning = fields.text("reasoning_content")
        if reasoning:
            builder.add(m.opaque(REASONING, m.to_bytes(reasoning)))
    content = fields.take("content")
    if content is not None:
        read_content(content, "content", "", builder)
    if not assistant:
        return
    refusal = fields.text("refusal")
    if refusal:
        builder.add(turn_pb2.Part(refusal=turn_pb2.RefusalPart(text=m.to_bytes(refusal))))
    if fields.has("audio"):
        _read_audio(m.Fields(fields.take("audio"), "audio"), builder)
    calls = fields.take("tool_calls")
    if calls is not None:
        if not isinstance(calls, list | tuple):
            raise fields.error("tool_calls", "must be a list")
        for index, call in enumerate(calls):
            _read_call(m.Fields(call, f"tool_calls[{index}]"), builder)
    # As the API had it before tool_calls.
    if fields.has("function_call"):
        _add_call(m.Fields(fields.take("function_call"), "function_call"), "arguments", "", False, {}, builder)


def _read_audio(audio: m.Fields, builder: m.MessageBuilder) -> None:
    made = turn_pb2.AudioPart(id=audio.text_or_json("id"), transcript=m.to_bytes(audio.text_or_json("transcript")))
    data = audio.text_or_json("data")
    if data:
        decoded = m.decode(data)
        if decoded is None:
            raise audio.error("data", "must be base64")
        made.data = decoded
    if m.fitting(made) is None:
        raise audio.error("id", "is too long")
    builder.add(turn_pb2.Part(audio=made), audio.rest())


def _read_call(call: m.Fields, builder: m.MessageBuilder) -> None:
    call_id = call.text_or_json("id")
    custom = call.text_or_json("type") == "custom"
    kind = "custom" if custom else "function"
    called = call.take(kind)
    if not isinstance(called, Mapping):
        raise call.error(kind, "must be an object")
    function = m.Fields(called, call.path_of(kind))
    _add_call(function, "input" if custom else "arguments", call_id, custom, call.rest(), builder)


def _add_call(
    function: m.Fields,
    key: str,
    call_id: str,
    custom: bool,
    attributes: dict[str, Any],
    builder: m.MessageBuilder,
) -> None:
    name = function.text("name")
    written = function.take(key)
    arguments = "" if written is None else m.arguments(written)
    rest = function.rest()
    if rest:
        attributes = {**attributes, "custom" if custom else "function": rest}
    builder.add(m.call(call_id, name, arguments, custom), attributes)
