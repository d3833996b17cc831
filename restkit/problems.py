"""Problem details (RFC 9457): one exception class for each error status.

A `Problem` is an exception that becomes a response. Raise one anywhere below the App; the App's
error boundary writes it in the App's error format, by default ``application/problem+json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from .encoding import dumps_any, dumps_json
from .errors import DeclarationError
from .problem_members import (
    MAX_ERRORS,
    MAX_TITLE,
    MAX_URI,
    InvalidItem,
    clip,
    dump_members,
    item_members,
    member_schema,
    short_problem,
)

if TYPE_CHECKING:
    from .problem_members import MembersLike

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


class Problem(Exception):
    """Raised when a request gets an error response (RFC 9457).

    Subclass it with a ``status`` and, for a problem of your own, a ``type`` (a URI reference that
    identifies it), a ``title`` and the schema of its extension ``members``::

        class OutOfStock(Problem):
            status = 409
            type = "https://example.com/problems/out-of-stock"
            title = "Out of stock"
            members = {"expected": fields.Date(required=True)}

        raise OutOfStock("All copies are sold.", expected=date(2027, 1, 1))

    Attributes:
        members: The marshmallow schema (or the fields by name) of the extension members; None for
            any members.
        extensions: The values of the extension members.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "about:blank"
    title: ClassVar[str] = ""
    members: ClassVar[MembersLike] = None
    _is_plain: ClassVar[bool] = False  # whether no other class takes part in __init__
    _has_own_members: ClassVar[bool] = False  # whether `to_dict` is not that of this class

    def __init_subclass__(cls) -> None:
        """Check the class, and fill in the title of its status (RFC 9457, section 4.2.1)."""
        super().__init_subclass__()
        is_integer = isinstance(cls.status, int) and not isinstance(cls.status, bool)
        if not is_integer or not 400 <= cls.status <= 599:
            raise DeclarationError(
                f"{cls.__qualname__}.status must be an integer from 400 to 599, got {cls.status!r}."
            )
        for name, limit in (("type", MAX_URI), ("title", MAX_TITLE)):
            text = getattr(cls, name)
            if not isinstance(text, str) or len(text) > limit:
                raise DeclarationError(
                    f"{cls.__qualname__}.{name} must be a string of at most {limit} characters, "
                    f"got {text!r:.60}."
                )
        if "title" not in cls.__dict__ and ("status" in cls.__dict__ or not cls.title):
            cls.title = _phrase(cls.status)
        cls._is_plain = cls.__mro__[cls.__mro__.index(Problem) + 1] is Exception
        cls._has_own_members = cls.to_dict is not Problem.to_dict
        if cls.__dict__.get("members") is not None:
            cls.members = member_schema(cls.__qualname__, cls.members)

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
            detail: A sentence about this occurrence, which the client sees.
            errors: The invalid values, for 400 and 422.
            headers: Response headers.
            instance: A URI reference that identifies this occurrence.
            members: Extension members (RFC 9457, section 3.2): JSON values, or the values that the
                class's ``members`` schema serializes.

        Raises:
            DeclarationError: The class is `Problem` itself, or the members are not its own.
        """
        own = members.keys() & {"status", "type", "title"} if members else None
        if type(self) is Problem or own:
            found = f"does not accept {min(own)}=" if own else "cannot be raised itself"
            raise DeclarationError(
                f"{type(self).__qualname__} {found}. Raise the class of the status, such as "
                "UnprocessableContent, or a subclass of your own with status, type and title."
            )
        if detail is None or not self.args:  # `Exception.__new__` has set a positional detail
            self.args = (detail if detail is not None else self.title,)
        if not self._is_plain:  # PERF: `Exception.__init__` sets what is set above
            super().__init__(*self.args)
        self.detail = detail
        self.errors = errors
        self.headers: dict[str, str] = dict(headers) if headers else {}
        self.instance = instance
        self.extensions: dict[str, object] = members
        if self.members is not None:
            self.extensions = dump_members(type(self).__qualname__, self.members, members)

    def to_dict(self) -> dict[str, object]:
        """Return the members of the problem details object (RFC 9457, section 3.1)."""
        out: dict[str, object] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            out["detail"] = clip(self.detail)
        if self.instance is not None and len(self.instance) <= MAX_URI:
            out["instance"] = self.instance
        if self.errors:
            out["errors"] = [item_members(error) for error in self.errors[:MAX_ERRORS]]
            if len(self.errors) > MAX_ERRORS:
                out["omitted_errors"] = len(self.errors) - MAX_ERRORS
        for name, value in self.extensions.items():
            out.setdefault(name, value)
        return out

    def to_bytes(self) -> bytes:
        """Return the problem details as JSON in UTF-8; values that are not JSON become strings.

        Raises:
            ValueError: A member is not finite, or contains itself.
            TypeError: A name in a member is not a string.
        """
        is_short = not (self.errors or self.extensions or self.instance is not None)
        try:
            if is_short and not self._has_own_members:  # PERF: most problems, for two thousand less
                return short_problem(self.type, self.title, self.status, self.detail)
            if not self.extensions:
                return dumps_json(self.to_dict())
        except ValueError:  # a text that is not Unicode
            pass
        return dumps_any(self.to_dict())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error" if status < 500 else "Server Error"


class BadRequest(Problem):
    """Raised when the request is malformed: 400 (RFC 9110, section 15.5.1)."""

    status = 400


class Unauthorized(Problem):
    """Raised when valid credentials are missing: 401 (RFC 9110, section 15.5.2)."""

    status = 401


class Forbidden(Problem):
    """Raised when the caller lacks permission: 403 (RFC 9110, section 15.5.4)."""

    status = 403


class NotFound(Problem):
    """Raised when the resource does not exist: 404 (RFC 9110, section 15.5.5)."""

    status = 404


class MethodNotAllowed(Problem):
    """Raised when the resource lacks the method: 405 with Allow (RFC 9110, section 15.5.6)."""

    status = 405


class NotAcceptable(Problem):
    """Raised when no representation matches Accept: 406 (RFC 9110, section 15.5.7)."""

    status = 406


class RequestTimeout(Problem):
    """Raised when the request does not arrive in time: 408 (RFC 9110, section 15.5.9)."""

    status = 408


class Conflict(Problem):
    """Raised when the request conflicts with the state: 409 (RFC 9110, section 15.5.10)."""

    status = 409


class Gone(Problem):
    """Raised when the resource is permanently gone: 410 (RFC 9110, section 15.5.11)."""

    status = 410


class PreconditionFailed(Problem):
    """Raised when a precondition is false: 412 (RFC 9110, section 15.5.13)."""

    status = 412


class ContentTooLarge(Problem):
    """Raised when the request's content exceeds the limit: 413 (RFC 9110, section 15.5.14)."""

    status = 413
    title = "Content Too Large"


class URITooLong(Problem):
    """Raised when the request's target exceeds the limit: 414 (RFC 9110, section 15.5.15)."""

    status = 414
    title = "URI Too Long"


class UnsupportedMediaType(Problem):
    """Raised when the media type is not supported: 415 (RFC 9110, section 15.5.16)."""

    status = 415


class RangeNotSatisfiable(Problem):
    """Raised when no requested range overlaps the content: 416 (RFC 9110, section 15.5.17)."""

    status = 416
    title = "Range Not Satisfiable"


class UnprocessableContent(Problem):
    """Raised when the content is well-formed but invalid: 422 (RFC 9110, section 15.5.21)."""

    status = 422
    title = "Unprocessable Content"


class PreconditionRequired(Problem):
    """Raised when the request must be conditional: 428 (RFC 6585, section 3)."""

    status = 428


class TooManyRequests(Problem):
    """Raised when a client sends too many requests: 429 (RFC 6585, section 4)."""

    status = 429


class RequestHeaderFieldsTooLarge(Problem):
    """Raised when the header fields exceed the limit: 431 (RFC 6585, section 5)."""

    status = 431


class InternalServerError(Problem):
    """Raised when the server fails unexpectedly: 500 (RFC 9110, section 15.6.1)."""

    status = 500


class BadGateway(Problem):
    """Raised when an upstream server's response is invalid: 502 (RFC 9110, section 15.6.3)."""

    status = 502


class ServiceUnavailable(Problem):
    """Raised when the service is temporarily unavailable: 503 (RFC 9110, section 15.6.4)."""

    status = 503


class GatewayTimeout(Problem):
    """Raised when an upstream server does not respond in time: 504 (RFC 9110, section 15.6.5)."""

    status = 504


class InsufficientStorage(Problem):
    """Raised when the server cannot store the representation: 507 (RFC 4918, section 11.5)."""

    status = 507


_BY_STATUS: dict[int, type[Problem]] = {cls.status: cls for cls in Problem.__subclasses__()}


def problem_class(status: int) -> type[Problem]:
    """Return the Problem class of a status; a new class if this module has none.

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
