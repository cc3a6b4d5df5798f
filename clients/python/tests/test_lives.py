"""An agent over each wire for 150 turns and several epochs: nothing refused, prefixes stable, recalls right."""

from __future__ import annotations

import pytest
from conftest import StrictModel
from lives import WIRES, Served, live

from fovea import Fovea

READERS = {"openai-chat": "gpt-4o", "openai-responses": "gpt-5.6", "anthropic": "claude", "gemini": "gemini-3"}


@pytest.mark.parametrize("wire", WIRES)
def test_life(fovea: Fovea, model: StrictModel, wire: str) -> None:
    session = fovea.session(f"life-{wire}", model=READERS[wire], budget=8000)
    served = Served(session)
    answers = live(session, model, wire, 16)
    assert len(answers) == 16 and all(answers)
    served.check(wire, session, model.stats())
