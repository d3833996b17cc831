"""marshmallow's validators as keywords of JSON Schema: the enforced rules are documented.

A rule that JSON Schema cannot state is said in the description instead.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from marshmallow import ValidationError, fields, validate

from ..schemas.decimals import on_grid
from ..schemas.wire_format import each_validator
from .choices import (
    add_pattern,
    contains_none_of,
    contains_only,
    drop_nul_pattern,
    equal,
    none_of,
    one_of,
    say,
    types_of,
)
from .decimals import at_least, at_most
from .matching import fits
from .metadata import Field, Keywords, to_json_value
from .patterns import translate

__all__ = ["json_types", "refine"]

_Validator = Callable[[object], object]
_NAMES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def refine(keywords: Mapping[str, object], field: Field) -> Keywords:
    """Return the keywords of a field, refined by the field's own validators.

    Args:
        keywords: The JSON Schema of the field's type.
        field: The field whose validators run.
    """
    return _refine(dict(keywords), field, field.validators)


def _refine(out: Keywords, field: Field, validators: Iterable[_Validator]) -> Keywords:
    taken, before = out.get("enum"), dict(out)
    for validator in each_validator(validators):
        for kind, apply in _RULES:
            if isinstance(validator, kind):
                apply(out, validator, field)
                break
    if taken is not None and isinstance(field, fields.Boolean):
        out = {"enum": [each for each in taken if _passes(field, each, validators)]}
    elif isinstance(field, (fields.Boolean, fields.Enum)):
        out = _of_few_values(before, out, field, validators)
    drop_nul_pattern(out)
    return out


def _of_few_values(
    before: Keywords, out: Keywords, field: Field, validators: Iterable[_Validator]
) -> Keywords:
    """Keep the values of a boolean or an enumeration that the validators accept.

    The validators see the member, of which a client sees the name or the value, and 1 is ``True``
    for them. Keywords that say the same are kept. Only marshmallow's validators are asked, which
    answer the same each time.
    """
    given = before.get("enum", [True, False] if before.get("type") == "boolean" else [])
    known = [each for each in each_validator(validators) if isinstance(each, _KNOWN)]
    asked = cast("list[_Validator]", known)
    passing = [each for each in given if _passes(field, each, asked)]
    if [each for each in given if fits(out, each)] == passing:
        return out
    return {**before, "enum": passing} if passing else {**before, "not": {}}


def _passes(field: Field, value: object, validators: Iterable[_Validator]) -> bool:
    """Return whether validators accept the value that a field loads."""
    try:
        made = field._deserialize(value, None, None)  # the method that every field class overrides
    except Exception:  # noqa: BLE001  # a text, or null, which no validator sees
        return True
    try:
        for validator in validators:
            validator(made)
    except ValidationError:
        return False
    except Exception:  # noqa: BLE001  # a validator of a user's own may need a request
        return True
    return True


def json_types(values: Iterable[object]) -> str | list[str] | None:
    """Return the ``type`` keyword of JSON values, None where one is an array or object."""
    found = [_NAMES.get(type(value)) for value in values]
    if not found or None in found:
        return None
    names: list[str] = [name for name in dict.fromkeys(found) if name is not None]
    return names[0] if len(names) == 1 else names


def _range(out: Keywords, validator: validate.Range, field: Field) -> None:
    _bound(out, field, validator.min, validator.min_inclusive, upper=False)
    _bound(out, field, validator.max, validator.max_inclusive, upper=True)


def _bound(out: Keywords, field: Field, bound: Any, inclusive: bool, *, upper: bool) -> None:
    if isinstance(bound, float) and bound == (-math.inf if upper else math.inf):
        out["not"] = {}  # no number is there
    if bound is not None and not (isinstance(bound, float) and not math.isfinite(bound)):
        _finite_bound(out, field, bound, inclusive, upper=upper)


def _finite_bound(out: Keywords, field: Field, bound: Any, inclusive: bool, *, upper: bool) -> None:
    if isinstance(field, fields.Decimal):
        bound, inclusive = on_grid(field, bound, inclusive=inclusive, upper=upper)
    number = _number(field, bound)
    types = types_of(out)
    if number is None or not types & {"integer", "number", "string"}:
        say(out, f"{_BOUNDS[upper, inclusive]} {bound}.")
        return
    if types & {"integer", "number"}:
        _tighten(out, number, inclusive, upper=upper)
    if "string" in types and "pattern" in out:
        pattern = at_most if upper else at_least
        add_pattern(out, pattern(Decimal(str(bound)), inclusive=inclusive))


_BOUNDS = {
    (True, True): "At most",
    (True, False): "Less than",
    (False, True): "At least",
    (False, False): "More than",
}


def _number(field: Field, bound: object) -> int | float | None:
    if isinstance(bound, datetime.timedelta) and isinstance(field, fields.TimeDelta):
        bound = to_json_value(field, bound)
    if isinstance(bound, Decimal):
        bound = int(bound) if bound == bound.to_integral_value() else float(bound)
    return (
        bound
        if isinstance(bound, (int, float)) and isinstance(field, (fields.Number, fields.TimeDelta))
        else None
    )


def _tighten(out: Keywords, number: float, inclusive: bool, *, upper: bool) -> None:
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


def _length(out: Keywords, validator: validate.Length, _field: Field) -> None:
    low = validator.equal if validator.equal is not None else validator.min
    high = validator.equal if validator.equal is not None else validator.max
    types = types_of(out)
    for kind, noun in (("string", "Length"), ("array", "Items"), ("object", "Properties")):
        if types and kind not in types:
            continue
        if low is not None:
            out[f"min{noun}"] = max(low, out.get(f"min{noun}", 0))
        if high is not None:
            out[f"max{noun}"] = min(high, out.get(f"max{noun}", high))


def _regexp(out: Keywords, validator: validate.Regexp, _field: Field) -> None:
    pattern = translate(validator.regex)
    if pattern is None:
        say(out, f"Matches the Python regular expression {validator.regex.pattern!r}.")
    else:
        add_pattern(out, pattern)


def _url(out: Keywords, validator: validate.URL, _field: Field) -> None:
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
    add_pattern(out, pattern)


def _predicate(out: Keywords, validator: validate.Predicate, _field: Field) -> None:
    say(out, f"`{validator.method}` must be true of it.")


def _email(out: Keywords, _validator: validate.Email, _field: Field) -> None:
    out["format"] = "email"


_Rule = Callable[[Keywords, Any, Any], None]
_RULES: tuple[tuple[type, _Rule], ...] = (
    (validate.ContainsOnly, contains_only),
    (validate.OneOf, one_of),
    (validate.ContainsNoneOf, contains_none_of),
    (validate.NoneOf, none_of),
    (validate.Range, _range),
    (validate.Length, _length),
    (validate.Equal, equal),
    (validate.Regexp, _regexp),
    (validate.URL, _url),
    (validate.Email, _email),
    (validate.Predicate, _predicate),
)
_KNOWN = tuple(kind for kind, _ in _RULES)
