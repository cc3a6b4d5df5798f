"""tests/vectors/messages.jsonl: messages of all shapes, and the turns that they must become."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fovea import MessageShapeError
from fovea.shapes import MessageReader
from fovea.v1 import turn_pb2

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "messages.jsonl"


def value_json(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            text = value.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
        return text
    return value


def message_json(message: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            items = [message_json(item) for item in value] if field.is_repeated else message_json(value)
        elif field.is_repeated:
            items = [value_json(item) for item in value]
        else:
            items = value_json(value)
        if field.name == "attributes_json":
            made["attributes"] = json.loads(value)
        else:
            made[field.name] = items
    return made


def turn_json(turn: turn_pb2.Turn) -> dict[str, Any]:
    made = message_json(turn)
    made["role"] = turn_pb2.Role.Name(turn.role).removeprefix("ROLE_").lower()
    return made


def vectors() -> list[Any]:
    if not VECTORS.exists():
        return []
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    return [pytest.param(json.loads(line), id=f"line-{i + 1}") for i, line in enumerate(lines) if line.strip()]


@pytest.mark.skipif(not VECTORS.exists(), reason="there are no tests/vectors/messages.jsonl")
@pytest.mark.parametrize("vector", vectors())
def test_vector(vector: dict[str, Any]) -> None:
    reader = MessageReader()
    for message in vector.get("before", []):
        reader.read(message, vector["shape"])
    if "error" in vector:
        with pytest.raises(MessageShapeError) as caught:
            reader.read(vector["message"], vector["shape"])
        assert caught.value.message.startswith(vector["error"])
        return
    turns = [turn_json(turn) for turn in reader.read(vector["message"], vector["shape"])]
    assert turns == vector["turns"]
