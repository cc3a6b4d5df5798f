"""Messages as providers and frameworks write them, and the turns that they become."""

from __future__ import annotations

import contextlib
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from fovea.errors import MessageShapeError
from fovea.formats import SHAPES, Shape
from fovea.shapes import _anthropic, _gemini, _langchain, _openai_chat, _openai_responses
from fovea.v1 import turn_pb2

_ANTHROPIC_BLOCKS = frozenset(
    (
        "tool_use",
        "tool_result",
        "thinking",
        "redacted_thinking",
        "document",
        "search_result",
        "image",
        "server_tool_use",
    )
)
_RESPONSES_BLOCKS = frozenset(("input_text", "output_text", "input_image", "input_file"))


def plain(message: Any) -> Any:
    """An SDK's object as the JSON that it stands for; anything else as it is."""
    if isinstance(message, Mapping | str | turn_pb2.Turn) or _langchain.is_message(message):
        return message
    dump = getattr(message, "model_dump", None)
    if dump is None:
        return message
    module = type(message).__module__
    if module.startswith("google."):
        return dump(mode="json", by_alias=True, exclude_none=True)
    return dump(exclude_none=True)


@contextlib.contextmanager
def well_formed(what: str) -> Iterator[None]:
    """Whatever else a caller's data does to those who read it is an error of its shape, too."""
    try:
        yield
    except MessageShapeError:
        raise
    except RecursionError:
        raise MessageShapeError(f"{what}: it is nested too deeply") from None
    except (AttributeError, TypeError, LookupError, ValueError, ArithmeticError) as error:
        words = f"{what}: malformed in its shape ({type(error).__name__}: {str(error)[:200]})"
        raise MessageShapeError(words) from error


def detect(message: Any) -> Shape | None:
    """The shape that a message is in; None if it could be several ({"role": "user", "content": "hi"})."""
    if _langchain.is_message(message):
        return "langchain"
    if not isinstance(message, Mapping):
        raise MessageShapeError(f"{type(message).__name__} is no message: a mapping or an SDK's object is expected")
    if "parts" in message:
        return "gemini"
    if "role" not in message:
        if "type" in message:
            return "openai-responses"
        raise MessageShapeError("a message has neither role nor type nor parts")
    if message["role"] in ("tool", "function") or message.get("tool_calls") or message.get("function_call"):
        return "openai-chat"
    if message.get("type") == "message":
        return "anthropic" if "stop_reason" in message else "openai-responses"
    content = message.get("content")
    if isinstance(content, list | tuple):
        kinds = {block.get("type") for block in content if isinstance(block, Mapping)}
        if kinds & _RESPONSES_BLOCKS:
            return "openai-responses"
        if kinds & _ANTHROPIC_BLOCKS:
            return "anthropic"
        if kinds & {"image_url", "input_audio", "file", "refusal"}:
            return "openai-chat"
    if "reasoning_content" in message or "refusal" in message:
        return "openai-chat"
    return None


class MessageReader:
    """Reads a conversation's messages in one shape, which the first message that tells it decides.

    Not thread-safe.
    """

    def __init__(self, shape: Shape | None = None) -> None:
        self.shape: Shape | None = shape
        self._gemini = _gemini.Reader()

    def read(self, message: Any, shape: Shape | None = None) -> list[turn_pb2.Turn]:
        """The turns of one message: a mapping, an SDK's object, or a string, which is the user's."""
        with well_formed("message"):
            return self._read(message, shape)

    def _read(self, message: Any, shape: Shape | None) -> list[turn_pb2.Turn]:
        if isinstance(message, turn_pb2.Turn):
            return [message]
        if isinstance(message, str):
            gemini = (shape or self.shape) == "gemini"
            message = {"role": "user", "parts": [{"text": message}]} if gemini else {"role": "user", "content": message}
            shape = "openai-chat" if shape == "langchain" else shape
        message = plain(message)
        found = shape or detect(message)
        if found is not None:
            self.shape = found
        match found or self.shape:
            case "openai-responses":
                return _openai_responses.read(message)
            case "anthropic":
                return _anthropic.read(message)
            case "gemini":
                return self._gemini.read(message)
            case "langchain" if _langchain.is_message(message):
                return _langchain.read(message)
            case _:
                return _openai_chat.read(message)

    def read_all(self, messages: Any, shape: Shape | None = None) -> list[turn_pb2.Turn]:
        """The turns of one message, of several, or of a provider's whole answer."""
        if shape is not None and shape not in SHAPES:
            raise MessageShapeError(f"shape: {reprlib.repr(shape)} is not one of {', '.join(SHAPES)}")
        with well_formed("messages"):
            messages = said(messages)
        one = isinstance(messages, Mapping | str | turn_pb2.Turn) or not isinstance(messages, Iterable)
        # An SDK's object can be iterable, too: over its fields.
        if one or hasattr(messages, "model_dump") or _langchain.is_message(messages):
            messages = [messages]
        return [turn for message in cast("Iterable[Any]", messages) for turn in self.read(message, shape)]


def said(answer: Any) -> Any:
    """What a provider's whole answer says: its first choice's message, candidate's content, or output items."""
    answer = plain(answer)
    if not isinstance(answer, Mapping):
        return answer
    for key, inner in (("choices", "message"), ("candidates", "content")):
        if isinstance(answer.get(key), list) and answer[key]:
            return answer[key][0].get(inner)
    if answer.get("object") == "response" and isinstance(answer.get("output"), list):
        return answer["output"]
    return answer


__all__ = ["MessageReader", "detect", "plain", "said", "well_formed"]
