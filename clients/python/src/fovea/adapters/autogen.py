"""AutoGen: a model context that serves an assistant a bounded context, and the recall tools.

    agent = AssistantAgent("a", client, tools=[*tools, *fovea_tools(session)], model_context=FoveaContext(session))

The session holds what the agent added, so an agent of another process that is given the same session goes on with it.
The agent's system message and tools stay as they are.
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Mapping
from typing import Any

from autogen_core import FunctionCall, Image
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import BaseTool, FunctionTool
from PIL import Image as PillowImage

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaContext(ChatCompletionContext):
    """For AssistantAgent(model_context=...). Serves one agent's conversation from one session.

    Messages pass through the form of OpenAI's Chat Completions; a model's own thoughts stay in the log.
    """

    component_type = "chat_completion_context"
    component_provider_override = "fovea.adapters.autogen.FoveaContext"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    async def add_message(self, message: LLMMessage) -> None:
        """Appends it to the session."""
        await asyncio.to_thread(self.session.append, _to_chat(message), shape="openai-chat")

    async def get_messages(self) -> list[LLMMessage]:
        """The context within the session's budget."""
        if (await asyncio.to_thread(self.session.info)).last_seq == 0:
            return []
        context = await asyncio.to_thread(lambda: self.session.context(format="openai-chat"))
        return _from_chat(context.messages)

    async def clear(self) -> None:
        """Goes on in a new session; the one before keeps what it has."""
        await asyncio.to_thread(self.session.sync, [], shape="openai-chat")

    async def save_state(self) -> Mapping[str, Any]:
        """The session's id: the server keeps the messages."""
        return {"session_id": self.session.id}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Only of the session that the context was made with."""
        if state.get("session_id") != self.session.id:
            raise ValueError(f"the state is of session {state.get('session_id')}, and this is {self.session.id}")


def fovea_tools(session: Session) -> list[BaseTool[Any, Any]]:
    """recall and search, as AutoGen's tools."""
    return [_tool(tool) for tool in recall_tools(session)]


def _tool(tool: RecallTool) -> BaseTool[Any, Any]:
    # AutoGen makes the schema from the signature.
    if tool.name == "recall":

        async def recall(seq: int, first_byte: int = 0, max_bytes: int = 0) -> str:
            return await asyncio.to_thread(lambda: tool.run(seq=seq, first_byte=first_byte, max_bytes=max_bytes))

        return FunctionTool(recall, description=tool.description)

    async def search(query: str, limit: int = 20) -> str:
        return await asyncio.to_thread(lambda: tool.run(query=query, limit=limit))

    return FunctionTool(search, description=tool.description)


def _to_chat(message: LLMMessage) -> list[dict[str, Any]]:
    if isinstance(message, SystemMessage):
        return [{"role": "system", "content": message.content}]
    if isinstance(message, UserMessage):
        content: Any = message.content
        if not isinstance(content, str):
            content = [_part(item) for item in content]
        return [{"role": "user", "content": content, "name": message.source}]
    if isinstance(message, FunctionExecutionResultMessage):
        return [
            {"role": "tool", "tool_call_id": one.call_id, "content": one.content, "is_error": bool(one.is_error)}
            for one in message.content
        ]
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.thought:
        said["reasoning_content"] = message.thought
    if not isinstance(message.content, str):
        said["content"] = None
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.content
        ]
    return [said]


def _part(item: str | Image) -> dict[str, Any]:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    return {"type": "image_url", "image_url": {"url": item.data_uri}}


def _from_chat(messages: list[dict[str, Any]]) -> list[LLMMessage]:
    made: list[LLMMessage] = []
    names: dict[str, str] = {}
    for message in messages:
        content = message.get("content")
        if message["role"] == "system":
            made.append(SystemMessage(content=_text(content)))
        elif message["role"] == "assistant":
            calls = [
                FunctionCall(call["id"], call["function"]["arguments"], call["function"]["name"])
                for call in message.get("tool_calls") or []
            ]
            names.update((call.id, call.name) for call in calls)
            # A message of AutoGen's is a text or calls; what was said beside calls is its thought.
            text = _text(content)
            if calls:
                made.append(AssistantMessage(content=calls, thought=text or None, source="assistant"))
            else:
                made.append(AssistantMessage(content=text, source="assistant"))
        elif message["role"] == "tool":
            call_id = message["tool_call_id"]
            result = FunctionExecutionResult(
                content=_text(content), name=names.get(call_id, "tool"), call_id=call_id, is_error=False
            )
            if made and isinstance(made[-1], FunctionExecutionResultMessage):
                made[-1].content.append(result)
            else:
                made.append(FunctionExecutionResultMessage(content=[result]))
        else:
            parts = content if isinstance(content, str) else [_item(part) for part in content or []]
            made.append(UserMessage(content=parts, source=str(message.get("name") or "user")))
    return made


class _Exact(Image):
    """A picture whose bytes go out as they are: AutoGen's own encodes the pixels again for each request."""

    def __init__(self, url: str) -> None:
        super().__init__(PillowImage.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
        self._url = url

    @property
    def data_uri(self) -> str:
        return self._url

    def to_openai_format(self, detail: Any = "auto") -> Any:
        return {"type": "image_url", "image_url": {"url": self._url, "detail": detail}}


def _item(part: dict[str, Any]) -> str | Image:
    if part["type"] == "image_url":
        return _Exact(part["image_url"]["url"])
    return str(part.get("text", ""))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])
