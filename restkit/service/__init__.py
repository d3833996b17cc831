"""What an App needs to run as one service of many: health checks, request ids and traces."""

from .correlation import outgoing_headers
from .service import Service

__all__ = ["Service", "outgoing_headers"]
