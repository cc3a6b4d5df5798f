"""What providers refuse, from their documents: a reading of requests that shares no code with Fovea."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

_URL_ALPHABET = str.maketrans("-_", "+/")
_CALL_AS_TEXT = re.compile(r"'id': '(call_\w+)'")


# Pictures that were right: a conversation sends each with every request.
_SEEN: set[tuple[str, str]] = set()


class Refused(Exception):  # noqa: N818
    """The provider would answer 400."""


@dataclass
class Conversation:
    canonical: list[Any] = field(default_factory=list)  # messages without marks for caches
    tools: list[str] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)  # ids and texts
    pictures: int = 0

    def picture(self, media_type: str, data: str) -> None:
        self.pictures += 1
        if (media_type, data) in _SEEN:
            return
        raw = base64.b64decode(data, validate=True)
        if media_type == "image/png" and (raw[:8] != b"\x89PNG\r\n\x1a\n" or raw[-8:-4] != b"IEND"):
            raise Refused("a PNG that is none")
        _SEEN.add((media_type, data))

    def url(self, url: str) -> None:
        head, comma, data = url.partition(",")
        if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
            raise Refused(f"an image that cannot be loaded: {url[:80]}")
        self.picture(head[5:-7], data)


def _refuse_unless(right: bool, problem: str) -> None:
    if not right:
        raise Refused(problem)


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_marks(member)
            for key, member in value.items()
            if key not in ("cache_control", "prompt_cache_breakpoint")
        }
    return [_without_marks(member) for member in value] if isinstance(value, list) else value


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def _names(tools: Any) -> list[str]:
    names = []
    for tool in tools or []:
        for declared in tool.get("functionDeclarations") or [tool.get("function") or tool]:
            names.append(declared.get("name", ""))
    _refuse_unless(len(names) == len(set(names)), f"tools with one name: {names}")
    return names


def chat(body: dict[str, Any]) -> Conversation:
    read = Conversation(tools=_names(body.get("tools")))
    messages = body["messages"]
    _refuse_unless(bool(messages), "messages: empty")
    waiting: list[str] = []
    called: list[str] = []
    seen: set[str] = set()
    for i, message in enumerate(messages):
        role = message["role"]
        where = f"messages[{i}]"
        if waiting:
            _refuse_unless(role == "tool", f"{where}: calls {waiting} have no results")
        if role == "tool":
            call_id = message["tool_call_id"]
            _refuse_unless(call_id in waiting, f"{where}: answers no call: {call_id}")
            waiting.remove(call_id)
            read.results.append((call_id, _text(message["content"])))
        elif role == "assistant":
            calls = message.get("tool_calls")
            _refuse_unless(calls is None or 0 < len(calls) <= 128, f"{where}: {calls}")
            _refuse_unless(bool(calls) or message.get("content") is not None, f"{where}: holds nothing")
            for call in calls or []:
                _refuse_unless(call["id"] not in seen and len(call["id"]) <= 40, f"{where}: id {call['id']}")
                _refuse_unless(isinstance(call["function"]["arguments"], str), f"{where}: arguments")
                seen.add(call["id"])
                waiting.append(call["id"])
        else:
            _refuse_unless(role in ("system", "developer", "user"), f"{where}: role {role}")
        content = message.get("content")
        # smolagents writes calls and their results as text.
        if role == "assistant":
            called = _CALL_AS_TEXT.findall(_text(content))
        elif role == "user" and called and _text(content).startswith("Observation:"):
            read.results.append((called[0], _text(content)))
        for part in content if isinstance(content, list) else []:
            if part["type"] == "image_url":
                _refuse_unless(role == "user", f"{where}: an image in a message of {role}")
                read.url(part["image_url"]["url"])
            else:
                _refuse_unless(part["type"] in ("text", "refusal", "file", "input_audio"), f"{where}: {part['type']}")
        read.canonical.append(_without_marks(message))
    _refuse_unless(not waiting, f"calls {waiting} have no results")
    return read


def responses(body: dict[str, Any]) -> Conversation:
    read = Conversation(tools=_names([tool for tool in body.get("tools") or [] if tool.get("type") == "function"]))
    items = body["input"]
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    _refuse_unless(bool(items), "input: empty")
    waiting: list[str] = []
    seen: set[str] = set()
    ids: set[str] = set()
    for i, item in enumerate(items):
        kind = item.get("type", "message")
        where = f"input[{i}]"
        if item.get("id"):
            _refuse_unless(item["id"] not in ids, f"{where}: id {item['id']} came before")
            ids.add(item["id"])
        if kind == "function_call":
            _refuse_unless(item["call_id"] not in seen, f"{where}: call_id {item['call_id']} came before")
            seen.add(item["call_id"])
            waiting.append(item["call_id"])
        elif kind == "function_call_output":
            _refuse_unless(item["call_id"] in waiting, f"{where}: answers no call: {item['call_id']}")
            waiting.remove(item["call_id"])
            read.results.append((item["call_id"], _text(item["output"])))
            for part in item["output"] if isinstance(item["output"], list) else []:
                if part["type"] == "input_image":
                    read.url(part["image_url"])
        elif kind == "message":
            for part in item["content"] if isinstance(item["content"], list) else []:
                wanted = ("output_text", "refusal") if item["role"] == "assistant" else ("input_",)
                _refuse_unless(part["type"].startswith(wanted), f"{where}: {part['type']} of {item['role']}")
                if part["type"] == "input_image":
                    read.url(part["image_url"])
        read.canonical.append(_without_marks(item))
    _refuse_unless(not waiting, f"calls {waiting} have no results")
    return read


def anthropic(body: dict[str, Any]) -> Conversation:
    read = Conversation(tools=_names(body.get("tools")))
    _refuse_unless(str(body).count("'cache_control'") <= 4, "more than 4 cache_control")
    messages = body["messages"]
    _refuse_unless(bool(messages) and messages[0]["role"] == "user", "messages: the first is not the user's")
    waiting: list[str] = []
    seen: set[str] = set()
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        _refuse_unless(message["role"] in ("user", "assistant"), f"{where}: role {message['role']}")
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        _refuse_unless(bool(blocks), f"{where}: empty")
        if waiting:
            _refuse_unless(message["role"] == "user", f"{where}: calls {waiting} have no results")
            _refuse_unless(
                all(block["type"] == "tool_result" for block in blocks[: len(waiting)]),
                f"{where}: results do not come first",
            )
        for block in blocks:
            kind = block["type"]
            if kind == "text":
                _refuse_unless(bool(block["text"].strip()), f"{where}: blank text")
            elif kind == "tool_use":
                _refuse_unless(message["role"] == "assistant", f"{where}: a call of the user's")
                _refuse_unless(block["id"] not in seen, f"{where}: id {block['id']} came before")
                _refuse_unless(isinstance(block["input"], dict), f"{where}: input is no object")
                seen.add(block["id"])
                waiting.append(block["id"])
            elif kind == "tool_result":
                _refuse_unless(block["tool_use_id"] in waiting, f"{where}: answers no call: {block['tool_use_id']}")
                waiting.remove(block["tool_use_id"])
                read.results.append((block["tool_use_id"], _text(block.get("content"))))
                inner = block.get("content")
                for part in inner if isinstance(inner, list) else []:
                    _anthropic_picture(read, part)
            else:
                _anthropic_picture(read, block)
        _refuse_unless(message["role"] == "assistant" or not waiting, f"{where}: calls {waiting} have no results")
        read.canonical.append(_without_marks(message))
    _refuse_unless(not waiting, f"calls {waiting} have no results")
    return read


def _anthropic_picture(read: Conversation, block: dict[str, Any]) -> None:
    if block["type"] == "image":
        source = block["source"]
        _refuse_unless(source["type"] == "base64", f"an image that cannot be loaded: {str(source)[:80]}")
        read.picture(source["media_type"], source["data"])


def gemini(body: dict[str, Any]) -> Conversation:
    read = Conversation(tools=_names(body.get("tools")))
    contents = body["contents"]
    _refuse_unless(
        bool(contents) and contents[0].get("role", "user") == "user", "contents: the first is not the user's"
    )
    waiting: list[str] = []
    for i, content in enumerate(contents):
        where = f"contents[{i}]"
        role = content.get("role", "user")
        _refuse_unless(role in ("user", "model"), f"{where}: role {role}")
        _refuse_unless(bool(content["parts"]), f"{where}: no parts")
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        _refuse_unless(
            [answer["name"] for answer in answers] == waiting,
            f"{where}: functionResponses {[a['name'] for a in answers]} for functionCalls {waiting}",
        )
        _refuse_unless(not calls or role == "model", f"{where}: a call of the user's")
        if calls:
            first = next(part for part in content["parts"] if "functionCall" in part)
            _refuse_unless("thoughtSignature" in first, f"{where}: a call without its thoughtSignature")
        waiting = [call["name"] for call in calls]
        for answer in answers:
            response = answer["response"]
            text = response.get("output", response.get("result", response.get("error", "")))
            read.results.append((answer.get("id", ""), text if isinstance(text, str) else str(response)))
        for part in content["parts"]:
            inline = part.get("inlineData")
            if inline is not None:
                # The API takes either spelling and either alphabet, and Google's own SDK writes the second of each.
                read.picture(inline.get("mimeType") or inline["mime_type"], inline["data"].translate(_URL_ALPHABET))
            _refuse_unless("fileData" not in part, f"{where}: a file that cannot be loaded")
        read.canonical.append(_without_marks(content))
    _refuse_unless(not waiting, f"calls of {waiting} have no results")
    return read
