"""`FileResponse`: a file as the response of a method, with ranges and preconditions."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from ..contract import Failure, Header, Output, Parameter
from ..http.conditional import (
    EntityTag,
    Outcome,
    Preconditions,
    evaluate,
    failure_detail,
    format_http_date,
    parse_http_date,
)
from ..problems import NotFound, PreconditionFailed, RangeNotSatisfiable
from ..response import PlainResponse, header_items
from ..response_value import ResponseValue
from .byte_ranges import ByteRange, Unsatisfiable, content_range, part_head, requested_ranges
from .content_disposition import content_disposition
from .delegated_files import delegated_header
from .file_content import FileContent, FilePart, FileParts, FileSource, file_body, open_file
from .media_types import media_type_of
from .static_paths import find_below

if TYPE_CHECKING:
    from ..request import Request

__all__ = ["FileResponse"]

Headers = list[tuple[str, str]]
_READING = ("GET", "HEAD")
_MULTIPART = "multipart/byteranges"
_SMALL = 64 * 1024

_ETAG = Header("ETag", "The entity tag of the file.")
_LAST_MODIFIED = Header("Last-Modified", "When the file was last changed.")
_DISPOSITION = Header("Content-Disposition", "The name under which the file is to be saved.")
_RANGES = Header("Accept-Ranges", "`bytes`: Range is understood.")
_PART = Header("Content-Range", "The bytes that the content has, if there is one range.")
_SIZE = Header("Content-Range", "The size of the file: `bytes */size`.", required=True)
_RANGE = Parameter("Range", "header", "The bytes to send: `bytes=0-499`, `bytes=-500`.")
_IF_RANGE = Parameter(
    "If-Range",
    "header",
    "The entity tag or date of a part that the client has. If the file is another one by now, the "
    "response is the whole file.",
)
_WHOLE = "The file."
_PARTIAL = "The parts of the file that Range asks for."
_NOT_MODIFIED = "The client's copy of the file is still good."
_MISSING = Failure(NotFound, "method", "There is no such file.")
_CHANGED = Failure(
    PreconditionFailed,
    "method",
    "The file has another entity tag than If-Match, or changed after If-Unmodified-Since.",
)
_NO_RANGE = Failure(RangeNotSatisfiable, "method", "The file has none of the ranges.", (_SIZE,))


class FileResponse(ResponseValue):
    """A file that a method returns; the return annotation declares it.

    ::

        @app.get("/invoices/<int:number>")
        def invoice(number: int) -> FileResponse:
            return FileResponse(FOLDER / f"{number}.pdf", download_name=f"Invoice {number}.pdf")

    GET responds with 200, with 206 to Range (several ranges are multipart/byteranges), 304 to
    If-None-Match and If-Modified-Since, 412 to If-Match, 416 to ranges that the file does not
    have, and 404 if there is no such file. Other methods respond with the whole file.
    """

    def __init__(
        self,
        source: FileSource,
        *,
        media_type: str | None = None,
        download_name: str | None = None,
        inline: bool = False,
        entity_tag: EntityTag | str | None = None,
        cache_control: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Respond with a file.

        SECURITY: the path is opened as it is. For a name that a client sent, use `below`.

        Args:
            source: The path of a file, its content as bytes, or a file opened with mode ``"rb"``,
                which is closed after the response.
            media_type: The Content-Type. By default that of the extension of the download name or
                of the path, ``application/octet-stream`` for an unknown one.
            download_name: The name under which the client should save the file.
            inline: Whether a browser should show the file although it has a download name.
            entity_tag: The entity tag. By default size and time of the last change of a path, and
                the hash of content up to a mebibyte.
            cache_control: The value of Cache-Control.
            headers: More headers.

        Raises:
            ValueError: A header has a control character.
        """
        self._source = source
        self._follow = True
        self._coding = ""
        name = download_name or (source if isinstance(source, (str, os.PathLike)) else "")
        self._media_type = media_type or media_type_of(os.fspath(name))
        self._tag = None if entity_tag is None else EntityTag.of(entity_tag)
        out = [("Content-Type", self._media_type), ("X-Content-Type-Options", "nosniff")]
        if download_name is not None:
            disposition = content_disposition(download_name, inline=inline)
            out.append(("Content-Disposition", disposition))
        if cache_control is not None:
            out.append(("Cache-Control", cache_control))
        self._headers = [*header_items(out), *header_items(headers or {})]

    @classmethod
    def below(
        cls,
        folder: str | os.PathLike[str],
        name: str,
        *,
        media_type: str | None = None,
        download_name: str | None = None,
        inline: bool = False,
        cache_control: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Respond with a file of a folder, by a name that a client may have sent.

        Args:
            folder: The folder.
            name: The path of the file in it, with slashes.
            media_type: As for the class.
            download_name: As for the class.
            inline: As for the class.
            cache_control: As for the class.
            headers: As for the class.

        Raises:
            NotFound: The folder has no such file; the name leads out of it, by ``..`` or by a
                symbolic link; or a part of it begins with a point.
        """
        made = cls(
            find_below(os.fspath(folder), name),
            media_type=media_type or media_type_of(download_name or name),
            download_name=download_name,
            inline=inline,
            cache_control=cache_control,
            headers=headers,
        )
        made._follow = False
        return made

    @classmethod
    def prepared(
        cls, path: str, media_type: str, cache_control: str, headers: Mapping[str, str]
    ) -> Self:
        """Respond with a file whose path has no symbolic link, perhaps in a content coding.

        Args:
            path: The path.
            media_type: The Content-Type.
            cache_control: The value of Cache-Control.
            headers: More headers. Content-Encoding becomes a part of the entity tag.
        """
        made = cls(path, media_type=media_type, cache_control=cache_control, headers=headers)
        made._follow = False
        made._coding = headers.get("Content-Encoding", "")
        return made

    @classmethod
    def outputs(cls, method: str, media_types: tuple[str, ...] | None) -> tuple[Output, ...]:
        """Return the responses to a method: 200, and for GET 206 and 304."""
        types = ("*/*",) if media_types is None else media_types
        if method not in _READING:
            return (Output(200, None, types, (_DISPOSITION,), _WHOLE),)
        shared = (_ETAG, _LAST_MODIFIED)
        whole = (*shared, _RANGES, _DISPOSITION)
        partial = types if types == ("*/*",) else (*types, _MULTIPART)
        return (
            Output(200, None, types, whole, _WHOLE),
            Output(206, None, partial, (*whole, _PART), _PARTIAL),
            Output(304, None, (), shared, _NOT_MODIFIED),
        )

    @classmethod
    def failures(cls, method: str) -> tuple[Failure, ...]:
        """Return the problems of a method: 404, and for GET 412 and 416."""
        return (_MISSING, _CHANGED, _NO_RANGE) if method in _READING else (_MISSING,)

    @classmethod
    def parameters(cls, method: str) -> tuple[Parameter, ...]:
        """Return Range and If-Range, which GET reads."""
        return (_RANGE, _IF_RANGE) if method in _READING else ()

    def respond(self, request: Request) -> PlainResponse:
        """Return the response to a request.

        Raises:
            NotFound: There is no such file.
            PreconditionFailed: If-Match or If-Unmodified-Since is false.
            RangeNotSatisfiable: The file has none of the ranges.
        """
        content = open_file(self._source, follow=self._follow)
        try:
            response = self._respond(request, content)
        except BaseException:
            content.file.close()
            raise
        if isinstance(response.body, bytes):
            content.file.close()
        return response

    def _respond(self, request: Request, content: FileContent) -> PlainResponse:
        if content.path and (delegated := self._delegated(request, content)) is not None:
            return delegated
        if request.method not in _READING:
            return self._whole(request, content, self._headers)
        tag = self._tag_of(content)
        validators = _validators(tag, content)
        if _is_unmodified(request, tag, content):
            return PlainResponse(304, [*_kept(self._headers), *validators])
        headers = [*self._headers, *validators, ("Accept-Ranges", "bytes")]
        text: str | None = request.environ.get("HTTP_RANGE")
        ranges: tuple[ByteRange, ...] = ()
        if text is not None and request.method == "GET" and _is_current(request, tag, content):
            ranges = _ranges(text, content.size)
        if not ranges:
            return self._whole(request, content, headers)
        return self._partial(request, content, headers, ranges)

    def _tag_of(self, content: FileContent) -> EntityTag | None:
        tag = content.tag if self._tag is None else self._tag
        return EntityTag(f"{tag.value}-{self._coding}") if tag and self._coding else tag

    def _delegated(self, request: Request, content: FileContent) -> PlainResponse | None:
        """Return the response that tells the server in front to send the file, None without one."""
        found = delegated_header(request, content.path)
        if found is None:
            return None
        # The server in front knows Range and has entity tags of its own.
        return PlainResponse(200, [*self._headers, found, ("Content-Length", "0")])

    def _whole(self, request: Request, content: FileContent, headers: Headers) -> PlainResponse:
        headers = [*headers, ("Content-Length", str(content.size))]
        if content.size <= _SMALL:
            body = FilePart(content.file, 0, content.size).read()
            if len(body) == content.size:
                return PlainResponse(200, headers, body)
        part = FilePart(content.file, 0, content.size)
        return PlainResponse(200, headers, file_body(part, request.environ))

    def _partial(
        self,
        request: Request,
        content: FileContent,
        headers: Headers,
        ranges: tuple[ByteRange, ...],
    ) -> PlainResponse:
        size = content.size
        if len(ranges) == 1:
            only = ranges[0]
            headers = [
                *headers,
                ("Content-Range", content_range(only, size)),
                ("Content-Length", str(only.length)),
            ]
            part = FilePart(content.file, only.start, only.stop)
            return PlainResponse(206, headers, file_body(part, request.environ))
        boundary = secrets.token_hex(16)
        parts: list[bytes | tuple[int, int]] = []
        length = 0
        for each in ranges:
            head = part_head(each, size, boundary, self._media_type)
            parts += [head, (each.start, each.stop)]
            length += len(head) + each.length
        end = f"\r\n--{boundary}--\r\n".encode("ascii")
        parts.append(end)
        length += len(end)
        others = [item for item in headers if item[0] != "Content-Type"]
        others.append(("Content-Type", f"{_MULTIPART}; boundary={boundary}"))
        others.append(("Content-Length", str(length)))
        return PlainResponse(206, others, FileParts(content.file, parts))


def _kept(headers: Headers) -> Headers:
    """Return the headers that a 304 has too (RFC 9110, section 15.4.5)."""
    kept = ("cache-control", "content-location", "expires", "vary")
    return [item for item in headers if item[0].lower() in kept]


def _validators(tag: EntityTag | None, content: FileContent) -> Headers:
    found: Headers = [] if tag is None else [("ETag", str(tag))]
    if content.last_modified is not None:
        found.append(("Last-Modified", format_http_date(content.last_modified)))
    return found


def _is_unmodified(request: Request, tag: EntityTag | None, content: FileContent) -> bool:
    """Return whether a precondition asks for a 304 (RFC 9110, section 13.2.2).

    Raises:
        PreconditionFailed: A precondition is false.
    """
    given = Preconditions.from_environ(request.environ)
    if not given.given:
        return False
    outcome = evaluate(request.method, given, tag, content.last_modified)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed(failure_detail(given))
    return outcome is Outcome.NOT_MODIFIED


def _ranges(text: str, size: int) -> tuple[ByteRange, ...]:
    try:
        return requested_ranges(text, size)
    except Unsatisfiable:
        raise RangeNotSatisfiable(
            f"The file has {size} bytes, and none of the requested ones.",
            headers={"Content-Range": f"bytes */{size}"},
        ) from None


def _is_current(request: Request, tag: EntityTag | None, content: FileContent) -> bool:
    """Return whether If-Range is absent or names the file as it is (RFC 9110, section 13.1.5)."""
    text: str | None = request.environ.get("HTTP_IF_RANGE")
    if text is None:
        return True
    text = text.strip(" \t")
    if text.endswith('"'):
        try:
            return tag is not None and tag.strong_match(EntityTag.parse(text))
        except ValueError:
            return False
    moment = content.last_modified
    # A date is a strong validator only if the file cannot have changed in the same second.
    if moment is None or time.time() - moment.timestamp() < 2:
        return False
    return parse_http_date(text) == moment
