"""Google ADK: a plugin that serves the model a bounded context, and the recall tools.

    agent = Agent(model="gemini-3-flash", name="a", tools=[*tools, *fovea_tools(session)])
    runner = Runner(app=App(name="app", root_agent=agent, plugins=[FoveaPlugin(session)]), session_service=...)

ADK's session keeps all events, as it does without Fovea; what the model is sent is the session's context. The agent's
instruction and tools stay as they are.
"""

from __future__ import annotations

import asyncio
from typing import Any

from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaPlugin(BasePlugin):
    """Serves one agent's conversation from one session.

    agent: the name of the agent whose requests it serves; None: every agent of the app, which is right for one.
    """

    def __init__(self, session: Session, *, agent: str | None = None, name: str = "fovea") -> None:
        super().__init__(name)
        self.session = session
        self.agent = agent

    def _contents(self, contents: list[types.Content]) -> list[types.Content]:
        self.session.sync(contents, shape="gemini")
        return [types.Content.model_validate(content) for content in self.session.context(format="gemini").messages]

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> LlmResponse | None:
        """Puts the context in the place of the whole history, in the request alone."""
        if self.agent is None or callback_context.agent_name == self.agent:
            llm_request.contents = await asyncio.to_thread(self._contents, llm_request.contents)
        return None


class _Tool(BaseTool):
    def __init__(self, tool: RecallTool) -> None:
        super().__init__(name=tool.name, description=tool.description)
        self._tool = tool

    def _get_declaration(self) -> types.FunctionDeclaration:
        return types.FunctionDeclaration(
            name=self.name, description=self.description, parameters_json_schema=self._tool.parameters
        )

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> Any:
        return await asyncio.to_thread(lambda: self._tool.run(**args))


def fovea_tools(session: Session) -> list[BaseTool]:
    """recall and search, as ADK's tools."""
    return [_Tool(tool) for tool in recall_tools(session)]
