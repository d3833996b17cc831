"""Relations in content: the related rows in place of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, cast

from ..parsing.pointers import pointer
from ..problems import Conflict, InvalidItem, UnprocessableContent
from .relation_fields import BoundRelation
from .relations import RelatingRows
from .schema_views import Views
from .store import ReferenceViolation, Transaction

__all__ = ["RelationValues", "placed"]

_MAX_TOGETHER = 5000
_Values = Mapping[str, object]


class _Actions(Protocol):
    """The part of a user's resource that has the request's transaction."""

    @property
    def rows(self) -> Transaction[object]:
        """The request's transaction."""
        ...


class RelationValues:
    """The related rows that one request names, each read once."""

    def __init__(self, relations: Mapping[str, BoundRelation], actions: _Actions) -> None:
        """Begin without rows.

        Args:
            relations: The relations of the collection that content names.
            actions: The user's resource for the request.
        """
        self._relations = relations
        self._actions = actions
        self._known: dict[str, dict[object, object]] = {}

    def prepare(self, bodies: Iterable[_Values]) -> None:
        """Read the rows that several bodies name, all rows of a relation by one statement."""
        contents = list(bodies)
        for name, bound in self._relations.items():
            wanted: dict[object, None] = {}
            for each in contents:
                wanted |= dict.fromkeys(_named(each.get(name), bound))
            if bound.relation.is_ordered or not 0 < len(wanted) <= _MAX_TOGETHER:
                continue  # each body reads its own
            self._known[name] = dict(self._find(bound, list(wanted)))

    def placed(self, values: _Values, views: Views, decided: _Values) -> dict[str, object]:
        """Return attributes of an item with related rows in place of their keys.

        Args:
            values: The attributes.
            views: The views of the body's schema.
            decided: The attributes that the scope and the row rule decide.

        Raises:
            UnprocessableContent: A list names a row twice, or the server decides the relation.
            Conflict: A row does not exist, or the caller may not see it.
        """
        out = dict(values)
        for name, bound in self._relations.items():
            if name in out:
                out |= self._placed(bound, out.pop(name), views, decided)
        return out

    def _placed(
        self, bound: BoundRelation, given: object, views: Views, decided: _Values
    ) -> dict[str, object]:
        relation = bound.relation
        place = views.pointer_of(relation.name)
        wanted = _named(given, bound)
        found = self._checked(bound, wanted, place)
        if relation.is_many:
            kept = {*wanted}
            order = filter(kept.__contains__, found) if relation.is_ordered else wanted
            return {relation.name: [found[value] for value in order]}
        empty = (None,) * len(relation.references)
        keys = cast("tuple[object, ...]", found[wanted[0]] if wanted else empty)
        made = dict(zip(relation.references, keys, strict=True))
        if any(decided.get(name, value) != value for name, value in made.items()):
            # SECURITY: the relation would move the item to another scope.
            raise _invalid(place, [], "The server decides this value. Leave it out.", "scope")
        return made

    def _checked(
        self, bound: BoundRelation, wanted: Sequence[object], place: str
    ) -> Mapping[object, object]:
        """Return the rows that a value names, all of which exist."""
        if repeated := _repeated(wanted):
            raise _invalid(place, repeated, "The list has this value twice.", "duplicate")
        found = self._known.get(bound.relation.name)
        if found is None:
            found = dict(self._find(bound, wanted)) if wanted else {}
        missing = [at for at, value in enumerate(wanted) if value not in found]
        if missing:
            raise _missing(place, missing if bound.relation.is_many else [])
        return found

    def _find(self, bound: BoundRelation, wanted: Sequence[object]) -> Mapping[object, object]:
        rows = self._actions.rows
        if not isinstance(rows, RelatingRows):
            raise ReferenceViolation((bound.relation.name,))
        return rows.find_related(bound.relation, wanted, create=bound.related.create)


def placed(
    relations: Mapping[str, BoundRelation],
    actions: _Actions,
    values: dict[str, object],
    views: Views,
    decided: _Values,
) -> dict[str, object]:
    """Return attributes of an item with related rows in place of their keys.

    `RelationValues` describes the arguments and the problems.
    """
    if not relations:
        return values
    return RelationValues(relations, actions).placed(values, views, decided)


def _repeated(values: Sequence[object]) -> list[int]:
    """Return the places of values that are in a list before."""
    first = {value: at for at, value in reversed(list(enumerate(values)))}
    return [at for at, value in enumerate(values) if first[value] != at]


def _named(given: object, bound: BoundRelation) -> list[object]:
    """Return the keys by which a loaded value names rows: each is a mapping of one member."""
    if given is None:
        return []
    each = cast("Sequence[_Values]", given if isinstance(given, (list, tuple)) else (given,))
    return [one[bound.relation.by] for one in each]


def _invalid(place: str, at: Sequence[int], detail: str, code: str) -> UnprocessableContent:
    return UnprocessableContent(errors=_errors(place, at, detail, code))


def _missing(place: str, at: Sequence[int]) -> Conflict:
    error = ReferenceViolation
    return Conflict(error.detail, errors=_errors(place, at, error.detail, error.code))


def _errors(place: str, at: Sequence[int], detail: str, code: str) -> list[InvalidItem]:
    places = [place + pointer((index,)) for index in at] or [place]
    return [{"pointer": each, "detail": detail, "code": code} for each in places]
