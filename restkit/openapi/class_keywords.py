"""The keywords of fields that no wire format covers: the nearest class that is known counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marshmallow import fields

from ..schemas.bound import View
from ..schemas.json_values import readable
from ..schemas.uploads import Upload
from ..schemas.wire_formats import Source
from .metadata import Field, Keywords
from .patterns import NO_NUL

__all__ = ["BOUND_OF_INTEGERS", "STRING", "class_keywords", "unchecked"]

STRING: Keywords = {"type": "string", "pattern": NO_NUL}
# Subclasses of these, and these with options that no wire format covers: the nearest base counts.
_BASES: tuple[tuple[type[Field], Keywords], ...] = (
    (fields.Integer, {"type": "integer"}),
    (fields.Float, {"type": "number"}),
    (fields.Decimal, {"type": ["string", "number"]}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.UUID, {"type": "string", "format": "uuid"}),
    (fields.Date, {"type": "string"}),
    (fields.Time, {"type": "string"}),
    (fields.DateTime, {"type": "string"}),
    (fields.TimeDelta, {"type": "number"}),
    (fields.IPv4, {"type": "string", "format": "ipv4"}),
    (fields.IPv6, {"type": "string", "format": "ipv6"}),
    (fields.IP, {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
    (
        fields.IPInterface,
        {"type": "string", "description": "An IP address with an optional prefix length."},
    ),
    (Upload, {"type": "string", "format": "binary"}),
    (fields.String, STRING),
    (fields.List, {"type": "array"}),
    (fields.Tuple, {"type": "array"}),
    (fields.Mapping, {"type": "object"}),
)
_NOT_NULL: Keywords = {"type": ["array", "boolean", "number", "object", "string"], "items": {}}
BOUND_OF_INTEGERS = "Integers in it have at most 64 bits."
_INT64 = ("minimum", "maximum")
_WITH_FORMAT = (fields.DateTime, fields.Date, fields.Time)


def class_keywords(field: Field, view: View, source: Source) -> Keywords:
    """Return type, format and pattern of the nearest known class of a field.

    Args:
        field: The field.
        view: The view of the schema.
        source: Where the values come from.
    """
    if isinstance(field, fields.Boolean) and view is not View.RESPONSE:
        return _own_truths(field, source)
    found = _of_class(field)
    if found is None:
        return _anything(field, view, source)
    keywords = dict(found)
    if view is View.RESPONSE and _is_written_as_text(field):
        keywords = {"type": "string"}
    if isinstance(field, _WITH_FORMAT) and field.format is not None:
        keywords = {"type": "string", "description": _formatted(field.format)}
    return unchecked(keywords) if view is View.RESPONSE and field.dump_only else keywords


def _of_class(field: Field) -> Keywords | None:
    return next((found for kind, found in _BASES if isinstance(field, kind)), None)


def _is_written_as_text(field: Field) -> bool:
    return isinstance(field, fields.Decimal) or bool(getattr(field, "as_string", False))


def _anything(field: Field, view: View, source: Source) -> Keywords:
    """Return the schema of a field whose values nobody describes: the parser bounds integers."""
    if isinstance(field, (fields.Nested, fields.Enum)) or field.dump_only:
        return {}
    keywords = {} if field.allow_none else dict(_NOT_NULL)
    if view is not View.RESPONSE and source == "json":
        keywords["description"] = BOUND_OF_INTEGERS
    return keywords


def _own_truths(field: fields.Boolean, source: Source) -> Keywords:
    """Return the values that a Boolean with own values takes; in Python ``True`` is ``1``."""
    if not field.truthy:
        return {}
    values: list[object] = [*field.truthy, *field.falsy]
    texts = sorted(each for each in values if isinstance(each, str) and readable(each) == each)
    if source != "json":
        return {"type": "string", "enum": texts}
    return {"enum": [*_numbers_as_truths(values), *texts, *_other_numbers(values)]}


def _numbers_as_truths(values: list[object]) -> Iterable[bool | int]:
    if 1 in values:
        yield from (True, 1)
    if 0 in values:
        yield from (False, 0)


def _other_numbers(values: list[object]) -> Iterable[int | float]:
    for each in values:
        if isinstance(each, (int, float)) and each not in (0, 1):
            yield each


def unchecked(keywords: Mapping[str, object]) -> Keywords:
    """Leave out keywords that only inputs are checked for: output is never loaded."""
    out = {name: value for name, value in keywords.items() if name not in _INT64}
    if out.get("pattern") == NO_NUL:
        del out["pattern"]
    return out


def _formatted(name: str) -> str:
    if name in ("rfc", "rfc822"):  # of a subclass; the class itself has a wire form
        return "A date and time as in e-mail (RFC 5322, section 3.3)."
    return readable(f"In the format {name} (strftime).")
