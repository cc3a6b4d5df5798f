"""Channels, deadlines and retries.

What waits is in _aio_transport.py, and in _sync_transport.py, which is written from it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf.message import Message

from fovea import errors
from fovea._rpc import Call, Method, Pause, Result, Steps

# A context with its pages can be larger than gRPC's 4 MiB, and so can an append. A channel must find a server that was
# started again within the deadline of a call. "min_reconnect_backoff_ms" is left alone: it is how long a server may
# take to greet, and a busy one takes seconds.
OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 500),
]
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5


def default_address() -> str:
    """FOVEA_SERVER, or the socket that fovead listens on if it is told nothing."""
    address = os.environ.get("FOVEA_SERVER")
    if address:
        return address
    folder = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"
    return f"unix:{folder}/fovea-{os.getuid()}.sock"


@dataclass(frozen=True)
class Attempt:
    """One sending of a call."""

    call: Call
    seconds: float


def attempts(steps: Steps[Result], address: str, deadline: float | None) -> Generator[Attempt | Pause, Any, Result]:
    """The steps with each call tried until it is answered, fails for good, or its time is over."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                yield step
                step = steps.send(None)
                continue
            try:
                answer = yield from _until_answered(step, address, deadline)
            except errors.FoveaError as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as done:
        return cast(Result, done.value)


def credentials(tls: bool | str | Path, certificate: tuple[str | Path, str | Path] | None) -> Any:
    """For a channel; None if it is not encrypted."""
    if tls is False:
        if certificate is not None:
            raise errors.InvalidArgumentError("certificate: it is of no use without tls")
        return None
    authorities = None if tls is True else _file("tls", tls)
    chain, key = (None, None) if certificate is None else (_file("certificate", file) for file in certificate)
    return grpc.ssl_channel_credentials(authorities, key, chain)


def _file(name: str, path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, TypeError, ValueError) as error:
        raise errors.InvalidArgumentError(f"{name}: {error}") from None


def _pushback(trailing: Any) -> float | None:
    """The seconds after which a server that has too much to do wants to be asked again."""
    for key, value in trailing or ():
        if key == "grpc-retry-pushback-ms" and str(value).isdecimal():
            return int(value) / 1000
    return None


def _until_answered(call: Call, address: str, deadline: float | None) -> Generator[Attempt | Pause, Any, Any]:
    ends = time.monotonic() + (call.seconds or deadline or call.method.seconds)
    longest = _FIRST_PAUSE
    while True:
        try:
            return (yield Attempt(call, max(ends - time.monotonic(), 0.001)))
        except grpc.RpcError as failure:
            # Both kinds of failure, grpc.Call and grpc.aio.AioRpcError, have these.
            status = cast(Any, failure)
            code = status.code()
            pause = longest * random.uniform(0.5, 1.0)
            longest = min(longest * 2, _LONGEST_PAUSE)
            pushback = _pushback(status.trailing_metadata()) if code == grpc.StatusCode.RESOURCE_EXHAUSTED else None
            again = code == grpc.StatusCode.UNAVAILABLE or pushback is not None
            pause += pushback or 0
            if not call.method.retry or not again or pause >= ends - time.monotonic():
                details = status.details() or ""
                # gRPC's own failure to connect, and not a word of the server's.
                if code == grpc.StatusCode.UNAVAILABLE and "connect" in details:
                    details = f"no server answers at {address} (start fovead, or use local()): {details}"
                raise errors.from_status(code, details, status.trailing_metadata()) from None
        yield Pause(pause)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


class Stubs:
    """The calls of a channel."""

    def __init__(self, channel: Any, address: str, token: str | None, deadline: float | None) -> None:
        self.channel = channel
        self.address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self.deadline = deadline
        self.closed = False
        self._made: dict[str, Any] = {}

    def _stub(self, method: Method[Any, Any]) -> Any:
        stub = self._made.get(method.path)
        if stub is None:
            make = self.channel.unary_stream if method.streams else self.channel.unary_unary
            stub = make(method.path, request_serializer=_serialize, response_deserializer=method.response.FromString)
            self._made[method.path] = stub
        return stub

    def send(self, attempt: Attempt) -> Any:
        if self.closed:
            raise errors.FailedPreconditionError("the connection is closed")
        call = attempt.call
        return self._stub(call.method)(call.message, timeout=attempt.seconds, metadata=self._metadata)
