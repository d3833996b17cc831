"""Limits of requests, and idempotency keys: clients can retry without repeating the effect."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .caller_deadline import CallerDeadline
    from .concurrency import Concurrency
    from .counters import Counters, CountersUnavailable, MemoryCounters, Usage
    from .deadline import Deadline, seconds_left
    from .idempotency import Idempotency, Storage
    from .identities import address, principal
    from .memory import MemoryStorage
    from .rates import Failures, QuotaExceeded, Rate
    from .sizes import Sizes

__all__ = [
    "CallerDeadline",
    "Concurrency",
    "Counters",
    "CountersUnavailable",
    "Deadline",
    "Failures",
    "Idempotency",
    "MemoryCounters",
    "MemoryStorage",
    "QuotaExceeded",
    "Rate",
    "Sizes",
    "Storage",
    "Usage",
    "address",
    "principal",
    "seconds_left",
]

_MODULES = {
    "CallerDeadline": "caller_deadline",
    "Concurrency": "concurrency",
    "Counters": "counters",
    "CountersUnavailable": "counters",
    "Deadline": "deadline",
    "Failures": "rates",
    "Idempotency": "idempotency",
    "MemoryCounters": "counters",
    "MemoryStorage": "memory",
    "QuotaExceeded": "rates",
    "Rate": "rates",
    "Sizes": "sizes",
    "Storage": "idempotency",
    "Usage": "counters",
    "address": "identities",
    "principal": "identities",
    "seconds_left": "deadline",
}


# Cold start: a program with idempotency keys loads no rates, and the other way round.
__getattr__ = lazy_names(__name__, _MODULES)
