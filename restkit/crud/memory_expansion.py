"""Related items in memory that a response includes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .expansions import RelationPath
from .memory_links import Link
from .memory_relations import MemoryRelations
from .query import ListQuery, Order
from .rows import Memory, copied
from .selection import select_all

__all__ = ["include", "without_included"]


def include(
    relations: MemoryRelations,
    memory: Memory,
    table: object,
    items: Sequence[object],
    expand: Sequence[str],
) -> None:
    """Set the related items that a response includes, as attributes of the items.

    Args:
        relations: The related items that the request may see.
        memory: The data.
        table: The table of the items.
        items: Copies of items.
        expand: The relations. Those that the store does not know are attributes of the model.
    """
    links = memory.links.get(table, {})
    for path in expand:
        link = links.get(path)
        if link is None or not items:
            continue
        found: list[object] = []
        for item in items:
            rows = [copied(each) for each in _selected(relations.related(link, item), link, path)]
            vars(item)[link.name] = rows if link.is_many else next(iter(rows), None)
            found += rows
        begin = f"{path}."
        below = [RelationPath.below(each, path) for each in expand if each.startswith(begin)]
        include(relations, memory, link.target.table, found, below)


def _selected(rows: Iterable[object], link: Link, path: str) -> Sequence[object]:
    """Return the first related items in the declared order, which the key makes total."""
    key = (Order(link.target.primary),) if link.target.primary else ()
    if not isinstance(path, RelationPath):  # the schema nests the relation in each response
        return select_all(rows, ListQuery((), key))
    return select_all(rows, ListQuery((), (*path.order, *key)))[: path.limit]


def without_included(memory: Memory, table: object, item: object) -> object:
    """Remove the related items from a copy of an item, and return it."""
    for name in memory.links.get(table, {}):
        vars(item).pop(name, None)
    return item
