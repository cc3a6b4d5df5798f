"""The MCP server, through the official SDK's client: over standard input and output, and over HTTP."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from test_client import fill, png

from fovea import Fovea, Session
from fovea.cli import main

pytest.importorskip("mcp")


def prepared(session: Session) -> None:
    fill(session, 40)
    url = "data:image/png;base64," + base64.b64encode(png(8, 8, 100)).decode()
    session.append({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})


def arguments(fovea: Fovea, session: Session, *more: str) -> list[str]:
    assert fovea.server is not None
    where = ["--server", fovea.server.address, "--session", session.id, "--reader", "gpt-4o", "--budget", "8000"]
    return ["-m", "fovea.cli", "mcp", *where, *more]


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "FOVEA_MCP_TOKEN": "secret"}


async def test_stdio(fovea: Fovea, session: Session) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    prepared(session)
    program = StdioServerParameters(
        command=sys.executable, args=arguments(fovea, session, "--allow-pins"), env=ENVIRONMENT
    )
    async with stdio_client(program) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["recall", "search", "tiers", "why", "pin", "unpin"]

        async def call(name: str, **given: int | str) -> list[object]:
            result = await client.call_tool(name, given)
            assert not result.is_error, result.content
            return list(result.content)

        (text,) = await call("recall", seq=3)
        assert text.text == session.recall(3)  # type: ignore[attr-defined]
        *_, picture = await call("recall", seq=161)
        assert base64.b64decode(picture.data) == png(8, 8, 100)  # type: ignore[attr-defined]
        (found,) = await call("search", query="question 7")
        assert found.text.startswith("#29 user: ")  # type: ignore[attr-defined]
        (tiers,) = await call("tiers")
        assert "epoch" in tiers.text and "verbatim" in tiers.text  # type: ignore[attr-defined]
        (why,) = await call("why", seq=3)
        assert why.text.startswith("#3 is ")  # type: ignore[attr-defined]
        await call("pin", first=3)
        assert session.explain(3).pinned
        await call("unpin", first=3)
        assert not session.explain(3).pinned
        wrong = await client.call_tool("recall", {"seq": 999})
        assert wrong.is_error and "999" in str(wrong.content)
        listed = json.loads((await client.read_resource("fovea://pages")).contents[0].text)  # type: ignore[union-attr]
        page = (await client.read_resource(listed[0]["uri"])).contents[0]
        assert page.mime_type == "image/png"
        assert base64.b64decode(page.blob)[:4] == b"\x89PNG"  # type: ignore[union-attr]


def test_pins_are_not_there_unless_allowed(session: Session) -> None:
    import asyncio

    from fovea.mcp import make_server

    names = [tool.name for tool in asyncio.run(make_server(session).list_tools())]
    assert names == ["recall", "search", "tiers", "why"]


def test_http_wants_the_token_and_an_origin_of_this_machine(fovea: Fovea, session: Session) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, *arguments(fovea, session, "--http", str(port))], env=ENVIRONMENT)
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode()

    def post(**headers: str) -> int:
        common = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/mcp", body, {**common, **headers})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    try:
        for _ in range(300):
            try:
                post()
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        assert post() == 401
        assert post(authorization="Bearer wrong") == 401
        assert post(authorization="Bearer secret") == 200
        assert post(authorization="Bearer secret", origin="https://example.com") == 403
        assert post(authorization="Bearer secret", host="example.com") in (403, 421)
    finally:
        process.terminate()
        process.wait(20)


def test_what_the_program_cannot_do_it_says_in_a_line(
    fovea: Fovea, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOVEA_MCP_TOKEN", "secret")
    assert fovea.server is not None
    odd = [
        (["mcp"], "--session"),
        (["mcp", "--session", ""], "--session: it is empty"),
        (["mcp", "--session", "s", "--http", "65536"], "'65536' is no port"),
        (["mcp", "--session", "s", "--server", "http://localhost:1"], "address: "),
        (["mcp", "--session", "s", "--tls", "/none"], "tls: "),
        (["mcp", "--session", "a\nb", "--server", fovea.server.address], "session_id: "),
    ]
    for given, expected in odd:
        try:
            code: object = main(given)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr().err
        assert code in (1, 2) and expected in said, said
