"""The words that follow the URL of a collection and are no keys: `bulk`, `totals`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Extended", "sub_urls", "totals_parameters"]


class Extended(Protocol):
    """The part of a `CRUDResource` class that declares further URLs."""

    bulk: bool
    groups: Sequence[str]
    aggregates: Sequence[str]
    max_groups: int


def sub_urls(declared: Extended) -> Iterator[str]:
    """Yield the words after the collection's URL, which no key of an item can be."""
    if declared.bulk:
        yield "bulk"
    if declared.groups or declared.aggregates:
        yield "totals"


def totals_parameters(declared: Extended) -> tuple[str, ...]:
    """Return the parameters of totals, which no filter can have as its name."""
    if declared.groups or declared.aggregates:
        return ("group", "aggregates", "sort", "limit")
    return ()
