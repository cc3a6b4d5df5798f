"""An agent over each wire for 150 turns and several epochs: nothing refused, prefixes stable, recalls right."""

from __future__ import annotations

import pytest
from conftest import StrictModel
from lives import WIRES, live

from fovea import Fovea

READERS = {"openai-chat": "gpt-4o", "openai-responses": "gpt-5.6", "anthropic": "claude", "gemini": "gemini-3"}


@pytest.mark.parametrize("wire", WIRES)
def test_life(fovea: Fovea, model: StrictModel, wire: str) -> None:
    session = fovea.session(f"life-{wire}", model=READERS[wire], budget=8000)
    answers = live(session, model, wire, 16)
    stats = model.stats()
    turns = session.info().last_seq
    assert len(answers) == 16 and all(answers)
    assert turns >= 150
    assert stats["refused"] == []
    context = session.last_context
    assert context is not None and context.epoch >= 3
    assert stats["pictures"] > 0
    # What came before stays as it was within an epoch: only a new epoch may change it.
    assert stats["breaks"] <= context.epoch
    assert stats["recalls_asked"] >= 4 and len(stats["recalls"]) == stats["recalls_asked"]
    exact = session.recall(4)
    assert exact and all(exact in text for text in stats["recalls"])
    assert any(len(calls) == 2 for calls in stats["calls"])
