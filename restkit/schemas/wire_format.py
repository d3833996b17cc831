"""Wire formats: the check of a value and the JSON Schema of the values that pass, in one record."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from marshmallow import fields, validate

from ..compiler import Inline
from ..records import Record

__all__ = [
    "Take",
    "Wire",
    "each_validator",
    "exact",
    "in_order",
    "inline_of",
    "json_number",
    "matching",
    "ranged",
    "ranges_of",
    "same",
    "text_number",
    "wire_name",
]


class Wire(Record):
    """The wire format of one field type.

    Attributes:
        keywords: JSON Schema of the values that the checks accept.
        json: Takes a JSON value and returns the value for the field. Raises ValueError or
            TypeError for one of another format.
        text: The same for a string of a query, header, cookie or form.
        response: JSON Schema of the values that are written, if it differs.
        error_key: Key of the field's error message.
        form: Takes the text of a form, if that differs from ``text``.
        form_keywords: JSON Schema of the texts that ``form`` takes.
    """

    keywords: Mapping[str, object]
    json: Callable[[object], object]
    text: Callable[[str], object]
    response: Mapping[str, object] | None = None
    error_key: str = "invalid"
    form: Callable[[str], object] | None = None
    form_keywords: Mapping[str, object] | None = None


class Take:
    """A check with its source for generated loaders."""

    __slots__ = ("_make", "_take")

    def __init__(self, take: Callable[[Any], object], make: Callable[[], Inline]) -> None:
        """Make a check.

        Args:
            take: Returns the value for the field. Raises ValueError or TypeError.
            make: Returns the same as source, or a narrower check.
        """
        self._take = take
        self._make = make

    @property
    def inline(self) -> Inline:
        """The check as source."""
        return self._make()

    def __call__(self, value: Any) -> object:
        """Return the value for the field.

        Raises:
            ValueError: The value has another format.
            TypeError: The value has another type.
        """
        return self._take(value)


def inline_of(take: Callable[[Any], object]) -> Inline | None:
    """Return the source of a check, None if it has none."""
    return take.inline if isinstance(take, Take) else None


def same(value: object) -> object:
    """Take any value as it is."""
    return value


def matching(pattern: str, *, upper: bool = False, native: str = "") -> Take:
    """Make the check of texts that a pattern matches whole.

    Args:
        pattern: The pattern.
        upper: True to make the texts upper case.
        native: The test of texts that msgspec converts; see `Inline`.
    """
    # Texts with small letters are left to the function.
    large = pattern.replace("[Tt ]", "[T ]").replace("[Tt]", "T").replace("[Zz]", "Z")
    source = large if upper else pattern

    def take(value: object) -> object:
        if type(value) is not str:
            raise ValueError  # the field has one message for both
        if compiled(source)(value):
            return value
        # NOTE: RFC 3339 (section 5.6) allows a small "t" and "z"; datetime.fromisoformat does not.
        if upper and compiled(pattern)(value):
            return value.upper()
        raise ValueError

    def inline() -> Inline:
        test = "{match}(v) is not None"
        return Inline(test, native=native, names={"match": compiled(source)})

    return Take(take, inline)


@cache
def compiled(pattern: str) -> Callable[[str], object]:
    """Return the function that matches whole texts, compiled for the first field with a pattern.

    PERF: to compile all patterns takes a tenth of the start of a program with a schema.
    """
    return re.compile(pattern).fullmatch


def exact(
    pattern: str,
    keywords: Mapping[str, object],
    *,
    upper: bool = False,
    native: str = "",
    **options: Any,
) -> Wire:
    """Make the form of texts that a pattern matches whole; see `matching`."""
    take = matching(pattern, upper=upper, native=native)
    return Wire(keywords, take, take, **options)


def json_number(value: object) -> object:
    """Take a JSON number."""
    if type(value) is not int and type(value) is not float:
        raise TypeError
    return value


_NUMBER_TEXT = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"


def text_number(value: str) -> float:
    """Take the text of a JSON number."""
    if (
        len(value) > 400
        or not compiled(_NUMBER_TEXT)(value)
        or not math.isfinite(number := float(value))
    ):
        raise ValueError
    return number


def ranged(low: float, high: float) -> Wire:
    """Make the form of numbers from ``low`` to ``high``."""

    def within(value: Any) -> object:
        if not low <= value <= high:
            raise ValueError
        return value

    def within_text(value: str) -> object:
        return within(text_number(value))

    names: dict[str, object] = {"low": low, "high": high}

    return Wire(
        {"type": "number", "minimum": low, "maximum": high},
        Take(
            lambda value: within(json_number(value)),
            lambda: Inline("{low} <= v <= {high}", names=names),
        ),
        within_text,
    )


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return the values of a validator: a set in an order that does not depend on the process."""
    if not isinstance(values, AbstractSet):
        return list(values)
    return sorted(values, key=_place_in_set)


def _place_in_set(value: Any) -> tuple[str, float, str]:
    is_number = isinstance(value, (int, float)) and abs(value) < 2**1000
    return ("number", float(value), "") if is_number else (type(value).__name__, 0.0, str(value))


def each_validator(validators: Iterable[Any]) -> Iterator[Any]:
    """Yield the validators that are asked, those inside ``And`` one by one."""
    for validator in validators:
        if isinstance(validator, validate.And):
            yield from each_validator(validator.validators)
        else:
            yield validator


def ranges_of(validators: Iterable[Any]) -> Iterator[validate.Range]:
    """Yield the ranges that a value must be in, those inside ``And`` too."""
    return (each for each in each_validator(validators) if isinstance(each, validate.Range))


def wire_name(name: str, field: fields.Field[Any]) -> str:
    """Return a field's name in JSON, a form or a query: its ``data_key``, or else its own name."""
    return name if field.data_key is None else field.data_key
