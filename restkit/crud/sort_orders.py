"""The order of a collection: what clients may sort by, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields as ma
from marshmallow import validate

from ..errors import DeclarationError
from .query import Order
from .store import Attribute

__all__ = ["Sorting"]

_UNORDERED = frozenset(
    {"null", "has"}
)  # what may be asked of a list, or of what nothing is known of


class Sorting:
    """Is the orders that a collection may have; every one ends with the key, so that no two items are alike in it."""

    def __init__(
        self,
        names: Sequence[str],
        default: Sequence[str],
        key: str,
        attributes: Mapping[str, Attribute],
        declared_at: str,
    ) -> None:
        """Make the orders.

        Args:
            names: The attributes that clients may sort by.
            default: The order where none is asked for; ``-`` before a name descends.
            key: The attribute that tells any two items apart.
            attributes: What the store knows.
            declared_at: Where it is declared, for messages.

        Raises:
            DeclarationError: There is no such attribute.
        """
        if isinstance(names, str) or isinstance(default, str):
            raise DeclarationError(
                f"{declared_at}.sorts and .order are sequences of names: write ({names or default!r},)."
            )
        for name in (*names, *(each.removeprefix("-") for each in default)):
            if name not in attributes or "search" in attributes[name].operators:
                known = sorted(
                    each for each in attributes if "search" not in attributes[each].operators
                )
                raise DeclarationError(
                    f"{declared_at} sorts by {name!r}, which its model does not have; it has {', '.join(known)}."
                )
            if not attributes[name].operators - _UNORDERED:
                raise DeclarationError(
                    f"{declared_at} sorts by {name!r}, whose values have no order that every store knows; sort by another "
                    "attribute."
                )
        self._names = tuple(names)
        self._key = key
        self._orders: dict[str, tuple[Order, ...]] = {}
        self._default = self._made(default)

    @property
    def default(self) -> tuple[Order, ...]:
        """The order where none is asked for."""
        return self._default

    def fields(self) -> dict[str, ma.Field[Any]]:
        """Return the query parameter that asks for an order, none where nothing may be sorted by."""
        if not self._names:
            return {}
        choices = [sign + name for name in self._names for sign in ("", "-")]
        described = "What to sort by, the first name first; a minus before a name descends."
        return {
            "sort": ma.List(
                ma.Str(validate=validate.OneOf(choices)),
                validate=validate.Length(1, len(self._names)),
                metadata={"description": described, "explode": False},
            )
        }

    def order(self, asked: Sequence[str] | None) -> tuple[Order, ...]:
        """Return the order that a query asks for."""
        if not asked:
            return self._default
        text = ",".join(asked)
        found = self._orders.get(text)
        if found is None:
            found = self._made(asked)
            if len(self._orders) < 256:  # SECURITY: clients choose the keys
                self._orders[text] = found
        return found

    def _made(self, names: Sequence[str]) -> tuple[Order, ...]:
        keys: dict[str, Order] = {}
        for each in names:
            name = each.removeprefix("-")
            keys.setdefault(name, Order(name, each.startswith("-")))
        # The key goes the way of the last name: an index on both then serves one way and the other.
        descending = bool(keys) and list(keys.values())[-1].descending
        keys.setdefault(self._key, Order(self._key, descending))
        made = list(keys.values())
        return tuple(made[: made.index(keys[self._key]) + 1])
