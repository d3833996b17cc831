"""The attributes of controls: types of inputs, bounds, lengths, steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from ..schemas.uploads import Upload
from ..schemas.wire_format import each_validator, ranges_of
from .field_patterns import html_pattern

if TYPE_CHECKING:
    from ..openapi.metadata import Field

__all__ = ["attributes_of", "input_type", "zone_of"]

_ISO = (None, "iso", "iso8601")
_TYPES: tuple[tuple[type[Field], str], ...] = (
    (fields.Number, "number"),
    (fields.TimeDelta, "number"),
    (fields.NaiveDateTime, "datetime-local"),
    (fields.DateTime, "datetime-local"),
    (fields.Date, "date"),
    (fields.Time, "time"),
    (fields.Email, "email"),
    (fields.Url, "url"),
)
_PASSED_ON = ("autocomplete", "placeholder", "rows", "cols", "inputmode", "autocapitalize")


def input_type(field: Field) -> str:
    """Return the type of the ``<input>`` of a field."""
    for kind, name in _TYPES:
        if isinstance(field, kind):
            is_own = getattr(field, "format", None) not in _ISO
            is_relative = isinstance(field, fields.Url) and field.relative
            return "text" if is_own or is_relative else name
    return "text"


def zone_of(field: Field) -> tzinfo | None:
    """Return the time zone of the local times that a control of a field shows; None for naive."""
    if isinstance(field, fields.NaiveDateTime):
        return None
    zone = getattr(field, "default_timezone", None)
    return zone if isinstance(zone, tzinfo) else UTC


def attributes_of(field: Field, control: str) -> dict[str, object]:
    """Return the attributes of a control that the field decides.

    Args:
        field: The field.
        control: The name of the control.
    """
    found: dict[str, object] = {
        name: field.metadata[name] for name in _PASSED_ON if name in field.metadata
    }
    item = field.inner if isinstance(field, fields.List) else field
    if isinstance(item, Upload):
        accepted = {"accept": ",".join(item.media_types)} if item.media_types else {}
        return {**found, **accepted, "multiple": item is not field}
    if control == "input" and item is not field:
        return {"type": "text", **found}  # all items in one text
    return {**_of_value(item, control), **found}


def _of_value(item: Field, control: str) -> dict[str, object]:
    """Return the attributes of a control that sends one value."""
    found: dict[str, object] = {}
    if control in ("input", "inputs"):
        kind = input_type(item)
        found = {"type": kind, **dict(_bounds(item, kind))}
    elif control == "password":
        found = {"type": "password"}
    elif control != "textarea":
        return found
    return {**found, **_of_text(item, control)} if isinstance(item, fields.String) else found


def _of_text(field: fields.String, control: str) -> dict[str, object]:
    found: dict[str, object] = dict(_lengths(field))
    pattern = None if control == "textarea" else html_pattern(each_validator(field.validators))
    return found if pattern is None else {**found, "pattern": pattern}


def _lengths(field: fields.String) -> Iterator[tuple[str, int]]:
    for each in each_validator(field.validators):
        if isinstance(each, validate.Length):
            low = each.min if each.equal is None else each.equal
            high = each.max if each.equal is None else each.equal
            if low:
                yield "minlength", low
            if high is not None:
                yield "maxlength", high


def _bounds(field: Field, kind: str) -> Iterator[tuple[str, str]]:
    if kind == "number":
        yield "step", _step(field)
    elif kind not in ("date", "datetime-local", "time"):
        return
    for each in ranges_of(field.validators):
        for name, bound, inclusive in (
            ("min", each.min, each.min_inclusive),
            ("max", each.max, each.max_inclusive),
        ):
            text = _bound(field, bound, inclusive=inclusive, up=name == "min")
            if text is not None:
                yield name, text


def _step(field: Field) -> str:
    if isinstance(field, fields.Integer):
        return "1"
    places = getattr(field, "places", None)
    if isinstance(field, fields.Decimal) and isinstance(places, Decimal):
        on_grid = all(_is_on_grid(each.min, places) for each in ranges_of(field.validators))
        return f"{places:f}" if on_grid else "any"
    return "any"


def _is_on_grid(bound: object, places: Decimal) -> bool:
    return bound is None or (isinstance(bound, (int, Decimal)) and Decimal(bound) % places == 0)


def _bound(field: Field, bound: object, *, inclusive: bool, up: bool) -> str | None:
    """Return a bound as an attribute has it: inclusive, in the control's own time zone."""
    inward = 0
    if not inclusive:
        inward = 1 if up else -1
    if isinstance(bound, (int, float, Decimal)):
        return _number(field, bound, inward, up=up) if math.isfinite(bound) else None
    if isinstance(bound, datetime):
        zone = zone_of(field)
        local = bound if zone is None else bound.astimezone(zone)
        return local.replace(tzinfo=None).isoformat()
    if isinstance(bound, date):
        return (bound + timedelta(days=inward)).isoformat()
    return bound.replace(tzinfo=None).isoformat() if isinstance(bound, time) else None


def _number(field: Field, bound: float | Decimal, inward: int, *, up: bool) -> str:
    if not isinstance(field, fields.Integer):
        return str(bound)
    whole = math.ceil(bound) if up else math.floor(bound)
    return str(whole + inward if whole == bound else whole)
