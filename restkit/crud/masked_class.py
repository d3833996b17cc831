"""A `CRUDResource` as one caller has it: without the fields that are hidden from it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..declarations import Declarations, DeclaredMethod, Return, declarations_of
from ..hidden_fields import HiddenFields
from ..resource import Resource, Schemas
from ..schemas.masked_schemas import masked
from .action_decorators import own_actions
from .alternatives import Remaining
from .expansions import Expand, expansions_of
from .filtering import Filters
from .mask_levels import Level, level_of
from .paths import find_path, relations_of
from .relations import Related, Relating, declared_relations
from .store import AnyStore

__all__ = ["CollectionClass", "mask_owner", "masked_class", "mounted_class"]

CollectionClass = Any  # a class whose attributes have any type
_ACTIONS = ("list", "totals", "read", "create", "replace", "update", "delete", "restore")


def mounted_class(declared: CollectionClass) -> type[Resource]:
    """Return the class that was added to the App, of which a masked one is a copy."""
    found: type[Resource] = getattr(declared, "_mounted_class", None) or declared
    return found


def mask_owner(declared: CollectionClass) -> type:
    """Return the class whose masks hold for the items of a collection; a model if none does."""
    found: type = getattr(declared, "_mask_owner", None) or mounted_class(declared)
    return found


def masked_class(
    declared: CollectionClass, store: AnyStore, hidden: HiddenFields, *, creates: bool
) -> type[Resource]:
    """Return a subclass of a `CRUDResource` that knows nothing of hidden fields.

    Args:
        declared: The class.
        store: The store of its items.
        hidden: The fields.
        creates: Whether callers can send all that a new item needs.
    """
    owner, relations = mask_owner(declared), relations_of(store)
    level = level_of(owner, hidden, relations)
    if more := frozenset(_hidden_relations(declared, store, level)):
        places = {(owner, name) for name in more}
        within = HiddenFields(hidden.read | places, hidden.write | places)
        level = level_of(owner, within, relations)
    maker = _Masking(declared, store, level)
    members = {
        **maker.members(),
        "_hidden_fields": hidden,
        "_mask_level": maker.level,
        "_mounted_class": mounted_class(declared),
        "__module__": declared.__module__,
        "__qualname__": declared.__qualname__,
        "__doc__": declared.__doc__,
    }
    if not creates:
        members |= _without_creation(declared)
    return type(declared.__name__, (declared,), members)


def _without_creation(declared: CollectionClass) -> dict[str, object]:
    methods = declared.methods or ("GET", "POST", "PUT", "PATCH", "DELETE")
    wanted = {method.upper() for method in methods} - {"POST"}
    return {"methods": wanted, "upsert": False, "bulk_upsert": ""}


def _hidden_relations(declared: CollectionClass, store: AnyStore, level: Level) -> Iterator[str]:
    """Yield the relations by key that a caller may not know, with the attributes that refer."""
    for name, related in declared_relations(declared, declared.__qualname__).items():
        if not isinstance(store, Relating):
            continue
        relation = store.relation(name, related)
        names = {name, relation.name, *relation.references}
        by_hidden = level.below(relation.name, relation.name).hides_path(relation.by)
        if by_hidden or any(map(level.hides_path, names)):
            yield from names


class _Masking:
    """The declarations of one class without hidden fields."""

    def __init__(self, declared: CollectionClass, store: AnyStore, level: Level) -> None:
        self._declared = declared
        self._declared_at = f"{declared.__module__}.{declared.__qualname__}"
        self._store = store
        self.level = level

    def members(self) -> dict[str, object]:
        """Return the attributes that differ."""
        declared = self._declared
        filters = self._filters(declared.filters)
        any_of = self._any_of(declared.any_of)
        expand = expansions_of(declared.expand, self._declared_at)
        found: dict[str, object] = {
            "schema": self._schema(declared.schema),
            "filters": filters,
            "or_filters": self._or_filters(any_of),
            "any_of": any_of,
            "sorts": self._sorts(declared.sorts),
            "order": self._sorts(declared.order),
            "groups": self._own(declared.groups),
            "aggregates": self._aggregates(declared),
            "expand": dict(self._expanded(expand)),
            "relations": self._relations(),
            "members": self._members(),
            "bulk_upsert": self._unique(declared.bulk_upsert),
        }
        if not (filters or any_of):
            found["by_filter"] = ()
        return {**found, **self._actions()}

    def _schema(self, schema: object) -> object:
        if not isinstance(schema, Schemas):
            return masked(schema, self.level)
        kinds = schema._asdict().items()
        return Schemas(**{name: each and masked(each, self.level) for name, each in kinds})

    # filters and orders

    def _is_hidden(self, name: str) -> bool:
        """Return whether a filter or sort key tells of a hidden field."""
        path, _ = find_path(name, self._store, {}, self._declared_at)
        searched = getattr(path.attribute, "searched", ())
        return self.level.hides_path(path.name) or any(
            self.level.hides_path(f"{path.name.rpartition('.')[0]}.{each}".lstrip("."))
            for each in searched
        )

    def _filters(self, declared: Filters) -> Filters:
        if isinstance(declared, Mapping):
            return {name: each for name, each in declared.items() if not self._is_hidden(name)}
        return self._choices(declared)

    def _choices(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if not self._is_hidden(name))

    def _any_of(self, declared: Mapping[str, Sequence[str]]) -> dict[str, Remaining]:
        kept = {name: Remaining(self._choices(each)) for name, each in declared.items()}
        return {name: each for name, each in kept.items() if each}

    def _or_filters(self, any_of: Mapping[str, object]) -> tuple[str, ...]:
        combined = self._declared.any_of
        plain = [name for name in self._declared.or_filters if name not in combined]
        kept = {*self._choices(plain), *any_of}
        found = tuple(name for name in self._declared.or_filters if name in kept)
        return found if len(found) > 1 else ()

    def _sorts(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if not self._is_hidden(name.removeprefix("-")))

    def _own(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return groups and aggregates of attributes that are not hidden."""
        kept = ((text, text.partition("__")[0]) for text in names)
        return tuple(text for text, name in kept if not self.level.hides_path(name))

    def _aggregates(self, declared: CollectionClass) -> tuple[str, ...]:
        counted = [each for each in declared.aggregates if each != "count"]
        kept = self._own(counted)
        return tuple(each for each in declared.aggregates if each == "count" or each in kept)

    # relations

    def _expanded(self, expand: Mapping[str, Expand]) -> Iterator[tuple[str, Expand]]:
        for name, how in expand.items():
            if self.level.hides_path(name):
                continue
            below = self.level
            for step in name.split("."):
                below = below.below(step, step)
            order = [how.order] if isinstance(how.order, str) else list(how.order or ())
            is_known = all(not below.hides_path(each.lstrip("-")) for each in order)
            yield name, how if is_known else how._replace(order=())

    def _relations(self) -> dict[str, Related]:
        given = declared_relations(self._declared, self._declared_at)
        return {name: each for name, each in given.items() if not self.level.hides_path(name)}

    def _members(self) -> object:
        members = self._declared.members
        if isinstance(members, Mapping):
            return {name: of for name, of in members.items() if not self.level.hides_path(name)}
        return tuple(name for name in members if not self.level.hides_path(name))

    def _unique(self, attribute: str) -> str:
        """Return the attribute of upserts, unless they would tell which values exist."""
        if not attribute or any(self.level.hides(attribute, attribute)):
            return ""
        return attribute

    # actions

    def _actions(self) -> dict[str, object]:
        """Return the actions that declare schemas, with masked ones."""
        found: dict[str, object] = {}
        for name in (*_ACTIONS, *own_actions(self._declared)):
            written = inspect.getattr_static(self._declared, name)
            if isinstance(written, DeclaredMethod):
                said = declarations_of(written)
                changed = self._declarations(said)
                if changed != said:
                    found[name] = DeclaredMethod(written.function, changed)
        return found

    def _declarations(self, said: Declarations) -> Declarations:
        inputs = dict(said.inputs)
        if "body" in inputs:
            inputs["body"] = masked(inputs["body"], self.level)
        return said._replace(inputs=inputs, returns=tuple(map(self._return, said.returns)))

    def _return(self, said: Return) -> Return:
        if said.schema is None:
            return said
        return said._replace(schema=masked(said.schema, self.level))
