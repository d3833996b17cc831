"""Checks where a cache is declared: on a GET, or on a class that has one."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import Operation
from ..declarations import declarations_of
from ..errors import DeclarationError
from .security import Access

__all__ = ["check_cache"]


def check_cache(operation: Operation, others: Sequence[Operation], given: Access) -> None:
    """Reject a cache that is declared on another verb than GET.

    Args:
        operation: An operation whose verb, route or class declares a cache.
        others: The operations of the class.
        given: The declarations of the route.

    Raises:
        DeclarationError: Nothing would be stored.
    """
    own = declarations_of(operation.function).words.get("cache")
    if operation.method != "GET" and own:
        raise DeclarationError(
            f"{operation.declared_at} has a cache, but only responses of GET are stored. Remove "
            "cache from @access."
        )
    is_endpoint = hasattr(operation.resource, "binding")  # one of the URLs of a collection
    if is_endpoint or any(each.method == "GET" for each in others):
        return
    declared: object = given.cache or getattr(operation.resource, "cache", None)
    if declared:
        raise DeclarationError(
            f"{operation.declared_at} has a cache, but only responses of GET are stored, and there "
            "is no GET. Remove cache."
        )
