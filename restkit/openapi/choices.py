"""The validators that compare with given values, as ``enum``, ``const`` and ``not``.

A choice is documented as the JSON value that the validator accepts. The validator compares the
loaded value, so ``"r"`` stands for a member of an enumeration of strings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from ..schemas.json_values import json_value, readable
from ..schemas.keyword_rules import distinct, is_among
from ..schemas.wire_format import in_order
from .metadata import Field, Keywords, to_json_value
from .patterns import NO_NUL, only_of, without

__all__ = [
    "add_pattern",
    "contains_none_of",
    "contains_only",
    "drop_nul_pattern",
    "equal",
    "has_many_texts",
    "none_of",
    "one_of",
    "say",
    "say_values",
    "types_of",
]

_ANY_DECIMAL = re.compile(r"\^-\?\[0-9\]\{1,[0-9]+\}\(\\\.\[0-9\]\{1,40\}\)\?\$")


def say(out: Keywords, sentence: str) -> None:
    """Add a sentence to the description."""
    sentence = readable(sentence)
    out["description"] = f"{out['description']} {sentence}" if out.get("description") else sentence


def add_pattern(out: Keywords, pattern: str) -> None:
    """Add a pattern to the ones that are there: all of them hold."""
    if out.get("pattern") in (None, NO_NUL):
        out["pattern"] = pattern
    elif _ANY_DECIMAL.fullmatch(out["pattern"]):
        # The narrower one first: tools that make values begin with it.
        out["pattern"], out["allOf"] = pattern, [*out.get("allOf", []), {"pattern": out["pattern"]}]
    elif out["pattern"] != pattern:
        out["allOf"] = [*out.get("allOf", []), {"pattern": pattern}]


def types_of(out: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that keywords allow."""
    declared = out.get("type", ())
    return {declared} if isinstance(declared, str) else set(declared)


def _values(
    field: Field,
    validator: Any,
    values: Iterable[Any],
    types: set[str],
    *,
    passing: bool = True,
) -> tuple[list[Any], bool]:
    """Return the JSON values that mean some values of a field, and whether any could be written.

    Args:
        field: The field.
        validator: The validator that has the values. It gets the value that the field loads
            from JSON, so a choice that only looks like one is left out.
        values: The values.
        types: The JSON types of the field.
        passing: Whether the validator is to accept the values, or to reject them.
    """
    written = [each for value in values for each in _forms(field, value, types)]
    wanted = (passing, None)
    out = (each for each in written if _is_accepted(field, each, validator) in wanted)
    found = distinct(each for each in out if each is not None)
    return found, bool(written)


def _forms(field: Field, value: Any, types: set[str]) -> list[Any]:
    """Return the JSON values that may stand for a value: as the field writes it, and as it is."""
    forms: list[Any] = []
    converters: list[Callable[[], Any]] = [
        lambda: to_json_value(field, value),
        lambda: json_value(value),
    ]
    for convert in converters:
        try:
            written = convert()
            if isinstance(written, str) and isinstance(field, fields.Number):
                # as_string is for responses
                written = written if "string" in types else _number_of(field, written)
        except ValueError:
            continue
        forms.append(written)
    return forms


def _number_of(field: fields.Number[Any], text: str) -> Any:
    convert: Callable[[str], Any] = field.num_type
    return convert(text)


def _is_accepted(field: Field, written: Any, validator: Any) -> bool | None:
    """Return whether a validator accepts the value that a field loads, None if unknown."""
    if isinstance(field, (fields.Nested, fields.Method, fields.Function)):
        return None
    try:
        # The method that every field class overrides.
        validator(field._deserialize(written, None, None))
    except ValidationError:
        return False
    except Exception:  # noqa: BLE001  # the field may need a schema, or a request
        return None
    return True


_OF_MANY_TEXTS = (
    *(fields.DateTime, fields.Decimal, fields.IP, fields.IPInterface, fields.Time, fields.UUID),
)


def has_many_texts(field: Field) -> bool:
    """Return whether a value of a field has more than one text, as 1.5 and 1.50 are one Decimal.

    ``2027-01-01T00:00:00Z`` and ``2027-01-01T01:00:00+01:00`` are one moment, and a UUID may have
    capital letters. An IPv4 address has one text, as has a date without a format of its own.
    """
    if isinstance(field, fields.Enum) and isinstance(field.by_value, (fields.Field, type)):
        return has_many_texts(field.field)
    if isinstance(field, fields.Date):
        return field.format not in (None, "iso", "iso8601")
    if isinstance(field, fields.IPv4):
        return False
    return isinstance(field, _OF_MANY_TEXTS)


def say_values(out: Keywords, words: str, values: Iterable[Any], field: Field) -> None:
    """Describe values in words, as the field writes them."""
    say(out, f"{words}: {', '.join(_written(field, each) for each in values)}.")


def _written(field: Field, value: object) -> str:
    try:
        return str(to_json_value(field, value))
    except ValueError:
        return str(value)


def drop_nul_pattern(out: Keywords) -> None:
    """Leave out the pattern that forbids NUL if a narrower keyword says so too."""
    if out.get("pattern") == NO_NUL and out.keys() & {"enum", "const", "format"}:
        del out["pattern"]


def one_of(out: Keywords, validator: validate.OneOf, field: Field) -> None:
    """Add the choices of `OneOf`."""
    choices: Any = validator.choices
    if isinstance(choices, str):
        _part_of(out, choices)
        return
    if has_many_texts(field):
        say_values(out, "One of", in_order(choices), field)
        return
    values, some = _values(field, validator, in_order(choices), types_of(out))
    if not values and not some:
        say(out, f"One of: {_listed(choices)}.")
    elif not values:
        out["not"] = {}
    else:
        known = out.get("enum", values)
        out["enum"] = [value for value in known if is_among(value, values)]


# Of more characters than this there are more parts than an enum is good for.
_LONGEST_TEXT_OF_PARTS = 10


def _parts(text: str) -> list[str]:
    """Return the members of a text, as `in` sees them."""
    size = len(text)
    found = {text[start:end] for start in range(size + 1) for end in range(start, size + 1)}
    found = {part for part in found if readable(part) == part}  # no client can send the others
    return sorted(found, key=lambda part: (len(part), part))


def _part_of(out: Keywords, text: str) -> None:
    say(out, f"Part of {text!r}.")
    if len(text) <= _LONGEST_TEXT_OF_PARTS:
        out["enum"] = _parts(text)


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(each) for each in in_order(values))


def contains_only(out: Keywords, validator: validate.ContainsOnly, field: Field) -> None:
    """Add the choices of `ContainsOnly` to the items."""
    inner = _inner(field)
    if isinstance(field, fields.String):
        add_pattern(out, only_of(_characters(validator.choices)))
        return
    if inner is None or "items" not in out:
        say(out, f"Only of: {_listed(validator.choices)}.")
        return
    out["items"] = dict(out["items"])
    one_of(out["items"], validate.OneOf(validator.choices), inner)
    if _has_null(inner, validator.choices):
        _allow_null(out["items"])
    drop_nul_pattern(out["items"])


def none_of(out: Keywords, validator: validate.NoneOf, field: Field) -> None:
    """Exclude the values of `NoneOf`."""
    iterable: Any = validator.iterable
    if isinstance(iterable, str):
        say(out, f"No part of {iterable!r}.")
        if len(iterable) <= _LONGEST_TEXT_OF_PARTS:
            _deny(out, _parts(iterable))
        return
    if has_many_texts(field):
        say_values(out, "None of", in_order(iterable), field)
        return
    values, _ = _values(field, validator, in_order(iterable), types_of(out), passing=False)
    _deny(out, values)


def _deny(out: Keywords, values: list[Any]) -> None:
    known = out.get("not", {"enum": []})
    if values and "enum" in known:
        out["not"] = {"enum": [*known["enum"], *values]}


def contains_none_of(out: Keywords, validator: validate.ContainsNoneOf, field: Field) -> None:
    """Exclude the values of `ContainsNoneOf` from the items."""
    inner = _inner(field)
    if isinstance(field, fields.String):
        add_pattern(out, without(_characters(validator.iterable)))
        return
    if inner is None or "items" not in out:
        say(out, f"None of: {_listed(validator.iterable)}.")
        return
    out["items"] = dict(out["items"])
    none_of(out["items"], validate.NoneOf(validator.iterable), inner)
    if _has_null(inner, validator.iterable):
        _deny(out["items"], [None])


def _characters(values: Iterable[object]) -> list[str]:
    """Return the values that a character of a text may be equal to."""
    return [each for each in values if isinstance(each, str) and len(each) == 1]


def _has_null(inner: Field, values: Iterable[Any]) -> bool:
    """Return whether null is among the values of items: validators of a list see it, too."""
    return inner.allow_none and not isinstance(values, str) and any(each is None for each in values)


def _allow_null(items: Keywords) -> None:
    if items.get("not") == {}:  # null is the only choice
        del items["not"]
        items["enum"] = [None]
    elif "enum" in items:
        items["enum"].append(None)


def equal(out: Keywords, validator: validate.Equal, field: Field) -> None:
    """Add the value of `Equal`."""
    if has_many_texts(field):
        say_values(out, "Equal to", [validator.comparable], field)
        return
    values, some = _values(field, validator, [validator.comparable], types_of(out))
    if len(values) == 1:
        out["const"] = values[0]
    elif values:
        out["enum"] = values
    elif some:
        out["not"] = {}


def _inner(field: Field) -> Field | None:
    return field.inner if isinstance(field, fields.List) else None
