"""The filters of a collection: which attributes clients may ask about, with which operators, and what they mean."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from marshmallow import fields as ma
from marshmallow import missing, validate

from ..errors import DeclarationError
from .query import Condition, Operator
from .store import Attribute

__all__ = ["Filtering", "Filters"]

Filters = Sequence[str] | Mapping[str, Sequence[str]]
_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_MAX_VALUES = 100
_MAX_TEXT = 200
_SAYS: dict[str, str] = {
    "eq": "is this",
    "ne": "is not this",
    "gt": "is greater than this",
    "gte": "is this or greater",
    "lt": "is less than this",
    "lte": "is this or less",
    "in": "is one of these",
    "contains": "has this text in it, in small or capital letters",
    "startswith": "begins with this text, in small or capital letters",
    "null": "is null (true), or is not (false)",
    "has": "has all of these",
}


class Filtering:
    """Is the filters of one collection, each a query parameter of its own: ``year``, ``year__gte``, ``id__in``."""

    def __init__(
        self,
        declared: Filters,
        attributes: Mapping[str, Attribute],
        wire: Mapping[str, ma.Field[Any]],
        declared_at: str,
    ) -> None:
        """Make the filters.

        Args:
            declared: ``("author", "year__gte")``, ``("year__*",)`` for all operators, or ``{"year": ("gte", "lte")}``.
            attributes: What the store knows.
            wire: The schema's fields by attribute: a parameter has the form that the content has.
            declared_at: Where it is declared, for messages.

        Raises:
            DeclarationError: There is no such attribute or operator.
        """
        self._attributes = attributes
        self._wire = wire
        self._place = declared_at
        self._parameters: dict[str, tuple[str, Operator]] = {}
        for name, operator in self._pairs(declared):
            parameter = name if operator in ("eq", "search") else f"{name}__{operator}"
            self._parameters[parameter] = (name, operator)

    def _pairs(self, declared: Filters) -> Iterator[tuple[str, Operator]]:
        if isinstance(declared, str):
            raise DeclarationError(f"{self._place}.filters is a string; write ({declared!r},).")
        if isinstance(declared, Mapping):
            pairs = [
                (name, operator) for name, operators in declared.items() for operator in operators
            ]
        else:
            pairs = [
                (name, operator or "")
                for name, _, operator in (each.partition("__") for each in declared)
            ]
        for name, operator in pairs:
            attribute = self._attributes.get(name)
            if attribute is None:
                raise DeclarationError(
                    f"{self._place} filters by {name!r}, which its model does not have; it has "
                    f"{', '.join(sorted(self._attributes))}."
                )
            known: list[Operator] = [each for each in _OPERATORS if each in attribute.operators]
            wanted = operator or ("search" if "search" in known else "eq")
            found: list[Operator] = (
                known if wanted == "*" else [each for each in known if each == wanted]
            )
            if not found:
                raise DeclarationError(
                    f"{self._place} filters by {name}__{wanted}, but {name!r} can be asked about with "
                    f"{', '.join(known) or 'nothing'} only."
                )
            for each in found:
                yield name, each

    def fields(self) -> dict[str, ma.Field[Any]]:
        """Return the query parameters."""
        return {
            parameter: self._field(name, operator)
            for parameter, (name, operator) in self._parameters.items()
        }

    def conditions(self, query: Mapping[str, Any]) -> tuple[Condition, ...]:
        """Return what a validated query asks for."""
        parameters = self._parameters
        return tuple(
            Condition(*parameters[each], value)
            for each, value in query.items()
            if each in parameters
        )

    def _field(self, name: str, operator: Operator) -> ma.Field[Any]:
        if operator == "search":
            return _described(
                ma.Str(validate=validate.Length(1, _MAX_TEXT)), f"Words of the full text: {name}."
            )
        says = f"{name} {_SAYS[operator]}."
        if operator == "null":
            return _described(ma.Bool(), says)
        if operator in ("contains", "startswith"):
            return _described(ma.Str(validate=validate.Length(1, _MAX_TEXT)), says)
        if operator == "has":
            return _described(_several(self._item(name)), says)
        single = self._single(name)
        return _described(single if operator != "in" else _several(single), says)

    def _item(self, name: str) -> ma.Field[Any]:
        """Return the field of the items of an attribute that is a list."""
        declared = self._wire.get(name, self._attributes[name].field)
        if not isinstance(declared, ma.List):
            raise DeclarationError(
                f"{self._place} filters by {name}__has, so its schema must say what the list has: write "
                f"{name} = fields.List(fields.Str()) in it."
            )
        return declared.inner

    def _single(self, name: str) -> ma.Field[Any]:
        """Return a field of one value: the schema's, without what it says of content, within what the store holds."""
        attribute = self._attributes[name]
        made = copy.copy(self._wire.get(name, attribute.field))
        made.required = made.allow_none = made.load_only = made.dump_only = False
        made.load_default = made.dump_default = missing
        made.data_key = made.attribute = None
        made.validators = [*attribute.field.validators, *attribute.bounds]
        made.metadata = {}
        if isinstance(made, ma.Decimal):
            made.places = None  # rounding what is asked for would answer another question
        return made


def _several(single: ma.Field[Any]) -> ma.Field[Any]:
    """Return a field of several values: separated by commas, or a repeated parameter where a value may have some."""
    choices = next(
        (each.choices for each in single.validators if isinstance(each, validate.OneOf)), None
    )
    text = isinstance(single, ma.String) and not isinstance(single, ma.UUID)
    apart = text and (choices is None or any("," in each for each in choices))
    return ma.List(single, validate=validate.Length(1, _MAX_VALUES), metadata={"explode": apart})


def _described(field: ma.Field[Any], says: str) -> ma.Field[Any]:
    field.metadata = {**field.metadata, "description": says[:1].upper() + says[1:]}
    return field
