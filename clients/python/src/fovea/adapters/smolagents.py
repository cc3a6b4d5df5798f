"""smolagents: a model that serves another model a bounded context, and the recall tools.

    agent = ToolCallingAgent(model=FoveaModel(OpenAIModel("gpt-4o"), session), tools=[*tools, *fovea_tools(session)])

The agent's memory keeps all steps, as it does without Fovea; what the model is sent is the session's context.
smolagents writes calls and their results as text, so they are text in the session, too. A plan, and the answer that an
agent must give when its steps are used up, are asked for with messages of their own, and pass as they are.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from smolagents import Model, Tool
from smolagents.models import (
    ChatMessage,
    ChatMessageStreamDelta,
    MessageRole,
    get_clean_message_list,
    tool_role_conversions,
)

from fovea.adapters._tools import RecallTool, recall_tools
from fovea.client import Session


class FoveaModel(Model):
    """Serves one agent's conversation from one session. Everything else is the inner model's."""

    def __init__(self, model: Model, session: Session) -> None:
        super().__init__(model_id=model.model_id)
        self.model = model
        self.session = session

    def _served(self, messages: list[Any], stop_sequences: list[str] | None) -> list[Any]:
        if not stop_sequences or "<end_plan>" in stop_sequences:
            return messages
        said = get_clean_message_list(messages, tool_role_conversions, convert_images_to_image_urls=True)
        self.session.sync([{**one, "role": MessageRole(one["role"]).value} for one in said], shape="openai-chat")
        return [_message(one) for one in self.session.context(format="openai-chat").messages]

    def generate(
        self, messages: list[Any], stop_sequences: list[str] | None = None, *args: Any, **options: Any
    ) -> ChatMessage:
        """Asks the inner model with the context in the place of the whole memory."""
        return self.model.generate(self._served(messages, stop_sequences), stop_sequences, *args, **options)

    def generate_stream(
        self, messages: list[Any], stop_sequences: list[str] | None = None, *args: Any, **options: Any
    ) -> Generator[ChatMessageStreamDelta]:
        """The same, streamed."""
        served = self._served(messages, stop_sequences)
        yield from self.model.generate_stream(served, stop_sequences, *args, **options)

    def parse_tool_calls(self, message: ChatMessage) -> ChatMessage:
        """As the inner model does."""
        return self.model.parse_tool_calls(message)


def _message(message: dict[str, Any]) -> ChatMessage:
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return ChatMessage(MessageRole(message["role"]), parts)


class _Tool(Tool):
    # Its schema is data, not a signature.
    skip_forward_signature_validation = True
    output_type = "string"

    def __init__(self, tool: RecallTool) -> None:
        self.name = tool.name
        self.description = tool.description
        required = tool.parameters.get("required", [])
        self.inputs = {
            name: {**about, "nullable": name not in required} for name, about in tool.parameters["properties"].items()
        }
        self._run = tool.run
        super().__init__()

    def forward(self, **arguments: Any) -> str:
        return self._run(**arguments)


def fovea_tools(session: Session) -> list[Tool]:
    """recall and search, as smolagents' tools."""
    return [_Tool(tool) for tool in recall_tools(session)]
