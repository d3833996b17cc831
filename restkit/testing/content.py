"""The content of a test request: JSON, forms, files and raw bytes, encoded for the wire."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict, cast
from urllib.parse import urlencode

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "ChunkedStream",
    "Content",
    "FileValue",
    "Pairs",
    "RequestOptions",
    "as_pairs",
    "encode_content",
]

FileValue = (
    bytes
    | str
    | Path
    | IO[bytes]
    | FileStorage
    | tuple[str, bytes | IO[bytes]]
    | tuple[str, bytes, str]
)
"""A file of a form: content, a path, an open file, or content with a name and a media type."""
Pairs = Mapping[str, object] | Iterable[tuple[str, object]]
Content = tuple[bytes | Iterator[bytes], str | None]
_KINDS = ("json", "data", "files", "content")


class RequestOptions(TypedDict, total=False):
    """The keyword arguments that the methods of `Client` accept.

    Keys:
        json: A JSON value to send.
        data: The fields of a form, urlencoded, or multipart together with ``files``.
        files: Files of a form by field: bytes, a path, an open file, ``(filename, bytes)`` or
            ``(filename, bytes, media type)``, or a list of those.
        content: Raw content: bytes, text, or an iterable of bytes, which is sent chunked.
        content_type: The Content-Type, if it differs from the one that the content implies.
        query: The query: a mapping (a list repeats the name, None omits it), or an encoded string.
        headers: Headers of this request; they override the client's own.
        cookies: Cookies of this request alone.
        follow_redirects: Whether to follow redirects.
        stream: Whether to return the response before its content is complete.
        environ: Keys of the WSGI environment to set.
    """

    json: object
    data: Pairs
    files: Mapping[str, FileValue | Sequence[FileValue]]
    content: bytes | str | Iterable[bytes]
    content_type: str
    query: Pairs | str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    cookies: Mapping[str, str]
    follow_redirects: bool
    stream: bool
    environ: Mapping[str, object]


class ChunkedStream(io.RawIOBase):
    """A ``wsgi.input`` over the chunks of an iterator, for content of unknown length."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        """Return True: the stream is readable."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer and return the number of bytes, 0 at the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        view = memoryview(buffer)
        taken = self._left[: len(view)]
        view[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


def encode_content(options: RequestOptions) -> Content | None:
    """Return the encoded content of a request, with its media type.

    Args:
        options: The given ones of ``json``, ``data``, ``files``, ``content`` and ``content_type``.

    Returns:
        The bytes (an iterator of them for a chunked request) and the Content-Type (None: unknown),
        or None if the request has no content.

    Raises:
        TypeError: Options exclude each other or are of a wrong type.
    """
    given = [kind for kind in _KINDS if kind in options]
    if len(given) > 1 and given != ["data", "files"]:
        raise TypeError(
            f"A request has one content: give {given[0]}= or {given[1]}=, not both (only files= "
            "and data= go together)."
        )
    if not given and "content_type" not in options:
        return None
    body, implied = _encode(options)
    return body, options.get("content_type", implied)


def _encode(options: RequestOptions) -> Content:
    headers = {name.lower() for name, _ in as_pairs(options.get("headers", ()))}
    if "json" in options:
        content: Content = (
            json.dumps(options["json"], ensure_ascii=False).encode("utf-8", "surrogatepass"),
            "application/json",
        )
        return content if "content-type" not in headers else (content[0], None)
    if "files" in options:
        return _multipart(options.get("data", {}), options["files"])
    if "data" not in options:
        return _raw(options.get("content", b""))
    if isinstance(options["data"], (str, bytes)):
        raise TypeError("data= takes the fields of a form by name; give text or bytes as content=.")
    return urlencode(as_pairs(options["data"])).encode(), "application/x-www-form-urlencoded"


def as_pairs(values: Pairs) -> list[tuple[str, str]]:
    """Return the fields of a query or form as names and strings.

    A list becomes one pair for each item, None is omitted, booleans become ``true`` and ``false``.
    """
    items = cast("Mapping[str, object]", values).items() if isinstance(values, Mapping) else values
    out: list[tuple[str, str]] = []
    for name, value in items:
        many = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        out += [(name, _text(each)) for each in many if each is not None]
    return out


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    isoformat: Callable[[], str] | None = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else isoformat()


def _raw(content: bytes | str | Iterable[bytes]) -> Content:
    if isinstance(content, str):
        return content.encode(), None
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content), None
    return iter(content), None


# As browsers write names of fields and files (HTML, 4.10.22.8).
_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def _multipart(data: Pairs, files: Mapping[str, FileValue | Sequence[FileValue]]) -> Content:
    parts: MultiDict[str, str | FileStorage] = MultiDict()
    for name, text in as_pairs(data):
        parts.add(name.translate(_QUOTED), text)
    for name, value in files.items():
        many = value if isinstance(value, list) else [cast("FileValue", value)]
        for each in many:
            parts.add(name.translate(_QUOTED), _file(name, each))
    boundary, content = encode_multipart(parts)
    return content, f"multipart/form-data; boundary={boundary}"


def _file(name: str, value: FileValue) -> FileStorage:
    """Return one file of a form.

    The value is bytes, a string, a path, an open file or ``(filename, bytes[, media type])``.
    """
    if isinstance(value, FileStorage):
        return value
    content: bytes | str | IO[bytes]
    media_type: str | None = None
    if isinstance(value, tuple):
        filename, content = value[0], value[1]
        media_type = value[2] if len(value) == 3 else None
    elif isinstance(value, Path):
        filename, content = value.name, value.read_bytes()
    else:
        filename, content = Path(str(getattr(value, "name", name))).name, value
    if isinstance(content, str):
        content = content.encode()
    stream = io.BytesIO(content) if isinstance(content, (bytes, bytearray)) else content
    quoted = filename.translate(_QUOTED)
    return FileStorage(stream, filename=quoted, name=name, content_type=media_type)
