"""marshmallow's validators as keywords of JSON Schema: what is enforced is what is documented.

A rule that JSON Schema cannot state is said in the description instead.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from ..schemas.decimals import on_grid
from ..schemas.wire_format import each_validator
from .decimals import at_least, at_most
from .patterns import NO_NUL, translate

__all__ = ["json_types", "refine", "to_json_value"]

_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_ANY_DECIMAL = re.compile(r"\^-\?\[0-9\]\{1,[0-9]+\}\(\\\.\[0-9\]\{1,40\}\)\?\$")


def refine(keywords: Mapping[str, Any], field: fields.Field[Any]) -> dict[str, Any]:
    """Return the keywords of a field, refined by the field's own validators.

    Args:
        keywords: The JSON Schema of the field's type.
        field: The field whose validators run.
    """
    return _refine(dict(keywords), field, field.validators)


def _refine(
    out: dict[str, Any], field: fields.Field[Any], validators: Iterable[Any]
) -> dict[str, Any]:
    taken: Any = out.get("enum")
    for validator in each_validator(validators):
        for kind, apply in _RULES:
            if isinstance(validator, kind):
                apply(out, validator, field)
                break
    if taken is not None and isinstance(field, fields.Boolean):
        out = {"enum": [each for each in taken if _passes(field, each, validators)]}
    if out.get("pattern") == NO_NUL and out.keys() & {"enum", "const", "format"}:
        del out["pattern"]
    return out


def _passes(field: fields.Field[Any], value: Any, validators: Iterable[Any]) -> bool:
    """Return whether validators take what a field makes of a value."""
    made = field._deserialize(value, None, None)  # the method that every field class overrides
    try:
        for validator in validators:
            validator(made)
    except ValidationError:
        return False
    return True


def json_types(values: Iterable[Any]) -> str | list[str] | None:
    """Return the ``type`` keyword of JSON values, None where one is an array or object."""
    found = [_NAMES.get(type(value)) for value in values]
    if not found or None in found:
        return None
    names: list[str] = [name for name in dict.fromkeys(found) if name is not None]
    return names[0] if len(names) == 1 else names


def to_json_value(field: fields.Field[Any], value: Any) -> Any:
    """Return a value as the field writes it.

    Raises:
        ValueError: The field does not write it as a JSON value.
    """
    if isinstance(field, fields.Constant) and value != field.constant:
        raise ValueError(f"{value!r} is not the constant {field.constant!r}")
    try:
        written = field._serialize(value, "", None)  # the method that every field class overrides
    except Exception as error:
        raise ValueError(f"{value!r} cannot be written") from error
    return _plain(written)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("not a JSON number")
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    raise ValueError(f"{type(value).__name__} is not a JSON value")


def _say(out: dict[str, Any], sentence: str) -> None:
    out["description"] = f"{out['description']} {sentence}" if out.get("description") else sentence


def _types(out: Mapping[str, Any]) -> set[str]:
    declared = out.get("type", ())
    return {declared} if isinstance(declared, str) else set(declared)


def _range(out: dict[str, Any], validator: validate.Range, field: fields.Field[Any]) -> None:
    _bound(out, field, validator.min, validator.min_inclusive, upper=False)
    _bound(out, field, validator.max, validator.max_inclusive, upper=True)


def _bound(
    out: dict[str, Any], field: fields.Field[Any], bound: Any, inclusive: bool, *, upper: bool
) -> None:
    if bound is None:
        return
    if isinstance(field, fields.Decimal):
        bound, inclusive = on_grid(field, bound, inclusive=inclusive, upper=upper)
    number = _number(field, bound)
    types = _types(out)
    if number is None or not types & {"integer", "number", "string"}:
        words = (
            ("At most" if upper else "At least")
            if inclusive
            else ("Less than" if upper else "More than")
        )
        _say(out, f"{words} {bound}.")
        return
    if types & {"integer", "number"}:
        _tighten(out, number, inclusive, upper=upper)
    if "string" in types and "pattern" in out:
        _add_pattern(
            out, (at_most if upper else at_least)(Decimal(str(bound)), inclusive=inclusive)
        )


def _number(field: fields.Field[Any], bound: Any) -> int | float | None:
    if isinstance(bound, datetime.timedelta) and isinstance(field, fields.TimeDelta):
        bound = to_json_value(field, bound)
    if isinstance(bound, Decimal):
        bound = int(bound) if bound == bound.to_integral_value() else float(bound)
    return (
        bound
        if isinstance(bound, (int, float)) and isinstance(field, (fields.Number, fields.TimeDelta))
        else None
    )


def _tighten(out: dict[str, Any], number: float, inclusive: bool, *, upper: bool) -> None:
    """Put a bound among those that are there: the tighter one stays."""
    name, strict = ("maximum", "exclusiveMaximum") if upper else ("minimum", "exclusiveMinimum")
    sign = -1 if upper else 1
    if strict in out and sign * out[strict] >= sign * number:
        return
    if name in out and (sign * out[name] > sign * number or (inclusive and out[name] == number)):
        return
    out.pop(strict, None)
    out.pop(name, None)
    out[name if inclusive else strict] = number


def _add_pattern(out: dict[str, Any], pattern: str) -> None:
    if out.get("pattern") in (None, NO_NUL):
        out["pattern"] = pattern
    elif _ANY_DECIMAL.fullmatch(
        out["pattern"]
    ):  # the narrower one first: tools that make values begin with it
        out["pattern"], out["allOf"] = pattern, [*out.get("allOf", []), {"pattern": out["pattern"]}]
    elif out["pattern"] != pattern:
        out["allOf"] = [*out.get("allOf", []), {"pattern": pattern}]


def _length(out: dict[str, Any], validator: validate.Length, _field: fields.Field[Any]) -> None:
    low = validator.equal if validator.equal is not None else validator.min
    high = validator.equal if validator.equal is not None else validator.max
    types = _types(out)
    for kind, noun in (("string", "Length"), ("array", "Items"), ("object", "Properties")):
        if types and kind not in types:
            continue
        if low is not None:
            out[f"min{noun}"] = max(low, out.get(f"min{noun}", 0))
        if high is not None:
            out[f"max{noun}"] = min(high, out.get(f"max{noun}", high))


def _values(field: fields.Field[Any], values: Iterable[Any], types: set[str]) -> list[Any]:
    """Return the JSON values that mean some values of a field."""
    out: list[Any] = []
    for value in values:
        try:
            written = to_json_value(field, value)
        except ValueError:
            continue
        if isinstance(written, str) and isinstance(field, fields.Number) and "string" not in types:
            written = field.num_type(written)  # as_string is for answers
        if not any(type(written) is type(other) and written == other for other in out):
            out.append(written)
    return out


def _are_amounts(
    out: dict[str, Any], words: str, values: Iterable[Any], field: fields.Field[Any]
) -> bool:
    """Say values of a Decimal in words: each has many texts, and what is rounded to it is taken too."""
    if not isinstance(field, fields.Decimal):
        return False
    _say(out, f"{words}: {', '.join(str(each) for each in values)}.")
    return True


def _one_of(out: dict[str, Any], validator: validate.OneOf, field: fields.Field[Any]) -> None:
    if isinstance(validator.choices, str):
        _say(out, f"Part of {validator.choices!r}.")
        return
    if _are_amounts(out, "One of", validator.choices, field):
        return
    values = _values(field, validator.choices, _types(out))
    if not values:
        _say(out, f"One of: {', '.join(str(each) for each in validator.choices)}.")
        return
    out["enum"] = [value for value in out["enum"] if value in values] if "enum" in out else values


def _contains_only(
    out: dict[str, Any], validator: validate.ContainsOnly, field: fields.Field[Any]
) -> None:
    inner = _inner(field)
    if inner is None or "items" not in out:
        _say(out, f"Only of: {', '.join(str(each) for each in validator.choices)}.")
        return
    out["items"] = _refine({**out["items"]}, inner, [validate.OneOf(validator.choices)])


def _none_of(out: dict[str, Any], validator: validate.NoneOf, field: fields.Field[Any]) -> None:
    if _are_amounts(out, "None of", validator.iterable, field):
        return
    values = _values(field, validator.iterable, _types(out))
    if "not" in out:
        values = [*out["not"].get("enum", []), *values]
    out["not"] = {"enum": values}


def _contains_none_of(
    out: dict[str, Any], validator: validate.ContainsNoneOf, field: fields.Field[Any]
) -> None:
    inner = _inner(field)
    if inner is None or "items" not in out:
        _say(out, f"None of: {', '.join(str(each) for each in validator.iterable)}.")
        return
    out["items"] = _refine({**out["items"]}, inner, [validate.NoneOf(validator.iterable)])


def _equal(out: dict[str, Any], validator: validate.Equal, field: fields.Field[Any]) -> None:
    if _are_amounts(out, "Equal to", [validator.comparable], field):
        return
    values = _values(field, [validator.comparable], _types(out))
    if len(values) == 1:
        out["const"] = values[0]
    elif values:
        out["enum"] = values


def _regexp(out: dict[str, Any], validator: validate.Regexp, _field: fields.Field[Any]) -> None:
    pattern = translate(validator.regex)
    if pattern is None:
        _say(out, f"Matches the Python regular expression {validator.regex.pattern!r}.")
    else:
        _add_pattern(out, pattern)


def _url(out: dict[str, Any], validator: validate.URL, _field: fields.Field[Any]) -> None:
    origin = rf"(?:{'|'.join(sorted(validator.schemes))})://[^\s/?#]+"
    local = r"(?:/?|[/?#]\S+)$"
    if not validator.relative:
        pattern = f"^{origin}{local}"
    elif validator.absolute:
        pattern = f"^(?:{origin})?{local}"
    else:
        pattern = f"^{local}"
    out["format"] = "uri-reference" if validator.relative else "uri"
    out["minLength"] = max(1, out.get("minLength", 1))
    _add_pattern(out, pattern)


def _email(out: dict[str, Any], _validator: validate.Email, _field: fields.Field[Any]) -> None:
    out["format"] = "email"


def _inner(field: fields.Field[Any]) -> fields.Field[Any] | None:
    return field.inner if isinstance(field, fields.List) else None


_Rule = Callable[[dict[str, Any], Any, Any], None]
_RULES: tuple[tuple[type[Any], _Rule], ...] = (
    (validate.ContainsOnly, _contains_only),
    (validate.OneOf, _one_of),
    (validate.ContainsNoneOf, _contains_none_of),
    (validate.NoneOf, _none_of),
    (validate.Range, _range),
    (validate.Length, _length),
    (validate.Equal, _equal),
    (validate.Regexp, _regexp),
    (validate.URL, _url),
    (validate.Email, _email),
)
