"""Metrics of requests for Prometheus; this module and `peer_metrics` import prometheus-client.

The names, buckets and labels are those of the semantic conventions of OpenTelemetry for HTTP.
"""

from __future__ import annotations

import logging
import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from ..decorators import returns
from ..errors import MissingExtraError
from ..request import Request
from ..resource import Resource
from ..response import Response
from .access_log import Exchange
from .probes import NOT_STORED

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.multiprocess import MultiProcessCollector

    from .peer_metrics import BUCKETS
except ImportError as error:
    raise MissingExtraError("Service(metrics=...)", "metrics") from error

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .request_summary import Summary

__all__ = ["NO_ROUTE", "LoggedAndMeasured", "Measured", "MetricsPage"]

NO_ROUTE = "unmatched"
"""The route of all requests that no operation handles. No route is such a text: it has no slash."""

_OTHER = "_OTHER"
_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
_FIRST_FAULT = 500
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_log = logging.getLogger("restkit.service")
_clock = time.perf_counter_ns

_DURATION = Histogram(
    "http_server_request_duration_seconds",
    "The seconds from a request until the body of its response was closed.",
    ("method", "route", "status", "error_type"),
    buckets=BUCKETS,
)
_ACTIVE = Gauge(
    "http_server_active_requests",
    "The requests that are served now.",
    ("method",),
    multiprocess_mode="livesum",
)


def _method_of(method: str) -> str:
    """Return a method as a label: clients may invent methods without end."""
    return method if method in _METHODS else _OTHER


@lru_cache(maxsize=16)
def _active(method: str) -> Gauge:
    return _ACTIVE.labels(method)


@lru_cache(maxsize=4096)  # PERF: a fifth of what `labels` costs
def _duration(method: str, route: str, status: int) -> Histogram:
    error = str(status) if status >= _FIRST_FAULT else ""
    return _DURATION.labels(method, route, str(status), error)


class Measured(Exchange):
    """One request that is measured, and not logged.

    Attributes:
        active: The number of active requests of its method.
    """

    __slots__ = ("active",)

    is_logged: ClassVar[bool] = False
    active: Gauge

    def identify(self, environ: WSGIEnvironment) -> None:
        """Give the request its ids, and count it among the active ones."""
        super().identify(environ)
        self.active = _active(_method_of(environ["REQUEST_METHOD"]))
        self.active.inc()

    def close(self, size: int = -1) -> None:
        """Measure the request, once, and log it if it is logged."""
        summary = self.summary
        if summary is None:
            return
        self.active.dec()
        if not summary.is_probe:
            _duration(*_labels_of(summary)).observe((_clock() - self.begun) / 1_000_000_000)
        if self.is_logged:
            super().close(size)
        else:
            self.summary = None


class LoggedAndMeasured(Measured):
    """One request that is measured and logged."""

    __slots__ = ()

    is_logged: ClassVar[bool] = True


def _labels_of(summary: Summary) -> tuple[str, str, int]:
    operation = summary.operation
    route = NO_ROUTE if operation is None else operation.path
    return _method_of(summary.method), route, summary.status


class MetricsPage(Resource):
    """The metrics of this service, of all its processes if they share a folder."""

    public = True
    tags = ("Service",)
    _any_query = True
    _is_probe = True

    @returns(
        None,
        media_types=("text/plain", "application/openmetrics-text"),
        headers={"Cache-Control": "``no-store``: the next request is answered anew."},
        description="The metrics, in the text format of Prometheus or as OpenMetrics.",
    )
    def get(self, request: Request) -> Response:
        """Read the metrics."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        content = encode(_registry(request))
        return Response(content, headers=NOT_STORED, content_type=content_type)


def _registry(request: Request) -> CollectorRegistry:
    """Return the registry of all processes, or that of this one."""
    if not os.environ.get(_FOLDER):
        if request.environ.get("wsgi.multiprocess"):
            _warn_about_processes()
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package's own
    return registry


@lru_cache(maxsize=1)
def _warn_about_processes() -> None:
    """Log once that each process counts for itself."""
    _log.warning(
        "The metrics are those of one worker process out of several: each request for them gets "
        "another one's. Set %s to an empty folder before the workers start.",
        _FOLDER,
    )
