"""marshmallow's own validators as expressions that the loader contains."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import math
import re
import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validate

from .accept import has_functions
from .function_types import AnyField, Validate
from .guard import Guard

__all__ = ["check_of"]

_TEXTS = (fields.String, fields.Email, fields.Url)
_HASHABLE = (
    *(*_TEXTS, fields.Integer, fields.Float, fields.Decimal, fields.Boolean),
    *(fields.Date, fields.UUID, fields.TimeDelta),
)
_PLAIN = frozenset({str, int, bool, type(None), dt.date, dt.timedelta, uuid.UUID})
_Field = AnyField
_Bound = dict[str, object]
_Rule = Any  # a validator of the class that a function is for


def check_of(validator: object, field: _Field, name: str, bound: _Bound) -> str | None:
    """Return the expression of ``{w}`` for a validator, None if the validator must be called.

    The expression may be false for values that the validator accepts, but not the reverse.

    Args:
        validator: The validator.
        field: The field.
        name: A name for an object that the expression needs, ``{name}`` in it.
        bound: The objects by name, to which that object is added.
    """
    if type(validator) is validate.And:
        return _all(validator, field, name, bound)
    make = _CHECKS.get(type(validator))
    return None if make is None else make(validator, field, name, bound)


def _all(validator: validate.And, field: _Field, name: str, bound: _Bound) -> str | None:
    checks: list[str] = []
    for number, each in enumerate(validator.validators):
        check = check_of(each, field, f"{name}_{number}", bound)
        if check is None:
            return None
        checks.append(f"({check})")
    return " and ".join(checks) or "True"


# Lengths and ranges


def _is_sized(field: _Field) -> bool:
    kind = type(field)
    if kind in _TEXTS or kind in (fields.List, fields.Tuple, fields.Dict):
        return True
    return isinstance(field, fields.Nested) and kind is fields.Nested and bool(field.many)


def _length(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    least, most, exact = validator.min, validator.max, validator.equal
    whole = all(each is None or type(each) is int for each in (least, most, exact))
    if not whole or not _is_sized(field):
        return None
    if exact is not None:
        return f"len({{w}}) == {exact}"
    if least is not None and most is not None:
        return f"{least} <= len({{w}}) <= {most}"
    if least is not None:
        return f"len({{w}}) >= {least}"
    return "True" if most is None else f"len({{w}}) <= {most}"


def _limits_of(field: _Field) -> tuple[type, ...]:
    """Return the types of limits that every value of a field can be compared with."""
    kind = type(field)
    if kind is fields.Integer or (isinstance(field, fields.Float) and field.allow_nan is False):
        return (int, float) if kind in (fields.Integer, fields.Float) else ()
    if isinstance(field, fields.Decimal):
        return (int, decimal.Decimal) if kind is fields.Decimal else ()
    own: dict[type, tuple[type, ...]] = {
        fields.Date: (dt.date,),
        fields.TimeDelta: (dt.timedelta,),
    }
    return own.get(kind, ())


def _range(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    kinds = _limits_of(field)
    tests: list[str] = []
    for limit, inclusive, sign in (
        (validator.min, validator.min_inclusive, ">"),
        (validator.max, validator.max_inclusive, "<"),
    ):
        if limit is None:
            continue
        if type(limit) not in kinds or (limit != limit):
            return None
        if isinstance(limit, decimal.Decimal) and not limit.is_finite():
            return None
        key = f"{name}_{'least' if sign == '>' else 'most'}"
        bound[key] = limit
        tests.append(f"{{w}} {sign}{'=' if inclusive else ''} {{{key}}}")
    return " and ".join(tests) or "True"


# Choices


def _members(values: object) -> frozenset[object] | None:
    """Return the values of a collection, None if a set of them would not contain the same."""
    if not isinstance(values, (list, tuple, set, frozenset)):
        return None
    if not all(map(_is_plain, values)):
        return None
    return frozenset(values)


def _is_plain(value: object) -> bool:
    if type(value) is float:
        return not math.isnan(value)
    if type(value) is decimal.Decimal:
        return value.is_finite()
    return type(value) in _PLAIN


def _one_of(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    return _choice(validator.choices, "in", field, name, bound)


def _none_of(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    return _choice(validator.iterable, "not in", field, name, bound)


def _choice(values: object, word: str, field: _Field, name: str, bound: _Bound) -> str | None:
    members = _members(values)
    if members is None or type(field) not in _HASHABLE or _may_be_nan(field):
        return None
    bound[name] = members
    return f"{{w}} {word} {{{name}}}"


def _may_be_nan(field: _Field) -> bool:
    """Return True if a decimal may be a signaling NaN, which has no hash."""
    return isinstance(field, fields.Decimal) and bool(field.allow_nan)


def _equal(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    if not _is_plain(validator.comparable) or type(field) not in _HASHABLE or _may_be_nan(field):
        return None
    bound[name] = validator.comparable
    return f"{{w}} == {{{name}}}"


def _items_of(field: _Field) -> _Field | None:
    """Return the field of the items of a value, itself for a text."""
    if type(field) in _TEXTS:
        return field
    return field.inner if isinstance(field, fields.List) and type(field) is fields.List else None


def _has_hashes(items: _Field) -> bool:
    """Return True if all values of a field have a hash."""
    own = vars(items).get("deserialize")
    is_plain = own is None or isinstance(own, Guard)
    return (
        is_plain
        and type(items) in _HASHABLE
        and not _may_be_nan(items)
        and not has_functions(items)
        and "_deserialize" not in vars(items)
    )


def _contains_only(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    return _contained(validator.choices, "issuperset", field, name, bound)


def _contains_none_of(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    return _contained(validator.iterable, "isdisjoint", field, name, bound)


def _contained(values: object, word: str, field: _Field, name: str, bound: _Bound) -> str | None:
    items = _items_of(field)
    if isinstance(values, str) and type(field) in _TEXTS:
        values = list(values)  # the items of a text are characters
    members = _members(values)
    if members is None or items is None or not _has_hashes(items):
        return None
    bound[name] = getattr(members, word)
    return f"{{{name}}}({{w}})"


# Texts


def _regexp(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    regex = validator.regex
    if type(field) not in _TEXTS or not isinstance(getattr(regex, "pattern", None), str):
        return None
    bound[name] = regex.match
    return f"{{{name}}}({{w}}) is not None"


def _predicate(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    method = validator.method
    if type(field) not in _TEXTS or validator.kwargs or not isinstance(method, str):
        return None
    if not method.isidentifier() or not method.startswith("is") or not hasattr(str, method):
        return None
    return f"{{w}}.{method}()"


_LABEL = "[A-Za-z0-9]{1,20}+(?:-[A-Za-z0-9]{1,20}+){0,2}+"
_LABELS = rf"(?:{_LABEL}\.)+[A-Za-z]{{2,20}}+"


@functools.cache
def _usual_email() -> Callable[[str], object]:
    """Return the test of addresses that marshmallow certainly accepts."""
    # PERF: it takes 3 thousand instructions, and marshmallow's validator takes 15.
    return re.compile(rf"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@{_LABELS}").fullmatch


@functools.cache
def _usual_url(schemes: tuple[str, ...]) -> Callable[[str], object]:
    """Return the test of URLs that marshmallow certainly accepts."""
    # PERF: it takes 3 thousand instructions, and marshmallow's validator takes 27.
    scheme = "|".join(schemes)
    return re.compile(rf"(?:{scheme})://{_LABELS}(?::[0-9]++)?+(?:[/?#][!-~]++|/)?+").fullmatch


def _email(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    if type(field) not in _TEXTS or vars(validator).keys() != {"error"}:
        return None
    if not _is_fixed(validator.error):  # it may raise KeyError, also for a valid value
        return None
    return _usual_or(_usual_email(), _is_email(validator), name, bound)


def _is_email(validator: _Rule) -> Callable[[str], bool]:
    """Return the validator as a function that raises no exception."""
    user, domain = validator.USER_REGEX.match, validator.DOMAIN_REGEX.match

    def is_email(value: str) -> bool:
        name, at, host = value.rpartition("@")
        if not at or not user(name):
            return False
        return host in validator.DOMAIN_WHITELIST or domain(host) is not None

    return is_email


def _url(validator: _Rule, field: _Field, name: str, bound: _Bound) -> str | None:
    if type(field) not in _TEXTS or not _is_fixed(validator.error):
        return None
    schemes = tuple(each for each in ("https", "http") if each in validator.schemes)
    if not validator.absolute or not schemes:
        bound[name] = _passes(validator)
        return f"{{{name}}}({{w}})"
    return _usual_or(_usual_url(schemes), _passes(validator), name, bound)


def _is_fixed(text: str) -> bool:
    """Return True for a message that is certain to have no other placeholder than the input."""
    rest = text.replace("{input}", "")
    return "{" not in rest and "}" not in rest


def _usual_or(
    usual: Callable[[str], object], exact: Callable[[str], bool], name: str, bound: _Bound
) -> str:
    bound |= {f"{name}_usual": usual, name: exact}
    return f"({{{name}_usual}}({{w}}) is not None or {{{name}}}({{w}}))"


def _passes(validator: Validate) -> Callable[[str], bool]:
    """Return whether a stateless validator accepts; if not, it is called again for the message."""

    def passes(value: str) -> bool:
        try:
            validator(value)
        except ValidationError:
            return False
        return True

    return passes


_CHECKS: dict[type, Callable[[_Rule, _Field, str, _Bound], str | None]] = {
    validate.Length: _length,
    validate.Range: _range,
    validate.OneOf: _one_of,
    validate.NoneOf: _none_of,
    validate.Equal: _equal,
    validate.ContainsOnly: _contains_only,
    validate.ContainsNoneOf: _contains_none_of,
    validate.Regexp: _regexp,
    validate.Predicate: _predicate,
    validate.Email: _email,
    validate.URL: _url,
}
