"""The edge parts around each entry, and their contributions.

They contribute after all other parts, since their headers are on the responses of all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from ..contract import Operation
from ..contributor import Contribution
from .contributions import add_contribution, contribution_of
from .edge_part import EdgePart
from .entries import Entry

__all__ = ["add_edges", "nearest_parts"]


class _Extended(Protocol):
    @property
    def extensions(self) -> Sequence[object]: ...


class _Registry(Protocol):
    @property
    def app(self) -> _Extended: ...

    def line(self) -> Iterator[_Registry]: ...


def nearest_parts(registry: _Registry, outermost: object) -> list[EdgePart]:
    """Return the parts that apply to an App, the innermost layer first.

    Args:
        registry: The registry of the App.
        outermost: The registry around it at which the search ends.
    """
    found: dict[int, EdgePart] = {}
    for each in registry.line():
        for extension in each.app.extensions:
            if isinstance(extension, EdgePart):
                if getattr(extension, "is_of_outermost", False):
                    found[extension.edge_order] = extension
                found.setdefault(extension.edge_order, extension)
        if each is outermost:
            break
    return [part for _, part in sorted(found.items(), reverse=True)]


def add_edges(entries: Iterable[Entry], outermost: object) -> list[Entry]:
    """Return entries with the contributions of edge parts."""
    found: dict[int, list[EdgePart]] = {}
    out: list[Entry] = []
    for each in entries:
        entry, registry = each, each.owner._registry
        if id(registry) not in found:
            found[id(registry)] = nearest_parts(registry, outermost)
        for part in found[id(registry)]:
            entry = _with_part(entry, part)
        out.append(
            entry._replace(edges=tuple(found[id(registry)])) if found[id(registry)] else entry
        )
    return out


def _with_part(entry: Entry, part: EdgePart) -> Entry:
    def add(operation: Operation) -> Operation:
        return add_contribution(
            operation, contribution_of(part, operation) or Contribution(), "extension"
        )

    return entry.with_operations(add)
