"""Anthropic's Messages: an assistant's message is one turn; a user's one, or more where results of tools are in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fovea.errors import MessageShapeError
from fovea.shapes import _message as m
from fovea.v1 import turn_pb2

_ROLES: dict[str, turn_pb2.Role] = {"user": m.USER, "assistant": m.ASSISTANT, "system": m.SYSTEM}


def read(message: Any) -> list[turn_pb2.Turn]:
    fields = m.Fields(message, "")
    name = fields.text("role")
    role = _ROLES.get(name)
    if role is None:
        raise fields.error("role", f'is "{name}", not one of {", ".join(_ROLES)}')
    builder = m.MessageBuilder(role)
    content = fields.take("content")
    if content is not None:
        _read_content(content, builder)
    fields.drop("type")
    builder.keep(fields.rest())
    return builder.finish("content")


def _read_content(content: Any, builder: m.MessageBuilder) -> None:
    if isinstance(content, str):
        builder.add(m.text(content))
        return
    if not isinstance(content, list | tuple):
        raise MessageShapeError("content: must be a string or a list")
    if not content:
        builder.add(m.text(""))
    for index, block in enumerate(content):
        _read_block(m.Fields(block, f"content[{index}]"), builder)


def _read_block(block: m.Fields, builder: m.MessageBuilder) -> None:
    kind = block.text_or_json("type")
    block.drop("cache_control")
    if kind == "text":
        if not block.has("text"):
            raise block.error("text", "is missing")
        builder.add(m.text(block.text("text")), block.rest())
    elif kind == "tool_use" and builder.role == m.ASSISTANT:
        call_id = block.text_or_json("id")
        name = block.text("name")
        builder.add(m.call(call_id, name, m.arguments(block.take("input"))), block.rest())
    elif kind == "tool_result":
        _read_result(block, builder)
    else:
        part = media(block.value, kind)
        if part is not None:
            block.drop("source")
            attributes = block.rest() if kind == "image" else {}
            builder.add(part, attributes)
        elif not kind:
            raise block.error("type", "is missing")
        else:
            kept = {key: value for key, value in block.value.items() if key != "cache_control"}
            builder.add(m.whole(f"anthropic.{kind}", kept))


def _read_result(block: m.Fields, builder: m.MessageBuilder) -> None:
    call_id = block.text_or_json("tool_use_id")
    is_error = block.boolean("is_error")
    content = block.take("content")
    contents: list[m.Content] = []
    kept: dict[str, Any] = {}
    if isinstance(content, str):
        contents.append(m.text_content(content))
    elif isinstance(content, list | tuple):
        for index, item in enumerate(content):
            made, rest = _result_item(item)
            contents.append(made)
            if rest:
                kept[str(index)] = rest
    elif content is not None:
        raise block.error("content", "must be a string or a list")
    attributes = {"content": kept} if kept else {}
    builder.add(m.result(call_id, contents, is_error), {**attributes, **block.rest()})


def _result_item(item: Any) -> tuple[m.Content, dict[str, Any]]:
    """An item of a result, and what is kept beside it."""
    kind = m.kind_of(item)
    if kind == "text" and isinstance(item.get("text"), str):
        fields = m.Fields(item, "")
        fields.drop("type", "cache_control")
        return m.text_content(fields.text("text")), fields.rest()
    if kind in ("image", "document", "search_result"):
        part = media(item, kind)
        content = m.content(part) if part is not None else None
        if content is not None:
            return content, {}
    if kind == "tool_reference":
        fields = m.Fields(item, "")
        fields.drop("type", "cache_control")
        name = fields.text_or_json("tool_name")
        if 0 < len(name.encode()) <= 200:
            return m.Content(tool_reference=turn_pb2.ToolReferencePart(tool_name=name)), fields.rest()
    return m.text_content(m.dump(item)), {}


def media(block: Mapping[str, Any], kind: str) -> turn_pb2.Part | None:
    """A picture, a document or a search result; None if it is to be kept whole."""
    if kind == "image":
        source = block.get("source")
        if isinstance(source, Mapping) and source.get("type") == "base64":
            return m.image(source.get("media_type"), source.get("data"))
    elif kind == "document":
        document = _document(block)
        return turn_pb2.Part(document=document) if document is not None else None
    elif kind == "search_result":
        found = _search_result(block)
        return turn_pb2.Part(search_result=found) if found is not None else None
    return None


def _document(block: Mapping[str, Any]) -> turn_pb2.DocumentPart | None:
    if not isinstance(block.get("source"), Mapping):
        return None
    source = m.Fields(block["source"], "")
    kind = source.text_or_json("type")
    document = turn_pb2.DocumentPart(media_type=source.text_or_json("media_type"))
    if kind == "base64":
        document.data = m.decode(source.text_or_json("data")) or b""
    elif kind == "text":
        document.data = m.to_bytes(source.text_or_json("data"))
    elif kind == "url":
        document.uri = source.text_or_json("url")
    elif kind == "file":
        document.uri = source.text_or_json("file_id")
    if not (document.data or document.uri) or source.rest():
        return None
    fields = m.Fields(block, "")
    fields.drop("type", "source", "cache_control")
    document.name = fields.text_or_json("title")
    document.context = m.to_bytes(fields.text_or_json("context"))
    rest = fields.rest()
    if rest:
        document.attributes_json = m.dump(rest)
    return m.fitting(document)


def _search_result(block: Mapping[str, Any]) -> turn_pb2.SearchResultPart | None:
    fields = m.Fields(block, "")
    fields.drop("type", "cache_control")
    found = turn_pb2.SearchResultPart(source=fields.text_or_json("source"), title=fields.text_or_json("title"))
    content = fields.take("content")
    if not isinstance(content, list | tuple):
        return None
    for item in content:
        text = m.plain_text_block(item)
        if text is None:
            return None
        found.text.append(text)
    rest = fields.rest()
    if rest:
        found.attributes_json = m.dump(rest)
    return m.fitting(found)
