"""Media types: the handlers that read and write them, ranges of them, and the 415."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .encoding import dumps_json, dumps_ndjson
from .errors import DeclarationError
from .json_parsing import loads_json
from .problems import BadRequest, UnsupportedMediaType
from .records import Record

__all__ = [
    "FORM_TYPES",
    "HANDLERS",
    "JSON",
    "MULTIPART",
    "NDJSON",
    "Handler",
    "Media",
    "check_media_types",
    "covering",
    "handler_for",
    "is_json",
    "unsupported",
]

JSON = "application/json"
NDJSON = "application/x-ndjson"
MULTIPART = "multipart/form-data"
FORM_TYPES = ("application/x-www-form-urlencoded", MULTIPART)
_TOKEN = r"[!#$&^_.+\-0-9a-z]+"  # noqa: S105  # of a media type (RFC 6838, section 4.2)
_RANGE = rf"\*/\*|{_TOKEN}/(\*|{_TOKEN})"


def is_json(media_type: str) -> bool:
    """Return whether content of a media type is JSON (RFC 6839, section 3.1)."""
    return media_type == JSON or media_type.endswith("+json")


def covering(declared: Iterable[str], media_type: str) -> str | None:
    """Return the declared media type or range that covers a media type, None if none does.

    Args:
        declared: Media types, and ranges as Accept has them (``image/*``, ``*/*``).
        media_type: The media type, in lower case and without parameters.

    Returns:
        The most specific one.
    """
    found = set(declared)
    kind = media_type.partition("/")[0]
    return next((each for each in (media_type, f"{kind}/*", "*/*") if each in found), None)


def check_media_types(media_types: Iterable[str], declared_at: str) -> None:
    """Reject media types that no content can have.

    Raises:
        DeclarationError: One is neither a media type nor a range, as Accept has them.
    """
    for each in media_types:
        if not re.fullmatch(_RANGE, each):
            raise DeclarationError(
                f"{declared_at}: {each!r} is not a media type. Write it in lower case and without "
                "parameters: 'text/csv', or a range: 'image/*' or '*/*'."
            )


class Handler(Record):
    """The functions that read and write one media type.

    ``loads`` raises BadRequest for malformed content, ``dumps`` TypeError or ValueError.
    """

    media_type: str
    loads: Callable[[bytes], Any]
    dumps: Callable[[Any], bytes]


class Media:
    """The handlers of an App, by media type.

    A type that ends in ``+json`` is read and written as JSON (RFC 6839).
    """

    def __init__(self, handlers: Iterable[Handler] = ()) -> None:
        """Make a registry of handlers."""
        self._handlers = {handler.media_type: handler for handler in handlers}

    def register(self, handler: Handler) -> None:
        """Add a handler; it replaces the one of the same media type.

        Raises:
            DeclarationError: Its media type is malformed, or has parameters.
        """
        if not re.fullmatch(rf"{_TOKEN}/{_TOKEN}", handler.media_type):
            raise DeclarationError(
                f"{handler.media_type!r} is not a media type of a Handler. Write it in lower case "
                "and without parameters, as in 'text/csv'."
            )
        self._handlers[handler.media_type] = handler

    def find(self, media_type: str) -> Handler | None:
        """Return the handler of a media type (lower case, no parameters), None if there is none."""
        known = media_type in self._handlers or not media_type.endswith("+json")
        return self._handlers.get(media_type if known else JSON)

    def copy(self) -> Media:
        """Return a registry of the same handlers that changes independently."""
        return Media(self._handlers.values())


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"The body is not UTF-8 at byte {exc.start}.") from None


def _loads_ndjson(data: bytes) -> list[object]:
    return [loads_json(line) for line in data.split(b"\n") if line and line != b"\r"]


def _dumps_ndjson(value: Iterable[object]) -> bytes:
    return b"".join(dumps_ndjson(value))


HANDLERS = (
    Handler(JSON, loads_json, dumps_json),
    Handler(NDJSON, _loads_ndjson, _dumps_ndjson),
    Handler("text/plain", _text, str.encode),
)
handler_for = Media(HANDLERS).find


def unsupported(taken: Sequence[str], *, accept_header: str = "Accept") -> UnsupportedMediaType:
    """Return the 415 problem that lists the accepted media types (RFC 9110, section 15.5.16).

    Args:
        taken: The accepted media types.
        accept_header: A second header that lists them: ``Accept-Patch`` for PATCH (RFC 5789,
            section 2.2), ``Accept-Query`` for QUERY (RFC 10008).
    """
    listed = ", ".join(taken)
    detail = f"The content must be one of: {listed}." if taken else "This URL takes no content."
    return UnsupportedMediaType(detail, headers=dict.fromkeys(("Accept", accept_header), listed))
