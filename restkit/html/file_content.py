"""Files as the content of responses: opened safely, read in chunks, closed in any case."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from ..http.conditional import EntityTag
from ..problems import NotFound
from ..records import Record

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "FileContent",
    "FilePart",
    "FileParts",
    "FileSource",
    "file_body",
    "not_found",
    "open_file",
]

CHUNK = 256 * 1024
# Archives and reproducible builds give each file one and the same date, 1970 or 1980. Such a date
# says nothing about the content.
_FIRST_DATE = 315_619_200 * 10**9
_MAX_HASHED = 1024 * 1024
_MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)


class FileContent(Record):
    """An open file, with its size and times.

    Attributes:
        file: The file at its first byte.
        size: Its size in bytes.
        tag: Its strong entity tag, None if there is none.
        last_modified: The time of its last change, None if it is not known.
        path: Its path, "" for content that is no file.
    """

    file: BinaryIO
    size: int
    tag: EntityTag | None
    last_modified: datetime | None
    path: str = ""


FileSource = str | os.PathLike[str] | bytes | BinaryIO


def not_found() -> NotFound:
    """Return the problem of a file that does not exist, or that nobody may read."""
    return NotFound("There is no such file.")


def open_file(source: FileSource, *, follow: bool = True) -> FileContent:
    """Open a path, bytes or a file object.

    Args:
        source: The path, the content, or a file opened for reading bytes that can seek.
        follow: Whether a symbolic link is followed as the last part of a path.

    Raises:
        NotFound: There is no regular file at the path, or it is not readable.
        TypeError: The file is opened for text, or cannot seek.
    """
    if isinstance(source, bytes):
        return FileContent(io.BytesIO(source), len(source), _tag_of_bytes(source), None)
    if isinstance(source, (str, os.PathLike)):
        return _open_path(os.fspath(source), follow=follow)
    if isinstance(source, io.TextIOBase) or not hasattr(source, "read"):
        raise TypeError(f"a file opened with mode 'rb' is needed, not {type(source).__name__}")
    if not source.seekable():
        raise TypeError("a file that cannot seek has no size; return a stream of bytes for it")
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    return FileContent(source, size, None, None)


def _open_path(path: str, *, follow: bool) -> FileContent:
    # SECURITY: O_NONBLOCK, since to open a pipe waits for its writer.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    try:
        descriptor = os.open(path, flags)
    except (*_MISSING, ValueError):
        raise not_found() from None
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise not_found() from None
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise not_found()
    file = os.fdopen(descriptor, "rb", buffering=0)
    try:
        return _described(file, found, path)
    except BaseException:
        file.close()
        raise


def _described(file: io.FileIO, found: os.stat_result, path: str) -> FileContent:
    size, changed = found.st_size, found.st_mtime_ns
    if changed >= _FIRST_DATE:
        tag = EntityTag(f"{size:x}-{changed:x}")
        moment = datetime.fromtimestamp(changed // 10**9, UTC)
        return FileContent(file, size, tag, moment, path)
    hashed = None
    if size <= _MAX_HASHED:
        hashed = _tag_of_bytes(file.read(size))
        file.seek(0)
    return FileContent(file, size, hashed, None, path)


def _tag_of_bytes(content: bytes) -> EntityTag | None:
    if len(content) > _MAX_HASHED:
        return None
    return EntityTag(hashlib.sha256(content).hexdigest()[:32])


class TruncatedFileError(OSError):
    """Raised when a file has become shorter while it is sent.

    Content-Length is sent already, so that the connection has to end: the client must not take
    the next response for the rest of this one.
    """


class FilePart:
    """Bytes of a file as an iterable of chunks, and as a file object for ``wsgi.file_wrapper``.

    The server calls `close` when everything is sent or the client has gone.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        """Take the bytes from ``start`` up to ``stop``."""
        self._file = file
        self._stop = stop
        file.seek(start)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most ``size`` of them; none at the end of the part.

        Raises:
            TruncatedFileError: The file ends before the part does.
        """
        left = self._stop - self._file.tell()
        if left <= 0:
            return b""
        chunk = self._file.read(left if size < 0 else min(size, left))
        if not chunk and size:
            raise TruncatedFileError(f"the file has {left} bytes less than its response")
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte of the file; its end is the end of the part."""
        if whence == io.SEEK_END:
            return self._file.seek(self._stop + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()

    def fileno(self) -> int:
        """Return the file's descriptor, for servers that let the system copy it."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file.

        Raises:
            TruncatedFileError: The system copied the file, which was too short.
        """
        if self._file.closed:
            return
        try:
            size = os.fstat(self._file.fileno()).st_size
        except OSError:  # the file is not the system's
            size = self._stop
        self._file.close()
        if size < self._stop:
            raise TruncatedFileError("the file became shorter while it was sent")


class FileParts:
    """The content of multipart/byteranges: heads, and parts of one file."""

    def __init__(self, file: BinaryIO, parts: Iterable[bytes | tuple[int, int]]) -> None:
        """Take texts between the parts, and the (start, stop) of each part."""
        self._file = file
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        for each in self._parts:
            if isinstance(each, bytes):
                yield each
            else:
                yield from FilePart(self._file, *each)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def file_body(part: FilePart, environ: WSGIEnvironment) -> Iterable[bytes]:
    """Return the body of a response with one part, the server's own way if it has one."""
    wrapper = environ.get("wsgi.file_wrapper")
    if not isinstance(wrapper, type):
        return part
    wrapped: Iterable[bytes] = wrapper(part, CHUNK)
    return wrapped
