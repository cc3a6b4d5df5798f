"""AG2: an assembly policy that serves an agent a bounded context, and the recall tools.

    agent = Agent("a", config=config, tools=[*tools, *fovea_tools(session)], assembly=[FoveaPolicy(session)])

The agent's stream keeps all events, as it does without Fovea; what the model is sent is the session's context. Policies
that inject prompts go before it; those that shorten the history (SlidingWindowPolicy, TokenBudgetPolicy) have nothing
left to do.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

from ag2.compact import CompactionSummary
from ag2.events import (
    BaseEvent,
    BinaryInput,
    DataInput,
    FileIdInput,
    Input,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextInput,
    ToolCallEvent,
    ToolCallsEvent,
    ToolErrorEvent,
    ToolResult,
    ToolResultEvent,
    ToolResultsEvent,
    UrlInput,
)
from ag2.events.input_events import BinaryType
from ag2.tools import tool
from ag2.tools.final import FunctionTool

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaPolicy:
    """For Agent(assembly=[...]). Serves one agent's conversation from one session; prompts stay as they are.

    Events pass through the form of OpenAI's Chat Completions; a model's own reasoning is not sent again.
    """

    name = "fovea"

    def __init__(self, session: Session) -> None:
        self.session = session

    def _messages(self, events: list[BaseEvent]) -> list[dict[str, Any]]:
        said = [message for event in events for message in _to_chat(event)]
        self.session.sync(said, shape="openai-chat")
        return self.session.context(format="openai-chat").messages

    async def apply(
        self, prompts: list[str], events: list[BaseEvent], _context: Any
    ) -> tuple[list[str], list[BaseEvent]]:
        """The context in the place of the whole history."""
        return prompts, _from_chat(await asyncio.to_thread(self._messages, events))


def fovea_tools(session: Session) -> list[FunctionTool]:
    """recall and search, as AG2's tools."""
    return [_tool(one) for one in recall_tools(session)]


def _tool(one: RecallTool) -> FunctionTool:
    about: Any = {"name": one.name, "description": one.description, "schema": one.parameters}
    if one.name == "recall":

        def recall(seq: int, first_byte: int = 0, max_bytes: int = 0) -> str:
            return one.run(seq=seq, first_byte=first_byte, max_bytes=max_bytes)

        return tool(recall, **about)

    def search(query: str, limit: int = 0) -> str:
        return one.run(query=query, limit=limit)

    return tool(search, **about)


def _to_chat(event: BaseEvent) -> Iterator[dict[str, Any]]:
    if isinstance(event, ModelResponse):
        said: dict[str, Any] = {"role": "assistant", "content": event.content}
        if event.tool_calls:
            said["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in event.tool_calls.calls
            ]
        elif said["content"] is None:
            said["content"] = ""
        yield said
    elif isinstance(event, ToolResultsEvent):
        for result in event.results:
            answer = {
                "role": "tool",
                "tool_call_id": result.parent_id,
                "content": [_part(one) for one in result.result.parts],
            }
            yield {**answer, "is_error": True} if isinstance(result, ToolErrorEvent) else answer
    elif isinstance(event, ModelRequest):
        yield {"role": "user", "content": [_part(one) for one in event.parts]}
    elif isinstance(event, CompactionSummary):
        yield {"role": "user", "content": f"[Summary of earlier conversation]\n{event.summary}"}


def _part(given: Input) -> dict[str, Any]:
    if isinstance(given, TextInput):
        return _text(given.content)
    if isinstance(given, DataInput):
        return _text(json.dumps(given.data, ensure_ascii=False, default=str))
    if isinstance(given, BinaryInput):
        data = base64.b64encode(given.data).decode("ascii")
        url = f"data:{given.media_type};base64,{data}"
        if str(given.media_type).startswith("image/"):
            return {"type": "image_url", "image_url": {"url": url}}
        return {"type": "file", "file": {"file_data": url, "filename": given.vendor_metadata.get("filename", "file")}}
    if isinstance(given, UrlInput):
        return _text(f"[{given.kind}: {given.url}]")
    if isinstance(given, FileIdInput):
        return _text(f"[a file that the provider keeps: {given.filename or given.file_id}]")
    return _text(f"[{type(given).__name__}]")


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _from_chat(messages: list[dict[str, Any]]) -> list[BaseEvent]:
    made: list[BaseEvent] = []
    names: dict[str, str] = {}
    for message in messages:
        content = message.get("content")
        if message["role"] == "assistant":
            calls = [
                ToolCallEvent(call["function"]["name"], id=call["id"], arguments=call["function"]["arguments"])
                for call in message.get("tool_calls") or []
            ]
            names.update((call.id, call.name) for call in calls)
            text = _joined(content)
            made.append(ModelResponse(ModelMessage(text) if text else None, tool_calls=ToolCallsEvent(calls)))
        elif message["role"] == "tool":
            call_id = message["tool_call_id"]
            result = ToolResultEvent(parent_id=call_id, name=names.get(call_id), result=ToolResult(_joined(content)))
            if made and isinstance(made[-1], ToolResultsEvent):
                made[-1].results.append(result)
            else:
                made.append(ToolResultsEvent([result]))
        else:
            parts = [_text(content)] if isinstance(content, str) else content or []
            made.append(ModelRequest([_input(part) for part in parts]))
    return made


def _input(part: dict[str, Any]) -> Input:
    url = part["image_url"]["url"] if part["type"] == "image_url" else (part.get("file") or {}).get("file_data")
    if url is None:
        return TextInput(str(part.get("text", "")))
    head, _, data = url.partition(",")
    media_type = head.removeprefix("data:").removesuffix(";base64")
    kind = BinaryType.IMAGE if media_type.startswith("image/") else BinaryType.DOCUMENT
    return BinaryInput(base64.b64decode(data), media_type=media_type, kind=kind)


def _joined(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])
