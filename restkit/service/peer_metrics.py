"""Metrics of the requests to other services, for Prometheus.

The name, buckets and labels are those of the semantic conventions of OpenTelemetry for HTTP.
"""

from __future__ import annotations

from prometheus_client import Gauge, Histogram

from ..peer_calls import OBSERVERS, PeerCall

__all__ = ["BUCKETS", "observe"]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_FIRST_ERROR = 400

_DURATION = Histogram(
    "http_client_request_duration_seconds",
    "The seconds of one request to another service, until its response was read.",
    ("method", "server_address", "status", "error_type"),
    buckets=BUCKETS,
)
_OPEN = Gauge(
    "restkit_client_breaker_open",
    "The processes that send no requests to a service, because it has failed too often.",
    ("server_address",),
    multiprocess_mode="livesum",
)


def observe(call: PeerCall) -> None:
    """Measure a request to another service."""
    status = "" if call.status is None else str(call.status)
    is_error = call.status is not None and call.status >= _FIRST_ERROR
    error = status if is_error else call.error
    _DURATION.labels(call.method, call.peer, status, error).observe(call.seconds)
    _OPEN.labels(call.peer).set(call.is_open)


# A process has one registry, so one observer is enough for all its Apps.
OBSERVERS.append(observe)
