"""Links from a collection to its items: the Location of a 201, and the member with the key."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Protocol, TypeVar, runtime_checkable

from ..contract import Header, Operation, Output
from .entries import Entry, Link

__all__ = ["link", "location_members"]

T = TypeVar("T")


@runtime_checkable
class _Ranking(Protocol):
    """A resource class of a collection that finds the resource class of its items."""

    def item_rank(self, item: type, /) -> int | None:
        """Return the rank of a class as the resource of its items, less is better.

        None if the class does not respond for its items.
        """
        ...

    def key_variables(self) -> frozenset[str]:
        """Return the names of the values that identify a new item; a composite key has several."""
        ...

    def hands_over_key(self, schema: type, /) -> bool:
        """Return whether responses of a schema class have the key of a new item themselves."""
        ...


_LOCATION = Header(
    "Location",
    "The URL of the created item.",
    {"type": "string", "format": "uri-reference"},
)
_ITEM = r"(?s)(.*)/<[^<>/]+>/?"


def link(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in which each collection whose POST responds with 201 links to its item.

    The item of ``/books`` is the one entry ``/books/<...>`` that has a GET and one variable more.
    A resource class with a method ``item_rank`` also finds items at other URLs, and items with
    several variables more.
    """
    entries = list(entries)
    items = _items_by_collection(entries)
    linked: list[Entry] = []
    for entry in entries:
        key = (entry.pattern.host, entry.pattern.rule.rstrip("/"))
        found = items.get(key)
        if found is None and isinstance(entry.resource, _Ranking):
            found = _elsewhere(entry, entry.resource, items)
        linked.append(_linked(entry, found or ()))
    return linked


def _elsewhere(
    entry: Entry, resource: _Ranking, items: Mapping[tuple[str, str], Sequence[Entry]]
) -> list[Entry]:
    """Return the best entry for the items of a collection among all URLs of its App, if any."""
    known = {parameter.name for parameter in entry.pattern.parameters}
    ranked: list[tuple[int, bool, Entry]] = []
    for each in itertools.chain.from_iterable(items.values()):
        more = frozenset(parameter.name for parameter in each.pattern.parameters) - known
        is_near = each.owner is entry.owner and each.pattern.host == entry.pattern.host
        is_named = len(more) == 1 or more == resource.key_variables()
        rank = resource.item_rank(each.resource) if is_near and is_named else None
        if rank is not None:
            is_below = each.pattern.rule.startswith(entry.pattern.rule.rstrip("/") + "/<")
            ranked.append((rank, not is_below, each))
    return [min(ranked, key=itemgetter(0, 1))[2]] if ranked else []


def _items_by_collection(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Return the readable items by the host and the URL pattern of their collection."""
    items: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        rule = entry.pattern.rule
        found = re.fullmatch(_ITEM, rule) if "<" in rule else None
        if found is not None and _operation(entry, "GET") is not None:
            items.setdefault((entry.pattern.host, found[1]), []).append(entry)
    return items


def _operation(entry: Entry, method: str) -> Operation | None:
    return next((each for each in entry.operations if each.method == method), None)


def _linked(entry: Entry, items: Sequence[Entry]) -> Entry:
    """Return a collection with the link to its item, the entry itself if it has none."""
    post = _operation(entry, "POST")
    made = None if post is None else post.output(201)
    if post is None or made is None:
        return entry
    found = _item_of(entry, items, made)
    if found is None or any(header.name.lower() == "location" for header in made.headers):
        return entry
    header = _LOCATION._replace(required=_is_certain(entry.resource, found, made))
    located = made._replace(headers=(*made.headers, header))
    outputs = _replaced(post.outputs, made, located)
    operations = _replaced(entry.operations, post, post._replace(outputs=outputs))
    return entry._replace(operations=operations, link=found)


def _replaced(records: tuple[T, ...], old: T, new: T) -> tuple[T, ...]:
    """Return records with one replaced."""
    index = next(index for index, each in enumerate(records) if each is old)
    return (*records[:index], new, *records[index + 1 :])


def _item_of(entry: Entry, items: Sequence[Entry], made: Output) -> Link | None:
    """Return the link to the one item of a collection whose key is in the 201's content."""
    if len(items) != 1:
        return None
    known = {parameter.name for parameter in entry.pattern.parameters}
    variables = [each.name for each in items[0].pattern.parameters if each.name not in known]
    if variables and _hands_over_key(entry.resource, made):
        return Link(items[0].pattern, tuple((each, each) for each in variables))
    found = location_variable(variables, made)
    return Link(items[0].pattern, (found,)) if found is not None else None


def _is_certain(resource: type, found: Link, made: Output) -> bool:
    """Return whether the content of each 201 has the members of a link."""
    if made.schema is None or _hands_over_key(resource, made):
        return True
    if made.schema.reshapes:
        return False
    known = made.schema.dump_fields
    return not any(known[member].allow_none for _, member in found.members)


def _hands_over_key(resource: type, made: Output) -> bool:
    if made.schema is None or not isinstance(resource, _Ranking):
        return False
    return resource.hands_over_key(type(made.schema.schema))


def location_variable(variables: Iterable[str], output: Output) -> tuple[str, str] | None:
    """Find the member of a 201's content that is the variable of the item's URL.

    Args:
        variables: The variables of the item's pattern that the collection's pattern does not have.
        output: The 201.

    Returns:
        (variable, member of the content), None if there is no such member. The member has the name
        of the variable, or the part after its last underscore (``id`` for ``book_id``); or else its
        field or attribute has (``fields.Int(data_key="bookId")``).
    """
    names = list(variables)
    if len(names) != 1 or output.schema is None or output.schema.many:
        return None
    known = output.schema.dump_fields
    spelled = (names[0], names[0].rpartition("_")[2])
    for name in spelled:
        if name in known:
            return names[0], name
    renamed = {
        name: member
        for member, field in known.items()
        for name in (field.attribute, field.name)
        if name
    }
    return next(((names[0], renamed[name]) for name in spelled if name in renamed), None)


def location_members(variables: Iterable[str], output: Output) -> tuple[tuple[str, str], ...]:
    """Find the members of a 201's content that are the variables of the item's URL.

    Args:
        variables: The variables of the item's pattern that the collection's pattern does not have.
        output: The 201.

    Returns:
        Each variable with its member; () if one of them has no member. If there are several
        variables, each member has the name of its variable.
    """
    names = list(variables)
    if len(names) == 1:
        found = location_variable(names, output)
        return () if found is None else (found,)
    if output.schema is None or output.schema.many:
        return ()
    known = output.schema.dump_fields
    pairs = [(name, known[name].data_key or name) for name in names if name in known]
    return tuple(pairs) if len(pairs) == len(names) else ()
