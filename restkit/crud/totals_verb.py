"""The contract of a collection's totals, and the declarations that it cannot stand beside."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Protocol, cast

from ..contract import Location
from ..declarations import Declarations, Return
from ..errors import DeclarationError
from ..media import JSON
from ..resource import Resource
from .action_access import action_words
from .binding import Binding
from .store import AnyField
from .sub_urls import Extended
from .totalling import Totalling

__all__ = ["totalling_of", "totals_contract"]

_OWN_MODULE = "restkit.crud.resource"


class Listed(Extended, Protocol):
    """The part of a `CRUDResource` class that totals depend on."""

    list: object
    totals: object


def totalling_of(
    declared: type[Listed], binding: Binding, name: str, wanted: Collection[str]
) -> Totalling:
    """Return the totals that a class declares.

    Args:
        declared: The class.
        binding: Its binding.
        name: The name of the collection.
        wanted: The methods of the collection.

    Raises:
        DeclarationError: The collection has no GET, its list is narrowed by code that totals do
            not run, or the declarations and the store do not fit together.
    """
    if "GET" not in wanted:
        raise DeclarationError(
            f"{binding.declared_at} declares groups or aggregates, but methods has no GET. Add it, "
            "or remove them."
        )
    if _is_own(declared, "list") and not _is_own(declared, "totals"):
        # SECURITY: the totals of items that `list` leaves out would show them.
        raise DeclarationError(
            f"{binding.declared_at} overrides list and declares groups or aggregates, which do not "
            "call it. Say which items belong to the collection in scope(), or override "
            "totals(self, query) as well; it may `return super().totals(query)`."
        )
    wire = {**binding.list_views.attribute_fields(), **binding.views.attribute_fields()}
    return Totalling(declared, binding.store, wire, binding.declared_at, name)


def totals_contract(
    declared: type[Listed], binding: Binding, totalling: Totalling, name: str
) -> Declarations:
    """Return the inputs and the response of totals. Whoever may list may have them.

    Args:
        declared: The class.
        binding: Its binding.
        totalling: Its groups and aggregates.
        name: The name of the collection.
    """
    words: dict[str, object] = {
        "derived_id": f"total{name}",
        "summary": "Count and sum the items by group",
        "description": "The filters select items as they do in the list.",
    }
    words |= action_words(cast("type[Resource]", declared), "list")
    inputs: dict[Location, Mapping[str, AnyField]] = {
        "query": binding.filtering.fields(totalling.fields())
    }
    response = Return(
        totalling.schema, 200, (), (JSON,), "The groups with their aggregates.", False
    )
    return Declarations(inputs, None, (response,), words=words)


def _is_own(declared: type[Listed], action: str) -> bool:
    written = inspect.getattr_static(declared, action)
    return getattr(written, "__module__", "") != _OWN_MODULE
