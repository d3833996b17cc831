"""What marshmallow's own validators accept, as expressions that the loader writes in line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validate

__all__ = ["check_of"]


def check_of(validator: Any, kind: type, name: str, bound: dict[str, Any]) -> str | None:
    """Return the expression of ``{w}`` for a validator, None if only the validator can decide.

    Args:
        validator: The validator.
        kind: The field's class.
        name: A name for an object that the expression needs, ``{name}`` in it.
        bound: The objects by name, to which that object is added.
    """
    if type(validator) is validate.Length and kind in _SIZED:
        return _length(validator)
    if type(validator) is validate.Range and kind in (fields.Integer, fields.Float):
        return _range(validator)
    if kind is fields.String and (choices := _text_choices(validator)):
        bound[name] = choices
        return f"{{w}} in {{{name}}}"
    if type(validator) in _PURE and kind in _PLAIN:
        bound[name] = _passes(validator)
        return f"{{{name}}}({{w}})"
    if kind is fields.String and type(validator) is validate.Regexp:
        return _pattern(validator, name, bound)
    return None


def _pattern(validator: validate.Regexp, name: str, bound: dict[str, Any]) -> str | None:
    if not isinstance(validator.regex.pattern, str):
        return None
    bound[name] = validator.regex.match
    return f"{{{name}}}({{w}}) is not None"


def _text_choices(validator: Any) -> frozenset[str]:
    """Return the choices of a OneOf validator, an empty set if they are not all strings."""
    if type(validator) is not validate.OneOf:
        return frozenset()
    choices = validator.choices
    if not isinstance(choices, (list, tuple, set, frozenset)):
        return frozenset()
    return frozenset(choices) if all(type(each) is str for each in choices) else frozenset()


_SIZED = (fields.String, fields.Email, fields.Url, fields.List)
_PURE = (validate.Email, validate.URL, validate.Equal, validate.NoneOf)
_PLAIN = (fields.String, fields.Email, fields.Url, fields.Integer)


def _passes(validator: Any) -> Callable[[Any], bool]:
    """Return whether a stateless validator accepts; if not, it is called again for the message."""

    def passes(value: Any) -> bool:
        try:
            validator(value)
        except ValidationError:
            return False
        return True

    return passes


def _length(validator: validate.Length) -> str | None:
    numbers = (validator.equal, validator.min, validator.max)
    if any(each is not None and type(each) is not int for each in numbers):
        return None
    if validator.equal is not None:
        return f"len({{w}}) == {validator.equal}"
    tests = [f"len({{w}}) >= {validator.min}"] if validator.min is not None else []
    tests += [f"len({{w}}) <= {validator.max}"] if validator.max is not None else []
    if len(tests) == 2:
        return f"{validator.min} <= len({{w}}) <= {validator.max}"
    return tests[0] if tests else "True"


def _range(validator: validate.Range) -> str | None:
    tests: list[str] = []
    for limit, inclusive, sign in (
        (validator.min, validator.min_inclusive, ">"),
        (validator.max, validator.max_inclusive, "<"),
    ):
        if limit is None:
            continue
        if type(limit) is not int:
            return None
        tests.append(f"{{w}} {sign}{'=' if inclusive else ''} {limit}")
    return " and ".join(tests) or "True"
