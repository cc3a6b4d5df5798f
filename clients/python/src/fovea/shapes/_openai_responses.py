"""OpenAI's Responses: one item of `input` or `output` is one turn."""

from __future__ import annotations

from typing import Any

from fovea.shapes import _message as m
from fovea.shapes._openai_parts import read_content, read_output
from fovea.v1 import turn_pb2

_ROLES: dict[str, turn_pb2.Role] = {
    "system": m.SYSTEM,
    "developer": m.SYSTEM,
    "user": m.USER,
    "assistant": m.ASSISTANT,
}


def read(item: Any) -> list[turn_pb2.Turn]:
    fields = m.Fields(item, "")
    kind = fields.text("type")
    if kind == "message" or (not kind and fields.has("role")):
        return _message(fields)
    if kind in ("function_call", "custom_tool_call"):
        return _call(fields, kind == "custom_tool_call")
    if kind in ("function_call_output", "custom_tool_call_output"):
        return _output(fields)
    if not kind:
        raise fields.error("type", "is missing, and there is no role")
    answers = kind.endswith("_output") or kind == "mcp_approval_response"
    builder = m.MessageBuilder(m.TOOL if answers else m.ASSISTANT)
    builder.add(m.whole(f"openai.{kind}", item))
    return builder.finish("type")


def _message(fields: m.Fields) -> list[turn_pb2.Turn]:
    name = fields.text("role")
    role = _ROLES.get(name)
    if role is None:
        raise fields.error("role", f'is "{name}", not one of {", ".join(_ROLES)}')
    builder = m.MessageBuilder(role)
    if name == "developer":
        builder.keep({"role": name})
    phase = fields.text("phase") if role == m.ASSISTANT else ""
    content = fields.take("content")
    if content is not None:
        read_content(content, "content", phase, builder)
    builder.keep(fields.rest())
    return builder.finish("content")


def _call(fields: m.Fields, custom: bool) -> list[turn_pb2.Turn]:
    builder = m.MessageBuilder(m.ASSISTANT)
    call_id = fields.text_or_json("call_id")
    name = fields.text("name")
    written = fields.take("input" if custom else "arguments")
    builder.add(m.call(call_id, name, "" if written is None else m.arguments(written), custom))
    builder.keep(fields.rest())
    return builder.finish("name")


def _output(fields: m.Fields) -> list[turn_pb2.Turn]:
    builder = m.MessageBuilder(m.TOOL)
    call_id = fields.text_or_json("call_id")
    output = fields.take("output")
    if output is None:
        raise fields.error("output", "it holds nothing")
    contents, kept = read_output(output, "output")
    builder.add(m.result(call_id, contents), kept)
    builder.keep(fields.rest())
    return builder.finish("output")
