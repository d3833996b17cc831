"""The request: Werkzeug's, made lazily, with limits on its content."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Generic, Protocol, cast

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Request as _WerkzeugRequest

from .http.request_target import host_of
from .problems import BadRequest
from .settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Authorization
    from werkzeug.formparser import FormDataParser
    from werkzeug.routing import BaseConverter

__all__ = ["Request", "current_request"]

current_request: ContextVar[Request] = ContextVar("restkit_request")


def _path(environ: WSGIEnvironment) -> str:
    return "/" + _text(environ.get("PATH_INFO", "")).lstrip("/")


def _text(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "replace")


def _server(environ: WSGIEnvironment) -> tuple[str, int | None] | None:
    name = environ.get("SERVER_NAME")
    if not name:
        return None
    port = environ.get("SERVER_PORT")
    return name, int(port) if port and port.isdecimal() else None


if TYPE_CHECKING:  # cold start: making a Protocol costs 100 microseconds

    class AppLike(Protocol):
        """The part of an App that code below it needs."""

        name: str
        version: str
        settings: Settings
        servers: Sequence[str | Mapping[str, object]]
        converters: dict[str, type[BaseConverter]]
        extensions: list[Any]
        overrides: dict[object, Callable[..., object]]
        stores: list[Callable[[type], Any]]

        def url_for(
            self,
            target: object,
            /,
            *,
            _external: bool = False,
            _query: Mapping[str, object] | None = None,
            **values: object,
        ) -> str:
            """Return the URL of a resource."""
            ...

    class _Content(Protocol):
        """The part of an Input that reading content needs."""

        @property
        def location(self) -> str: ...
        @property
        def schema(self) -> object: ...
        @property
        def max_size(self) -> int | None: ...


class _Lazy:
    """An attribute that is made of the environ when it is first read, and then kept."""

    # PERF: with a __getattr__ in its place each attribute of a request would cost 500 instructions
    # to read, not 50.

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, request: Any, owner: type) -> Any:
        if request is None:
            return self
        value = request.__dict__[self._name] = self._make(request.environ)
        return value


if TYPE_CHECKING:
    from typing_extensions import TypeVar  # which every type checker knows: it has defaults

    CallerT = TypeVar("CallerT", default=Any)
else:
    from typing import TypeVar

    CallerT = TypeVar("CallerT")


class Request(_WerkzeugRequest, Generic[CallerT]):
    """The request: Werkzeug's, with each part read when it is first needed.

    ``Request[User]`` is a request whose ``caller`` is a User; annotate it in a resource class, or
    as a parameter of middleware.

    Attributes:
        path_parameters: The values of the URL pattern's variables.
        operation: The Operation that has the method of the URL, set before any middleware runs;
            None if no operation has it (404, 405).
        app: The App whose resource the URL names, or whose prefix an unknown URL has.
        caller: The caller, as the security scheme returned it.
        provided: The values that `provide` made, None without one.
        form_parsed: Whether files may be open: those of a form, or of content that is kept.
        form_read: Whether the form was parsed within the limits and media types of the operation.
        response_media_type: The media type that Accept chose, ``""`` if there was nothing to
            choose.
    """

    operation: Any = None
    app: AppLike = None  # type: ignore[assignment]  # routing sets it before other code runs
    caller: CallerT = None  # type: ignore[assignment]  # a guarded operation has a caller
    provided: Any = None
    form_parsed = False
    form_read = False
    shallow = False
    response_media_type: str = ""
    _content: bytes | None = None
    _kept: IO[bytes] | None = None

    def __init__(self, environ: WSGIEnvironment) -> None:
        # PERF: Werkzeug's own __init__ makes 8 attributes and a Headers object at once.
        # PERF: to read a default of the class costs 200 instructions more than an own attribute.
        self.environ = environ
        self.path_parameters: dict[str, object] = {}
        self.provided = None
        self.form_parsed = False

    if not TYPE_CHECKING:  # the types are Werkzeug's
        method = _Lazy(lambda environ: environ.get("REQUEST_METHOD", "GET"))
        scheme = _Lazy(lambda environ: environ.get("wsgi.url_scheme", "http"))
        server = _Lazy(_server)
        root_path = _Lazy(lambda environ: _text(environ.get("SCRIPT_NAME") or "").rstrip("/"))
        path = _Lazy(_path)
        query_string = _Lazy(lambda environ: environ.get("QUERY_STRING", "").encode("latin-1"))
        headers = _Lazy(EnvironHeaders)
        remote_addr = _Lazy(lambda environ: environ.get("REMOTE_ADDR"))

    @classmethod
    def current(cls) -> Request:
        """Return the request that is being answered in this context.

        Raises:
            RuntimeError: No request is being answered here.
        """
        try:
            return current_request.get()
        except LookupError:
            raise RuntimeError(
                "There is no current request: Request.current() works only during a request."
            ) from None

    def read_content(self, limit: int) -> bytes:
        """Read the whole content, once; later calls return the same bytes.

        Args:
            limit: The largest size in bytes.

        Raises:
            ContentTooLarge: The content is over the limit (413).
            BadRequest: Content-Length is not a number or stands beside Transfer-Encoding, or the
                content is cut off or malformed (400).
        """
        if self._content is None:
            length = self._length(limit)
            if length is None:
                from .content_streams import read_all  # cold start

                self.buffer_chunks()
                self._content = read_all(self._read, limit)
            else:
                self._content = self._read_exactly(length)
        return self._content

    @property
    def has_content(self) -> bool:
        """Whether content was announced, by Content-Length or Transfer-Encoding."""
        return self.environ.get("CONTENT_LENGTH") not in (None, "", "0") or self._is_chunked

    @property
    def _is_chunked(self) -> bool:
        return "chunked" in cast(str, self.environ.get("HTTP_TRANSFER_ENCODING", "")).lower()

    def check_length(self, limit: int) -> None:
        """Refuse content that is announced as larger than the limit, before any of it is read.

        Raises:
            ContentTooLarge: Content-Length is over the limit (413).
            BadRequest: Content-Length is not a number (400).
        """
        self._length(limit)

    def _length(self, limit: int) -> int | None:
        header = self.environ.get("CONTENT_LENGTH")
        if header in (None, ""):
            if not self._is_chunked:
                return 0
            if not self.environ.get("wsgi.input_terminated"):
                raise BadRequest("This server cannot read chunked content: send a Content-Length.")
            return None
        if self._is_chunked:
            # SECURITY: what stands before us may have gone by the other of the two (RFC 9112,
            # section 6.3).
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other.")
        if not (header.isascii() and header.isdecimal() and len(header) < 20):
            raise BadRequest("Content-Length is not a number of bytes.")
        length = int(header)
        if length > limit:
            from .content_streams import refuse_rest  # cold start

            refuse_rest(self._read, length, limit)
        return length

    def _read_exactly(self, length: int) -> bytes:
        if not length:
            return b""
        data = self._read(length)
        if len(data) < length:
            parts = [data]
            missing = length - len(data)
            while data and missing:
                data = self._read(missing)
                parts.append(data)
                missing -= len(data)
            if missing:
                raise BadRequest("The content is shorter than Content-Length says.")
            data = b"".join(parts)
        return data

    def buffer_chunks(self) -> None:
        """Put a buffer around a server's stream of chunked content, before anything reads it."""
        stream = self.environ["wsgi.input"]
        if self._is_chunked and not isinstance(stream, io.BufferedReader):
            from .content_streams import CHUNK, ChunkedContent  # cold start

            self.environ["wsgi.input"] = io.BufferedReader(ChunkedContent(stream), CHUNK)

    def _read(self, size: int) -> bytes:
        """Read from the server; a broken connection or malformed chunks are the client's fault."""
        try:
            data: bytes = self.environ["wsgi.input"].read(size)
        except Exception:  # noqa: BLE001  # servers have exceptions of their own
            from .content_streams import BROKEN  # cold start

            raise BadRequest(BROKEN) from None
        return data

    def _keep_content(self, limit: int) -> IO[bytes]:
        """Copy the content, so that middleware and the framework can both read it."""
        from .content_streams import CopiedContent, copy_all  # cold start

        length = self._length(limit)
        self.form_parsed = True
        self.buffer_chunks()
        self._kept = copy_all(self._read, length, limit)
        self.environ["wsgi.input"] = io.BufferedReader(CopiedContent(self._kept))
        return io.BufferedReader(CopiedContent(self._kept))

    def _declared_limit(self) -> int | None:
        """Return the largest size of the declared content, None without content."""
        declared = () if self.operation is None else self.operation.inputs
        limits = [_limit(each, self.app.settings) for each in declared if each.media_types]
        return max(limits, default=None)

    def close_form(self) -> None:
        """Close the files of a form."""
        super().close()

    def close(self) -> None:
        """Close the files of a form, and the copy of content that middleware read."""
        self.close_form()
        if self._kept is not None:
            self._kept.close()

    def make_form_data_parser(self) -> FormDataParser:
        """Return what parses the content as a form."""
        self.form_parsed = True
        return super().make_form_data_parser()

    if not TYPE_CHECKING:

        @cached_property
        def authorization(self) -> Authorization | None:
            """The credentials of the Authorization header, None without well-formed ones."""
            from .http.authorization import parse_authorization  # cold start

            return parse_authorization(self.environ.get("HTTP_AUTHORIZATION", ""))

        @cached_property
        def host(self) -> str:
            """The host, and the port if it is not that of the scheme."""
            host = self.environ.get("HTTP_HOST")
            return super().host if host is None else host_of(host, self.scheme)

        @cached_property
        def stream(self) -> IO[bytes]:
            """The content for a method that reads it by itself.

            What breaks on its way is a BadRequest (400).
            """
            if self._content is not None:
                return io.BytesIO(self._content)
            limit = self._declared_limit()
            if limit is not None:
                return self._keep_content(limit)
            self.buffer_chunks()
            return super().stream

        @property
        def max_content_length(self) -> int | None:
            """The most that is read where a method reads content that it has not declared."""
            return None if self.app is None else self.app.settings.max_upload_size

        def get_data(
            self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
        ) -> bytes | str:
            """Return the content, also after the framework has read it."""
            if self._content is None:
                return super().get_data(cache, as_text, parse_form_data)
            return self._content.decode("utf-8", "replace") if as_text else self._content


def _limit(declared: _Content, settings: Settings) -> int:
    """Return the largest content that an input takes."""
    if declared.location == "body" and declared.schema is not None:
        return declared.max_size or settings.max_body_size
    return declared.max_size or settings.max_upload_size
