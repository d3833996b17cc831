"""`Sizes`: how long the target and the header fields of a request may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..contract import Failure, Operation
from ..errors import DeclarationError
from ..middleware import Endpoint
from ..problems import RequestHeaderFieldsTooLarge, URITooLong
from ..records import Record
from ..request import Request
from ..response import Outgoing

__all__ = ["Sizes", "within_sizes"]

_SEPARATORS = len(": \r\n")


class Sizes:
    """How long the target and the header fields of a request may be.

    ``Sizes(target=2048, headers=8192, header=4096)``; one that is longer gets a 414 (RFC 9110,
    section 15.5.15) or a 431 (RFC 6585, section 5), before its credentials and its content are
    read. Servers have limits of their own, which apply before.

    The size of content is declared with ``takes(max_size=...)`` and in the settings.
    """

    def __init__(
        self, *, target: int | None = None, headers: int | None = None, header: int | None = None
    ) -> None:
        """Make a limit. Without a number, a part is not limited.

        Args:
            target: The most characters of the target: the path as it is sent, and the query.
            headers: The most bytes of all header fields together, with their names.
            header: The most bytes of the value of one header field.

        Raises:
            DeclarationError: There is no number, or one is not positive.
        """
        given = {"target": target, "headers": headers, "header": header}
        self._most = {name: most for name, most in given.items() if most is not None}
        if not self._most:
            raise DeclarationError(
                "Sizes() limits nothing. Write Sizes(target=2048, headers=8192), for example."
            )
        for name, most in self._most.items():
            if type(most) is not int or most < 1:
                raise DeclarationError(f"Sizes({name}={most!r}): it must be a number from 1.")
        self._target, self._headers, self._header = target, headers, header

    @property
    def document(self) -> Mapping[str, object]:
        """The limit as a member of ``x-rate-limits``."""
        return {"sizes": dict(self._most)}

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may cause."""
        found: list[Failure] = []
        if self._target is not None:
            said = f"The path and the query have more than {self._target} characters."
            found.append(Failure(URITooLong, "limits", said))
        limited = [
            f"{name} {most} bytes"
            for name, most in (("one has more than", self._header), ("all", self._headers))
            if most is not None
        ]
        if limited:
            said = f"The header fields are too large: {' or '.join(limited)}."
            found.append(Failure(RequestHeaderFieldsTooLarge, "limits", said))
        return tuple(found)

    def applies(self, operation: Operation) -> bool:
        """Return True: it applies to every operation."""
        return True

    def begin(self, request: Request) -> None:
        """Reject a request that is too large.

        Raises:
            URITooLong: Its target is too long (414).
            RequestHeaderFieldsTooLarge: Its header fields are too large (431).
        """
        if self._target is not None and _target_length(request) > self._target:
            raise URITooLong(f"The path and the query have more than {self._target} characters.")
        if self._header is None and self._headers is None:
            return
        sizes = _header_sizes(request)
        if self._header is not None and sizes.largest > self._header:
            raise RequestHeaderFieldsTooLarge(
                f"A header field has more than {self._header} bytes: {sizes.name}."
            )
        if self._headers is not None and sizes.together > self._headers:
            raise RequestHeaderFieldsTooLarge(
                f"The header fields have more than {self._headers} bytes together."
            )


def within_sizes(limits: Sequence[object], endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that first checks the sizes among some limits.

    Args:
        limits: The limits, of which the others are left out.
        endpoint: The endpoint.
    """
    begins = [each.begin for each in limits if isinstance(each, Sizes)]
    if not begins:
        return endpoint

    def respond(request: Request) -> Outgoing:
        for begin in begins:
            begin(request)
        return endpoint(request)

    return respond


def _target_length(request: Request) -> int:
    """Return the length of the path and the query as they were sent, as far as that is known."""
    environ = request.environ
    sent: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if sent:
        return len(sent)
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    return len(path) + (len(query) + 1 if query else 0)


class _HeaderSizes(Record):
    """The bytes of all header fields, and of the largest value with its name."""

    together: int
    largest: int
    name: str


def _header_sizes(request: Request) -> _HeaderSizes:
    together = largest = 0
    largest_name = ""
    for key, value in request.environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif value and key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key
        else:
            continue
        size = len(value)
        together += len(name) + size + _SEPARATORS
        if size > largest:
            largest, largest_name = size, name
    return _HeaderSizes(together, largest, largest_name.replace("_", "-").title()[:60])
