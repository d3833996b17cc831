"""Spans of requests for OpenTelemetry; the only module that imports it.

The names and attributes are those of OpenTelemetry's semantic conventions for HTTP servers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ..environ_keys import CORRELATION
from ..errors import DeclarationError, MissingExtraError
from ..http.request_target import text_of
from .access_log import Exchange
from .trace_context import RANDOM, parse_tracestate

try:
    from opentelemetry import trace
    from opentelemetry.context import Context, attach, detach
    from opentelemetry.trace import (
        NonRecordingSpan,
        Span,
        SpanContext,
        SpanKind,
        Status,
        StatusCode,
        TraceFlags,
        TracerProvider,
        TraceState,
        set_span_in_context,
    )
except ImportError as error:
    raise MissingExtraError("Service(traces=...)", "otel") from error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve
    from .request_summary import Summary

__all__ = ["spanned", "within_span"]

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
_FIRST_FAULT = 500
_TARGET = "restkit"


class _Unlogged(Exchange):
    """One request that is neither logged nor measured."""

    __slots__ = ()

    def close(self, size: int = -1) -> None:
        """Note that the request has ended."""
        self.summary = None


class _Spanned(Exchange):
    """One request with a span, which ends when the body of its response is closed.

    Attributes:
        span: The span, None for a probe.
        flags: The flags that are passed on (W3C Trace Context, Level 2).
    """

    __slots__ = ()

    tracer: ClassVar[trace.Tracer]
    silent: ClassVar[frozenset[str]]
    span: Span | None
    flags: int

    def identify(self, environ: WSGIEnvironment) -> None:
        """Give the request its ids, and begin its span."""
        super().identify(environ)
        self.span = None
        self.flags = RANDOM if self.parent is None else self.parent[2]
        if environ.get("PATH_INFO") not in self.silent:
            self._begin(environ)

    def _begin(self, environ: WSGIEnvironment) -> None:
        method = environ["REQUEST_METHOD"]
        known = method if method in _METHODS else "HTTP"
        self.span = self.tracer.start_span(
            known, _context_of(self, environ), SpanKind.SERVER, _attributes_of(environ)
        )
        found = self.span.get_span_context()
        if not found.is_valid or (self.parent and f"{found.span_id:016x}" == self.parent[1]):
            return  # nothing collects spans, so that the ids are those of the request
        # Without an id of its own, the request has the id of the trace.
        is_own = self.request_id != self.trace_id or "HTTP_X_REQUEST_ID" in environ
        self.trace_id, self.span_id = f"{found.trace_id:032x}", f"{found.span_id:016x}"
        if not is_own:
            self.request_id = self.trace_id
        self.flags = (self.flags & RANDOM) | found.trace_flags

    @property
    def traceparent(self) -> str:
        """The header ``traceparent`` of requests that this one causes."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    def close(self, size: int = -1) -> None:
        """End the span, once, and log and measure the request if it is."""
        span, summary = self.span, self.summary
        if span is not None and summary is not None:
            self.span = None
            if span.is_recording():
                _complete(span, summary, self.request_id)
            span.end()
        super().close(size)


def spanned(
    base: type[Exchange] | None, provider: TracerProvider | bool, silent: Collection[str]
) -> type[Exchange]:
    """Return the class of requests with spans.

    Args:
        base: The class of requests that are logged or measured, None if they are neither.
        provider: The provider of tracers; True is the one that is set for the process.
        silent: The paths that have no spans: probes ask for them every second.

    Raises:
        DeclarationError: The provider is something else.
    """
    if provider is not True and not isinstance(provider, TracerProvider):
        raise DeclarationError(
            f"Service(traces=...) must be True or a TracerProvider, got {provider!r:.80}."
        )
    chosen = None if provider is True else provider
    members = {
        # Here, not in a base: a class cannot have two bases with slots.
        "__slots__": ("flags", "span"),
        "tracer": trace.get_tracer(_TARGET, tracer_provider=chosen),
        "silent": frozenset(silent),
    }
    return type("Spanned", (_Spanned, base or _Unlogged), members)


def within_span(serve: Serve) -> Serve:
    """Return an application in which the span of the request is the current one."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        span = getattr(environ.get(CORRELATION), "span", None)
        if span is None:
            return serve(environ, start_response)
        token = attach(set_span_in_context(span))
        try:
            return serve(environ, start_response)
        finally:
            detach(token)

    return respond


def _context_of(ids: Exchange, environ: WSGIEnvironment) -> Context:
    """Return the context of a span: its parent, which is in another process."""
    if ids.parent is None:
        return Context()
    trace_id, span_id, flags = ids.parent
    state = TraceState(_members(parse_tracestate(environ.get("HTTP_TRACESTATE", ""))))
    parent = SpanContext(
        int(trace_id, 16), int(span_id, 16), True, TraceFlags(flags & TraceFlags.SAMPLED), state
    )
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _members(state: str) -> list[tuple[str, str]]:
    pairs = [each.partition("=") for each in state.split(",") if each]
    return [(name, value) for name, _, value in pairs]


def _attributes_of(environ: WSGIEnvironment) -> Mapping[str, str]:
    """Return the attributes known before routing, without the query: it may have credentials."""
    method, protocol = environ["REQUEST_METHOD"], environ.get("SERVER_PROTOCOL", "")
    found = {
        "http.request.method": method if method in _METHODS else "_OTHER",
        "url.path": text_of(environ.get("PATH_INFO", "")),
        "url.scheme": environ.get("wsgi.url_scheme", "http"),
        "network.protocol.version": protocol.removeprefix("HTTP/"),
        "server.address": environ.get("SERVER_NAME", ""),
        "client.address": environ.get("REMOTE_ADDR", ""),
        "user_agent.original": environ.get("HTTP_USER_AGENT", ""),
    }
    return {name: value for name, value in found.items() if value}


def _complete(span: Span, summary: Summary, request_id: str) -> None:
    """Say which operation responded, and how."""
    span.set_attribute("http.response.status_code", summary.status)
    span.set_attribute("restkit.request_id", request_id)
    operation = summary.operation
    if operation is not None:
        method = summary.method if summary.method in _METHODS else "HTTP"
        span.update_name(f"{method} {operation.path}")
        span.set_attribute("http.route", operation.path)
        span.set_attribute("restkit.operation", operation.operation_id)
    if summary.status >= _FIRST_FAULT:
        span.set_attribute("error.type", str(summary.status))
        span.set_status(Status(StatusCode.ERROR))
