"""What the readers of all shapes share: members of an object, parts, and turns from them.

The rules are those of the server's transcripts/, and tests/vectors/messages.jsonl holds both to them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from fovea.errors import MessageShapeError
from fovea.v1 import turn_pb2

Json = Mapping[str, Any]

SYSTEM = turn_pb2.ROLE_SYSTEM
USER = turn_pb2.ROLE_USER
ASSISTANT = turn_pb2.ROLE_ASSISTANT
TOOL = turn_pb2.ROLE_TOOL

# What a turn of the API may hold.
_MAX_PARTS = 1000
_IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")


def to_bytes(text: str) -> bytes:
    """UTF-8; a lone surrogate, which JSON may hold, keeps its three-byte form."""
    return text.encode("utf-8", "surrogatepass")


_SURROGATE = re.compile("[\ud800-\udfff]")


def dump(value: Any) -> str:
    """JSON on one line without spaces, in the order of the source; halves of surrogate pairs are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", text)


def arguments(value: Any) -> str:
    """A call's arguments: the text of a string exactly, the JSON of any other value, "{}" for none."""
    if value is None:
        return "{}"
    return value if isinstance(value, str) else dump(value)


def kind_of(value: Any) -> str:
    """The member "type" if it is a string; "" otherwise."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    return kind if isinstance(kind, str) else ""


def plain_text_block(block: Any) -> bytes | None:
    """The text of {"type": "text", "text": "..."} if it has nothing else."""
    if kind_of(block) != "text" or len(block) != 2 or not isinstance(block.get("text"), str):
        return None
    return to_bytes(block["text"])


class Fields:
    """The members of one object, so that what nobody asked for is kept.

    `path` names the object in messages: "" for the message itself, "content[2]" for a part.
    """

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise MessageShapeError(f"{path or 'message'}: an object is expected")
        self.value: Json = value
        self.path = path
        self._taken: set[str] = set()

    def path_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def error(self, name: str, problem: str) -> MessageShapeError:
        return MessageShapeError(f"{self.path_of(name)}: {problem}")

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def take(self, name: str) -> Any:
        """The member, which counts as read; None if it is missing or null."""
        self._taken.add(name)
        return self.value.get(name)

    def text(self, name: str) -> str:
        """A string; "" if it is missing or null."""
        value = self.take(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(name, "a string is expected")
        return value

    def text_or_json(self, name: str) -> str:
        """A string, and the JSON of anything else: for ids that are numbers in some files."""
        value = self.take(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else dump(value)

    def boolean(self, name: str) -> bool:
        """A boolean. Anything else stays with the rest."""
        value = self.value.get(name)
        if not isinstance(value, bool):
            return False
        self._taken.add(name)
        return value

    def drop(self, *names: str) -> None:
        """These members say nothing about the conversation."""
        self._taken.update(names)

    def rest(self) -> dict[str, Any]:
        """What was not read; members that are null are left out."""
        return {key: value for key, value in self.value.items() if key not in self._taken and value is not None}


class MessageBuilder:
    """Collects the parts of a message into turns.

    Results of tools go into turns of the tool's, all else into turns of the role's; a run of parts of one kind is one
    turn.
    """

    def __init__(self, role: turn_pb2.Role) -> None:
        self._role = role
        self._turns: list[tuple[turn_pb2.Turn, dict[str, Any]]] = []
        self._attributes: dict[str, Any] = {}

    def add(self, part: turn_pb2.Part, attributes: Json | None = None) -> None:
        result = part.WhichOneof("kind") == "tool_result"
        role = TOOL if result and self._role != ASSISTANT else self._role
        if not self._turns or self._turns[-1][0].role != role or len(self._turns[-1][0].parts) >= _MAX_PARTS:
            self._turns.append((turn_pb2.Turn(role=role), {}))
        turn, kept = self._turns[-1]
        if attributes:
            kept[str(len(turn.parts))] = dict(attributes)
        turn.parts.append(part)

    def keep(self, attributes: Json) -> None:
        self._attributes.update(attributes)

    @property
    def role(self) -> turn_pb2.Role:
        return self._role

    def finish(self, content: str) -> list[turn_pb2.Turn]:
        """The turns. Nothing is ever made blank: `content` names the key that should have held parts."""
        if not self._turns:
            raise MessageShapeError(f"{content}: it holds nothing")
        attributes = self._attributes
        for turn, kept in self._turns:
            if kept:
                attributes["part_attributes"] = kept
            if attributes:
                turn.attributes_json = dump(attributes)
            attributes = {}
        return [turn for turn, _ in self._turns]


def text(value: str, phase: str = "") -> turn_pb2.Part:
    part = turn_pb2.Part(text=turn_pb2.TextPart(text=to_bytes(value)))
    if phase:
        part.text.phase = phase
    return part


def whole(kind: str, block: Any) -> turn_pb2.Part:
    """A block that is kept whole, as JSON on one line."""
    return opaque(kind, to_bytes(dump(block)))


def opaque(kind: str, data: bytes) -> turn_pb2.Part:
    return turn_pb2.Part(opaque=turn_pb2.OpaquePart(kind=kind, data=data))


def call(call_id: str, name: str, arguments: str, custom: bool = False) -> turn_pb2.Part:
    made = turn_pb2.ToolCallPart(call_id=call_id, name=name, arguments_json=to_bytes(arguments))
    if custom:
        made.custom = True
    return turn_pb2.Part(tool_call=made)


_RESULT_KINDS = ("text", "image", "document", "search_result")

Content = turn_pb2.ToolResultContent


def content(part: turn_pb2.Part) -> Content | None:
    """The part as a result has it; None if results do not hold such parts."""
    kind = part.WhichOneof("kind")
    if kind not in _RESULT_KINDS:
        return None
    made = Content()
    getattr(made, kind).CopyFrom(getattr(part, kind))
    return made


def text_content(value: str) -> Content:
    return Content(text=turn_pb2.TextPart(text=to_bytes(value)))


def result(call_id: str, contents: Iterable[Content], is_error: bool = False) -> turn_pb2.Part:
    return turn_pb2.Part(tool_result=turn_pb2.ToolResultPart(call_id=call_id, content=contents, is_error=is_error))


def decode(data: Any) -> bytes | None:
    """Bytes from base64; None if it is none, or empty."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data) or None
    if not isinstance(data, str):
        return None
    try:
        # Python SDKs write the alphabet for URLs, and some leave the padding out.
        return (
            base64.b64decode(
                data.translate(_URL_ALPHABET).rstrip("=") + "=" * (-len(data.rstrip("=")) % 4), validate=True
            )
            or None
        )
    except (binascii.Error, ValueError):
        return None


_URL_ALPHABET = str.maketrans("-_", "+/")


def split_data_url(url: str) -> tuple[str, str] | None:
    """The media type and the base64 of "data:TYPE;base64,..."; None if it is another URL."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    if not comma or not head.endswith(";base64"):
        return None
    return head[: -len(";base64")], data


def image(media_type: Any, data: Any) -> turn_pb2.Part | None:
    """A picture; None if its type is not one that the API takes or the text is not base64."""
    if media_type not in _IMAGE_TYPES:
        return None
    decoded = decode(data)
    if decoded is None:
        return None
    return turn_pb2.Part(image=turn_pb2.ImagePart(media_type=media_type, data=decoded))


def image_url(url: str) -> turn_pb2.Part | None:
    split = split_data_url(url)
    return image(*split) if split is not None else None


def sound(media_type: str, data: Any) -> turn_pb2.AudioPart | None:
    decoded = decode(data)
    if decoded is None:
        return None
    return fitting(turn_pb2.AudioPart(media_type=media_type, data=decoded))


Limited = TypeVar("Limited", turn_pb2.DocumentPart, turn_pb2.SearchResultPart, turn_pb2.AudioPart)

# What the API takes (proto/fovea/v1/turn.proto), in bytes.
_LIMITS = {"media_type": 200, "name": 1000, "id": 1000, "uri": 8192, "source": 8192, "title": 8192}
_MAX_ATTRIBUTES = 64 << 10
_MAX_TEXTS = 1000


def fitting(part: Limited) -> Limited | None:
    """The part; None if it is over a limit of the API's, so that it must be kept whole."""
    for name, limit in _LIMITS.items():
        if name in part.DESCRIPTOR.fields_by_name and len(getattr(part, name).encode()) > limit:
            return None
    if len(getattr(part, "attributes_json", "").encode()) > _MAX_ATTRIBUTES:
        return None
    if isinstance(part, turn_pb2.SearchResultPart) and len(part.text) > _MAX_TEXTS:
        return None
    return part
