"""A context: what a model gets of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fovea.formats import Format
from fovea.v1 import context_pb2

_CONVERSATION: dict[Format, str] = {
    "openai-chat": "messages",
    "vllm": "messages",
    "deepseek": "messages",
    "anthropic": "messages",
    "openai-responses": "input",
    "gemini": "contents",
}


@dataclass(frozen=True)
class Context:
    """The conversation within its budget, in the format of an API, and what can be said of it."""

    format: Format
    payload: dict[str, Any]
    """The fields of the request body: {"messages": ...}, {"system": ..., "messages": ...}, {"input": ...} or
    {"systemInstruction": ..., "contents": ...}. Yours to change: no two contexts share it."""
    payload_sha256: str
    """Names this context to report_usage()."""
    summary: context_pb2.ContextSummary
    """All that the server says of it: pages, rungs, the loss manifest, cost."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation, whatever the API calls it: messages, input items or contents."""
        messages: list[dict[str, Any]] = self.payload[_CONVERSATION[self.format]]
        return messages

    @property
    def system(self) -> Any:
        """The system prompt, where the API wants it apart (Anthropic, Gemini); else None."""
        return self.payload.get("system") or self.payload.get("systemInstruction")

    @property
    def tokens(self) -> int:
        """By the reader's rules; what the provider counts is not more."""
        return self.summary.tokens

    @property
    def reader(self) -> str:
        """The profile that it was made by."""
        return self.summary.reader

    @property
    def epoch(self) -> int:
        """0 while everything is text. Within an epoch the beginning of the context does not change."""
        return self.summary.epoch

    @property
    def prefix_sha256(self) -> str:
        """Of the part that does not change within an epoch."""
        return self.summary.prefix_sha256

    @property
    def page_ids(self) -> list[str]:
        """The pages, in the order in which they stand."""
        return [page.page_id for page in self.summary.pages]

    @property
    def losses(self) -> list[context_pb2.LossManifest.Entry]:
        """What it no longer shows exactly, oldest first: turns, their rung, and what was left out of them."""
        return list(self.summary.loss.entries)

    @property
    def rungs(self) -> list[context_pb2.RungShare]:
        """Where the turns are, from the oldest to the newest: text, rungs of the ladder, gist, latent."""
        return list(self.summary.rungs)

    @property
    def note(self) -> str:
        """One sentence for a person: how much of the budget is used, and why not more."""
        return self.summary.budget_use
