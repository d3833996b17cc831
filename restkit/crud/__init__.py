"""CRUDResource: collections and their items over a Store, paged, filtered, sorted and patched."""

from .memory_store import MemoryStore
from .query import Condition, ListQuery, Order, Page
from .resource import CRUDResource
from .scopes import AnyOf
from .store import (
    Attribute,
    KeyTaken,
    ReferenceViolation,
    StaleWrite,
    Store,
    Transaction,
    UniqueViolation,
    Violation,
)

__all__ = [
    "AnyOf",
    "Attribute",
    "CRUDResource",
    "Condition",
    "KeyTaken",
    "ListQuery",
    "MemoryStore",
    "Order",
    "Page",
    "ReferenceViolation",
    "StaleWrite",
    "Store",
    "Transaction",
    "UniqueViolation",
    "Violation",
]
