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
}


class Filtering:
    """Is the filters of one collection, each a query parameter of its own: ``year``, ``year__gte``, ``id__in``."""

    def __init__(
        self, declared: Filters, attributes: Mapping[str, Attribute], wire: Mapping[str, ma.Field[Any]], place: str
    ) -> None:
        """Make the filters.

        Args:
            declared: ``("author", "year__gte")``, ``("year__*",)`` for all operators, or ``{"year": ("gte", "lte")}``.
            attributes: What the store knows.
            wire: The schema's fields by attribute: a parameter has the form that the content has.
            place: Where it is declared, for messages.

        Raises:
            DeclarationError: There is no such attribute or operator.
        """
        self._attributes = attributes
        self._wire = wire
        self._place = place
        self._parameters: dict[str, tuple[str, Operator]] = {}
        for name, operator in self._pairs(declared):
            parameter = name if operator in ("eq", "search") else f"{name}__{operator}"
            self._parameters[parameter] = (name, operator)

    def _pairs(self, declared: Filters) -> Iterator[tuple[str, Operator]]:
        if isinstance(declared, str):
            raise DeclarationError(f"{self._place}.filters is a string; write ({declared!r},).")
        if isinstance(declared, Mapping):
            pairs = [(name, operator) for name, operators in declared.items() for operator in operators]
        else:
            pairs = [(name, operator or "") for name, _, operator in (each.partition("__") for each in declared)]
        for name, operator in pairs:
            attribute = self._attributes.get(name)
            if attribute is None:
                raise DeclarationError(
                    f"{self._place} filters by {name!r}, which its model does not have; it has "
                    f"{', '.join(sorted(self._attributes))}."
                )
            known: list[Operator] = [each for each in _OPERATORS if each in attribute.operators]
            wanted = operator or ("search" if "search" in known else "eq")
            found: list[Operator] = known if wanted == "*" else [each for each in known if each == wanted]
            if not found:
                raise DeclarationError(
                    f"{self._place} filters by {name}__{wanted}, but {name!r} can be asked about with "
                    f"{', '.join(known) or 'nothing'} only."
                )
            for each in found:
                yield name, each

    def fields(self) -> dict[str, ma.Field[Any]]:
        """Return the query parameters."""
        return {parameter: self._field(name, operator) for parameter, (name, operator) in self._parameters.items()}

    def conditions(self, query: Mapping[str, Any]) -> tuple[Condition, ...]:
        """Return what a validated query asks for."""
        parameters = self._parameters
        return tuple(Condition(*parameters[each], value) for each, value in query.items() if each in parameters)

    def _field(self, name: str, operator: Operator) -> ma.Field[Any]:
        if operator == "search":
            return _described(ma.Str(validate=validate.Length(1, _MAX_TEXT)), f"Words of the full text: {name}.")
        says = f"{name} {_SAYS[operator]}."
        if operator == "null":
            return _described(ma.Bool(), says)
        if operator in ("contains", "startswith"):
            return _described(ma.Str(validate=validate.Length(1, _MAX_TEXT)), says)
        single = self._single(name)
        if operator != "in":
            return _described(single, says)
        several = ma.List(single, validate=validate.Length(1, _MAX_VALUES), metadata={"explode": False})
        return _described(several, says)

    def _single(self, name: str) -> ma.Field[Any]:
        """Return a field of one value: the schema's, without what it says of content, within what the store holds."""
        attribute = self._attributes[name]
        made = copy.copy(self._wire.get(name, attribute.field))
        made.required = made.allow_none = made.load_only = made.dump_only = False
        made.load_default = made.dump_default = missing
        made.data_key = made.attribute = None
        made.validators = [*attribute.field.validators, *attribute.bounds]
        made.metadata = {}
        return made


def _described(field: ma.Field[Any], says: str) -> ma.Field[Any]:
    field.metadata = {**field.metadata, "description": says[:1].upper() + says[1:]}
    return field
