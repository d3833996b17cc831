"""Query parameters of a collection that filter as well: an attribute may be called ``sort``.

A value that the collection's parameter cannot have filters by equality. Where the two kinds of
values cannot be told apart, as with an integer attribute ``limit``, only ``limit__eq`` filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from marshmallow import fields as ma
from marshmallow import validate

from ..records import Record
from ..schemas.alternatives import Alternatives, Chosen
from .store import AnyField

__all__ = ["filter_values", "filters", "own_value", "shared_field"]

_Number = (ma.Number, ma.Boolean)
_INTEGER = "^[+-]?[0-9]+$"
_BOOLEAN = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$"
# The shortest cursor has 86 characters. A damaged one must not become a filter.
_LONGEST = 42
_MOST = 100


class _Kind(Record):
    """The values of a parameter that has another meaning beside a filter.

    Attributes:
        takes: A function that says whether a text is such a value.
        excluded: The JSON Schema of such texts.
        names: The values if the parameter is a list of names, empty otherwise.
    """

    takes: Callable[[str], bool]
    excluded: Mapping[str, object]
    names: tuple[str, ...] = ()


def _kind_of(own: AnyField, equal: AnyField) -> _Kind | None:
    """Return the values of a parameter, None if a filter may have the same ones.

    Args:
        own: The field of the parameter.
        equal: The field of the filter.
    """
    if isinstance(own, ma.List):
        return _kind_of_names(own)
    if own.metadata.get("documented") is False:
        return _Kind(_may_be_cursor, {"minLength": _LONGEST + 1})
    pattern = _pattern_of(own)
    if pattern is None or isinstance(equal, _Number):
        return None
    return _Kind(partial(_matches, re.compile(pattern)), {"pattern": pattern})


def _may_be_cursor(text: str) -> bool:
    return len(text) > _LONGEST


def _are_names(known: frozenset[str], text: str) -> bool:
    return known.issuperset(text.split(","))


def _pattern_of(own: AnyField) -> str | None:
    if isinstance(own, ma.Integer):
        return _INTEGER
    return _BOOLEAN if isinstance(own, ma.Boolean) else None


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.fullmatch(text) is not None


def _kind_of_names(own: ma.List[object]) -> _Kind | None:
    """Return the values of a parameter with names that are separated by commas."""
    names = next(
        (tuple(each.choices) for each in own.inner.validators if isinstance(each, validate.OneOf)),
        (),
    )
    if not names:
        return None
    known = frozenset(names)
    return _Kind(partial(_are_names, known), {"enum": [*names]}, names)


def shared_field(
    own: AnyField | None, listed: AnyField | None, equal: AnyField, name: str
) -> AnyField | None:
    """Return the field of a parameter that filters as well.

    Args:
        own: The field that the parameter has beside the filter, None if it has no other meaning.
        listed: The same in the list. A value with another meaning there never filters elsewhere: a
            request must not change the items that it would have sorted.
        equal: The field of the filter.
        name: The name of the attribute for clients.

    Returns:
        The field; ``own`` if the values cannot be told apart.
    """
    whose = f"whose `{name}` equals this value. `{name}__eq` does so for any value."
    other = listed if own is None else own
    if other is None:
        metadata = {"description": f"Only items {whose}"}
        return Alternatives(None, equal, lambda _: False, {}, metadata=metadata)
    kind = _kind_of(other, equal)
    if kind is None:
        return own
    if own is None or own.metadata.get("documented") is False:
        described = f"Only items {whose}"
    else:
        described = f"{own.metadata.get('description', '')} Any other value: only items {whose}"
    metadata = {"description": described.strip()}
    if own is None and kind.names:
        is_name = frozenset(kind.names).__contains__
        return Alternatives(None, equal, is_name, kind.excluded, metadata=metadata)
    if not kind.names:
        return Alternatives(own, equal, kind.takes, kind.excluded, metadata=metadata)
    item = Alternatives(_names(kind.names), equal, kind.takes, {}, metadata={})
    return ma.List(item, validate=validate.Length(1, _MOST), metadata={**metadata, "explode": True})


def _names(names: Sequence[str]) -> AnyField:
    """Return the field of one text with names that are separated by commas."""
    name = "|".join(map(re.escape, names))
    return ma.Str(validate=validate.Regexp(rf"({name})(,({name}))*\Z"))


def filters(listed: AnyField | None, equal: AnyField, text: str) -> bool:
    """Return whether a value of a parameter of the list filters.

    Args:
        listed: The field that the parameter has besides the filter, None if it only filters.
        equal: The field of the filter.
        text: The value.
    """
    if listed is None:
        return True
    kind = _kind_of(listed, equal)
    return kind is not None and not kind.takes(text)


def own_value(value: object) -> tuple[object, ...]:
    """Return the value that a parameter has besides a filter, or its default; nothing without."""
    if isinstance(value, Chosen):
        return (value.value,) if value.is_first else value.default
    if not _is_shared(value):
        return (value,)
    texts = [str(each.value) for each in _chosen(value) if each.is_first]
    return ([*dict.fromkeys(",".join(texts).split(","))],) if texts else ()


def filter_values(value: object) -> list[object]:
    """Return the values of a parameter that filter."""
    return [each.value for each in _chosen(value) if not each.is_first]


def _chosen(value: object) -> list[Chosen]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, Chosen)]


def _is_shared(value: object) -> bool:
    return isinstance(value, list) and bool(_chosen(value))
