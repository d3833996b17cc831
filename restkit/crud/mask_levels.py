"""Masks along the relations of a model: which fields of each schema, filter or order are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..hidden_fields import FieldPlace, HiddenFields
from ..masks import Mask
from ..resource import Resource
from .paths import ModelRelation

__all__ = ["Level", "Notes", "level_of"]

_Owner = tuple[type, str]


class Level:
    """The masks of one model at a place in the content of a collection.

    Two levels are equal if the same fields below them are hidden.
    """

    def __init__(
        self,
        hidden: HiddenFields,
        owners: Iterable[_Owner],
        relations: Mapping[str, ModelRelation],
        seen: set[type] | None = None,
    ) -> None:
        """Combine the hidden fields and the model.

        Args:
            hidden: The hidden fields.
            owners: The classes whose masks hold here, each with the prefix of the names.
            relations: The relations of the model.
            seen: A set that gets the models which are reached.
        """
        self._hidden = hidden
        names = [*hidden.read, *hidden.write]
        self._owners = frozenset(
            (owner, prefix) for owner, prefix in owners if _concerns(owner, prefix, names)
        )
        self._relations = relations
        self._seen = seen

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return (self._owners, self._hidden) == (other._owners, other._hidden) and (
            self._relations is other._relations
        )

    def __hash__(self) -> int:
        return hash(self._owners)

    def hides(self, name: str, attribute: str, /) -> tuple[bool, bool]:
        """Return whether a field is hidden from readers, and from writers."""
        return self._in(self._hidden.read, name, attribute), self._in(
            self._hidden.write, name, attribute
        )

    def _in(self, hidden: frozenset[FieldPlace], name: str, attribute: str) -> bool:
        first = attribute.partition(".")[0]
        return any(
            (owner, prefix + each) in hidden
            for owner, prefix in self._owners
            for each in (name, attribute, first)
        )

    def note(self, name: str, attribute: str, /) -> tuple[str, bool]:
        """Return nothing: a caller's own schemas need no notes."""
        return "", False

    def below(self, name: str, attribute: str, /) -> Level:
        """Return the masks of nested items: of a related item, or a part of the item."""
        within = [
            (owner, f"{prefix}{each}.")
            for owner, prefix in self._owners
            for each in dict.fromkeys((name, attribute))
        ]
        relation = self._relations.get(attribute)
        if relation is None:
            return Level(self._hidden, within, {}, self._seen)
        model = relation.target.model
        if self._seen is not None:
            self._seen.add(model)
        own = _owners_of(model, self._hidden)
        return Level(self._hidden, [*within, *own], relation.target.relations, self._seen)

    def hides_path(self, path: str) -> bool:
        """Return whether a reader may not know the attribute at the end of a path with dots."""
        level = self
        for name in path.split("."):
            if level.hides(name, name)[0]:
                return True
            level = level.below(name, name)
        return False


def _concerns(owner: type, prefix: str, names: Iterable[FieldPlace]) -> bool:
    return any(each is owner and name.startswith(prefix) for each, name in names)


def _owners_of(model: type, hidden: HiddenFields) -> list[_Owner]:
    """Return the models whose masks hold for a related item: its own, its bases, its kinds."""
    known = {owner for owner, _ in (*hidden.read, *hidden.write)}
    return [(each, "") for each in known if issubclass(each, model) or issubclass(model, each)]


def level_of(
    owner: type,
    hidden: HiddenFields,
    relations: Mapping[str, ModelRelation],
    seen: set[type] | None = None,
) -> Level:
    """Return the masks of the items of a collection.

    Args:
        owner: The `CRUDResource` that declares masks; or a model, if no class says how its items
            are listed.
        hidden: The hidden fields.
        relations: The relations of the model.
        seen: A set that gets the models which are reached.
    """
    owners = [(owner, "")] if issubclass(owner, Resource) else _owners_of(owner, hidden)
    return Level(hidden, owners, relations, seen)


class Notes:
    """The sentences on the masked fields of a collection, for those who may read everything."""

    def __init__(self, masks: Mapping[str, Mask], prefix: str = "") -> None:
        """Keep the masks of a class by name or path."""
        self._masks = masks
        self._prefix = prefix

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Notes):
            return NotImplemented
        return self._masks is other._masks and self._prefix == other._prefix

    def __hash__(self) -> int:
        return hash(self._prefix)

    def hides(self, name: str, attribute: str, /) -> tuple[bool, bool]:
        """Return that a field is not hidden."""
        return False, False

    def note(self, name: str, attribute: str, /) -> tuple[str, bool]:
        """Return a sentence on who may read and write a field, and whether some may not read it."""
        mask = self._masks.get(self._prefix + name) or self._masks.get(self._prefix + attribute)
        if mask is None:
            return "", False
        return f"Masked ({mask.description}).", mask.read is not None

    def below(self, name: str, attribute: str, /) -> Notes:
        """Return the notes on nested items."""
        prefix = f"{self._prefix}{name}."
        if any(each.startswith(prefix) for each in self._masks):
            return Notes(self._masks, prefix)
        return Notes({}, "")
