"""The sort orders of a collection: the attributes that clients may sort by, and the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from marshmallow import fields as ma
from marshmallow import validate

from ..errors import DeclarationError
from .item_keys import key_of
from .paths import check_comparable, find_path
from .query import Order
from .store import AnyField, AnyStore, Attribute
from .wire_names import check_distinct, hint, wire_name

__all__ = ["Sorting"]

_UNORDERED = frozenset({"null", "has", "any"})  # the operators of attributes without an order


class Sorting:
    """The sort orders of a collection. Each ends with the key, so that no two items are equal."""

    def __init__(
        self,
        names: Sequence[str],
        default: Sequence[str],
        store: AnyStore,
        declared_at: str,
        wire: Mapping[str, AnyField],
    ) -> None:
        """Make the orders.

        Args:
            names: The attributes that clients may sort by: ``year``, or ``author__name`` of the
                related item.
            default: The default order; a name with ``-`` before it descends.
            store: The store, whose key is unique.
            declared_at: The name of the class, for messages.
            wire: The schema's fields by attribute: clients name attributes as content does.

        Raises:
            DeclarationError: An attribute does not exist or has no order, or two have one name.
        """
        if isinstance(names, str) or isinstance(default, str):
            raise DeclarationError(
                f"{declared_at}.sorts and .order must be sequences of strings, not strings. Write "
                f"({names or default!r},)."
            )
        self._paths: dict[str, str] = {}
        self._store = store
        self._related: dict[str, Attribute] = {}
        named = []
        for name in (*names, *(each.removeprefix("-") for each in default)):
            called = self._add(name, wire, declared_at)
            named.append((name, called))
        named = named[: len(names)]
        check_distinct(named, f"{declared_at}.sorts")
        for _, called in named:
            if called.startswith("-") or "," in called:
                raise DeclarationError(
                    f"{declared_at}.sorts: the name {called!r} cannot stand in a list of sort "
                    "keys. Use another data_key."
                )
        self._attributes = {called: name for name, called in named}
        self._keys = key_of(store).names
        self._orders: dict[str, tuple[Order, ...]] = {}
        self._default = self._build_order(default)

    def _add(self, name: str, wire: Mapping[str, AnyField], declared_at: str) -> str:
        """Keep a sort key, and return its name for clients."""
        store = self._store
        if name in store.attributes or "__" not in name:
            _check_sortable(name, store.attributes, declared_at, wire)
            return wire_name(name, wire)
        path, rest = find_path(name, store, wire, f"{declared_at}.sorts")
        if path.many:
            raise DeclarationError(
                f"{declared_at} sorts by {name!r}, but an item may have several {path.many!r}. "
                "Sort by a relation to one item."
            )
        check_comparable(path.attribute, f"{declared_at}.sorts")
        if rest or not path.attribute.operators - _UNORDERED:
            raise DeclarationError(
                f"{declared_at} sorts by {name!r}, which is not an attribute with an order. Name "
                "an attribute of the related model."
            )
        self._paths[name] = path.name
        # The relation may have no item, or one that the caller may not see.
        self._related[path.name] = replace(path.attribute, nullable=True)
        return path.called.replace(".", "__")

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes that items can be sorted by, by the names of sort keys."""
        return (
            {**self._store.attributes, **self._related} if self._related else self._store.attributes
        )

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameter of the order, or nothing if no attribute is sortable."""
        if not self._attributes:
            return {}
        choices = [sign + name for name in self._attributes for sign in ("", "-")]
        described = "The sort keys, most significant first. A minus before a name sorts descending."
        return {
            "sort": ma.List(
                ma.Str(validate=validate.OneOf(choices)),
                validate=validate.Length(1, len(self._attributes)),
                metadata={"description": described, "explode": False},
            )
        }

    def order(self, names: Sequence[str] | None) -> tuple[Order, ...]:
        """Return the order of a query's names, the default order without names."""
        if not names:
            return self._default
        text = ",".join(names)
        found = self._orders.get(text)
        if found is None:
            found = self._build_order([self._declared(each) for each in names])
            if len(self._orders) < 256:  # SECURITY: clients choose the keys
                self._orders[text] = found
        return found

    def _declared(self, name: str) -> str:
        """Return a client's sort key as the class declares it."""
        sign = "-" if name.startswith("-") else ""
        return sign + self._attributes[name.removeprefix("-")]

    def _build_order(self, names: Sequence[str]) -> tuple[Order, ...]:
        keys: dict[str, Order] = {}
        for each in names:
            declared = each.removeprefix("-")
            name = self._paths.get(declared, declared)
            keys.setdefault(name, Order(name, each.startswith("-")))
        # The key sorts in the direction of the last name, so that one index serves both directions.
        descending = bool(keys) and list(keys.values())[-1].descending
        for name in self._keys:
            keys.setdefault(name, Order(name, descending))
        made = list(keys.values())
        last = max(made.index(keys[name]) for name in self._keys)
        return tuple(made[: last + 1])


def _check_sortable(
    name: str,
    attributes: Mapping[str, Attribute],
    declared_at: str,
    wire: Mapping[str, AnyField],
) -> None:
    """Reject a name that is not an attribute with an order."""
    known = [each for each in attributes if "search" not in attributes[each].operators]
    if name not in known:
        raise DeclarationError(
            f"{declared_at} sorts by {name!r}, but the model has no such attribute. It has "
            f"{', '.join(sorted(known))}.{hint(name, wire)}"
        )
    if not attributes[name].operators - _UNORDERED:
        check_comparable(attributes[name], f"{declared_at}.sorts")
        raise DeclarationError(
            f"{declared_at} sorts by {name!r}, whose values have no order that every store "
            "supports. Sort by another attribute."
        )
