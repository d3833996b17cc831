"""The members of a form's schema: checkboxes that may be absent, values that may be empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marshmallow import Schema
from marshmallow.fields import List, Nested, Pluck

from ..schemas.bound import BoundSchema, View
from ..schemas.form_policy import is_partial, takes_empty, unchecked
from ..schemas.wire_formats import Source
from .metadata import Field, Keywords

__all__ = ["empty_values", "source_of", "without_checkboxes"]

_EMPTY = "An empty value of a field that cannot be empty means that nothing was given."
_MEMBERS = (
    "The members of an object may be sent one by one, as `name[member]`, and those of a list of "
    "objects as `name[0][member]`."
)


def source_of(bound: BoundSchema) -> Source:
    """Return where the values of a schema stand: in a form, or in other texts."""
    return "text" if bound.source == "text" else "form"


def empty_values(bound: Iterable[BoundSchema]) -> Keywords:
    """Return the description of a form with fields that have no empty value."""
    found = [each for schema in bound for each in schema.load_fields.values()]
    sentences = [] if all(map(takes_empty, found)) else [_EMPTY]
    if any(map(_has_objects, found)):
        sentences.append(_MEMBERS)
    return {"description": " ".join(sentences)} if sentences else {}


def _has_objects(field: Field) -> bool:
    item = field.inner if isinstance(field, List) else field
    return isinstance(item, Nested) and not isinstance(item, Pluck)


def without_checkboxes(
    required: list[str],
    properties: Mapping[str, Keywords],
    named: Mapping[str, Field],
    schema: Schema,
    view: View,
) -> list[str]:
    """Give the checkboxes of a form their default, and return the names that are required."""
    left = list(required)
    for name, each in named.items():
        text = unchecked(each)
        if text is None or is_partial(str(each.name), schema, patch=view is View.PATCH):
            continue
        default = False if text == "false" else text
        properties[name].pop("default", None)
        if default in properties[name].get("enum", ()):
            properties[name]["default"] = default
            left = [other for other in left if other != name]
        elif name not in left:
            left.append(name)
    return left
