"""Links from a collection to its items: the Location of a 201, and the member that identifies the item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..contract import Header, Output
from .entries import Entry, Link

__all__ = ["link", "location_variable"]

_LOCATION = Header(
    "Location",
    "The URL of the created item.",
    {"type": "string", "format": "uri-reference"},
    required=True,
)
_ITEM = r"(?s)(.*)/<[^<>/]+>/?"


def link(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in which each collection whose POST answers 201 knows its item, and says so.

    The item of ``/books`` is the one entry ``/books/<...>`` that has a GET and one variable more.
    """
    entries = list(entries)
    items: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        rule = entry.pattern.rule
        found = re.fullmatch(_ITEM, rule) if "<" in rule else None
        if found is not None and any(operation.method == "GET" for operation in entry.operations):
            items.setdefault((entry.pattern.host, found[1]), []).append(entry)
    return [
        _linked(entry, items.get((entry.pattern.host, entry.pattern.rule.rstrip("/")), ()))
        for entry in entries
    ]


def _linked(entry: Entry, items: Sequence[Entry]) -> Entry:
    post = next((each for each in entry.operations if each.method == "POST"), None)
    made = post.output(201) if post is not None else None
    if post is None or made is None:
        return entry
    found = _item_of(entry, items, made)
    if found is None or any(header.name.lower() == "location" for header in made.headers):
        return entry
    outputs = tuple(
        each._replace(headers=(*each.headers, _LOCATION)) if each is made else each
        for each in post.outputs
    )
    linked = post._replace(outputs=outputs)
    return entry._replace(
        operations=tuple(linked if each is post else each for each in entry.operations), link=found
    )


def _item_of(entry: Entry, items: Sequence[Entry], made: Output) -> Link | None:
    if len(items) != 1:
        return None
    known = {parameter.name for parameter in entry.pattern.parameters}
    variables = [each.name for each in items[0].pattern.parameters if each.name not in known]
    found = location_variable(variables, made)
    return Link(items[0].pattern, *found) if found is not None else None


def location_variable(variables: Iterable[str], output: Output) -> tuple[str, str] | None:
    """Say which member of a 201's content is the one variable more that the item's URL has.

    Args:
        variables: The variables that the item's pattern has and the collection's has not.
        output: The 201.

    Returns:
        (variable, member of the content), None if it is not known: the variable's own name, or what
        follows its last underscore (``id`` for ``book_id``).
    """
    names = list(variables)
    if len(names) != 1 or output.schema is None or output.schema.many:
        return None
    known: Mapping[str, Any] = output.schema.dump_fields
    for member in (names[0], names[0].rpartition("_")[2]):
        if member in known:
            return names[0], member
    return None
