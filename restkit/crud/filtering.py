"""The filters of a collection: query parameters, each with an attribute and an operator."""

from __future__ import annotations

import copy
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import get_args

from marshmallow import fields as ma
from marshmallow import missing, validate

from ..errors import DeclarationError
from .query import Condition, Operator
from .store import AnyField, Attribute
from .wire_names import check_distinct, hint, wire_name

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
    "has": "Only items whose `{}` contains all of these values.",
    "search": "Only items that match these words in a full-text search of `{}`.",
}


class Filtering:
    """The filters of one collection as query parameters: ``year``, ``year__gte``, ``id__in``."""

    def __init__(
        self,
        declared: Filters,
        attributes: Mapping[str, Attribute],
        wire: Mapping[str, AnyField],
        declared_at: str,
        reserved: Container[str] = (),
    ) -> None:
        """Make the filters.

        Args:
            declared: ``("author", "year__gte")``, ``("year__*",)`` for all operators, or
                ``{"year": ("gte", "lte")}``.
            attributes: The store's attributes by name.
            wire: The schema's fields by attribute: a parameter has the wire format of its field.
            declared_at: The name of the class, for messages.
            reserved: The other query parameters of the list. A filter by equality on an attribute
                of such a name is ``limit__eq``.

        Raises:
            DeclarationError: An attribute or operator does not exist.
        """
        self._attributes = attributes
        self._wire = wire
        self._declared_at = declared_at
        self._parameters: dict[str, tuple[str, Operator]] = {}
        names: list[tuple[str, str]] = []
        for name, operator in self._pairs(declared):
            called = wire_name(name, wire)
            is_plain = operator in ("eq", "search") and called not in reserved
            parameter = called if is_plain else f"{called}__{operator}"
            names.append((f"{name}__{operator}", parameter))
            self._parameters[parameter] = (name, operator)
        check_distinct(names, f"{declared_at}.filters")

    def _pairs(self, declared: Filters) -> Iterator[tuple[str, Operator]]:
        """Yield the attribute and the operator of each filter."""
        if isinstance(declared, str):
            raise DeclarationError(
                f"{self._declared_at}.filters must be a sequence of strings, not the string "
                f"{declared!r}. Write ({declared!r},)."
            )
        for name, operator in _named(declared):
            attribute = self._attributes.get(name)
            if attribute is None:
                raise DeclarationError(
                    f"{self._declared_at}.filters: the model has no attribute {name!r}. It has "
                    f"{', '.join(sorted(self._attributes))}.{hint(name, self._wire)}"
                )
            for each in self._operators(attribute, operator):
                yield name, each

    def _operators(self, attribute: Attribute, wanted: str) -> list[Operator]:
        """Return the operators that a declaration means: the default for ``""``, all for ``*``."""
        known: list[Operator] = [each for each in _OPERATORS if each in attribute.operators]
        if wanted == "*" and known:
            return known
        wanted = wanted or ("search" if "search" in known else "eq")
        found: list[Operator] = [each for each in known if each == wanted]
        if not found:
            raise DeclarationError(
                f"{self._declared_at}.filters: {attribute.name!r} does not support the operator "
                f"{wanted!r}. It supports {', '.join(known) or 'no operator'}."
            )
        return found

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameters."""
        return {
            parameter: self._field(name, operator)
            for parameter, (name, operator) in self._parameters.items()
        }

    def conditions(self, query: Mapping[str, object]) -> tuple[Condition, ...]:
        """Return the conditions that validated query parameters set."""
        parameters = self._parameters
        return tuple(
            Condition(*parameters[each], value)
            for each, value in query.items()
            if each in parameters
        )

    def _field(self, name: str, operator: Operator) -> AnyField:
        field = self._plain_field(name, operator)
        description = _DESCRIPTIONS[operator].format(wire_name(name, self._wire))
        field.metadata = {**field.metadata, "description": description}
        return field

    def _plain_field(self, name: str, operator: Operator) -> AnyField:
        if operator in ("search", "contains", "startswith"):
            return ma.Str(validate=validate.Length(1, _MAX_TEXT))
        if operator == "null":
            return ma.Bool()
        if operator == "has":
            return _several(self._item(name))
        single = self._single(name)
        return _several(single) if operator == "in" else single

    def _item(self, name: str) -> AnyField:
        """Return the field of the items of an attribute that is a list."""
        declared = self._wire.get(name, self._attributes[name].field)
        if not isinstance(declared, ma.List):
            raise DeclarationError(
                f"{self._declared_at}.filters: {name}__has needs a list field in the schema. Write "
                f"{name} = fields.List(fields.Str()), for example."
            )
        return declared.inner

    def _single(self, name: str) -> AnyField:
        """Return a field of one value: the schema's type, the store's bounds, no other options."""
        attribute = self._attributes[name]
        made = copy.copy(self._wire.get(name, attribute.field))
        made.required = made.allow_none = made.load_only = made.dump_only = False
        made.load_default = made.dump_default = missing
        made.data_key = made.attribute = None
        made.validators = [*attribute.field.validators, *attribute.bounds]
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


def _named(declared: Sequence[str] | Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the names of attribute and operator of each filter, ``""`` without an operator."""
    if isinstance(declared, Mapping):
        for name, operators in declared.items():
            for operator in operators:
                yield name, operator
        return
    for each in declared:
        name, _, operator = each.partition("__")
        yield name, operator
