"""The calls of the API, and the generators that the synchronous and the asynchronous client both drive.

What a client does is written once, as a generator that yields a Call and is sent its answer. Only the drivers
(_aio_transport.py and _sync_transport.py) know of channels and threads.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from google.protobuf.message import Message

from fovea.v1 import admin_pb2, context_pb2, page_pb2, reader_pb2, session_pb2

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Method(Generic[Request, Response]):
    """One call of the API. `retry` says that it may be sent again where its fate is unknown."""

    path: str
    request: type[Request]
    response: type[Response]
    retry: bool = True
    streams: bool = False
    seconds: float = 30.0


@dataclass(frozen=True)
class Call:
    """A call to make. The answer of a stream is the list of its messages."""

    method: Method[Any, Any]
    message: Message
    seconds: float | None = None


@dataclass(frozen=True)
class Pause:
    """A wait between two calls."""

    seconds: float


Steps = Generator[Call | Pause, Any, Result]


def ask(method: Method[Request, Response], message: Request, seconds: float | None = None) -> Steps[Response]:
    return cast(Response, (yield Call(method, message, seconds)))


def ask_stream(
    method: Method[Request, Response], message: Request, seconds: float | None = None
) -> Steps[list[Response]]:
    return cast("list[Response]", (yield Call(method, message, seconds)))


_S = "/fovea.v1.SessionService/"
_C = "/fovea.v1.ContextService/"
_R = "/fovea.v1.ReaderService/"
_P = "/fovea.v1.PageService/"
_A = "/fovea.v1.AdminService/"

CREATE_SESSION = Method(_S + "CreateSession", session_pb2.CreateSessionRequest, session_pb2.Session)
GET_SESSION = Method(_S + "GetSession", session_pb2.GetSessionRequest, session_pb2.Session)
LIST_SESSIONS = Method(_S + "ListSessions", session_pb2.ListSessionsRequest, session_pb2.ListSessionsResponse)
# A second receipt would be another, and a second fork another session.
DELETE_SESSION = Method(
    _S + "DeleteSession", session_pb2.DeleteSessionRequest, session_pb2.DeleteSessionResponse, retry=False
)
FORK_SESSION = Method(_S + "ForkSession", session_pb2.ForkSessionRequest, session_pb2.Session, seconds=120)
# Safe to retry because every append has an idempotency key.
APPEND_TURNS = Method(_S + "AppendTurns", session_pb2.AppendTurnsRequest, session_pb2.AppendTurnsResponse)
READ_TURNS = Method(
    _S + "ReadTurns", session_pb2.ReadTurnsRequest, session_pb2.ReadTurnsResponse, streams=True, seconds=120
)
EXPAND_TURN = Method(_S + "ExpandTurn", session_pb2.ExpandTurnRequest, session_pb2.ExpandTurnResponse)
SEARCH_TURNS = Method(_S + "SearchTurns", session_pb2.SearchTurnsRequest, session_pb2.SearchTurnsResponse)
PIN_TURNS = Method(_S + "PinTurns", session_pb2.PinTurnsRequest, session_pb2.PinTurnsResponse)
UNPIN_TURNS = Method(_S + "UnpinTurns", session_pb2.UnpinTurnsRequest, session_pb2.UnpinTurnsResponse)
COMPACT_SESSION = Method(
    _S + "CompactSession", session_pb2.CompactSessionRequest, session_pb2.CompactSessionResponse, retry=False
)
BUILD_CONTEXT = Method(
    _C + "BuildContext", context_pb2.BuildContextRequest, context_pb2.BuildContextResponse, seconds=120
)
PLAN_CONTEXT = Method(_C + "PlanContext", context_pb2.BuildContextRequest, context_pb2.PlanContextResponse, seconds=120)
GET_PAGE = Method(_C + "GetPage", context_pb2.GetPageRequest, context_pb2.GetPageResponse, seconds=120)
EXPLAIN_TURN = Method(_C + "ExplainTurn", context_pb2.ExplainTurnRequest, context_pb2.ExplainTurnResponse)
DIFF_EPOCHS = Method(_C + "DiffEpochs", context_pb2.DiffEpochsRequest, context_pb2.DiffEpochsResponse)
DRAW_LADDER = Method(_C + "DrawLadder", context_pb2.DrawLadderRequest, context_pb2.DrawLadderResponse, seconds=120)
LIST_READERS = Method(_C + "ListReaders", context_pb2.ListReadersRequest, context_pb2.ListReadersResponse)
GET_RECALL_TOOLS = Method(_C + "GetRecallTools", context_pb2.GetRecallToolsRequest, context_pb2.GetRecallToolsResponse)
COUNT_TOKENS = Method(_R + "CountTokens", reader_pb2.CountTokensRequest, reader_pb2.CountTokensResponse)
# Reported twice would count twice.
REPORT_USAGE = Method(_R + "ReportUsage", reader_pb2.ReportUsageRequest, reader_pb2.ReportUsageResponse, retry=False)
RENDER_DOCUMENT = Method(
    _P + "RenderDocument",
    page_pb2.RenderDocumentRequest,
    page_pb2.RenderDocumentResponse,
    streams=True,
    seconds=120,
)
GET_SERVER_STATS = Method(_A + "GetServerStats", admin_pb2.GetServerStatsRequest, admin_pb2.ServerStats)
