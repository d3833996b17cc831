"""The inline code that accepts one value of a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..records import Record
from .function_types import AnyField, Convert, Validate
from .guard import Guard

__all__ = ["OVERRIDES", "Accept", "Make", "converted", "has_functions"]

OVERRIDES = (
    "_deserialize",
    "_validate",
    "_validate_all",
    "_validate_missing",
    "_validated",
    "_format_num",
    "_make_object_from_format",
    "make_error",
)
"""The methods that load a field; an instance that overrides one of them has no inline code."""


class Accept(Record):
    """The inline code that accepts a value.

    Attributes:
        test: An expression of ``v``. It is true only for values that the field accepts unchanged,
            or that ``made`` may convert; ``{name}`` stands for an object of ``bound``.
        made: The expression of the loaded value, ``""`` if the value stays unchanged. It is M if
            the field's own method decides.
        after: An expression of ``v`` and the loaded value ``w`` that must be true, ``""`` for none.
        then: An expression of ``w`` for the loaded value, after ``after``, ``""`` for none.
        raises: True if ``made`` may raise; the field's own method then raises it again.
        checks: Expressions of the loaded value ``{w}`` that must all be true: validators.
        validators: The validators without inline code. They are called with the loaded value.
        asks: True if ``made`` calls a user's function, which must not be called again.
        bound: The objects that the expressions name.
        short_test: The test without the parts that ``checks`` imply, ``""`` if it is ``test``.
        tier: ``native`` if msgspec converts; it accepts fewer values than the field, and converts
            them to the same values.
    """

    test: str
    made: str = ""
    after: str = ""
    then: str = ""
    raises: bool = True
    checks: tuple[str, ...] = ()
    validators: tuple[Validate, ...] = ()
    asks: bool = False
    bound: dict[str, object] = {}  # noqa: RUF012  # nobody changes it
    short_test: str = ""
    tier: Literal["native", "generated"] = "generated"


Make = Callable[[Any, Guard | None], Accept | None]
"""Returns the inline code of a field with its guard, None if its options have none."""


def converted(
    guard: Guard | None,
    convert: Convert | None,
    kinds: str = "type(v) is str",
    *,
    tier: Literal["native", "generated"] = "generated",
) -> Accept:
    """Return the code for a field that converts the value that its guard returns.

    Args:
        guard: The guard, None without one.
        convert: The function from the guard's value to the loaded one, None for none.
        kinds: The test of the value's type.
        tier: The tier of the code, see `Accept`.
    """
    bound: dict[str, object] = {} if convert is None else {"convert": convert}
    call = "{{convert}}({})" if convert is not None else "{}"
    if guard is None:
        return Accept(kinds, call.format("v"), bound=bound, tier=tier)
    inline = guard.inline
    if inline is None:
        return Accept(kinds, call.format("{take}(v)"), bound=bound | {"take": guard.take})
    bound |= inline.names
    narrower = (inline.native if tier == "native" else "") or inline.test
    test = kinds if narrower == "True" else f"{kinds} and ({narrower})"
    return Accept(test, call.format(inline.made), inline.after, bound=bound, tier=tier)


def has_functions(field: AnyField) -> bool:
    """Return True if a field has functions before or after loading (marshmallow 4.1 has none)."""
    return bool(getattr(field, "pre_load", None) or getattr(field, "post_load", None))
