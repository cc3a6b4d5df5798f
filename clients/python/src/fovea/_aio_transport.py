"""What drives the steps of _rpc.py over a channel, for asyncio."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import grpc
import grpc.aio

from fovea._checked import check_connection
from fovea._rpc import Pause, Result, Steps
from fovea._transport import OPTIONS, Attempt, Stubs, attempts
from fovea.local import LocalServer


class AsyncTransport(Stubs):
    """A channel for asyncio. Belongs to the event loop that it was made in."""

    def __init__(self, address: str, token: str | None, deadline: float | None, secure: Any = None) -> None:
        check_connection(address, token, deadline)
        if secure is None:
            channel = grpc.aio.insecure_channel(address, options=OPTIONS)
        else:
            channel = grpc.aio.secure_channel(address, secure, options=OPTIONS)
        super().__init__(channel, address, token, deadline)

    @staticmethod
    async def start(data: str | Path | None, binary: str | Path | None) -> LocalServer:
        return await asyncio.to_thread(LocalServer, data, binary)

    @staticmethod
    async def stop(server: LocalServer) -> None:
        await asyncio.to_thread(server.stop)

    async def _do(self, action: Attempt | Pause) -> Any:
        if isinstance(action, Pause):
            return await asyncio.sleep(action.seconds)
        answer = self.send(action)
        return [message async for message in answer] if action.call.method.streams else await answer

    async def run(self, steps: Steps[Result]) -> Result:
        tries = attempts(steps, self.address, self.deadline)
        try:
            action = next(tries)
            while True:
                try:
                    answer = await self._do(action)
                except grpc.RpcError as failure:
                    action = tries.throw(failure)
                else:
                    action = tries.send(answer)
        except StopIteration as done:
            return cast(Result, done.value)

    async def close(self) -> None:
        self.closed = True
        await self.channel.close()
