"""The filters of a collection: query parameters, each with an attribute and an operator."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from marshmallow import fields as ma
from marshmallow import missing, validate

from ..errors import DeclarationError
from .paths import Path, find_path
from .query import Condition, Operator
from .shared_parameters import filter_values, filters, own_value, shared_field
from .store import AnyField, AnyStore
from .wire_names import check_distinct

__all__ = ["Filtering", "Filters"]

Filters = Sequence[str] | Mapping[str, Sequence[str]]
_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_MAX_VALUES = 100
_MAX_TEXT = 200
_DESCRIPTIONS: dict[str, str] = {
    "eq": "Only items whose `{}` equals this value.",
    "ne": "Only items whose `{}` differs from this value.",
    "gt": "Only items whose `{}` is greater than this value.",
    "gte": "Only items whose `{}` is greater than or equal to this value.",
    "lt": "Only items whose `{}` is less than this value.",
    "lte": "Only items whose `{}` is less than or equal to this value.",
    "in": "Only items whose `{}` is one of these values.",
    "contains": "Only items whose `{}` contains this text, ignoring case.",
    "startswith": "Only items whose `{}` starts with this text, ignoring case.",
    "null": "Only items whose `{}` is null (`true`) or is not null (`false`).",
    "any": "Only items with (`true`) or without (`false`) `{}`.",
    "has": "Only items whose `{}` contains all of these values.",
    "search": "Only items that match these words in a full-text search of `{}`.",
}


class Filtering:
    """The filters of one collection as query parameters: ``year``, ``year__gte``, ``id__in``."""

    def __init__(
        self,
        declared: Filters,
        store: AnyStore,
        wire: Mapping[str, AnyField],
        declared_at: str,
        reserved: Mapping[str, AnyField | None] | None = None,
    ) -> None:
        """Make the filters.

        Args:
            declared: ``("author", "year__gte")``, ``("year__*",)`` for all operators,
                ``("author__name__contains",)`` for related items, or ``{"year": ("gte", "lte")}``.
            store: The store of the items.
            wire: The schema's fields by attribute: a parameter has the wire format of its field.
            declared_at: The name of the class, for messages.
            reserved: The other query parameters, with their fields if the list has them. A filter
                by equality on an attribute of such a name is ``limit__eq``, and also ``limit`` for
                values that the other parameter cannot have.

        Raises:
            DeclarationError: An attribute or operator does not exist.
        """
        self._store = store
        self._wire = wire
        self._declared_at = f"{declared_at}.filters"
        self._parameters: dict[str, tuple[Path, Operator]] = {}
        self._reserved = dict(reserved or {})
        self._shared: dict[str, tuple[Path, AnyField]] = {}
        names: list[tuple[str, str]] = []
        for path, operator in self._pairs(declared):
            called = path.called.replace(".", "__")
            if operator == "eq" and called in self._reserved:
                self._shared[called] = (path, self._field(path, "eq"))
            is_plain = operator in ("eq", "search") and called not in self._reserved
            parameter = called if is_plain else f"{called}__{operator}"
            names.append((f"{path.name.replace('.', '__')}__{operator}", parameter))
            self._parameters[parameter] = (path, operator)
        check_distinct(names, self._declared_at)

    def _pairs(self, declared: Filters) -> Iterator[tuple[Path, Operator]]:
        """Yield the attribute and the operator of each filter."""
        if isinstance(declared, str):
            raise DeclarationError(
                f"{self._declared_at} must be a sequence of strings, not the string "
                f"{declared!r}. Write ({declared!r},)."
            )
        for name in _named(declared):
            path, operator = find_path(name, self._store, self._wire, self._declared_at)
            for each in self._operators(path, operator):
                yield path, each

    def _operators(self, path: Path, wanted: str) -> list[Operator]:
        """Return the operators that a declaration means: the default for ``""``, all for ``*``."""
        operators = path.attribute.operators
        known: list[Operator] = [each for each in _OPERATORS if each in operators]
        if wanted == "*" and known:
            return known
        wanted = wanted or ("search" if "search" in known else "eq")
        found: list[Operator] = [each for each in known if each == wanted]
        if not found:
            raise DeclarationError(
                f"{self._declared_at}: {path.name.replace('.', '__')!r} does not support the "
                f"operator {wanted!r}. It supports {', '.join(known) or 'no operator'}."
            )
        return found

    @property
    def names(self) -> frozenset[str]:
        """The parameters that only filter."""
        return frozenset(self._parameters)

    def fields(self, others: Mapping[str, AnyField]) -> dict[str, AnyField]:
        """Return the query parameters of a URL.

        Args:
            others: Its other query parameters, some of which may filter as well.
        """
        found = dict(others)
        for name, (_, equal) in self._shared.items():
            made = shared_field(others.get(name), self._reserved[name], copy.copy(equal), name)
            if made is not None:
                found[name] = made
        for parameter, (path, operator) in self._parameters.items():
            found[parameter] = self._field(path, operator)
        return found

    def others(self, query: Mapping[str, object]) -> Mapping[str, object]:
        """Return validated query parameters without the values that filter by equality only."""
        if not self._shared:
            return query
        found = dict(query)
        for name in self._shared.keys() & query.keys():
            for own in own_value(found.pop(name)):
                found[name] = own
        return found

    def conditions(self, query: Mapping[str, object]) -> tuple[Condition, ...]:
        """Return the conditions that validated query parameters set."""
        found = []
        for parameter, value in query.items():
            if parameter in self._parameters:
                path, operator = self._parameters[parameter]
                found.append(Condition(path.name, operator, value))
            elif parameter in self._shared:
                name = self._shared[parameter][0].name
                found += [Condition(name, "eq", each) for each in filter_values(value)]
        return tuple(found)

    def is_filter(self, name: str, text: str) -> bool:
        """Return whether a value of another parameter of the list filters."""
        known = self._shared.get(name)
        return known is not None and filters(self._reserved[name], known[1], text)

    def _field(self, path: Path, operator: Operator) -> AnyField:
        field = self._plain_field(path, operator)
        field.metadata = {**field.metadata, "description": self._description(path, operator)}
        return field

    def _description(self, path: Path, operator: Operator) -> str:
        """Return the sentence on a parameter; it says which filters hold for one related item."""
        if not path.many or operator == "any":
            return _DESCRIPTIONS[operator].format(path.called)
        begin = f"Only items with one of `{path.many}` whose"
        name = path.called.removeprefix(f"{path.many}.")
        described = _DESCRIPTIONS[operator].format(name).replace("Only items whose", begin)
        others = (other.many for other, each in self._parameters.values() if each != "any")
        if list(others).count(path.many) > 1:
            described += f" Filters of `{path.many}` hold together for one of them."
        return described

    def _plain_field(self, path: Path, operator: Operator) -> AnyField:
        if operator in ("search", "contains", "startswith"):
            return ma.Str(validate=validate.Length(1, _MAX_TEXT))
        if operator in ("null", "any"):
            return ma.Bool()
        if operator == "has":
            return _several(self._item(path))
        single = _single(path)
        return _several(single) if operator == "in" else single

    def _item(self, path: Path) -> AnyField:
        """Return the field of the items of an attribute that is a list."""
        if not isinstance(path.field, ma.List):
            name = path.attribute.name
            raise DeclarationError(
                f"{self._declared_at}: {name}__has needs a list field in the schema. Write "
                f"{name} = fields.List(fields.Str()), for example."
            )
        return path.field.inner


def _single(path: Path) -> AnyField:
    """Return a field of one value: the schema's type, the store's bounds, no other options."""
    made = copy.copy(path.field)
    made.required = made.allow_none = made.load_only = made.dump_only = False
    made.load_default = made.dump_default = missing
    made.data_key = made.attribute = None
    made.validators = [*path.attribute.field.validators, *path.attribute.bounds]
    made.metadata = {}
    if isinstance(made, ma.Decimal):
        made.places = None  # a rounded value would change the filter's meaning
    return made


def _several(single: AnyField) -> AnyField:
    """Return a field of several values.

    They are separated by commas. If values may contain commas, the parameter is repeated instead.
    """
    choices = next(
        (each.choices for each in single.validators if isinstance(each, validate.OneOf)), None
    )
    is_text = isinstance(single, ma.String) and not isinstance(single, ma.UUID)
    is_repeated = is_text and (choices is None or any("," in each for each in choices))
    return ma.List(
        single, validate=validate.Length(1, _MAX_VALUES), metadata={"explode": is_repeated}
    )


def _named(declared: Sequence[str] | Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each filter as ``attribute__operator``, without an operator as it is declared."""
    if not isinstance(declared, Mapping):
        yield from declared
        return
    for name, operators in declared.items():
        for operator in operators:
            yield f"{name}__{operator}" if operator else name
