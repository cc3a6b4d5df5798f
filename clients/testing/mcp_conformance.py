"""Runs @modelcontextprotocol/conformance against the MCP server's streamable HTTP, with its token and its Origin check.

    FOVEAD=build/dev/bin/fovead CONFORMANCE=DIR/node_modules/.bin/conformance python clients/testing/mcp_conformance.py

The suite wants Node 22 and does not know of tokens, so a wrapper adds the token to what it sends. Its scenarios call
tools, prompts and resources of its own example server; mcp_fixtures.py has them, beside Fovea's on the same server.
mcp_conformance.yml names the scenarios of what the server does not declare: the suite fails where another scenario
does, or where one of these passes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from mcp_fixtures import add_fixtures

from fovea import Fovea
from fovea.mcp import http_app, make_server

TOKEN = "a token for the suite"


class WithToken:
    """Adds the token that the suite cannot send."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"authorization", f"Bearer {TOKEN}".encode())]}
        await self._app(scope, receive, send)


def fill(fovea: Fovea) -> Any:
    """A session with pages, so that every tool and resource has something to show."""
    session = fovea.session("conformance", reader="claude", budget=4000)
    for number in range(40):
        session.append({"role": "user", "content": f"question {number} " + "alpha beta gamma " * 60})
        session.append({"role": "assistant", "content": f"answer {number}"})
    return session


def main() -> int:
    program = os.environ.get("CONFORMANCE", "conformance")
    expected = Path(__file__).with_name("mcp_conformance.yml")
    with tempfile.TemporaryDirectory() as folder, Fovea.local(folder) as fovea:
        mcp_server = make_server(fill(fovea))
        add_fixtures(mcp_server)
        app = WithToken(http_app(mcp_server, TOKEN))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.05)
            port = server.servers[0].sockets[0].getsockname()[1]
            suite = [program, "server", "--url", f"http://127.0.0.1:{port}/mcp", "--expected-failures", str(expected)]
            return subprocess.run([*suite, *sys.argv[1:]], check=False, timeout=300).returncode
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    sys.exit(main())
