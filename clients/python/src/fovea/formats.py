"""The wire formats of contexts and the shapes of messages, by their names."""

from __future__ import annotations

from typing import Literal

from fovea.v1 import context_pb2

Format = Literal["openai-chat", "openai-responses", "anthropic", "gemini", "vllm", "deepseek"]
"""The API that a context is written for (docs/wire-formats.md)."""

Shape = Literal["openai-chat", "openai-responses", "anthropic", "gemini", "langchain"]
"""The API or framework whose messages are appended."""

PolicyName = Literal["balanced", "frugal", "exact"]
"""What is weighed when old turns are drawn (docs/forgetting.md): the least of the bill and of what the model would
lose, the least bill, or text first."""

SHAPES: tuple[Shape, ...] = ("openai-chat", "openai-responses", "anthropic", "gemini", "langchain")

POLICIES: dict[PolicyName, context_pb2.PolicyName] = {
    "balanced": context_pb2.POLICY_NAME_BALANCED,
    "frugal": context_pb2.POLICY_NAME_FRUGAL,
    "exact": context_pb2.POLICY_NAME_EXACT,
}

WIRE: dict[Format, context_pb2.WireFormat] = {
    "openai-chat": context_pb2.WIRE_FORMAT_OPENAI_CHAT,
    "openai-responses": context_pb2.WIRE_FORMAT_OPENAI_RESPONSES,
    "anthropic": context_pb2.WIRE_FORMAT_ANTHROPIC,
    "gemini": context_pb2.WIRE_FORMAT_GEMINI,
    "vllm": context_pb2.WIRE_FORMAT_VLLM,
    "deepseek": context_pb2.WIRE_FORMAT_DEEPSEEK,
}


def format_of(shape: Shape, model: str) -> Format:
    """The format that an agent wants which appends messages of `shape`."""
    if shape == "openai-chat" or shape == "langchain":
        return "deepseek" if model.lower().startswith("deepseek") else "openai-chat"
    return shape
