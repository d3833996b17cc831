"""The declared groups and aggregates of a collection: query parameters, schemas, content."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, missing, validate
from marshmallow import fields as ma

from ..errors import DeclarationError
from ..problems import InvalidItem, UnprocessableContent
from ..schemas.wire_formats import INT64_MAX
from .paths import check_comparable
from .query import ListQuery
from .store import AnyField, AnyStore
from .sub_urls import Extended
from .totals import (
    FUNCTIONS,
    NUMBERS,
    PARTS,
    Aggregate,
    Aggregating,
    Function,
    Group,
    Part,
    Totals,
    TotalsOrder,
    TotalsOverflow,
    TotalsQuery,
    supported,
)
from .wire_names import check_distinct, hint, wire_name

__all__ = ["Totalling", "overflow"]

_COUNT = "count"
_OF_OBJECTS = (ma.Nested, ma.Function, ma.Method)  # they need the whole item
_PATTERNS = {
    "year": r"^[0-9]{4}$",
    "month": r"^[0-9]{4}-[0-9]{2}$",
    "day": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
}
_DESCRIPTIONS = {
    "count": "The number of items whose `{}` is not null.",
    "distinct": "The number of different values of `{}`.",
    "sum": "The sum of `{}`; null without values.",
    "avg": "The average of `{}` in double precision; null without values.",
    "min": "The least `{}`; null without values.",
    "max": "The greatest `{}`; null without values.",
}
_TOO_LARGE = "A sum exceeds 64 bits. Filter for fewer items."
_NOT_CHOSEN = "Sort by a name that `group` or `aggregates` has."
_made: WeakKeyDictionary[type, dict[tuple[object, ...], type[Schema]]] = WeakKeyDictionary()


class Totalling:
    """The totals of one collection.

    Attributes:
        schema: The schema class of responses.
    """

    def __init__(
        self,
        declared: type[Extended],
        store: AnyStore,
        wire: Mapping[str, AnyField],
        declared_at: str,
        name: str,
    ) -> None:
        """Evaluate the declarations of a class.

        Args:
            declared: The class.
            store: The store of the items.
            wire: The schema's fields by attribute: values have the wire format of their field.
            declared_at: The name of the class, for messages.
            name: The name of the collection, which the names of the schemas begin with.

        Raises:
            DeclarationError: The store cannot group items, or an attribute does not exist or has
                no such aggregate.
        """
        if not isinstance(store, Aggregating):
            raise DeclarationError(
                f"{declared_at} declares groups or aggregates, but {type(store).__name__} cannot "
                "group items: it has no method `aggregations`. Remove them, or add the method."
            )
        if declared.max_groups < 1:
            raise DeclarationError(
                f"{declared_at}.max_groups must be at least 1, got {declared.max_groups}."
            )
        self._store = store
        self._able = store.aggregations
        self._wire = wire
        self._declared_at = declared_at
        self._most = declared.max_groups
        names = [(f"the group {each}", self._called(each)) for each in declared.groups]
        names += [(f"the aggregate {each}", self._called(each)) for each in declared.aggregates]
        check_distinct(names, declared_at)
        self._groups = {self._called(text): self._group(text) for text in declared.groups}
        self._aggregates = {
            self._called(text): self._aggregate(text) for text in declared.aggregates or (_COUNT,)
        }
        self.schema = self._schema(f"{name}Totals", declared)

    # declarations

    def _called(self, text: str) -> str:
        """Return the name of a group or aggregate on the wire."""
        name, _, rest = text.partition("__")
        called = wire_name(name, self._wire)
        return f"{called}__{rest}" if rest else called

    def _group(self, text: str) -> Group:
        name, _, part = text.partition("__")
        able = self._abilities("groups", name, text)
        known = [each for each in PARTS if able & {each}]
        if part and part not in known:
            raise DeclarationError(
                f"{self._declared_at}.groups: {text!r} names no part of {name!r}, which has "
                f"{', '.join(known) or 'no parts that the store can group by'}."
            )
        if "group" not in able:
            raise DeclarationError(
                f"{self._declared_at}.groups: items cannot be grouped by {name!r}, because the "
                "store cannot compare its values. Group by another attribute."
            )
        chosen: list[Part] = [each for each in PARTS if each == part]
        return Group(name, chosen[0] if chosen else "")

    def _aggregate(self, text: str) -> Aggregate:
        if text == _COUNT:
            return Aggregate("count")
        name, _, function = text.partition("__")
        able = self._abilities("aggregates", name, text)
        found: Function | None = next(
            (each for each in FUNCTIONS if each == function and each in able), None
        )
        if found is None:
            known = [each for each in FUNCTIONS if each in able]
            raise DeclarationError(
                f"{self._declared_at}.aggregates: {name!r} has no {function or 'aggregate'!r} in "
                f"its store: write {text.partition('__')[0]}__ and one of "
                f"{', '.join(known) or '(none: choose another attribute)'}."
            )
        return Aggregate(found, name)

    def _abilities(self, member: str, name: str, text: str) -> frozenset[str]:
        """Return the abilities of the store for an attribute."""
        attributes = self._store.attributes
        if name not in attributes:
            raise DeclarationError(
                f"{self._declared_at}.{member}: {text!r} needs an attribute {name!r}, which the "
                f"model does not have. It has {', '.join(sorted(attributes))}."
                f"{hint(name, self._wire)}"
            )
        check_comparable(attributes[name], f"{self._declared_at}.{member}")
        return supported(attributes[name]) & self._able(name)

    # parameters

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameters of totals, without the filters."""
        found: dict[str, AnyField] = {}
        if self._groups:
            found["group"] = _choice(
                self._groups, "Group by these attributes; all items are one group without it."
            )
        found["aggregates"] = _choice(
            self._aggregates, "Return only these values of each group; all of them without it."
        )
        if not self._groups:
            return found
        sorts = [sign + each for each in self._names for sign in ("", "-")]
        found["sort"] = _choice(
            sorts,
            "The sort keys among `group` and `aggregates`, most significant first; a minus before "
            "a name sorts descending. Groups are in the order of `group` without it.",
            len(self._names),
        )
        found["limit"] = ma.Int(
            validate=validate.Range(1, self._most),
            load_default=self._most,
            metadata={"description": "The largest number of groups; `truncated` says of more."},
        )
        return found

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self._groups, *self._aggregates)

    def query(self, given: Mapping[str, object], selected: ListQuery) -> TotalsQuery:
        """Return the query of validated parameters.

        Args:
            given: The parameters.
            selected: The conditions and the scope of the items.

        Raises:
            UnprocessableContent: The order has a name that is not asked for.
        """
        asked = cast("Mapping[str, Sequence[str]]", given)
        groups = {each: self._groups[each] for each in asked.get("group", ())}
        wanted = asked.get("aggregates") or tuple(self._aggregates)
        aggregates = {each: self._aggregates[each] for each in wanted}
        order: dict[str, TotalsOrder] = {}
        for each in (*asked.get("sort", ()), *groups):
            name = each.removeprefix("-")
            by = groups.get(name) or aggregates.get(name)
            if by is None:
                raise UnprocessableContent(errors=[_invalid("sort", _NOT_CHOSEN, "sort")])
            order.setdefault(name, TotalsOrder(by, each.startswith("-")))
        limit = cast("int", given.get("limit", self._most))
        return TotalsQuery(
            selected,
            tuple(groups.values()),
            tuple(aggregates.values()),
            tuple(order.values()),
            limit,
        )

    # content

    def content(self, query: TotalsQuery, totals: Totals) -> dict[str, object]:
        """Return the content of a response.

        Raises:
            TotalsOverflow: A sum does not fit into 64 bits, as integers in JSON have to.
        """
        groups = [self._named(each, self._groups) for each in query.groups]
        aggregates = [self._named(each, self._aggregates) for each in query.aggregates]
        sums = [at for at, each in enumerate(query.aggregates, len(groups)) if self._counts(each)]
        items = []
        for row in totals.rows:
            if any(_is_too_large(row[at]) for at in sums):
                raise TotalsOverflow
            key = dict(zip(groups, row, strict=False))
            items.append({"group": key, **dict(zip(aggregates, row[len(groups) :], strict=True))})
        return {"items": items, "truncated": totals.is_truncated}

    def _counts(self, aggregate: Aggregate) -> bool:
        """Return whether an aggregate is a sum of integers."""
        if aggregate.function != "sum":
            return False
        return isinstance(self._store.attributes[aggregate.name].field, ma.Integer)

    @staticmethod
    def _named(wanted: Group | Aggregate, among: Mapping[str, Group | Aggregate]) -> str:
        return next(name for name, each in among.items() if each == wanted)

    # schemas

    def _schema(self, name: str, declared: type[Extended]) -> type[Schema]:
        # A class that is mounted on several URLs has one schema, one component of the document.
        known = _made.setdefault(declared, {})
        key = (name, *self._names)
        if key not in known:
            known[key] = self._new_schema(name, declared.__module__)
        return known[key]

    def _new_schema(self, name: str, module: str) -> type[Schema]:
        groups = {each: self._group_field(group) for each, group in self._groups.items()}
        members: dict[str, AnyField] = {
            "group": ma.Nested(
                _schema_class(f"{name}GroupSchema", module, groups),
                required=True,
                metadata={"description": "The values that the items of the group have in common."},
            )
        }
        for each, aggregate in self._aggregates.items():
            members[each] = self._aggregate_field(aggregate)
        item = _schema_class(f"{name}ItemSchema", module, members)
        page: dict[str, AnyField] = {
            "items": ma.List(ma.Nested(item), required=True),
            "truncated": ma.Bool(
                required=True, metadata={"description": "Whether there are more groups."}
            ),
        }
        return _schema_class(f"{name}Schema", module, page)

    def _group_field(self, group: Group) -> AnyField:
        attribute = self._store.attributes[group.name]
        if group.part:
            made: AnyField = ma.Str(validate=validate.Regexp(_PATTERNS[group.part]))
        else:
            made = self._copied(group.name)
        made.allow_none = attribute.nullable
        return made

    def _aggregate_field(self, aggregate: Aggregate) -> AnyField:
        if not aggregate.name:
            return ma.Int(metadata={"description": "The number of items."})
        function, name = aggregate.function, aggregate.name
        if function in ("count", "distinct"):
            made: AnyField = ma.Int()
        elif function == "avg":
            made = ma.Float()
        else:
            made = self._copied(name)
        if function == "sum":
            if not isinstance(made, NUMBERS):
                made = copy.copy(self._store.attributes[name].field)
            made.validators = []
        made.allow_none = function not in ("count", "distinct")
        made.metadata = {"description": _DESCRIPTIONS[function].format(self._called(name))}
        return made

    def _copied(self, name: str) -> AnyField:
        """Return a field in the wire format of an attribute, without its other options."""
        own = self._store.attributes[name].field
        shown = self._wire.get(name, own)
        made = copy.copy(own if isinstance(shown, _OF_OBJECTS) else shown)
        made.required = made.load_only = made.dump_only = False
        made.load_default = made.dump_default = missing
        made.data_key = made.attribute = None
        made.metadata = {}
        return made


def overflow() -> UnprocessableContent:
    """Return the problem of a sum that JSON cannot hold."""
    return UnprocessableContent(errors=[_invalid("aggregates", _TOO_LARGE, "overflow")])


def _invalid(parameter: str, detail: str, code: str) -> InvalidItem:
    return {"parameter": parameter, "location": "query", "detail": detail, "code": code}


def _is_too_large(value: object) -> bool:
    return isinstance(value, (int, Decimal)) and abs(int(value)) > INT64_MAX


def _choice(choices: Mapping[str, object] | Sequence[str], text: str, most: int = 0) -> AnyField:
    return ma.List(
        ma.Str(validate=validate.OneOf([*choices])),
        validate=validate.Length(1, most or len(choices)),
        metadata={"description": text, "explode": False},
    )


def _schema_class(name: str, module: str, members: Mapping[str, AnyField]) -> type[Schema]:
    meta = type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False})
    return type(name, (Schema,), {**members, "Meta": meta, "__module__": module})
