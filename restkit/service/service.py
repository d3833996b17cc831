"""`Service`: the extension by which an App runs as one service of many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from ..contract import Operation
from ..contributor import Contribution
from ..declaration_checks import check_call, check_flag, check_mapping, texts_of
from ..dispatch.edge import SERVICE, Layer
from ..errors import DeclarationError
from ..resource import Resource
from ..stream_shutdown import stop_streams_when
from .access_log import Exchange, observed
from .checks import Check, Checks
from .draining import is_draining
from .exchange import CONTRIBUTION, correlated, finisher
from .log_setup import LogFormat, add_handler, check_format
from .server_timing import SERVER_TIMING, timed_requests, with_timings

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from ..dispatch.dispatcher import Dispatcher
    from ..dispatch.response_headers import Finish
    from ..settings import Settings

__all__ = ["Service"]


class _App(Protocol):
    """The part of an App that a Service uses."""

    name: str
    settings: Settings

    @property
    def extensions(self) -> Sequence[object]: ...

    def add(self, pattern: str, resource: type[Resource], /) -> object: ...

    def lifespan(self, function: Callable[[], Iterator[None]], /) -> object: ...


class Service:
    """One service of many: ``app.install(Service(checks={"database": database.ping}))``.

    ``/livez`` is a 200 while the process responds; it depends on nothing else, so that a slow
    database restarts no process. ``/readyz`` is a 200 if the App has started, is not draining, and
    every critical check holds, and a 503 otherwise. Another check that fails makes the response
    ``"degraded"``, with status 200: a dependency that many processes share should not take all of
    them out of service at once.

    Both are public, without the limits, caches, middleware and extensions of the App, and are
    served for every host and scheme, since probes call processes by IP address.

    Each request has an id, `Request.id`: that of its header ``X-Request-Id``, or a new one. Each
    response has it in the same header. A request also belongs to a trace (W3C Trace Context, Level
    2), which `outgoing_headers` passes on. In an App with ``debug``, each response has the time
    that it took in Server-Timing. If mounted Apps have a Service too, the ids are those of
    the outermost one.
    """

    edge_order = SERVICE
    is_of_outermost = True

    def __init__(
        self,
        *,
        checks: Mapping[str, Check] | None = None,
        critical: Collection[str] = (),
        live: str | None = "/livez",
        ready: str | None = "/readyz",
        documented: bool = True,
        logs: LogFormat | None = None,
        metrics: str | None = None,
        traces: TracerProvider | bool = False,
    ) -> None:
        """Check and keep the options.

        Args:
            checks: Functions without arguments, by name. A check has failed if it returns False,
                raises, or takes longer than a second. Checks run in threads of their own, side by
                side and at most once a second, whatever the number of probes.
            critical: The names of the checks without which the service cannot take requests.
            live: The URL of the liveness probe, None for no such URL.
            ready: The URL of the readiness probe, None for no such URL.
            documented: Whether the URLs are in the OpenAPI document.
            logs: ``"json"`` or ``"text"`` logs each request to ``restkit.access``, after the body
                of its response is closed. While the App runs, the root logger also has a handler of
                that format, if the program has given it none. None logs no requests.
            metrics: The URL of the metrics for Prometheus, such as ``"/metrics"``; None for no
                metrics. It is as public as the probes.
            traces: Whether each request has a span of OpenTelemetry, by the provider of the process
                or by this one.

        Raises:
            MissingExtraError: ``metrics`` is given, and prometheus-client is not installed; or
                ``traces``, and opentelemetry-api is not.
            DeclarationError: A check is not such a function, a critical name has no check, or a URL
                is not a path without variables.
        """
        check_mapping(checks, "Service(checks=...)", '{"database": database.ping}')
        for name, function in (checks or {}).items():
            _check_name(name)
            check_call(function, (), f"The check {name!r} of a Service")
        self._critical = frozenset(texts_of(critical, "Service(critical=...)"))
        if unknown := sorted(self._critical.difference(checks or {})):
            known = ", ".join(map(repr, checks or {})) or "there are none"
            raise DeclarationError(
                f"Service(critical=...) names {unknown[0]!r}, which is not one of the checks: "
                f"{known}."
            )
        check_flag(documented, "Service(documented=...)")
        self._live = _checked_path(live, "live", "/livez")
        self._ready = _checked_path(ready, "ready", "/readyz")
        if logs is not None:
            check_format(logs, "Service(logs=...)")
        self._documented = documented
        self._logs: LogFormat | None = logs
        self._metrics = _checked_path(metrics, "metrics", "/metrics")
        self._observed = _observed(logs, self._metrics)
        self._has_spans = traces is not False
        if self._has_spans:
            from .spans import spanned  # an extra

            paths = filter(None, (self._live, self._ready, self._metrics))
            self._observed = spanned(self._observed, traces, [*paths])
        self._extensions: Sequence[object] = ()
        self._checks = Checks(dict(checks or {}))
        self._has_started = self._is_timed = False
        self._is_draining = False

    def install(self, app: _App, /) -> None:
        """Add the URLs.

        Raises:
            DeclarationError: The App has a Service already.
            CollisionError: A resource has one of the URLs.
        """
        if any(isinstance(each, Service) for each in app.extensions):
            raise DeclarationError(
                f"The App {app.name!r} has a Service already. Name all checks in one "
                "Service(checks={...})."
            )
        from .probes import Liveness, Readiness  # cold start: marshmallow

        self._extensions = app.extensions
        self._is_timed = app.settings.debug
        app.lifespan(self._logging)
        app.lifespan(self._running)
        if self._live is not None:
            app.add(self._live, self._made(Liveness))
        if self._ready is not None:
            app.add(self._ready, self._made(Readiness))
        if self._metrics is not None:
            from .metrics import MetricsPage  # cold start, as above

            app.add(self._metrics, self._made(MetricsPage))

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers."""
        if self._is_timed:
            return CONTRIBUTION._replace(headers=(*CONTRIBUTION.headers, SERVER_TIMING))
        return CONTRIBUTION

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that sends the id of the request back."""
        finish = finisher(operation, is_observed=self._observed is not None)
        return with_timings(finish) if self._is_timed else finish

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that gives requests their ids, and logs and measures them."""
        timed = (Layer(SERVICE, timed_requests),) if self._is_timed else ()
        kind = self._observed
        if kind is None:
            return (*timed, Layer(SERVICE, correlated))
        layer = Layer(SERVICE, partial(observed, kind=kind))
        if not self._has_spans:
            return (*timed, layer)
        from .spans import within_span  # as above

        return (*timed, Layer(SERVICE, within_span), layer)

    def _made(self, base: type[Resource]) -> type[Resource]:
        members = {
            "service": self,
            "documented": self._documented,
            "__doc__": base.__doc__,
            "__module__": base.__module__,
        }
        return cast("type[Resource]", type(base.__name__, (base,), members))

    def _logging(self) -> Iterator[None]:
        root = logging.getLogger()
        if self._logs is None or root.handlers:
            yield
            return
        # `SecretsFilter` finds the handlers at its own start, which may have been before.
        filters = [each for each in self._extensions if isinstance(each, logging.Filter)]
        level = root.level
        handler = add_handler(self._logs, logging.INFO, filters=filters)
        yield
        root.removeHandler(handler)
        root.setLevel(level)

    def _running(self) -> Iterator[None]:
        self._has_started = True
        take_back = stop_streams_when(is_draining)
        yield
        take_back()
        self._has_started = False

    @property
    def is_draining(self) -> bool:
        """Whether the service finishes the requests that it has, and should get no others.

        It does after `drain`, and when ``restkit drain`` or `drain_with` has got SIGTERM.
        """
        return self._is_draining or is_draining()

    def drain(self) -> None:
        """Respond with 503 to readiness probes from now on; all other requests are served.

        Event streams end with `restkit.sse.stop_streams`.
        """
        self._is_draining = True

    def readiness(self) -> tuple[str, dict[str, bool]]:
        """Return the state of the service, and by name whether each check holds.

        The state is ``"ok"``, ``"degraded"``, ``"failed"``, ``"draining"`` or ``"starting"``. The
        last two are known without the checks.
        """
        if self.is_draining:
            return "draining", {}
        if not self._has_started:
            return "starting", {}
        results = self._checks.results()
        failed = {name for name, holds in results.items() if not holds}
        if failed & self._critical:
            return "failed", results
        return ("degraded" if failed else "ok"), results


def _observed(logs: LogFormat | None, metrics: str | None) -> type[Exchange] | None:
    """Return the class of requests that are logged or measured, None if they are neither."""
    if metrics is None:
        return None if logs is None else Exchange
    from .metrics import LoggedAndMeasured, Measured  # an extra

    return Measured if logs is None else LoggedAndMeasured


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 100:
        raise DeclarationError(
            f"Service(checks=...) has the name {name!r:.120}. A name is a short printable text, "
            "such as 'database'."
        )


def _checked_path(path: object, option: str, example: str) -> str | None:
    """Return the URL of a probe, None for no URL."""
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/") or any(each in path for each in "<?#"):
        raise DeclarationError(
            f"Service({option}=...) must be a path without variables, such as {example!r}, or "
            f"None for no such URL, got {path!r}."
        )
    return path
