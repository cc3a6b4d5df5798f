"""The recall tools, for frameworks that run tools themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fovea.client import Session


@dataclass(frozen=True)
class RecallTool:
    """One of recall and search."""

    name: str
    description: str
    parameters: dict[str, Any]
    """Its JSON schema."""
    run: Callable[..., str]
    """Takes the arguments by name; a model's mistakes are answered in words."""


def recall_tools(session: Session) -> list[RecallTool]:
    """recall and search of a session."""
    tools = []
    for tool in session.tools(format="openai-chat"):
        function = tool["function"]

        def run(name: str = function["name"], **arguments: Any) -> str:
            text, is_error = session.run_tool(name, {k: v for k, v in arguments.items() if v is not None})
            return f"Error: {text}" if is_error else text

        tools.append(RecallTool(function["name"], function["description"], function["parameters"], run))
    return tools
