"""The request: Werkzeug's, with lazy attributes and limits on its content."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cached_property
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, Generic, Protocol, cast

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Request as _WerkzeugRequest

from .environ_keys import CORRELATION
from .http.request_target import host_of, path_of, server_of, text_of
from .problems import BadRequest
from .settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Authorization
    from werkzeug.formparser import FormDataParser
    from werkzeug.routing import BaseConverter

__all__ = ["Request", "current_request"]

current_request: ContextVar[Request] = ContextVar("restkit_request")


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

        def extension(self, kind: type[T], /) -> T:
            """Return the installed extension of a class."""
            ...


class _Lazy:
    """An attribute that is computed from the environ when it is first read, and then cached."""

    # PERF: reading a cached attribute costs 50 instructions, through a __getattr__ 500.

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
    from typing_extensions import TypeVar  # its TypeVar has defaults; type checkers bundle it

    CallerT = TypeVar("CallerT", default=Any)
else:
    from typing import TypeVar

    CallerT = TypeVar("CallerT")

T = TypeVar("T")


class Request(_WerkzeugRequest, Generic[CallerT]):
    """The request: Werkzeug's, with each part read when it is first needed.

    ``Request[User]`` is a request whose ``caller`` is a User; annotate it in a resource class, or
    as a parameter of middleware.

    Attributes:
        id: The id of the request, "" without `restkit.service.Service`.
        path_parameters: The values of the URL pattern's variables.
        mount_parameters: The values of the variables of mounts: of their prefixes and hosts.
        operation: The Operation, set before any middleware runs; None with 404 and 405.
        app: The App whose resource the URL names, or whose prefix an unknown URL has.
        caller: The caller, as the security scheme returned it.
        provided: The values that `provide` made, None without one.
        form_parsed: Whether files may be open, which must be closed.
        form_read: Whether the form was parsed, within the limits of the operation.
        response_media_type: The media type that Accept chose, ``""`` without a choice.
    """

    id: str
    operation: Any = None
    mount_parameters: Mapping[str, object] = MappingProxyType({})
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
        # PERF: Werkzeug's own __init__ makes 8 attributes and a Headers object at once. Reading a
        # default of the class costs 200 instructions more than reading an instance attribute.
        self.environ = environ
        self.path_parameters: dict[str, object] = {}
        self.provided = None
        self.form_parsed = False

    if not TYPE_CHECKING:  # the types are Werkzeug's
        method = _Lazy(lambda environ: environ.get("REQUEST_METHOD", "GET"))
        scheme = _Lazy(lambda environ: environ.get("wsgi.url_scheme", "http"))
        server = _Lazy(server_of)
        root_path = _Lazy(lambda environ: text_of(environ.get("SCRIPT_NAME") or "").rstrip("/"))
        path = _Lazy(path_of)
        query_string = _Lazy(lambda environ: environ.get("QUERY_STRING", "").encode("latin-1"))
        headers = _Lazy(EnvironHeaders)
        id = _Lazy(lambda environ: getattr(environ.get(CORRELATION), "request_id", ""))
        remote_addr = _Lazy(lambda environ: environ.get("REMOTE_ADDR"))

    @classmethod
    def current(cls) -> Request:
        """Return the current request of this context (`contextvars`).

        Raises:
            RuntimeError: There is no current request.
        """
        request = current_request.get(None)
        if request is None:
            raise RuntimeError("There is no current request: there is one only during a request.")
        return request

    @classmethod
    def from_request(cls, request: Request, /) -> Request:
        """Return the request itself, for a parameter annotated with this class."""
        return request

    def state(self, kind: type[T]) -> T:
        """Return the object of a class that belongs to this request, made when first asked for.

        ``request.state(Timing).started = now``: middleware, methods and templates get the same
        object, with its type. For objects to close after the request, use `restkit.provide`.

        Args:
            kind: A class that can be called without arguments.
        """
        known: dict[object, T] = self.__dict__.setdefault("_state", {})
        if kind not in known:
            known[kind] = kind()
        return known[kind]

    def read_content(self, limit: int) -> bytes:
        """Read the whole content, once; later calls return the same bytes.

        Args:
            limit: The largest size in bytes.

        Raises:
            ContentTooLarge: The content is over the limit (413).
            BadRequest: Content-Length is not a number, is sent with Transfer-Encoding, or is
                larger than the content, or the chunks are malformed (400).
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
        """Reject content whose Content-Length is over the limit, before it is processed.

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
                raise BadRequest("This server cannot read chunked content. Send Content-Length.")
            return None
        if self._is_chunked:
            # SECURITY: request smuggling: a proxy may have used the other header of the two
            # (RFC 9112, section 6.3).
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other. Send one.")
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
                raise BadRequest("The content is shorter than its Content-Length.")
            data = b"".join(parts)
        return data

    def buffer_chunks(self) -> None:
        """Put a buffer around a server's stream of chunked content, before anything reads it."""
        stream = self.environ["wsgi.input"]
        if self._is_chunked and not isinstance(stream, io.BufferedReader):
            from .content_streams import CHUNK, ChunkedContent  # cold start

            self.environ["wsgi.input"] = io.BufferedReader(ChunkedContent(stream), CHUNK)

    def _read(self, size: int) -> bytes:
        """Read from the server; a broken connection or a malformed chunk is a BadRequest (400)."""
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
        from .content_streams import size_limit  # cold start

        declared = () if self.operation is None else self.operation.inputs
        limits = [size_limit(each, self.app.settings) for each in declared if each.media_types]
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
        """Return the parser of forms, and note that files may be open."""
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
            """The content as a stream, for code that reads it without a declared input.

            A broken connection or a malformed chunk is a BadRequest (400).
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
            """The largest size in bytes of content that the operation does not declare."""
            return None if self.app is None else self.app.settings.max_upload_size

        def get_data(
            self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
        ) -> bytes | str:
            """Return the content, also after the framework has read it."""
            if self._content is None:
                return super().get_data(cache, as_text, parse_form_data)
            return self._content.decode("utf-8", "replace") if as_text else self._content
