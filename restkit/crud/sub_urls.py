"""The words of a collection beside those of its attributes: in URLs and as parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Extended", "extra_parameters", "made_urls", "sub_urls"]


class Extended(Protocol):
    """The part of a `CRUDResource` class that declares further URLs."""

    bulk: bool
    groups: Sequence[str]
    aggregates: Sequence[str]
    max_groups: int
    by_filter: Sequence[str]
    or_filters: Sequence[str]
    changes: object


def sub_urls(declared: Extended) -> Iterator[str]:
    """Yield the words after the collection's URL, which no key of an item can be."""
    yield from made_urls(declared)
    if declared.changes:
        yield "changes"  # which `App.add` makes


def made_urls(declared: Extended) -> Iterator[str]:
    """Yield those words whose URLs a collection makes itself."""
    if declared.bulk:
        yield "bulk"
    if declared.groups or declared.aggregates:
        yield "totals"


def extra_parameters(declared: Extended) -> tuple[str, ...]:
    """Return the parameters besides those of the list, which no filter can have as its name."""
    totals = ("group", "aggregates", "sort", "limit")
    found = totals if declared.groups or declared.aggregates else ()
    if declared.or_filters:
        found = (*found, "or")
    return (*found, "dry_run") if declared.by_filter else found
