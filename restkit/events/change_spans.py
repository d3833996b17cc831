"""The changes of one item in a batch, which become one event at most."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from ..crud.changes import Change, ChangePlace
from ..records import Record

__all__ = ["Span", "joined", "places_behind"]


_Key = tuple[object, ...]


class Span(Record):
    """The changes of one item, from the first to the last of a batch.

    Attributes:
        key: The key after the last one.
        before: The key and the attributes before each of them.
        first: The place of the first one.
    """

    key: _Key
    before: tuple[tuple[_Key, Mapping[str, object]], ...]
    first: ChangePlace

    def seen(self, saw: Callable[[Mapping[str, object]], bool]) -> list[_Key]:
        """Return the keys under which a caller may know the item.

        A caller may know each of its states: an event has the item as it is when it is sent, which
        later changes of the batch may have made.

        Args:
            saw: A function that returns whether the caller could see an item.
        """
        found: dict[_Key, None] = {}
        for key, attributes in self.before:
            if key not in found and saw(attributes):
                found[key] = None
        return list(found)


def joined(changes: Sequence[Change], names: Sequence[str]) -> list[Span]:
    """Return the changes of each item as one span, in the order of their last changes.

    Args:
        changes: The changes, in order.
        names: The attributes of a key.
    """
    spans: dict[_Key, Span] = {}
    for change in changes:
        key, before = _key(change.key, names), change.before
        old = key if before is None else _key(before, names)
        known = spans.pop(old, None) or Span(key, (), change.place)
        states = known.before if before is None else (*known.before, (old, before))
        spans[key] = known._replace(key=key, before=states)
    return list(spans.values())


def _key(attributes: Mapping[str, object], names: Sequence[str]) -> _Key:
    return tuple(attributes.get(name) for name in names)


def places_behind(
    changes: Sequence[Change], spans: Sequence[Span], events: Sequence[Sequence[object]]
) -> list[ChangePlace | None]:
    """Return the place behind each span from which a client may go on and misses nothing.

    A span may begin before others and end behind them, so the place behind a span is before the
    first change of all spans that follow and have events.

    Args:
        changes: All changes, in order.
        spans: Their spans.
        events: The events of each span.

    Returns:
        None if there is no such place among the changes.
    """
    places = [change.place for change in changes]
    found: list[ChangePlace | None] = []
    left = len(places)  # the changes before this one are behind the client
    for span, own in zip(reversed(spans), reversed(events), strict=True):
        found.append(places[left - 1] if left else None)
        if own:
            left = min(left, bisect_left(places, span.first))
    return found[::-1]
