"""Fovea: memory for LLM agents.

    from fovea import Fovea

    with Fovea.local() as fovea:
        session = fovea.session("my-agent", model="claude", budget=32_000)
        session.append({"role": "user", "content": "hello"})
        context = session.context()  # context.messages are ready to send

An agent appends each message as it happens, asks for a context before each call of the model, sends it with
session.tools(), and answers the model's recalls with session.answer().
"""

from fovea._session import Picture, SearchHit, SyncResult, TurnText
from fovea.aio import AsyncFovea, AsyncSession
from fovea.client import Fovea, Session
from fovea.context import Context
from fovea.errors import (
    AlreadyExistsError,
    BudgetTooSmallError,
    ConflictError,
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    FoveaError,
    InternalError,
    InvalidArgumentError,
    MessageShapeError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from fovea.formats import Format, PolicyName, Shape
from fovea.local import LocalServer

__version__ = "0.1.0"

__all__ = [
    "AlreadyExistsError",
    "AsyncFovea",
    "AsyncSession",
    "BudgetTooSmallError",
    "ConflictError",
    "Context",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "Format",
    "Fovea",
    "FoveaError",
    "InternalError",
    "InvalidArgumentError",
    "LocalServer",
    "MessageShapeError",
    "NotFoundError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "Picture",
    "PolicyName",
    "ResourceExhaustedError",
    "SearchHit",
    "Session",
    "Shape",
    "SyncResult",
    "TurnText",
    "UnauthenticatedError",
    "UnavailableError",
]
