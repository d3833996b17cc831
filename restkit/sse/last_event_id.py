"""The Last-Event-ID header (WHATWG HTML, section 9.2.4)."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, ClassVar, get_args

from ..contract import Parameter
from ..decorators import raises
from ..errors import DeclarationError
from ..problems import UnprocessableContent

if TYPE_CHECKING:
    from ..problem_members import InvalidItem
    from ..request import Request

__all__ = ["LastEventID", "LastEventNumber", "last_event_id"]

_NAME = "Last-Event-ID"
_SAYS = "The id of the last event that the client has. The stream goes on after it."
_INTEGER = {"type": "integer", "format": "int64", "minimum": 0}
_MAX = 2**63 - 1
_INVALID: InvalidItem = {
    "parameter": _NAME,
    "location": "header",
    "detail": "It must be a whole number of up to 64 bits.",
    "code": "invalid",
}


class LastEventID:
    """The parameter ``last_event_id: str | None``."""

    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter(_NAME, "header", _SAYS),)

    @classmethod
    def from_request(cls, request: Request, /) -> str | None:
        """Return the header's text, None without one."""
        text: str = request.environ.get("HTTP_LAST_EVENT_ID", "")
        # WSGI hands on bytes as Latin-1; browsers send UTF-8 (section 9.2.3).
        return text.encode("latin-1").decode("utf-8", "replace") or None


class LastEventNumber:
    """The parameter ``last_event_id: int | None``."""

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(_NAME, "header", _SAYS, schema=_INTEGER),
    )

    @classmethod
    @raises(UnprocessableContent)
    def from_request(cls, request: Request, /) -> int | None:
        """Return the header's number, None without one.

        Raises:
            UnprocessableContent: The header is not a number of up to 64 bits.
        """
        text: str = request.environ.get("HTTP_LAST_EVENT_ID", "")
        if not text:
            return None
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else _MAX + 1
        if number > _MAX:
            raise UnprocessableContent("The request is invalid.", errors=[_INVALID])
        return number


def last_event_id(annotation: object, declared_at: str) -> type[LastEventID | LastEventNumber]:
    """Return the class of a parameter ``last_event_id``.

    Args:
        annotation: The annotation, None without one.
        declared_at: The name of the method, for messages.

    Raises:
        DeclarationError: The annotation is neither ``str | None`` nor ``int | None``.
    """
    members = set(get_args(annotation))
    if annotation is None or members == {str, NoneType}:
        return LastEventID
    if members == {int, NoneType}:
        return LastEventNumber
    raise DeclarationError(
        f"{declared_at}: annotate last_event_id with str | None, or with int | None if all ids are "
        "whole numbers. A client that connects for the first time has none."
    )
