"""Stored values that a schema cannot dump: responses have null for them, and the log names them.

SQLite holds a column to no type, PostgreSQL an array to no dimensions, and JSON lacks NaN. One such
value would make every list with its item fail.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping

from marshmallow import Schema, fields

from ..compiler import Compiled
from ..compiler.dump_guarantees import inner_fields
from ..encoding import dumps_json

__all__ = ["dumped", "without_infinities", "without_undumpable"]

_Field = fields.Field[object]
_log = logging.getLogger("restkit")
# What the program computes, and JSON that it has made itself.
_OWN = (fields.Method, fields.Function, fields.Pluck, fields.Raw)


def dumped(source: Compiled | Schema, item: object) -> object:
    """Return the dump of an item by a schema, with None for values that it cannot dump."""
    try:
        return source.dump(item)
    except Exception:
        schema = source.schema if isinstance(source, Compiled) else source
        mended = without_undumpable(item, schema)
        if mended is item:
            raise
        return source.dump(mended)


def without_undumpable(item: object, schema: Schema) -> object:
    """Return an item with None for the attributes that a schema cannot dump.

    A failure of a method, a function or a field class of the program is a mistake there, and stays
    one.

    Args:
        item: The item, an object or a dict.
        schema: The schema.

    Returns:
        The item itself if it has no such attribute.
    """
    replaced = dict(_replaced(item, schema))
    if not replaced:
        return item
    return {**item, **replaced} if isinstance(item, dict) else _Replaced(item, replaced)


class _Replaced:
    """An item with other values of some attributes."""

    def __init__(self, item: object, values: Mapping[str, object]) -> None:
        self._item = item
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> object:
        """Return an attribute of the item."""
        return getattr(self._item, name)


def _replaced(item: object, schema: Schema) -> Iterator[tuple[str, object]]:
    """Yield the attributes that have other values, with these."""
    for name, field in schema.dump_fields.items():
        attribute = field.attribute or name
        if "." in attribute:
            continue
        if nested := _schema_within(field):
            value = schema.get_attribute(item, attribute, None)
            found = _nested(value, nested)
            if found is not value:
                yield attribute, found
        elif _is_plain(field) and not _can_dump(name, field, item, schema):
            _log.warning(
                "%s.%s: an item has a value that JSON cannot hold, or that the field cannot write. "
                "It is written as null.",
                type(schema).__name__,
                name,
            )
            yield attribute, None


def _schema_within(field: _Field) -> Schema | None:
    """Return the schema of nested objects, of one or of a list of them."""
    inner = field.inner if type(field) is fields.List else field
    return inner.schema if type(inner) is fields.Nested else None


def _nested(value: object, schema: Schema) -> object:
    """Return an object, or a list of them, without undumpable values; itself if it has none."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        return without_undumpable(value, schema)
    found = [without_undumpable(each, schema) for each in value]
    are_same = all(mine is theirs for mine, theirs in zip(found, value, strict=True))
    return value if are_same else found


def _is_plain(field: _Field) -> bool:
    """Return whether a field, with those in it, is one of marshmallow's or restkit's own."""
    package = type(field).__module__.partition(".")[0]
    if package not in ("marshmallow", "restkit") or isinstance(field, _OWN):
        return False
    return all(_is_plain(inner) for inner in inner_fields(field))


def _can_dump(name: str, field: _Field, item: object, schema: Schema) -> bool:
    try:
        dumped = field.serialize(name, item, accessor=schema.get_attribute)
        # What a list or an object has of NaN becomes null by itself.
        dumps_json(without_infinities(dumped) if isinstance(dumped, (dict, list)) else dumped)
    except Exception:  # noqa: BLE001  # fields raise any exception for what they do not expect
        return False
    return True


def without_infinities(value: object) -> object:
    """Return data with None for numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: without_infinities(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_infinities(each) for each in value]
    return value
