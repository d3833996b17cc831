"""marshmallow's own validators as expressions that the loader contains."""

from __future__ import annotations

from collections.abc import Callable

from marshmallow import ValidationError, fields, validate

__all__ = ["check_of"]

_SIZED = (fields.String, fields.Email, fields.Url, fields.List)
_PURE = (validate.Email, validate.URL, validate.Equal, validate.NoneOf)
_PLAIN = (fields.String, fields.Email, fields.Url, fields.Integer)


def check_of(validator: object, kind: type, name: str, bound: dict[str, object]) -> str | None:
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
    if isinstance(validator, _PURE) and type(validator) in _PURE and kind in _PLAIN:
        bound[name] = _passes(validator)
        return f"{{{name}}}({{w}})"
    return _text_check(validator, name, bound) if kind is fields.String else None


def _text_check(validator: object, name: str, bound: dict[str, object]) -> str | None:
    if type(validator) is validate.Regexp:
        return _pattern(validator, name, bound)
    choices = _text_choices(validator)
    if not choices:
        return None
    bound[name] = choices
    return f"{{w}} in {{{name}}}"


def _pattern(validator: validate.Regexp, name: str, bound: dict[str, object]) -> str | None:
    if not isinstance(validator.regex.pattern, str):
        return None
    bound[name] = validator.regex.match
    return f"{{{name}}}({{w}}) is not None"


def _text_choices(validator: object) -> frozenset[str]:
    """Return the choices of a OneOf validator, an empty set if they are not all strings."""
    if type(validator) is not validate.OneOf:
        return frozenset()
    choices = validator.choices
    if not isinstance(choices, (list, tuple, set, frozenset)):
        return frozenset()
    if not all(type(each) is str for each in choices):
        return frozenset()
    return frozenset(choices)


def _passes(validator: validate.Validator) -> Callable[[object], bool]:
    """Return whether a stateless validator accepts; if not, it is called again for the message."""

    def passes(value: object) -> bool:
        try:
            validator(value)
        except ValidationError:
            return False
        return True

    return passes


def _length(validator: validate.Length) -> str | None:
    least, most, exact = validator.min, validator.max, validator.equal
    if any(each is not None and type(each) is not int for each in (least, most, exact)):
        return None
    if exact is not None:
        return f"len({{w}}) == {exact}"
    if least is not None and most is not None:
        return f"{least} <= len({{w}}) <= {most}"
    if least is not None:
        return f"len({{w}}) >= {least}"
    if most is not None:
        return f"len({{w}}) <= {most}"
    return "True"


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
