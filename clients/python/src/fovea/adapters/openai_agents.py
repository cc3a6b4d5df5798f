"""OpenAI Agents: a filter of the model's input, and the recall tools.

    agent = Agent(name="a", tools=[*tools, *fovea_tools(session)])
    await Runner.run(agent, question, run_config=RunConfig(call_model_input_filter=FoveaFilter(session)))

Keep the history in a session of the SDK's (SQLiteSession) or hand it over yourself, as without Fovea: the filter sees
the whole input before each call of the model and sends the session's context in its place.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from agents import FunctionTool, RunContextWrapper, Tool
from agents.run_config import CallModelData, ModelInputData

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaFilter:
    """For RunConfig.call_model_input_filter. Serves one conversation from one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _input(self, items: list[Any]) -> list[Any]:
        self.session.sync(items, shape="openai-responses")
        return self.session.context(format="openai-responses").messages

    async def __call__(self, data: CallModelData[Any]) -> ModelInputData:
        """The context in the place of the whole input; the instructions stay."""
        items = await asyncio.to_thread(self._input, cast("list[Any]", data.model_data.input))
        return ModelInputData(input=items, instructions=data.model_data.instructions)


def fovea_tools(session: Session) -> list[Tool]:
    """recall and search, as the SDK's tools."""
    return [_tool(tool) for tool in recall_tools(session)]


def _tool(tool: RecallTool) -> Tool:
    async def invoke(_context: RunContextWrapper[Any], arguments: str) -> str:
        try:
            given = json.loads(arguments or "{}")
        except ValueError:
            return "Error: the arguments are no JSON object"
        return await asyncio.to_thread(lambda: tool.run(**given))

    return FunctionTool(
        name=tool.name,
        description=tool.description,
        params_json_schema=tool.parameters,
        on_invoke_tool=invoke,
        strict_json_schema=False,
    )
