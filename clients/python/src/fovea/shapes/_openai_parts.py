"""Content parts of OpenAI's two APIs, which agents mix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fovea.errors import MessageShapeError
from fovea.shapes import _message as m
from fovea.v1 import turn_pb2

_TEXTS = ("text", "input_text", "output_text", "summary_text", "reasoning_text")

ReadPart = tuple[turn_pb2.Part, dict[str, Any]]
"""A part, and what is kept beside it."""


def read_content(content: Any, path: str, phase: str, builder: m.MessageBuilder) -> None:
    """Adds a message's content, a string or a list of parts. `phase`: of its texts."""
    if isinstance(content, str):
        builder.add(m.text(content, phase))
        return
    if not isinstance(content, list | tuple):
        raise MessageShapeError(f"{path}: must be a string or a list")
    if not content:
        builder.add(m.text("", phase))
    for index, item in enumerate(content):
        part, attributes = _read(item, f"{path}[{index}]", builder.role == m.ASSISTANT, phase)
        builder.add(part, attributes)


def read_output(output: Any, path: str) -> tuple[list[m.Content], dict[str, Any]]:
    """A tool's output, a string or a list of parts, and what is kept beside it; any other value is its JSON."""
    if not isinstance(output, list | tuple):
        return [m.text_content(output if isinstance(output, str) else m.dump(output))], {}
    contents: list[m.Content] = []
    kept: dict[str, Any] = {}
    for index, item in enumerate(output):
        part, attributes = _read(item, f"{path}[{index}]", False, "")
        if attributes:
            kept[str(index)] = attributes
        contents.append(m.content(part) or m.text_content(m.dump(item)))
    return contents, {"content": kept} if kept else {}


def _read(item: Any, path: str, assistant: bool, phase: str) -> ReadPart:
    if isinstance(item, str):
        return m.text(item, phase), {}
    fields = m.Fields(item, path)
    kind = fields.text_or_json("type")
    fields.drop("prompt_cache_breakpoint", "cache_control")
    if not kind:
        raise fields.error("type", "is missing")
    if kind in _TEXTS:
        if not fields.has("text"):
            raise fields.error("text", "is missing")
        part = m.text(fields.text("text"), phase)
        rest = fields.rest()
        # Every text that the API writes has the two lists, nearly always empty.
        for name in ("annotations", "logprobs"):
            if name in rest and not rest[name]:
                del rest[name]
        return part, rest
    if kind == "refusal" and assistant:
        refusal = turn_pb2.RefusalPart(text=m.to_bytes(fields.text("refusal")))
        return turn_pb2.Part(refusal=refusal), fields.rest()
    return _media(fields, kind) or (m.whole(f"openai.{kind}", item), {})


def _media(fields: m.Fields, kind: str) -> ReadPart | None:
    """A picture, a file or a sound; None if it is to be kept whole."""
    value = fields.value
    if kind in ("image_url", "input_image"):
        read = _image(value.get("image_url"))
        if read is not None:
            fields.drop("image_url")
            return read[0], {**read[1], **fields.rest()}
    elif kind == "file" and isinstance(value.get("file"), Mapping):
        document = _file(value["file"])
        if document is not None:
            fields.drop("file")
            return turn_pb2.Part(document=document), fields.rest()
    elif kind == "input_file":
        document = _file(value)
        if document is not None:
            return turn_pb2.Part(document=document), {}
    elif kind == "input_audio" and isinstance(value.get("input_audio"), Mapping):
        audio = m.Fields(value["input_audio"], "")
        form = audio.text_or_json("format")
        sound = m.sound(f"audio/{form}" if form else "", audio.value.get("data"))
        if sound is not None:
            fields.drop("input_audio")
            return turn_pb2.Part(audio=sound), fields.rest()
    return None


def _image(url: Any) -> ReadPart | None:
    """The picture of {"url": "data:..."} or "data:..."."""
    if isinstance(url, str):
        picture = m.image_url(url)
        return (picture, {}) if picture is not None else None
    if not isinstance(url, Mapping) or not isinstance(url.get("url"), str):
        return None
    picture = m.image_url(url["url"])
    if picture is None:
        return None
    return picture, {key: value for key, value in url.items() if key != "url"}


def _file(file: Mapping[str, Any]) -> turn_pb2.DocumentPart | None:
    """A file by its data, a URL or the provider's id."""
    fields = m.Fields(file, "")
    fields.drop("type", "prompt_cache_breakpoint")
    name = fields.text_or_json("filename")
    data = fields.text_or_json("file_data")
    uri = fields.text_or_json("file_url")
    if not uri:
        uri = fields.text_or_json("file_id")
    document = turn_pb2.DocumentPart(name=name)
    if data:
        if uri:
            return None
        split = m.split_data_url(data)
        if split is not None:
            document.media_type = split[0]
        decoded = m.decode(split[1] if split is not None else data)
        if decoded is None:
            return None
        document.data = decoded
    elif uri:
        document.uri = uri
    else:
        return None
    rest = fields.rest()
    if rest:
        document.attributes_json = m.dump(rest)
    return m.fitting(document)
