"""Error formats: how an App writes a problem as a response. RFC 9457 is the default."""

from __future__ import annotations

import functools
import inspect
import string
import types
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .declaration_checks import check_call
from .encoding import dumps_any
from .errors import DeclarationError
from .http.negotiation import Chooser
from .problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from .request import Request
    from .schemas.bound import BoundSchema, SchemaLike

__all__ = [
    "DEFAULT_FORMATS",
    "HTML_ERRORS",
    "PROBLEM_DETAILS",
    "ErrorFormat",
    "FormatChooser",
    "formats_of",
]

_TOKEN = f"!#$%&'+-.^_`|~{string.digits}{string.ascii_letters}"
# SECURITY: the hash is that of the style in error_page.py; a test compares them.
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; "
        "style-src 'sha256-ZjByICo8voGIzXYhRgbgweYGCzoQCECUcJVspAszd/4='"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class ErrorFormat:
    """A format of error responses: a media type, a schema, and a function from a problem to data.

    ::

        class Failed(Schema):
            message = fields.Str(required=True)

        app = App("Shop", errors=ErrorFormat(
            "application/json", Failed, lambda problem: {"message": problem.detail or problem.title}
        ))

    Attributes:
        media_type: The media type of error responses.
        schema: The marshmallow schema or the JSON Schema of the data; None for text.
        headers: Headers of every response in this format.
        content_type: The Content-Type header: the media type, for text with its charset.
    """

    __slots__ = ("_bound", "_render", "content_type", "headers", "media_type", "schema")

    def __init__(
        self,
        media_type: str,
        schema: SchemaLike | Mapping[str, object] | None,
        render: Callable[[Problem, Request], object] | Callable[[Problem], object],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Make an error format.

        Args:
            media_type: The media type, without wildcards or parameters.
            schema: A marshmallow schema, which serializes the data, or the JSON Schema of the data.
                None for text, such as HTML.
            render: A function of the problem, or of the problem and the request. It returns the
                data, or str or bytes if the media type is not JSON.
            headers: Headers of every response in this format.

        Raises:
            DeclarationError: The media type, the schema or the function is invalid.
        """
        if not isinstance(media_type, str) or not _is_media_type(media_type):
            raise DeclarationError(
                f"ErrorFormat({media_type!r}): expected a media type such as 'application/json'."
            )
        self.media_type = media_type.lower()
        is_text = self.media_type.startswith("text/")
        self.content_type = f"{self.media_type}; charset=utf-8" if is_text else self.media_type
        if schema is None and self.is_json:
            raise DeclarationError(
                f"ErrorFormat({media_type!r}): JSON needs a schema. Pass a marshmallow schema or a "
                "JSON Schema."
            )
        _check_schema(schema, media_type)
        self.schema = schema
        self.headers: tuple[tuple[str, str], ...] = tuple((headers or {}).items())
        self._render = _with_request(render, media_type)
        self._bound: BoundSchema | None = None

    def __repr__(self) -> str:
        return f"<ErrorFormat {self.media_type}>"

    @property
    def is_json(self) -> bool:
        """Whether the data is written as JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def bound(self) -> BoundSchema | None:
        """The marshmallow schema, bound to responses; None for a JSON Schema."""
        if self._bound is None and self.schema is not None and not _is_json_schema(self.schema):
            from .schemas.bound import View, bind  # cold start: the default format has no schema

            schema: Any = self.schema
            self._bound = bind(schema, View.RESPONSE, declared_at="The schema of an ErrorFormat")
        return self._bound

    def content(self, problem: Problem, request: Request) -> bytes:
        """Return the content of the response for a problem.

        Raises:
            Exception: An exception of the function or of the schema.
            TypeError: The function returned None, or the format is not JSON and it returned neither
                str nor bytes.
        """
        data = self._render(problem, request)
        if data is None:
            raise TypeError(
                f"The function of the ErrorFormat {self.media_type} returned None. Add the missing "
                "`return`."
            )
        if self.is_json:
            if self.bound is not None:
                data = self.bound.dump(data)
            return dumps_any(data)
        if isinstance(data, str):
            return data.encode("utf-8", "replace")
        if isinstance(data, bytes):
            return data
        raise TypeError(
            f"The function of the ErrorFormat {self.media_type} returned {type(data).__name__}. "
            "Return str or bytes."
        )


def _is_json_schema(schema: object) -> bool:
    return isinstance(schema, Mapping) and not any(
        hasattr(each, "serialize") for each in schema.values()
    )


def _check_schema(schema: object, media_type: str) -> None:
    is_instance = hasattr(schema, "dump") and hasattr(schema, "dump_fields")
    is_class = isinstance(schema, type) and hasattr(schema, "dump")
    if not (schema is None or isinstance(schema, Mapping) or is_class or is_instance):
        raise DeclarationError(
            f"ErrorFormat({media_type!r}): the schema must be a marshmallow schema or a JSON "
            f"Schema, got {schema!r:.60}."
        )


def _with_request(render: Any, media_type: str) -> Callable[[Problem, Request], object]:
    """Return a function of the problem and the request."""
    if isinstance(render, types.FunctionType) and _has_two_parameters(render):
        written: Callable[[Problem, Request], object] = render
        return written
    declared_at = f"The function of ErrorFormat({media_type!r})"
    try:
        takes_request = len(inspect.signature(render).parameters) > 1
    except (TypeError, ValueError):
        takes_request = True
    check_call(render, ("problem", "request") if takes_request else ("problem",), declared_at)
    if takes_request:
        made: Callable[[Problem, Request], object] = render
        return made
    return lambda problem, request: render(problem)


def _has_two_parameters(function: types.FunctionType) -> bool:
    """Return whether a function certainly takes the problem and the request, and nothing else."""
    # PERF: cold start: inspect.signature() of the built-in formats costs ten times as much.
    code = function.__code__
    has_others = code.co_flags & ~(inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS | inspect.CO_NESTED)
    return code.co_argcount == 2 and not (has_others or code.co_kwonlyargcount)


def _is_media_type(text: str) -> bool:
    """Return whether a text is a type and a subtype, without wildcards or parameters."""
    # PERF: cold start: a regular expression would be compiled for the built-in formats.
    kind, _, subtype = text.partition("/")
    return all(part and not part.strip(_TOKEN) for part in (kind, subtype))


class _ProblemDetails(ErrorFormat):
    """Problem details as RFC 9457 has them."""

    __slots__ = ()

    def content(self, problem: Problem, request: Request) -> bytes:
        """Return the problem details as JSON."""
        return problem.to_bytes()


def _page(problem: Problem, request: Request) -> str:
    from .error_page import error_page  # cold start: few programs are for browsers

    return error_page(problem)


PROBLEM_DETAILS: ErrorFormat = _ProblemDetails(
    MEDIA_TYPE, {}, lambda problem, request: problem.to_dict()
)
"""RFC 9457: ``application/problem+json``."""

HTML_ERRORS = ErrorFormat("text/html", None, _page, headers=_PAGE_HEADERS)
"""A page for browsers. Put it after the format of API clients:
``App(errors=[PROBLEM_DETAILS, HTML_ERRORS])``."""

DEFAULT_FORMATS: tuple[ErrorFormat, ...] = (PROBLEM_DETAILS,)


class FormatChooser:
    """The choice among an App's error formats by a request's Accept header.

    ``application/json`` accepts every JSON format. A client that accepts none gets the
    first one.
    """

    __slots__ = ("_choose", "_formats", "default", "varies")

    def __init__(self, formats: Sequence[ErrorFormat]) -> None:
        """Make the choice among formats, the default first."""
        self.default = formats[0]
        self.varies = len(formats) > 1
        self._formats: dict[str, ErrorFormat] = {}
        for each in formats:
            self._formats.setdefault(each.media_type, each)
            if each.is_json:
                self._formats.setdefault("application/json", each)
        self._choose = Chooser(tuple(self._formats))

    def __call__(self, accept: str | None) -> ErrorFormat:
        """Return the format for an Accept header, None for a request without one."""
        if not self.varies:
            return self.default
        chosen = self._choose(accept)
        return self.default if chosen is None else self._formats[chosen]


@functools.lru_cache(maxsize=64)
def _distinct(formats: tuple[ErrorFormat, ...]) -> tuple[ErrorFormat, ...]:
    found = {each.media_type: each for each in reversed(formats)}
    if len(found) < len(formats):
        raise DeclarationError(
            f"errors={list(formats)!r}: two formats have the same media type, so Accept cannot "
            "choose. Remove one of them."
        )
    return formats


def formats_of(
    errors: ErrorFormat | Sequence[ErrorFormat] | None, declared_at: str
) -> tuple[ErrorFormat, ...]:
    """Return declared error formats as a tuple, () if none are declared.

    Raises:
        DeclarationError: A value is not an ErrorFormat, or two have one media type.
    """
    if errors is None:
        return ()
    given = (errors,) if isinstance(errors, ErrorFormat) else errors
    is_sequence = isinstance(given, Sequence) and not isinstance(given, str)
    if not is_sequence or not given or not all(isinstance(each, ErrorFormat) for each in given):
        raise DeclarationError(
            f"{declared_at}: errors must be an ErrorFormat or a list of them, got {errors!r:.80}. "
            "Write errors=ErrorFormat(media_type, schema, function)."
        )
    return _distinct(tuple(given))
