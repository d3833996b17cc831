"""Queries, pages and other parts of a store's protocol are values: nothing changes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from restkit.crud import bulk_schemas, memory_links, page_format, query, scopes, store, totals
from restkit.crud.patching import PatchDocument
from restkit.sqlalchemy import Limits, keysets

VALUES: tuple[Any, ...] = (
    *(query.Condition, query.Order, query.ListQuery, query.Page),
    *(totals.Group, totals.Aggregate, totals.TotalsOrder, totals.TotalsQuery, totals.Totals),
    *(page_format.PageSizes, page_format.Window, page_format.ListedPage),
    *(bulk_schemas.Change, memory_links.Reference, scopes.Scope, store.Attribute),
    *(PatchDocument, Limits, keysets.Part),
)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_cannot_be_changed(kind: Any) -> None:
    """An attribute cannot be set, and there is no place for another one."""
    value = object.__new__(kind)
    name = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    assert not hasattr(value, "__dict__")


def test_limits_of_connections_are_named() -> None:
    """Numbers without names could not be told apart."""
    kind: Any = Limits
    with pytest.raises(TypeError):
        kind(1)
