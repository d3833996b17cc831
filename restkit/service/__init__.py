"""An App as one service of many: health checks, request ids, traces, logs."""

from .correlation import outgoing_headers
from .draining import drain_with
from .log_formats import JSONFormatter, TextFormatter
from .log_setup import configure_logging
from .service import Service

__all__ = [
    "JSONFormatter",
    "Service",
    "TextFormatter",
    "configure_logging",
    "drain_with",
    "outgoing_headers",
]
