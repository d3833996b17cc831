"""Queries that no input reads: unknown parameters are rejected, unless the App or class lets them.

The reader of a declared query rejects unknown parameters itself.
"""

from __future__ import annotations

from typing import cast

from ..contract import Operation
from ..request import Request
from ..resource import Resource
from ..settings import Settings

__all__ = ["known_query", "reject_query"]


def known_query(operation: Operation, settings: Settings) -> frozenset[str] | None:
    """Return the query parameters that no input reads; None if unknown parameters are not errors.

    A security scheme reads such a parameter, for example.
    """
    is_open = not settings.strict or cast("type[Resource]", operation.resource)._any_query
    is_read = operation.input("query") is not None
    return None if is_open or is_read else operation.query_names


def reject_query(request: Request, known: frozenset[str]) -> None:
    """Reject a query that has other parameters than the known ones.

    Raises:
        UnprocessableContent: There are others (422).
    """
    from ..parsing.parameters import read_nothing  # cold start: parameters load marshmallow

    read_nothing(request, known)
