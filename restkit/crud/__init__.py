"""CRUDResource: collections and their items over a Store, paged, filtered, sorted and patched."""

from .action_decorators import collection_action, item_action
from .changes import Changes
from .csv_export import CSVExport
from .expansions import Expand
from .memory_store import MemoryStore
from .page_envelopes import Bare, Named
from .page_format import ListedPage, PageFormat, PageSizes, Window
from .page_formats import Keyset, LimitOffset, PageNumbers
from .query import Condition, ListQuery, Order, Page
from .relations import Related
from .resource import CRUDResource
from .scopes import AnyOf, Scope
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
from .totals import Aggregate, Group, Totals, TotalsQuery

__all__ = [
    "Aggregate",
    "AnyOf",
    "Attribute",
    "Bare",
    "CRUDResource",
    "CSVExport",
    "Changes",
    "Condition",
    "Expand",
    "Group",
    "KeyTaken",
    "Keyset",
    "LimitOffset",
    "ListQuery",
    "ListedPage",
    "MemoryStore",
    "Named",
    "Order",
    "Page",
    "PageFormat",
    "PageNumbers",
    "PageSizes",
    "ReferenceViolation",
    "Related",
    "Scope",
    "StaleWrite",
    "Store",
    "Totals",
    "TotalsQuery",
    "Transaction",
    "UniqueViolation",
    "Violation",
    "Window",
    "collection_action",
    "item_action",
]
