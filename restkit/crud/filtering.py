"""The filters of a collection: query parameters, each with an attribute and an operator."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, get_args

from marshmallow import fields as ma
from marshmallow import missing, validate

from ..errors import DeclarationError
from .alternatives import (
    Alternatives,
    AnyOfFilters,
    NamedFilter,
    Remaining,
    check_alternatives,
)
from .paths import Path, check_comparable, find_path
from .query import Condition, Operator
from .shared_parameters import filter_values, filters, own_value, shared_field
from .store import AnyField, AnyStore
from .sub_urls import Extended
from .wire_names import check_distinct

__all__ = ["FilteredClass", "Filtering", "Filters"]

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
    "not_in": "Only items whose `{}` is none of these values, or is null.",
    "contains": "Only items whose `{}` contains this text, ignoring case.",
    "startswith": "Only items whose `{}` starts with this text, ignoring case.",
    "null": "Only items whose `{}` is null (`true`) or is not null (`false`).",
    "any": "Only items with (`true`) or without (`false`) `{}`.",
    "has": "Only items whose `{}` contains all of these values.",
    "search": "Only items that match these words in a full-text search of `{}`.",
}


class FilteredClass(Extended, Protocol):
    """The part of a `CRUDResource` class that declares filters."""

    filters: Filters
    any_of: AnyOfFilters


class Filtering:
    """The filters of one collection as query parameters: ``year``, ``year__gte``, ``id__in``."""

    def __init__(
        self,
        declared: Filters,
        store: AnyStore,
        wire: Mapping[str, AnyField],
        declared_at: str,
        reserved: Mapping[str, AnyField | None] | None = None,
        any_of: AnyOfFilters | None = None,
        or_filters: Sequence[str] = (),
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
            any_of: Parameters whose value one of several filters has.
            or_filters: The filters that the parameter ``or`` may name.

        Raises:
            DeclarationError: An attribute or operator does not exist.
        """
        self._store = store
        self._wire = wire
        self._declared_at = f"{declared_at}.filters"
        self._alternatives = Alternatives(declared_at)
        self._parameters: dict[str, tuple[Path, Operator]] = {}
        self._reserved = dict(reserved or {})
        self._shared: dict[str, tuple[Path, AnyField]] = {}
        names: list[tuple[str, str]] = []
        for path, operator in self._pairs(declared, self._declared_at):
            called = path.called.replace(".", "__")
            if operator == "eq" and called in self._reserved:
                self._shared[called] = (path, self._field(path, "eq"))
            is_plain = operator in ("eq", "search") and called not in self._reserved
            parameter = called if is_plain else f"{called}__{operator}"
            names.append((f"{path.name.replace('.', '__')}__{operator}", parameter))
            self._parameters[parameter] = (path, operator)
        if any_of or or_filters:
            check_alternatives(store, declared_at)
            names += self._add_alternatives(any_of or {}, or_filters, declared_at)
        check_distinct(names, self._declared_at)

    def _add_alternatives(
        self, any_of: AnyOfFilters, or_filters: Sequence[str], declared_at: str
    ) -> list[tuple[str, str]]:
        """Add the parameters of which one of several filters must hold.

        Returns:
            Each name that may be there already: the declaration, and the name for clients.
        """
        for name, declared in any_of.items():
            pairs = self._pairs(declared, f"{declared_at}.any_of[{name!r}]")
            found = [self._filter(*each) for each in pairs]
            least = 1 if isinstance(declared, Remaining) else 2
            self._alternatives.combine(name, found, least=least)
        if or_filters:
            plain = [each for each in or_filters if each not in any_of]
            combined = [each for each in any_of if each in or_filters]
            chosen = self._chosen(plain, f"{declared_at}.or_filters")
            self._alternatives.choose([*chosen, *combined])
        names = [(f"any_of[{name!r}]", name) for name in any_of]
        return [*names, *((f"the parameter {name!r}", name) for name in self._reserved)]

    def _chosen(self, declared: Sequence[str], declared_at: str) -> Iterator[str]:
        """Yield the parameters of filters that are declared elsewhere as well."""
        parameters = self._parameters.items()
        known = {(path.name, operator): name for name, (path, operator) in parameters}
        for path, operator in self._pairs(declared, declared_at):
            if (path.name, operator) not in known:
                raise DeclarationError(
                    f"{declared_at}: {_declared(path, operator)!r} is not in filters. Declare it "
                    "there as well."
                )
            yield known[path.name, operator]

    def _filter(self, path: Path, operator: Operator) -> NamedFilter:
        field = self._plain_field(path, operator)
        field.metadata = {**field.metadata, "description": _sentence(path, operator)}
        return NamedFilter(_declared(path, operator), path.name, operator, field)

    def _pairs(self, declared: Filters, declared_at: str) -> Iterator[tuple[Path, Operator]]:
        """Yield the attribute and the operator of each filter."""
        if isinstance(declared, str):
            raise DeclarationError(
                f"{declared_at} must be a sequence of strings, not the string "
                f"{declared!r}. Write ({declared!r},)."
            )
        for name in _named(declared):
            path, operator = find_path(name, self._store, self._wire, declared_at)
            check_comparable(path.attribute, declared_at)
            for each in self._operators(path, operator, declared_at):
                yield path, each

    def _operators(self, path: Path, wanted: str, declared_at: str) -> list[Operator]:
        """Return the operators that a declaration means: the default for ``""``, all for ``*``."""
        operators = path.attribute.operators
        known: list[Operator] = [each for each in _OPERATORS if each in operators]
        if wanted == "*" and known:
            return known
        wanted = wanted or ("search" if "search" in known else "eq")
        found: list[Operator] = [each for each in known if each == wanted]
        if not found:
            raise DeclarationError(
                f"{declared_at}: {path.name.replace('.', '__')!r} does not support the "
                f"operator {wanted!r}. It supports {', '.join(known) or 'no operator'}."
            )
        return found

    @property
    def names(self) -> frozenset[str]:
        """The parameters that only filter."""
        return frozenset((*self._parameters, *self._alternatives.fields()))

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
        return {**found, **self._alternatives.fields()}

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
        """Return the conditions that validated query parameters set.

        Raises:
            UnprocessableContent: The parameter ``or`` names a filter that is not sent.
        """
        found: dict[str, Condition] = {}
        shared: list[Condition] = []
        for parameter, value in query.items():
            if parameter in self._parameters:
                path, operator = self._parameters[parameter]
                found[parameter] = Condition(path.name, operator, value)
            elif parameter in self._shared:
                name = self._shared[parameter][0].name
                shared += [Condition(name, "eq", each) for each in filter_values(value)]
        return (*self._alternatives.conditions(query, found), *shared)

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
        described = _sentence(path, operator)
        if not path.many or operator == "any":
            return described
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
        return _several(single) if operator in ("in", "not_in") else single

    def _item(self, path: Path) -> AnyField:
        """Return the field of the items of an attribute that is a list."""
        if not isinstance(path.field, ma.List):
            name = path.attribute.name
            raise DeclarationError(
                f"{self._declared_at}: {name}__has needs a list field in the schema. Write "
                f"{name} = fields.List(fields.Str()), for example."
            )
        return path.field.inner


def _sentence(path: Path, operator: Operator) -> str:
    """Return the condition of a filter in words."""
    if not path.many or operator == "any":
        return _DESCRIPTIONS[operator].format(path.called)
    begin = f"Only items with one of `{path.many}` whose"
    name = path.called.removeprefix(f"{path.many}.")
    return _DESCRIPTIONS[operator].format(name).replace("Only items whose", begin)


def _declared(path: Path, operator: Operator) -> str:
    """Return a filter as it is declared."""
    return f"{path.name.replace('.', '__')}__{operator}"


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
