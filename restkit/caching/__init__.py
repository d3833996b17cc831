"""The response cache: responses of GET that are stored, and forgotten when their data changes."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .cache import Cache
    from .handle import AppCache
    from .memory import MemoryCache
    from .storage import CacheStorage, CacheUnavailable, StoredResponse

__all__ = [
    "AppCache",
    "Cache",
    "CacheStorage",
    "CacheUnavailable",
    "MemoryCache",
    "StoredResponse",
]

_MODULES = {
    "AppCache": "handle",
    "Cache": "cache",
    "CacheStorage": "storage",
    "CacheUnavailable": "storage",
    "MemoryCache": "memory",
    "StoredResponse": "storage",
}


# Cold start: a declared cache loads no storage before the first request.
__getattr__ = lazy_names(__name__, _MODULES)
