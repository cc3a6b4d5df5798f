"""Channels, deadlines and retries: the drivers of the steps in _rpc.py."""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from fovea import errors
from fovea._rpc import Call, Pause, Result, Steps

# A context with its pages can be larger than gRPC's 4 MiB, and so can an append. A channel must find a server that was
# started again within the deadline of a call.
_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
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


class _Attempts:
    """When a call is tried again, and for how long."""

    def __init__(self, call: Call, deadline: float | None) -> None:
        seconds = call.seconds or deadline or call.method.seconds
        self._ends = time.monotonic() + seconds
        self._retry = call.method.retry
        self._pause = _FIRST_PAUSE

    def seconds_left(self) -> float:
        return max(self._ends - time.monotonic(), 0.001)

    def pause_after(self, failure: grpc.RpcError) -> float:
        """Seconds to wait before the next attempt. Raises the typed error if there is none."""
        # Both kinds of failure, grpc.Call and grpc.aio.AioRpcError, have these.
        status = cast(Any, failure)
        code = status.code()
        error = errors.from_status(code, status.details() or "", status.trailing_metadata())
        pause = self._pause * random.uniform(0.5, 1.0)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if not self._retry or code != grpc.StatusCode.UNAVAILABLE or pause >= self.seconds_left():
            raise error from failure
        return pause


def _metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),) if token else ()


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


class Transport:
    """A synchronous channel. Thread-safe."""

    def __init__(self, address: str, token: str | None, deadline: float | None) -> None:
        self._metadata = _metadata(token)
        self._deadline = deadline
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._stubs: dict[str, Any] = {}

    def _stub(self, call: Call) -> Any:
        method = call.method
        stub = self._stubs.get(method.path)
        if stub is None:
            make = self._channel.unary_stream if method.streams else self._channel.unary_unary
            stub = make(
                method.path,
                request_serializer=_serialize,
                response_deserializer=method.response.FromString,
            )
            self._stubs[method.path] = stub
        return stub

    def _call(self, call: Call) -> Any:
        attempts = _Attempts(call, self._deadline)
        stub = self._stub(call)
        while True:
            try:
                answer = stub(call.message, timeout=attempts.seconds_left(), metadata=self._metadata)
                return list(answer) if call.method.streams else answer
            except grpc.RpcError as failure:
                time.sleep(attempts.pause_after(failure))

    def run(self, steps: Steps[Result]) -> Result:
        try:
            call = next(steps)
            while True:
                try:
                    if isinstance(call, Pause):
                        time.sleep(call.seconds)
                        answer = None
                    else:
                        answer = self._call(call)
                except errors.FoveaError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            return cast(Result, done.value)

    def close(self) -> None:
        self._channel.close()


class AsyncTransport:
    """The same for asyncio. Belongs to the event loop that it was made in."""

    def __init__(self, address: str, token: str | None, deadline: float | None) -> None:
        self._metadata = _metadata(token)
        self._deadline = deadline
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._stubs: dict[str, Any] = {}

    def _stub(self, call: Call) -> Any:
        method = call.method
        stub = self._stubs.get(method.path)
        if stub is None:
            make: Any = self._channel.unary_stream if method.streams else self._channel.unary_unary
            stub = make(
                method.path,
                request_serializer=_serialize,
                response_deserializer=method.response.FromString,
            )
            self._stubs[method.path] = stub
        return stub

    async def _call(self, call: Call) -> Any:
        attempts = _Attempts(call, self._deadline)
        stub = self._stub(call)
        while True:
            try:
                answer = stub(call.message, timeout=attempts.seconds_left(), metadata=self._metadata)
                if call.method.streams:
                    return [message async for message in answer]
                return await answer
            except grpc.RpcError as failure:
                await asyncio.sleep(attempts.pause_after(failure))

    async def run(self, steps: Steps[Result]) -> Result:
        try:
            call = next(steps)
            while True:
                try:
                    if isinstance(call, Pause):
                        await asyncio.sleep(call.seconds)
                        answer = None
                    else:
                        answer = await self._call(call)
                except errors.FoveaError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            return cast(Result, done.value)

    async def close(self) -> None:
        await self._channel.close(None)
