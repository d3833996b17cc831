"""What a service does once, and for whom: keys that let a request be sent again without being done again."""

from .idempotency import Idempotency, Storage
from .memory import MemoryStorage

__all__ = ["Idempotency", "MemoryStorage", "Storage"]
