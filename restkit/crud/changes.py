"""A feed of the changes of a collection: its options, and the part of a store in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..errors import DeclarationError
from ..records import Record
from .scopes import Clause

__all__ = ["Change", "ChangeLog", "ChangePlace", "Changes", "Followed", "changes_of"]

_WEEK = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The options of a feed: ``app.add("/items", Items, changes=Changes(streams=200))``.

    Attributes:
        streams: The most open streams of one process; another one is a 503. Each has a thread.
        keep: The seconds for which changes are kept. A client that was away longer gets the event
            ``reset``.
        poll: The seconds between two looks for changes, one look for all streams of a process.
    """

    streams: int = 50
    keep: float = _WEEK
    poll: float = 1


class ChangePlace(Record):
    """The place of a change among all changes of a database.

    Attributes:
        transaction: The number of its transaction; 0 on databases that have one writer at a time.
        number: Its own number.
    """

    transaction: int
    number: int


class Change(Record):
    """One change of an item.

    Attributes:
        place: Its place.
        key: The attributes that identify the item after the change.
        before: Attributes of the item before the change, None of a new item.
    """

    place: ChangePlace
    key: Mapping[str, object]
    before: Mapping[str, object] | None


class ChangeLog(Protocol):
    """The changes of the items of one model."""

    def last(self, age: float, /) -> ChangePlace | None:
        """Return the place of the last change before which none is missing; None without one.

        Args:
            age: The seconds for which an earlier result may be used.
        """
        ...

    def floor(self) -> ChangePlace | None:
        """Return the place below which changes were removed; None if none were."""
        ...

    def after(
        self, rows: object, place: ChangePlace, until: ChangePlace, most: int, /
    ) -> Sequence[Change]:
        """Return changes behind a place, in order.

        Args:
            rows: The transaction of the request, which has begun after `last` returned ``until``.
            place: The place.
            until: The place of the last change that may be returned.
            most: How many.
        """
        ...

    def saw(self, rows: object, before: Mapping[str, object], scope: Clause, /) -> bool:
        """Return whether the caller could see an item as it was before a change.

        Args:
            rows: The transaction of the request, whose row rules hold.
            before: The attributes of the item.
            scope: The scope of the collection.
        """
        ...

    def prune(self, keep: float, /) -> None:
        """Remove changes that are older than some seconds."""
        ...


@runtime_checkable
class Followed(Protocol):
    """The optional ability of a store to note the changes of its items."""

    def follow(self, keys: Collection[str], needed: Collection[str] | None, /) -> ChangeLog:
        """Note changes from now on.

        Args:
            keys: The attributes that identify an item.
            needed: Further attributes on which it depends who may see an item; None for all.

        Raises:
            DeclarationError: The model or the database does not support it.
        """
        ...


def changes_of(given: object, declared_at: str) -> Changes | None:
    """Return the options of a feed, None for no feed.

    Raises:
        DeclarationError: The value cannot be meant.
    """
    if given is False or given is None:
        return None
    if given is True:
        return Changes()
    if not isinstance(given, Changes):
        raise DeclarationError(
            f"{declared_at} must be True, False or Changes(...), got {given!r:.80}."
        )
    if type(given.streams) is not int or given.streams < 1:
        raise DeclarationError(
            f"{declared_at}: Changes(streams={given.streams!r}) must be a number from 1."
        )
    for name, seconds in (("keep", given.keep), ("poll", given.poll)):
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
            raise DeclarationError(
                f"{declared_at}: Changes({name}={seconds!r}) must be a number of seconds."
            )
    return given
