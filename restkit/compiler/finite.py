"""Whether everything that a schema dumps is certain to be JSON without NaN and infinities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from .plan import Plan, dump_of

__all__ = ["is_finite"]

_CERTAIN = frozenset({"str", "int", "float", "datetime", "date", "time", "uuid", "enum_name"})


def is_finite(plan: Plan, nested: Callable[[Schema], Plan], above: tuple[type[Schema], ...] = ()) -> bool:
    """Say whether the finite dumper can promise that no float is NaN or infinite.

    Args:
        plan: Of the schema.
        nested: Returns the plan of a nested schema.
        above: The schema classes around it; one that nests itself is not followed, and promises nothing.
    """
    kind = type(plan.schema)
    if plan.dump_reason or kind in above or kind.get_attribute is not Schema.get_attribute:
        return False
    return all(_is_certain(each.field, each.dump, nested, (*above, kind)) for each in plan.dump)


def _is_certain(field: Any, kind: str, nested: Callable[[Schema], Plan], above: tuple[type[Schema], ...]) -> bool:
    if kind in _CERTAIN or type(field) is fields.Boolean:
        return True
    if kind == "list":
        inner, _ = dump_of(field.inner)
        return _is_certain(field.inner, inner, nested, above)
    if kind == "nested":
        try:
            schema: Any = field.schema
        except Exception:  # noqa: BLE001  # what is wrong with it shows where it is used, as in marshmallow
            field._schema = None  # NOTE: marshmallow keeps a half-made one, and would not tell the fault again
            return False
        hooks = schema._hooks
        if hooks["pre_dump"] or hooks["post_dump"]:
            return False
        return is_finite(nested(schema), nested, above)
    return False
