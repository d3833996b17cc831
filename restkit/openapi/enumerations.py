"""The values of enumerations in the document."""

from __future__ import annotations

import enum
import json
from typing import cast

from marshmallow import fields

from ..schemas.bound import View
from ..schemas.json_values import JSON
from .choices import say_values
from .metadata import Field, Keywords, to_json_value
from .validators import json_types

__all__ = ["enumeration", "in_words"]


def enumeration(field: Field, view: View, *, of_text: bool) -> Keywords:
    """Return the ``enum`` of an enumeration's names or values, with their type.

    Args:
        field: The field; others than enumerations have no keywords.
        view: The view of the schema.
        of_text: Whether the value is text, as in a query.
    """
    if not isinstance(field, fields.Enum):
        return {}
    values = _member_values(field, cast("type[enum.Enum]", field.enum), view)
    if not values:
        return {} if view is View.RESPONSE else {"not": {}}
    kind = json_types(value for value in values if value is not None)
    if of_text and isinstance(kind, list):
        return {"type": "string", "enum": [_text_of(each) for each in values]}
    return {"type": kind, "enum": values} if kind else {"enum": values}


def in_words(field: fields.Enum[enum.Enum], keywords: Keywords) -> Keywords:
    """Return the keywords of values that each have many texts, and the members in words."""
    out = dict(keywords)
    say_values(out, "One of", [each.value for each in field.enum], field.field)
    return out


def _text_of(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _member_values(
    field: fields.Enum[enum.Enum], members: type[enum.Enum], view: View
) -> list[JSON]:
    """Return the names or values of an enumeration as JSON; for requests, those that load."""
    if field.by_value is False:
        return list(members.__members__)
    values: list[JSON] = []
    for member in members:
        try:
            written = to_json_value(field.field, member.value)
        except ValueError:
            continue
        if view is View.RESPONSE or _loads(field, written):
            values.append(written)
    return values


def _loads(field: Field, written: JSON) -> bool:
    try:
        # The method that every field class overrides.
        field._deserialize(written, None, None)
    except Exception:  # noqa: BLE001  # a field of a user's own raises what it likes
        return False
    return True
