"""Gemini's contents: a model's content is one turn; a user's one, or more where responses of functions are in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fovea.errors import MessageShapeError
from fovea.shapes import _message as m
from fovea.v1 import turn_pb2

_ROLES: dict[str, turn_pb2.Role] = {
    "": m.USER,
    "user": m.USER,
    "function": m.USER,
    "model": m.ASSISTANT,
    "system": m.SYSTEM,
}
# The keys of the Python SDK, and the API's.
_CAMEL = {
    "function_call": "functionCall",
    "function_response": "functionResponse",
    "inline_data": "inlineData",
    "file_data": "fileData",
    "mime_type": "mimeType",
    "thought_signature": "thoughtSignature",
    "executable_code": "executableCode",
    "code_execution_result": "codeExecutionResult",
    "video_metadata": "videoMetadata",
    "media_resolution": "mediaResolution",
    "display_name": "displayName",
    "file_uri": "fileUri",
}
_NESTED = ("inlineData", "fileData")


class Reader:
    """Reads a conversation content by content, because Gemini's calls often have no ids.

    They get "call-1", "call-2", ... in their order (also those that have an id count, so that the same history always
    gives the same ids), and a response without an id answers the oldest unanswered call of its name.
    """

    def __init__(self) -> None:
        self._calls = 0
        self._open: list[tuple[str, str]] = []

    def read(self, content: Any) -> list[turn_pb2.Turn]:
        # What is not read to its end counts as not read.
        calls, waiting = self._calls, list(self._open)
        try:
            return self._read(content)
        except MessageShapeError:
            self._calls, self._open = calls, waiting
            raise

    def _read(self, content: Any) -> list[turn_pb2.Turn]:
        fields = m.Fields(content, "")
        name = fields.text("role")
        role = _ROLES.get(name)
        if role is None:
            raise fields.error("role", f'is "{name}", not user, model or function')
        builder = m.MessageBuilder(role)
        parts = fields.take("parts")
        if parts is not None:
            if not isinstance(parts, list | tuple):
                raise fields.error("parts", "must be a list")
            if not parts:
                builder.add(m.text(""))
            for index, part in enumerate(parts):
                self._part(part, f"parts[{index}]", builder)
        builder.keep(fields.rest())
        return builder.finish("parts")

    def _part(self, value: Any, path: str, builder: m.MessageBuilder) -> None:
        if isinstance(value, str):
            builder.add(m.text(value))
            return
        fields = m.Fields(_renamed(value), path)
        if fields.boolean("thought"):
            builder.add(_whole(fields))
            return
        signature = fields.take("thoughtSignature")
        made: tuple[turn_pb2.Part, dict[str, Any]] | None = None
        if fields.has("functionCall") and builder.role == m.ASSISTANT:
            made = self._call(fields)
        elif fields.has("functionResponse"):
            made = self._response(fields)
        elif fields.has("text"):
            text = fields.text("text")
            # A signature that came after the last text stands on a text without characters.
            if text or signature is None:
                made = m.text(text), fields.rest()
        else:
            made = _data(fields)
            if made is None and not (signature is not None and len(fields.value) == 1):
                builder.add(_whole(fields))
                return
        if signature is not None:
            builder.add(m.whole("gemini.thought_signature", {"thoughtSignature": signature}))
        if made is not None:
            builder.add(*made)

    def _call(self, part: m.Fields) -> tuple[turn_pb2.Part, dict[str, Any]]:
        call = m.Fields(part.take("functionCall"), part.path_of("functionCall"))
        call_id = call.text_or_json("id")
        name = call.text("name")
        arguments = m.arguments(call.take("args"))
        self._calls += 1
        if not call_id:
            call_id = f"call-{self._calls}"
            self._open.append((name, call_id))
        return m.call(call_id, name, arguments), {**part.rest(), **call.rest()}

    def _response(self, part: m.Fields) -> tuple[turn_pb2.Part, dict[str, Any]]:
        response = m.Fields(part.take("functionResponse"), part.path_of("functionResponse"))
        call_id = response.text_or_json("id")
        name = response.text_or_json("name")
        rest = part.rest()
        if name:
            rest["name"] = name
        if not call_id:
            call_id = self._answered(name)
        contents: list[m.Content] = []
        is_error = False
        value = response.take("response")
        if value is not None:
            text, key = _value(value)
            contents.append(m.text_content(text))
            is_error = key == "error"
            if key == "result":
                rest["response"] = "result"
        parts = response.take("parts")
        if parts is not None:
            if not isinstance(parts, list | tuple):
                raise response.error("parts", "must be a list")
            contents.extend(_response_part(item) for item in parts)
        return m.result(call_id, contents, is_error), {**rest, **response.rest()}

    def _answered(self, name: str) -> str:
        for index, (called, call_id) in enumerate(self._open):
            if called == name:
                del self._open[index]
                return call_id
        return ""


def _whole(fields: m.Fields) -> turn_pb2.Part:
    if not fields.value:
        raise MessageShapeError(f"{fields.path}: it holds nothing")
    return m.whole("gemini.part", fields.value)


def _value(value: Any) -> tuple[str, str]:
    """A response's text, and the key that it was under, "" if it is the JSON of all."""
    if isinstance(value, Mapping) and len(value) == 1:
        for key in ("output", "result", "error"):
            if isinstance(value.get(key), str):
                return value[key], key
    return m.dump(value), ""


def _response_part(item: Any) -> m.Content:
    renamed = _renamed(item) if isinstance(item, Mapping) else item
    if isinstance(renamed, Mapping) and len(renamed) == 1 and "inlineData" in renamed:
        part = _inline(renamed["inlineData"])
        content = m.content(part) if part is not None else None
        if content is not None:
            return content
    return m.text_content(m.dump(item))


def _data(fields: m.Fields) -> tuple[turn_pb2.Part, dict[str, Any]] | None:
    part = None
    if fields.has("inlineData"):
        part = _inline(fields.take("inlineData"))
    elif fields.has("fileData"):
        part = _file(fields.take("fileData"))
    return (part, fields.rest()) if part is not None else None


def _inline(value: Any) -> turn_pb2.Part | None:
    """The part of {"mimeType", "data"}; None for what is kept whole (films, pictures of other types)."""
    if not isinstance(value, Mapping):
        return None
    fields = m.Fields(value, "")
    media_type = fields.text_or_json("mimeType")
    data = fields.take("data")
    name = fields.text_or_json("displayName")
    if fields.rest():
        return None
    if not name:
        picture = m.image(media_type, data)
        if picture is not None:
            return picture
    if media_type.startswith("audio/"):
        sound = m.sound(media_type, data)
        return turn_pb2.Part(audio=sound) if sound is not None and not name else None
    if media_type.startswith(("video/", "image/")):
        return None
    decoded = m.decode(data)
    if decoded is None:
        return None
    document = m.fitting(turn_pb2.DocumentPart(media_type=media_type, name=name, data=decoded))
    return turn_pb2.Part(document=document) if document is not None else None


def _file(value: Any) -> turn_pb2.Part | None:
    if not isinstance(value, Mapping):
        return None
    fields = m.Fields(value, "")
    document = turn_pb2.DocumentPart(
        media_type=fields.text_or_json("mimeType"),
        name=fields.text_or_json("displayName"),
        uri=fields.text_or_json("fileUri"),
    )
    media = document.media_type.startswith(("video/", "image/", "audio/"))
    if fields.rest() or not document.uri or media or m.fitting(document) is None:
        return None
    return turn_pb2.Part(document=document)


def _renamed(value: Any) -> Any:
    """With the API's keys in the place of the Python SDK's."""
    if not isinstance(value, Mapping) or not any("_" in key for key in value):
        return value
    renamed: dict[str, Any] = {}
    for key, member in value.items():
        name = _CAMEL.get(key, key)
        if name in _NESTED and isinstance(member, Mapping):
            member = {_CAMEL.get(inner, inner): kept for inner, kept in member.items()}
        renamed[str(name)] = member
    return renamed
