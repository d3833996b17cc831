"""Idempotency keys: clients can retry a request without repeating its effect."""

from .idempotency import Idempotency, Storage
from .memory import MemoryStorage

__all__ = ["Idempotency", "MemoryStorage", "Storage"]
