"""LangChain and LangGraph: a middleware of create_agent that serves the model a bounded context.

    agent = create_agent("openai:gpt-4o", tools, middleware=[FoveaMiddleware(session)])

The agent's state keeps the whole history, as it does without Fovea; what the model is sent is the session's context.
A checkpointer is not the place for this: it stores the state and gives it back, and never sees a request to a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware.types import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AnyMessage, convert_to_messages
from langchain_core.tools import BaseTool, StructuredTool

from fovea.adapters._tools import recall_tools
from fovea.client import Session


class FoveaMiddleware(AgentMiddleware[Any, Any, Any]):
    """Serves one conversation from one session, and gives the agent the tools recall and search.

    The session needs a model or reader and a budget. The agent's system prompt and tools stay as they are; their tokens
    are beside the budget. Messages go to the model in the form of OpenAI's Chat Completions, which LangChain's models
    read; a provider's own thinking blocks are kept in the log and not sent again.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tools: list[BaseTool] = [
            StructuredTool.from_function(
                func=tool.run, name=tool.name, description=tool.description, args_schema=tool.parameters
            )
            for tool in recall_tools(session)
        ]

    def _messages(self, messages: list[AnyMessage]) -> list[Any]:
        self.session.sync(messages, shape="langchain")
        return list(convert_to_messages(self.session.context(format="openai-chat").messages))

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Sends the context in the place of the whole history."""
        return handler(request.override(messages=self._messages(request.messages)))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """The same for asyncio."""
        messages = await asyncio.to_thread(self._messages, request.messages)
        return await handler(request.override(messages=messages))
