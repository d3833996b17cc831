"""The content of requests: JSON, forms, files, bytes and text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Protocol, cast, runtime_checkable
from urllib.parse import urlencode

from ..encoding import dumps_json
from ..records import Record
from .parameter_texts import text_of
from .peer_operation import PeerOperation

__all__ = ["Content", "encode", "media_type_of"]

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_PATCH = "application/json-patch+json"
_JSON = ("application/json", "application/merge-patch+json")
_Part = bytes | str | IO[bytes]
_File = _Part | tuple[str | None, _Part] | tuple[str | None, _Part, str | None]


@runtime_checkable
class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class Content(Record):
    """The content of a request.

    Attributes:
        media_type: The media type, "" for one that the HTTP client makes up (a multipart boundary).
        data: The content as bytes, or chunks of it.
        fields: The fields of a form with files.
        files: Its files, as the HTTP client takes them.
        can_repeat: Whether the content can be sent once more.
    """

    media_type: str = ""
    data: bytes | Iterable[bytes] | None = None
    fields: Mapping[str, str | list[str]] | None = None
    files: Sequence[tuple[str, _File]] | None = None
    can_repeat: bool = True


def encode(operation: PeerOperation, body: object) -> Content:
    """Return a value as the content of a request, in a media type that the operation takes.

    Raises:
        TypeError: The operation takes no media type for the value.
    """
    if dataclasses.is_dataclass(body) and not isinstance(body, type):
        body = dataclasses.asdict(body)
    taken = [each.media_type for each in operation.contents]
    for way in (_raw, _files, _json, _form):
        made = way(taken, body)
        if made is not None:
            return made
    raise TypeError(
        f"a {type(body).__name__} cannot be written as content; the operation takes "
        f"{', '.join(taken)}"
    )


def media_type_of(operation: PeerOperation) -> str:
    """Return the media type that a mapping is sent in, or else the first one."""
    taken = [each.media_type for each in operation.contents]
    found = _json_types(taken) or [each for each in (_MULTIPART, _FORM) if each in taken]
    return found[0] if found else taken[0]


def _json_types(taken: Sequence[str]) -> list[str]:
    """Return the media types of JSON, the preferred first: a JSON Patch is the last resort."""
    found = [each for each in taken if each == "application/json" or each.endswith("+json")]
    return sorted(found, key=lambda each: (each not in _JSON, each == _PATCH))


def _raw(taken: Sequence[str], body: object) -> Content | None:
    """Return bytes, text or a stream in the first media type that is none of data."""
    if not (isinstance(body, (bytes, str)) or _is_stream(body)):
        return None
    media_type = next((name for name in taken if not _is_of_data(name)), None)
    if media_type is None:
        return None
    if isinstance(body, str):
        media_type = "text/plain" if "*" in media_type else media_type
        return Content(f"{media_type}; charset=utf-8", body.encode())
    media_type = "application/octet-stream" if "*" in media_type else media_type
    if isinstance(body, bytes):
        return Content(media_type, body)
    return Content(media_type, cast("Iterable[bytes]", body), can_repeat=False)


def _is_of_data(media_type: str) -> bool:
    return media_type in (_FORM, _MULTIPART) or media_type.endswith("json")


def _files(taken: Sequence[str], body: object) -> Content | None:
    """Return a form with files."""
    if _MULTIPART not in taken or not isinstance(body, Mapping):
        return None
    fields = cast("Mapping[str, object]", body)
    return _multipart(fields) if any(map(_uploads, fields.values())) else None


def _json(taken: Sequence[str], body: object) -> Content | None:
    """Return a value as JSON."""
    found = _json_types(taken)
    return Content(found[0], dumps_json(body)) if found else None


def _form(taken: Sequence[str], body: object) -> Content | None:
    """Return a form without files."""
    if not isinstance(body, Mapping):
        return None
    fields = cast("Mapping[str, object]", body)
    if _FORM in taken:
        return Content(_FORM, _urlencoded(fields))
    return _multipart(fields) if _MULTIPART in taken else None


def _urlencoded(fields: Mapping[str, object]) -> bytes:
    pairs = [pair for name, value in fields.items() for pair in _pairs(name, value)]
    return urlencode(pairs).encode()


def _pairs(name: str, value: object) -> list[tuple[str, str]]:
    if value is None:
        return []
    several = cast("list[object]", value) if isinstance(value, (list, tuple)) else [value]
    return [(name, text_of(each)) for each in several]


def _multipart(body: Mapping[str, object]) -> Content:
    fields: dict[str, str | list[str]] = {}
    files: list[tuple[str, _File]] = []
    can_repeat = True
    for name, value in body.items():
        uploads = _uploads(value)
        files += [(name, _named(name, each)) for each in uploads]
        can_repeat = can_repeat and not any(map(_streams, uploads))
        if not uploads:
            fields[name] = [text for _, text in _pairs(name, value)]
    if files:
        return Content("", None, fields, files, can_repeat)
    # Without a file, the HTTP client would send another media type.
    plain = [(name, text) for name, value in body.items() for _, text in _pairs(name, value)]
    return Content("", None, None, [(name, (None, text)) for name, text in plain])


def _uploads(value: object) -> list[object]:
    several = cast("list[object]", value) if isinstance(value, list) else [value]
    return [each for each in several if _is_file(each)]


def _named(name: str, value: object) -> _File:
    """Return a file with a name: servers take a part without one for a field."""
    if isinstance(value, tuple):
        return cast("_File", value)
    own = getattr(value, "name", None)
    file = cast("bytes | IO[bytes]", value)
    return (own.rpartition("/")[2] if isinstance(own, str) else name, file)


def _is_stream(value: object) -> bool:
    return isinstance(value, _Readable) or (
        isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping, list, tuple))
    )


def _is_file(value: object) -> bool:
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        return len(parts) in (2, 3) and _is_file(parts[1])
    return isinstance(value, (bytes, _Readable))


def _streams(value: object) -> bool:
    return isinstance(value[1] if isinstance(value, tuple) else value, _Readable)
