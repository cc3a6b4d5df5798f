"""Which turns of a history that is handed over whole the session does not hold yet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fovea.v1 import turn_pb2


def digest(turn: turn_pb2.Turn) -> bytes:
    """Of what a turn says. Times and attributes do not count: frameworks add to those afterwards."""
    said = turn_pb2.Turn()
    said.CopyFrom(turn)
    said.ClearField("seq")
    said.ClearField("time_us")
    said.ClearField("attributes_json")
    return hashlib.sha256(said.SerializeToString(deterministic=True)).digest()


def common(held: Sequence[bytes], given: Sequence[bytes]) -> int:
    """How many turns both begin with."""
    for index, (left, right) in enumerate(zip(held, given, strict=False)):
        if left != right:
            return index
    return min(len(held), len(given))
