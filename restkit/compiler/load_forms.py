"""The inline code that loads a field, or the reason why the field's own method loads it."""

from __future__ import annotations

from .accept import OVERRIDES, Accept, has_functions
from .checks import check_of
from .exact_loads import EXACT
from .function_types import AnyField, Validate
from .guard import Guard
from .simple_loads import SIMPLE

__all__ = ["accept_of"]

_MAKERS = SIMPLE | EXACT


def accept_of(field: AnyField) -> tuple[Accept | None, str]:
    """Return the inline code that loads a field, or None and the reason why there is none."""
    reason = _override(field)
    if reason:
        return None, reason
    guard: Guard | None = vars(field).get("deserialize")
    make = _MAKERS.get(type(field))
    if make is None:
        return None, f"no inline code for {type(field).__name__}"
    accept = make(field, guard)
    if accept is None:
        return None, "no inline code for its options"
    return _with_checks(accept, field), ""


def _override(field: AnyField) -> str:
    """Return the override for which the field's own method must load it, ``""`` without one."""
    own = vars(field)
    for each in OVERRIDES:
        if each in own:
            return f"the instance overrides {each}"
    if has_functions(field):
        return "it has pre_load or post_load functions"
    guard = own.get("deserialize")
    if guard is None:
        return ""
    if not isinstance(guard, Guard):
        return "the instance overrides deserialize"
    if not guard.stands_alone_before(field):
        return "its deserialize was overridden before the guard was set"
    return ""


def _with_checks(accept: Accept, field: AnyField) -> Accept:
    """Add the field's validators."""
    checks: list[str] = []
    called: list[Validate] = []
    bound = dict(accept.bound)
    for number, validator in enumerate(field.validators):
        # A validator without inline code may change a value, which the next ones then see.
        check = None if called else check_of(validator, field, f"c{number}", bound)
        if check is None:
            called.append(validator)
        else:
            checks.append(check)
    return accept._replace(checks=tuple(checks), validators=tuple(called), bound=bound)
