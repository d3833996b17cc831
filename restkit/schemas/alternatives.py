"""The field of a parameter with two meanings, which its texts tell apart."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing

from ..records import Record

__all__ = ["Alternatives", "Chosen"]

_Field = fields.Field[Any]


class Chosen(Record):
    """The value of a parameter with two meanings.

    Attributes:
        is_first: Whether the value has the first meaning.
        value: The value.
        default: The value of the first meaning if the parameter has the second one; nothing
            without a default.
    """

    is_first: bool
    value: object
    default: tuple[object, ...] = ()


class Alternatives(fields.Field[Chosen]):
    """A field that loads some texts by one field, and all others by another one.

    ``_bind_to_schema`` and ``_deserialize`` are the methods that every field class of marshmallow
    overrides.
    """

    def __init__(
        self,
        first: _Field | None,
        second: _Field,
        is_first: Callable[[str], bool],
        excluded: Mapping[str, object],
        metadata: Mapping[str, object],
    ) -> None:
        """Combine two fields.

        Args:
            first: The field of the texts that ``is_first`` holds for; None to reject them.
            second: The field of all other texts.
            is_first: A function that says whether a text has the first meaning.
            excluded: The JSON Schema of those texts that have the first meaning, and that the
                second field would accept; empty if both accept all of them.
            metadata: The metadata of the parameter.
        """
        super().__init__(metadata=metadata)
        self.first = first
        self.second = second
        self.excluded = excluded
        self._is_first = is_first
        self._default: tuple[object, ...] = ()
        if first is not None and first.load_default is not missing:
            self._default = (first.load_default,)
            self.load_default = Chosen(True, first.load_default)

    def copied(self, copied: Callable[[_Field], _Field]) -> None:
        """Replace the two fields by copies."""
        self.first = None if self.first is None else copied(self.first)
        self.second = copied(self.second)

    @property
    def parts(self) -> tuple[_Field, ...]:
        """The fields that there are."""
        return (self.second,) if self.first is None else (self.first, self.second)

    def _bind_to_schema(self, field_name: str, parent: Schema | _Field) -> None:
        super()._bind_to_schema(field_name, parent)
        self.copied(copy.deepcopy)
        for each in self.parts:
            each._bind_to_schema(field_name, self)

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object
    ) -> Chosen:
        if not (isinstance(value, str) and self._is_first(value)):
            return Chosen(False, self.second.deserialize(value), self._default)
        if self.first is None:
            raise ValidationError(f"Send this value as {self.name}__eq.")
        return Chosen(True, self.first.deserialize(value))
