"""Tokens, TLS and client certificates, against a server that wants them; and one that has too much to do."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from conftest import fovead

from fovea import (
    AsyncFovea,
    Fovea,
    InvalidArgumentError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from fovea.v1 import session_pb2

if shutil.which("openssl") is None:
    pytest.skip("there is no openssl", allow_module_level=True)

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def certify(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of its own for localhost, and its key."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key


class Server:
    """A fovead on a port with TLS and tokens."""

    def __init__(self, folder: Path, *options: str) -> None:
        tokens = [{"token_sha256": hashlib.sha256(b"writes").hexdigest(), "tenant": "a"}]
        tokens += [{"token_sha256": hashlib.sha256(b"reads").hexdigest(), "tenant": "a", "role": "reader"}]
        (folder / "tokens").write_text("".join(json.dumps(token) + "\n" for token in tokens))
        self.chain, key = certify(folder, "server")
        command = [
            fovead(),
            "--listen",
            "127.0.0.1:0",
            "--data",
            str(folder / "data"),
            "--tokens",
            str(folder / "tokens"),
        ]
        command += ["--tls-certificate", str(self.chain), "--tls-key", str(key), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.address = "localhost:" + self._process.stdout.readline().strip().rpartition(":")[2]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


async def test_tokens_over_tls(server: Server, tmp_path: Path) -> None:
    writer = Fovea.connect(server.address, token="writes", tls=server.chain)
    assert writer.session("s").append("hello") == (1, 1)
    reader = AsyncFovea.connect(server.address, token="reads", tls=str(server.chain))
    assert [one.session_id for one in await reader.sessions()] == ["s"]
    with pytest.raises(PermissionDeniedError):
        await reader.session("another")
    await reader.close()
    for token in (None, "wrong"):
        with pytest.raises(UnauthenticatedError, match="token"):
            Fovea.connect(server.address, token=token, tls=server.chain).sessions()
    # Neither without encryption, nor by the authorities of the system.
    for tls in (False, True):
        with pytest.raises(UnavailableError, match=r"no server answers|TLS|SSL|handshake"):
            Fovea.connect(server.address, token="writes", tls=tls, deadline=1).sessions()
    for odd in (tmp_path / "none", 5):
        with pytest.raises(InvalidArgumentError, match="tls: "):
            Fovea.connect(server.address, tls=odd)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="certificate: "):
        Fovea.connect(server.address, certificate=(server.chain, server.chain))


def test_client_certificates(tmp_path: Path) -> None:
    mine = certify(tmp_path, "client")
    server = Server(tmp_path, "--tls-client-ca", str(mine[0]))
    try:
        known = Fovea.connect(server.address, token="writes", tls=server.chain, certificate=mine)
        assert known.session("s").append("hello") == (1, 1)
        with pytest.raises(UnavailableError):
            Fovea.connect(server.address, token="writes", tls=server.chain, deadline=1).sessions()
    finally:
        server.close()


class Busy(grpc.GenericRpcHandler):
    """A server that has too much to do, the first times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked = 0

    def service(self, _details: Any) -> Any:
        def answer(_request: bytes, context: grpc.ServicerContext) -> bytes:
            self.asked += 1
            if self.asked <= self.times:
                context.set_trailing_metadata((("grpc-retry-pushback-ms", "200"),))
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the server has too much to do")
            return session_pb2.ListSessionsResponse().SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)


def test_a_server_that_has_too_much_to_do_is_asked_again(tmp_path: Path) -> None:
    busy = Busy(2)
    server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[busy])
    server.add_insecure_port(f"unix:{tmp_path}/s")
    server.start()
    began = time.monotonic()
    assert Fovea.connect(f"unix:{tmp_path}/s").sessions() == []
    assert busy.asked == 3 and time.monotonic() - began >= 0.4
    busy.times = 1000
    with pytest.raises(ResourceExhaustedError, match="too much"):
        Fovea.connect(f"unix:{tmp_path}/s", deadline=0.7).sessions()
    assert 5 <= busy.asked <= 7
    server.stop(None)
