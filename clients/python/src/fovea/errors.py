"""What can go wrong. Every error of the server keeps the server's own words."""

from __future__ import annotations

from collections.abc import Iterable

import grpc


class FoveaError(Exception):
    """Any failure of a call. `code` is gRPC's name of it, such as "NOT_FOUND"; `message` is the server's."""

    code: str = "UNKNOWN"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class InvalidArgumentError(FoveaError):
    """A field is missing, malformed or over its limit; the message names both."""

    code = "INVALID_ARGUMENT"


class MessageShapeError(InvalidArgumentError, ValueError):
    """A message is in none of the shapes that the client reads, or is malformed in its shape."""


class NotFoundError(FoveaError):
    """No such session, turn, page or reader."""

    code = "NOT_FOUND"


class AlreadyExistsError(FoveaError):
    """The session's id is taken, or an idempotency key was used with other turns."""

    code = "ALREADY_EXISTS"


class OutOfRangeError(FoveaError):
    """A turn past the session's end."""

    code = "OUT_OF_RANGE"


class ConflictError(FoveaError):
    """Another writer appended first."""

    code = "ABORTED"


class UnauthenticatedError(FoveaError):
    """No token, or one that the server does not know."""

    code = "UNAUTHENTICATED"


class PermissionDeniedError(FoveaError):
    """The token does not allow this call."""

    code = "PERMISSION_DENIED"


class FailedPreconditionError(FoveaError):
    """The server cannot do this in its present state."""

    code = "FAILED_PRECONDITION"


class ResourceExhaustedError(FoveaError):
    """A limit was reached."""

    code = "RESOURCE_EXHAUSTED"


class BudgetTooSmallError(ResourceExhaustedError):
    """The budget cannot hold what must be text. `required_tokens` is the smallest budget that can."""

    def __init__(self, message: str, required_tokens: int) -> None:
        super().__init__(message)
        self.required_tokens = required_tokens


class UnavailableError(FoveaError):
    """No server answers, or it is stopping; retries did not help within the deadline."""

    code = "UNAVAILABLE"


class DeadlineExceededError(FoveaError):
    """The call took longer than its deadline."""

    code = "DEADLINE_EXCEEDED"


class DataLossError(FoveaError):
    """Stored bytes do not decode."""

    code = "DATA_LOSS"


class InternalError(FoveaError):
    """A fault of the server's, whose log says more."""

    code = "INTERNAL"


# Every kind that is not a special case of another.
_BY_CODE = {kind.code: kind for kind in FoveaError.__subclasses__()}

_REQUIRED_TOKENS = "fovea-required-tokens"


def from_status(code: grpc.StatusCode, message: str, trailers: Iterable[tuple[str, str | bytes]] | None) -> FoveaError:
    """The error of a call that ended with a status."""
    name = code.name
    if name == "RESOURCE_EXHAUSTED":
        for key, value in trailers or ():
            if key == _REQUIRED_TOKENS:
                return BudgetTooSmallError(message, int(value))
    kind = _BY_CODE.get(name)
    return kind(message) if kind is not None else FoveaError(message, name)
