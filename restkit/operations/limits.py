"""The additions of limits, caches and deprecations to each Operation, when all levels are known."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import Operation
from ..limits.enforcement import limits_contribution
from .contributions import add_contribution
from .entries import Entry

__all__ = ["add_limits"]


def add_limits(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries with the additions of caches, limits and deprecations to their operations."""
    if any(each.cache for entry in entries for each in entry.operations):
        from .caching import add_caches  # cold start

        entries = add_caches(entries)
    entries = [entry.with_operations(_limited) for entry in entries]
    if any(each.deprecation for entry in entries for each in entry.operations):
        from .deprecations import add_deprecations  # cold start

        entries = add_deprecations(entries)
    return entries


def _limited(operation: Operation) -> Operation:
    if not operation.limits:
        return operation
    limits = tuple(dict.fromkeys(each for each in operation.limits if each is not ...))
    operation = operation._replace(limits=limits)
    return add_contribution(operation, limits_contribution(operation), "extension")
