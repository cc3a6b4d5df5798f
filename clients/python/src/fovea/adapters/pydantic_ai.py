"""Pydantic AI: a capability that serves the model a bounded context, and the recall tools.

    agent = Agent("openai:gpt-4o", capabilities=[FoveaHistory(session)], tools=fovea_tools(session))

The run keeps the whole history, as it does without Fovea; what the model is sent is the session's context. A history
processor is not the place: since version 2 the run goes on with what it gives back.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from pydantic_ai import BinaryContent, RunContext, Tool
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestContext

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaHistory(AbstractCapability[Any]):
    """For Agent(capabilities=[...]). Serves one conversation from one session.

    Messages pass through the form of OpenAI's Chat Completions; a provider's own thinking stays in the log.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    async def before_model_request(
        self, ctx: RunContext[Any], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """The context in the place of the whole history, which stays in the run."""
        request_context.messages = await asyncio.to_thread(self._process, list(request_context.messages))
        return request_context

    def _process(self, messages: list[ModelMessage]) -> list[ModelMessage]:
        self.session.sync([said for message in messages for said in _to_chat(message)], shape="openai-chat")
        served = _from_chat(self.session.context(format="openai-chat").messages)
        last = messages[-1]
        # Instructions stand beside the history, in the request at hand.
        if isinstance(last, ModelRequest) and isinstance(served[-1], ModelRequest):
            served[-1].instructions = last.instructions
        return served


def fovea_tools(session: Session) -> list[Tool[Any]]:
    """recall and search, as Pydantic AI's tools."""
    return [_tool(tool) for tool in recall_tools(session)]


def _tool(tool: RecallTool) -> Tool[Any]:
    def run(**arguments: Any) -> str:
        return tool.run(**arguments)

    return Tool.from_schema(run, tool.name, tool.description, tool.parameters)


def _to_chat(message: ModelMessage) -> list[dict[str, Any]]:
    if isinstance(message, ModelResponse):
        return [_assistant(message)]
    said: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, SystemPromptPart):
            said.append({"role": "system", "content": part.content})
        elif isinstance(part, UserPromptPart):
            said.append({"role": "user", "content": _user_content(part.content)})
        elif isinstance(part, ToolReturnPart):
            said.append({"role": "tool", "tool_call_id": part.tool_call_id, "content": part.model_response_str()})
        elif isinstance(part, RetryPromptPart):
            retry = part.model_response()
            if part.tool_name is None:
                said.append({"role": "user", "content": retry})
            else:
                answer = {"role": "tool", "tool_call_id": part.tool_call_id, "content": retry, "is_error": True}
                said.append(answer)
    return said


def _user_content(content: str | Any) -> Any:
    if isinstance(content, str):
        return content
    parts: list[Any] = []
    for item in content:
        if isinstance(item, str):
            parts.append({"type": "text", "text": item})
        elif isinstance(item, BinaryContent):
            data = base64.b64encode(item.data).decode("ascii")
            url = f"data:{item.media_type};base64,{data}"
            kind = "image_url" if item.is_image else "file"
            parts.append({"type": kind, kind: {"url": url} if item.is_image else {"file_data": url}})
        else:
            address = getattr(item, "url", None)
            parts.append({"type": "text", "text": address if isinstance(address, str) else str(item)})
    return parts


def _assistant(message: ModelResponse) -> dict[str, Any]:
    texts = [part.content for part in message.parts if isinstance(part, TextPart)]
    thoughts = [part.content for part in message.parts if isinstance(part, ThinkingPart)]
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    said: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts or not calls else None}
    if any(thoughts):
        said["reasoning_content"] = "".join(thoughts)
    if calls:
        said["tool_calls"] = [
            {
                "id": call.tool_call_id,
                "type": "function",
                "function": {"name": call.tool_name, "arguments": call.args_as_json_str()},
            }
            for call in calls
        ]
    return said


def _from_chat(messages: list[dict[str, Any]]) -> list[ModelMessage]:
    made: list[ModelMessage] = []
    names: dict[str, str] = {}
    for message in messages:
        if message["role"] == "assistant":
            parts: list[ModelResponsePart] = []
            if message.get("content"):
                parts.append(TextPart(_text(message["content"])))
            for call in message.get("tool_calls") or []:
                function = call["function"]
                names[call["id"]] = function["name"]
                parts.append(ToolCallPart(function["name"], function["arguments"], call["id"]))
            made.append(ModelResponse(parts))
            continue
        if not made or not isinstance(made[-1], ModelRequest):
            made.append(ModelRequest([]))
        request = made[-1]
        assert isinstance(request, ModelRequest)
        request.parts = [*request.parts, _request_part(message, names)]
    return made


def _request_part(message: dict[str, Any], names: dict[str, str]) -> ModelRequestPart:
    content = message["content"]
    if message["role"] == "system":
        return SystemPromptPart(_text(content))
    if message["role"] == "tool":
        call_id = message["tool_call_id"]
        return ToolReturnPart(names.get(call_id, ""), _text(content), call_id)
    if isinstance(content, str):
        return UserPromptPart(content)
    items: list[UserContent] = []
    for part in content:
        if part["type"] == "image_url":
            items.append(BinaryContent.from_data_uri(part["image_url"]["url"]))
        else:
            items.append(part["text"] if part["type"] == "text" else json.dumps(part))
    return UserPromptPart(items)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
