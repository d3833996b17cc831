"""What a client is told: RFC 9457 problem details, one class a status.

A `Problem` is an exception that is an answer. Raise one anywhere below the App; the App's error
boundary renders it as ``application/problem+json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, TypedDict

from .encoding import dumps_json
from .errors import DeclarationError

__all__ = [
    "BadGateway",
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "InsufficientStorage",
    "InternalServerError",
    "InvalidItem",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "PreconditionRequired",
    "Problem",
    "RangeNotSatisfiable",
    "RequestHeaderFieldsTooLarge",
    "RequestTimeout",
    "ServiceUnavailable",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "problem_class",
]

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
MAX_TEXT = 1000


class InvalidItem(TypedDict, total=False):
    """Is one entry of a problem's ``errors``: where the input is invalid, and why.

    Either ``pointer`` (RFC 6901, into the body) or ``parameter`` with ``in`` says where.
    """

    pointer: str
    parameter: str
    location: str  # rendered as "in", which Python keeps for itself
    detail: str
    code: str


class Problem(Exception):
    """Is an exception that is an RFC 9457 answer.

    Subclass it with a ``status`` and, for a problem of your own, a ``type`` (a URI reference that
    identifies it) and a ``title``::

        class OutOfStock(Problem):
            status = 409
            type = "https://example.com/problems/out-of-stock"
            title = "Out of stock"
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "about:blank"
    title: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Check the class's status and fill in the title from it (RFC 9457, section 4.2.1)."""
        super().__init_subclass__()
        if not isinstance(cls.status, int) or not 400 <= cls.status <= 599:
            raise DeclarationError(
                f"{cls.__qualname__}.status is {cls.status!r}; a Problem's status is an integer from 400 to 599."
            )
        for name in ("type", "title"):
            if not isinstance(getattr(cls, name), str):
                raise DeclarationError(
                    f"{cls.__qualname__}.{name} is {getattr(cls, name)!r}; it is a text."
                )
        if "title" not in cls.__dict__ and ("status" in cls.__dict__ or not cls.title):
            cls.title = _phrase(cls.status)

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[InvalidItem] = (),
        headers: Mapping[str, str] | None = None,
        instance: str | None = None,
        **members: object,
    ) -> None:
        """Make a problem.

        Args:
            detail: A sentence about this occurrence, shown to the client.
            errors: What is invalid where, for 400 and 422.
            headers: Response headers to send with it.
            instance: A URI reference that identifies this occurrence.
            members: Extension members (RFC 9457, section 3.2), JSON values.
        """
        own = {"status", "type", "title"} & members.keys()
        if type(self) is Problem or own:
            what = f"takes no {min(own)}=" if own else "is a base"
            raise DeclarationError(
                f"{type(self).__qualname__} {what}: raise the class of the status, such as UnprocessableContent, or a "
                "subclass of your own with status, type and title."
            )
        super().__init__(detail if detail is not None else self.title)
        self.detail = detail
        self.errors = errors
        self.headers: dict[str, str] = dict(headers or {})
        self.instance = instance
        self.members = members

    def to_dict(self) -> dict[str, object]:
        """Return the problem's members as RFC 9457 names them."""
        out: dict[str, object] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            out["detail"] = _clip(self.detail)
        if self.instance is not None:
            out["instance"] = self.instance
        if self.errors:
            out["errors"] = [_item(error) for error in self.errors[:MAX_ERRORS]]
            if len(self.errors) > MAX_ERRORS:
                out["omitted_errors"] = len(self.errors) - MAX_ERRORS
        for name, value in self.members.items():
            out.setdefault(name, value)
        return out

    def to_bytes(self) -> bytes:
        """Return the body, JSON text in UTF-8; member values of a class that JSON does not know become text.

        Raises:
            ValueError: A member is not finite, or holds itself.
            TypeError: A name in a member is not text.
        """
        if self.members:
            return _encode(self.to_dict()).encode("utf-8", "replace")
        try:
            return dumps_json(self.to_dict())
        except ValueError:  # a text that is not Unicode
            return _encode(self.to_dict()).encode("utf-8", "replace")


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str
).encode


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error" if status < 500 else "Server Error"


def _clip(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _item(error: InvalidItem) -> dict[str, str]:
    out: dict[str, str] = {}
    if "pointer" in error:
        out["pointer"] = error["pointer"]
    if "parameter" in error:
        out["parameter"] = error["parameter"]
        out["in"] = error.get("location", "query")
    out["detail"] = _clip(error.get("detail", ""))
    out["code"] = error.get("code", "invalid")
    return out


class BadRequest(Problem):
    """400: the request is malformed (RFC 9110, section 15.5.1)."""

    status = 400


class Unauthorized(Problem):
    """401: no valid credentials; carries WWW-Authenticate (RFC 9110, section 15.5.2)."""

    status = 401


class Forbidden(Problem):
    """403: the credentials do not suffice (RFC 9110, section 15.5.4)."""

    status = 403


class NotFound(Problem):
    """404: there is nothing at this URL (RFC 9110, section 15.5.5)."""

    status = 404


class MethodNotAllowed(Problem):
    """405: the resource has no such method; carries Allow (RFC 9110, section 15.5.6)."""

    status = 405


class NotAcceptable(Problem):
    """406: no representation matches Accept (RFC 9110, section 15.5.7)."""

    status = 406


class RequestTimeout(Problem):
    """408: the request did not arrive in time (RFC 9110, section 15.5.9)."""

    status = 408


class Conflict(Problem):
    """409: the request conflicts with the resource's state (RFC 9110, section 15.5.10)."""

    status = 409


class Gone(Problem):
    """410: the resource is gone for good (RFC 9110, section 15.5.11)."""

    status = 410


class PreconditionFailed(Problem):
    """412: If-Match or If-Unmodified-Since is false (RFC 9110, section 15.5.13)."""

    status = 412


class ContentTooLarge(Problem):
    """413: the request's content is over the limit (RFC 9110, section 15.5.14)."""

    status = 413
    title = "Content Too Large"


class URITooLong(Problem):
    """414: the request's target is over the limit (RFC 9110, section 15.5.15)."""

    status = 414
    title = "URI Too Long"


class UnsupportedMediaType(Problem):
    """415: the content's type or coding is not one that is taken (RFC 9110, section 15.5.16)."""

    status = 415


class RangeNotSatisfiable(Problem):
    """416: no asked range overlaps the content (RFC 9110, section 15.5.17)."""

    status = 416
    title = "Range Not Satisfiable"


class UnprocessableContent(Problem):
    """422: the content is well-formed but invalid (RFC 9110, section 15.5.21)."""

    status = 422
    title = "Unprocessable Content"


class PreconditionRequired(Problem):
    """428: the request must be conditional (RFC 6585, section 3)."""

    status = 428


class TooManyRequests(Problem):
    """429: too many requests in a time (RFC 6585, section 4)."""

    status = 429


class RequestHeaderFieldsTooLarge(Problem):
    """431: the header fields are over the limit (RFC 6585, section 5)."""

    status = 431


class InternalServerError(Problem):
    """500: the server met an unexpected condition (RFC 9110, section 15.6.1)."""

    status = 500


class BadGateway(Problem):
    """502: an upstream server answered wrongly (RFC 9110, section 15.6.3)."""

    status = 502


class ServiceUnavailable(Problem):
    """503: the service cannot answer now; may carry Retry-After (RFC 9110, section 15.6.4)."""

    status = 503


class GatewayTimeout(Problem):
    """504: an upstream server did not answer in time (RFC 9110, section 15.6.5)."""

    status = 504


class InsufficientStorage(Problem):
    """507: there is no room to store the representation (RFC 4918, section 11.5)."""

    status = 507


_BY_STATUS: dict[int, type[Problem]] = {cls.status: cls for cls in Problem.__subclasses__()}


def problem_class(status: int) -> type[Problem]:
    """Return the Problem class of a status, made on demand for one without a name here.

    Args:
        status: An HTTP status from 400 to 599.

    Returns:
        The class, the same one for the same status.
    """
    found = _BY_STATUS.get(status)
    if found is None:
        found = type(f"Problem{status}", (Problem,), {"status": status, "__module__": __name__})
        _BY_STATUS[status] = found
    return found
