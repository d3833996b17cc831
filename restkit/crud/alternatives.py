"""Filters of which one must hold: the parameters of ``any_of``, and the parameter ``or``."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast, runtime_checkable

from marshmallow import fields as ma
from marshmallow import validate

from ..errors import DeclarationError
from ..problem_members import InvalidItem
from ..problems import UnprocessableContent
from ..records import Record
from .query import Condition, Operator
from .store import AnyField, AnyStore

__all__ = [
    "OR",
    "AlternativeConditions",
    "Alternatives",
    "AnyOfFilters",
    "NamedFilter",
    "Remaining",
    "check_alternatives",
]

OR = "or"
"""The query parameter that names filters of which one must hold."""
_ABOUT = "Only items "
_DESCRIPTION = (
    "The filters of which one must hold, each for itself, instead of all. Send each of them as "
    "well. Other filters hold besides."
)
AnyOfFilters = Mapping[str, Sequence[str]]


@runtime_checkable
class AlternativeConditions(Protocol):
    """The optional ability of a store to find items by conditions with the operator ``or``.

    Attributes:
        has_alternatives: Whether the store can.
    """

    @property
    def has_alternatives(self) -> bool:
        """Whether the store can."""
        ...


class Remaining(tuple[str, ...]):
    """The filters of a parameter that are left of those which a class declares, perhaps one."""

    __slots__ = ()


class NamedFilter(Record):
    """A filter.

    Attributes:
        declared: The filter as it is declared.
        name: The path of the attribute.
        operator: The operator.
        field: The field of its values, with a description.
    """

    declared: str
    name: str
    operator: Operator
    field: AnyField


class Alternatives:
    """The parameters of one collection whose values are alternatives of conditions."""

    def __init__(self, declared_at: str) -> None:
        """Begin without parameters.

        Args:
            declared_at: The name of the class, for messages.
        """
        self._declared_at = declared_at
        self._combined: dict[str, tuple[Sequence[NamedFilter], AnyField]] = {}
        self._choices: tuple[str, ...] = ()

    def combine(self, name: str, filters: Sequence[NamedFilter], *, least: int) -> None:
        """Add a parameter whose value several filters have.

        Args:
            name: The parameter.
            filters: The filters.
            least: The least number of them.

        Raises:
            DeclarationError: The filters have values of different types, or are less than two.
        """
        declared_at = f"{self._declared_at}.any_of[{name!r}]"
        if len(filters) < least:
            raise DeclarationError(f"{declared_at} must name at least two filters.")
        first = filters[0]
        for each in filters[1:]:
            if _kind(each.field) != _kind(first.field):
                raise DeclarationError(
                    f"{declared_at}: {first.declared!r} and {each.declared!r} have values of "
                    "different types. Declare them in filters, and name them in or_filters."
                )
        self._combined[name] = (tuple(filters), _combined_field(filters))

    def choose(self, names: Sequence[str]) -> None:
        """Add the parameter ``or``.

        Args:
            names: The parameters that it may name.

        Raises:
            DeclarationError: There are less than two.
        """
        if len(names) < 2:
            raise DeclarationError(
                f"{self._declared_at}.or_filters must name at least two filters: the parameter "
                "'or' says of which one must hold."
            )
        self._choices = tuple(names)

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameters."""
        found = {name: field for name, (_, field) in self._combined.items()}
        return {**found, OR: _or_field(self._choices)} if self._choices else found

    def conditions(
        self, query: Mapping[str, object], others: Mapping[str, Condition]
    ) -> tuple[Condition, ...]:
        """Return all conditions of a request.

        Args:
            query: The validated query parameters.
            others: The conditions of other filters, by parameter.

        Raises:
            UnprocessableContent: The parameter ``or`` names a filter twice, or one that is not
                sent.
        """
        found = dict(others)
        for name in self._combined.keys() & query.keys():
            filters, value = self._combined[name][0], query[name]
            each = (Condition(one.name, one.operator, value) for one in filters)
            found[name] = Condition("", "or", tuple(each))
        chosen = cast("Sequence[str]", query.get(OR, ())) if self._choices else ()
        if not chosen:
            return tuple(found.values())
        if len({*chosen}) < len(chosen):
            raise _invalid("The same filter is named twice.", "duplicate")
        if not found.keys() >= {*chosen}:
            raise _invalid("Send each filter that is named here as well.", "missing")
        either = Condition("", "or", tuple(found.pop(name) for name in chosen))
        return (*found.values(), either)


def check_alternatives(store: AnyStore, declared_at: str) -> None:
    """Reject a store that cannot find items of which one of several conditions holds."""
    if not isinstance(store, AlternativeConditions) or not store.has_alternatives:
        raise DeclarationError(
            f"{declared_at} has any_of or or_filters, but its {type(store).__qualname__} does not "
            "find items by the operator 'or' of a Condition. A store that does has the attribute "
            "has_alternatives = True."
        )


def _combined_field(filters: Sequence[NamedFilter]) -> AnyField:
    """Return the field of values that all filters accept."""
    fields = [each.field for each in filters]
    made = copy.copy(fields[0])
    described = [_text(each) for each in fields]
    made.metadata = {**made.metadata, "description": f"{_ABOUT}{', or '.join(described)}."}
    _set_validators(made, fields)
    if isinstance(made, ma.List):
        made.inner = copy.copy(made.inner)
        _set_validators(made.inner, [each.inner for each in _lists(fields)])
    return made


def _lists(fields: Iterable[AnyField]) -> Iterator[ma.List[object]]:
    return (each for each in fields if isinstance(each, ma.List))


def _text(field: AnyField) -> str:
    """Return the condition of a filter, as a part of a sentence."""
    return str(field.metadata["description"]).removeprefix(_ABOUT).removesuffix(".")


def _set_validators(made: AnyField, fields: Iterable[AnyField]) -> None:
    """Give a field the validators of several fields, each once."""
    found = {repr(each): each for field in fields for each in field.validators}
    made.validators = list(found.values())


def _kind(field: AnyField) -> object:
    """Return the type of a filter's values, in a form that can be compared."""
    if isinstance(field, ma.List):
        return ma.List, field.metadata.get("explode"), _kind(field.inner)
    return type(field), getattr(field, "enum", None), getattr(field, "format", None)


def _or_field(names: Sequence[str]) -> AnyField:
    return ma.List(
        ma.Str(validate=validate.OneOf(names)),
        validate=validate.Length(2, len(names)),
        metadata={"description": _DESCRIPTION, "explode": False, "uniqueItems": True},
    )


def _invalid(detail: str, code: str) -> UnprocessableContent:
    error: InvalidItem = {"parameter": OR, "location": "query", "detail": detail, "code": code}
    return UnprocessableContent(errors=[error])
