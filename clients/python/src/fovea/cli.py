"""The program fovea-memory."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from fovea.client import Fovea
from fovea.errors import FoveaError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fovea-memory")
    verbs = parser.add_subparsers(required=True, dest="verb")
    mcp = verbs.add_parser("mcp", help="serve a session to agents by the Model Context Protocol")
    mcp.add_argument("--session", required=True, metavar="ID", type=_session_id)
    mcp.add_argument("--server", metavar="ADDRESS", help="of fovead; default: FOVEA_SERVER, or its default socket")
    mcp.add_argument(
        "--tls", metavar="FILE", help="authorities in PEM to check the server by; 'system': those of the system"
    )
    mcp.add_argument("--reader", default="claude", help="for tiers, why and pages (default: %(default)s)")
    mcp.add_argument("--budget", type=int, default=64_000, help="tokens, for the same (default: %(default)s)")
    mcp.add_argument("--allow-pins", action="store_true", help="let the model pin and unpin turns")
    mcp.add_argument(
        "--http",
        type=_port,
        metavar="PORT",
        help="streamable HTTP on 127.0.0.1 in the place of standard input and output; the token that clients must "
        "send is FOVEA_MCP_TOKEN in the environment",
    )
    return parser


def _session_id(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _mcp(arguments: argparse.Namespace) -> int:
    try:
        from fovea.mcp import http_app, make_server
    except ImportError as error:
        print(f"fovea-memory: {error}; pip install 'fovea-memory[mcp]'", file=sys.stderr)
        return 1
    token = os.environ.get("FOVEA_MCP_TOKEN", "")
    if arguments.http is not None and not token:
        print("fovea-memory: --http needs a token in FOVEA_MCP_TOKEN", file=sys.stderr)
        return 2
    tls = arguments.tls == "system" or arguments.tls or False
    with Fovea.connect(arguments.server, tls=tls) as fovea:
        session = fovea.session(arguments.session, reader=arguments.reader, budget=arguments.budget)
        server = make_server(session, allow_pins=arguments.allow_pins)
        if arguments.http is None:
            server.run("stdio")
        else:
            import uvicorn

            uvicorn.run(http_app(server, token), host="127.0.0.1", port=arguments.http, log_level="warning")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; gives its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return _mcp(arguments)
    except FoveaError as error:
        print(f"fovea-memory: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
