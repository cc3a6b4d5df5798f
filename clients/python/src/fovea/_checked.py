"""Messages made of what callers give, with errors that name the field."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from fovea import errors

Kind = TypeVar("Kind", bound=Message)


def checked(kind: type[Kind], **fields: Any) -> Kind:
    """`kind(**fields)`. What does not fit its field, by type or by range, is an InvalidArgumentError."""
    try:
        return kind(**fields)
    except (TypeError, ValueError, OverflowError):
        for name, value in fields.items():
            try:
                kind(**{name: value})
            except (TypeError, ValueError, OverflowError):
                field = kind.DESCRIPTOR.fields_by_name[name]
                wanted = {
                    field.CPPTYPE_STRING: "a string that UTF-8 can encode",
                    field.CPPTYPE_BOOL: "True or False",
                    field.CPPTYPE_MESSAGE: "a message of the API",
                }.get(field.cpp_type, "a whole number from 0 to 2^63 - 1")
                raise errors.InvalidArgumentError(f"{name}: {_short(value)} is not {wanted}") from None
        raise


Value = TypeVar("Value")


def one_of(name: str, value: object, among: Mapping[Any, Value]) -> Value:
    """What stands for `value`, which must be one of the keys."""
    if not isinstance(value, str) or value not in among:
        raise errors.InvalidArgumentError(f"{name}: {_short(value)} is not one of {', '.join(among)}")
    return among[value]


def check_connection(address: object, token: object, deadline: object) -> None:
    """What connect() is given."""
    if not isinstance(address, str):
        raise errors.InvalidArgumentError(f"address: {_short(address)} is not a string")
    if address.lower().startswith(("http://", "https://")):
        raise errors.InvalidArgumentError(f"address: {_short(address)} is a URL; it must be HOST:PORT or unix:PATH")
    # As a header of HTTP has it.
    if token is not None and not (isinstance(token, str) and token.isascii() and token.isprintable()):
        raise errors.InvalidArgumentError("token: it must be a string of printable ASCII")
    if deadline is not None and (
        isinstance(deadline, bool) or not isinstance(deadline, (int, float)) or not 0 < deadline <= _LONGEST_DEADLINE
    ):
        wanted = f"more than 0 and at most {_LONGEST_DEADLINE} seconds"
        raise errors.InvalidArgumentError(f"deadline: {_short(deadline)} is not {wanted}")


_LONGEST_DEADLINE = 86_400


def check_text(name: str, value: object) -> None:
    """A string, where None would mean something else."""
    if not isinstance(value, str):
        raise errors.InvalidArgumentError(f"{name}: {_short(value)} is not a string")


def _short(value: Any) -> str:
    text = reprlib.repr(value)
    return ascii(text if len(text) <= 80 else text[:77] + "...")[1:-1]
