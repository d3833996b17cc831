"""What an App needs to run as one service of many: health checks for orchestrators."""

from .service import Service

__all__ = ["Service"]
