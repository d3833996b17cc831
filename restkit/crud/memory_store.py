"""A store in memory with the behaviour of a database, for prototypes and tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from marshmallow import Schema, fields

from ..caching.changes import model_tag, note_read
from ..contract import Failure
from ..dependencies import obtain
from ..errors import DeclarationError
from ..request import Request
from ..resource import Owner
from .item_keys import KeyNames, check_single, chosen_names, names_of, several
from .memory_keys import check_mark, check_ruled, check_rules, identity_of, mark, neighbors
from .memory_links import Reference, described, links_between
from .memory_model import MemoryModel
from .memory_related import relation_in_memory
from .memory_rollback import RollsBack
from .memory_rows import Rows
from .memory_transaction import MemoryTransaction
from .paths import ModelRelation
from .relations import Related, Relation
from .row_rules import Assigned, Caller, RowRule, RuleLike
from .rows import FAILURES, STAMP, Memory, Work, copied
from .store import Attribute
from .totals import supported

__all__ = ["AnyMemoryStore", "MemoryStore"]

M = TypeVar("M")
S = TypeVar("S")


class _App(Protocol):
    """The part of an App that a MemoryStore uses."""

    stores: list[Callable[[type], object]]


class MemoryStore(RollsBack, Generic[M]):
    """The Store of one model in memory.

    The model is a dataclass, or a class whose constructor accepts the attributes by name.

    ::

        @dataclass
        class Book:
            title: Annotated[str, validate.Length(1, 200)]
            year: int | None = None
            id: int = 0

        class Books(CRUDResource[Book]):
            store = MemoryStore(Book, unique=("title",))

    The writes of a request are committed at its end or not at all, and requests that write take
    turns. The items live in one process and end with it.

    Attributes:
        model: The class.
        key: The attribute that identifies an item in its URL; the last one of several.
        keys: Several attributes that identify an item together, in order; ``()`` for one.
        own_key: The attributes that identify an item if no other key is configured.
        primary: The one attribute of that key, ``""`` if there are several.
        attributes: The attributes by name.
        discriminator: The attribute that names the kind of an item, ``""`` without kinds.
        shape: The classes of the items.
        failures: The problem of a request that waits too long for another one.
    """

    has_alternatives = True

    def __init__(
        self,
        model: type[M],
        *,
        key: str | Sequence[str] = "id",
        unique: Sequence[str | Sequence[str]] = (),
        references: Mapping[str, AnyMemoryStore] | None = None,
        items: Iterable[M] = (),
        timeout: float = 5,
        kinds: Mapping[str, type[M]] | None = None,
        discriminator: str = "kind",
    ) -> None:
        """Make the store.

        Args:
            model: The class, whose annotations describe each attribute.
            key: The attributes that identify an item. One integer key is assigned by the store.
            unique: The unique constraints: an attribute or several together. None is never equal.
            references: The attributes that refer to an item of another store, by its key.
            items: The first items.
            timeout: The seconds that a request waits for another one that writes.
            kinds: The subclasses that items may have, by the name of each kind.
            discriminator: The attribute that names the kind of an item.

        Raises:
            DeclarationError: The class cannot be a model, or has no such attribute.
        """
        self.own_key = self.identity = names_of(key)
        self.key, self.keys = self.own_key[-1], several(self.own_key)
        self.failures: Sequence[Failure] = FAILURES
        self.soft_delete: str | None = None
        rules = [self.own_key, *map(names_of, unique)]
        self._use(MemoryModel(model, self.own_key, kinds, discriminator))
        for rule in (*rules, tuple(references or ())):
            self.shape.check_names(rule, of_any_kind=True)
        self.unique: Sequence[tuple[str, ...]] = rules
        self.table = object()
        self._memory = Memory(timeout)
        self._memory.kept = {self.table: Rows(rules)}
        self._memory.models[self.table] = model
        self._memory.stores[self.table] = self
        self.named: dict[str, Reference] = {}
        self._is_served = False
        self._references = dict(references or {})
        for name, store in self._references.items():
            self._refer(name, store)
        self._fill(items)

    def _use(self, shape: MemoryModel) -> None:
        """Hold the items of one class, which may be one of the kinds."""
        self.shape = shape
        self.model = cast("type[M]", shape.model)
        self.attributes: Mapping[str, Attribute] = shape.attributes
        self.primary = shape.primary
        self.discriminator = shape.discriminator
        self._parts: dict[MemoryModel, AnyMemoryStore] = {}

    def _part(self, shape: MemoryModel) -> AnyMemoryStore:
        """Return the store of those items that are of another class."""
        if shape is self.shape:
            return self
        if shape not in self._parts:
            self._parts[shape] = copy.copy(self)
            self._parts[shape]._use(shape)
        return self._parts[shape]

    @property
    def kinds(self) -> Mapping[str, AnyMemoryStore]:
        """The store of each kind; empty if the items have one class."""
        return {kind: self._part(self.shape.of_kind(kind)) for kind in self.shape.kinds}

    def of(self, model: type[S]) -> MemoryStore[S]:
        """Return the store of the items of one kind, for a collection of it.

        Raises:
            DeclarationError: The class is none of the kinds.
        """
        return self._part(self.shape.of(model))

    def kind_of(self, item: object, /) -> str:
        """Return the kind of an item, ``""`` if the store does not have it."""
        return self.shape.kind_of(item)

    def _refer(self, name: str, store: AnyMemoryStore) -> None:
        check_single(store, f"{self.model.__qualname__}.{name}")
        is_many = isinstance(self.shape.every[name].field, fields.List)
        found = Reference(self.table, name, store.table, store.key, is_many, store.shape.has)
        self._memory.root.references.append(found)
        self._memory.join(store._memory)

    def _fill(self, items: Iterable[M]) -> None:
        work = Work(self._memory.root)
        transaction = MemoryTransaction(self, work)
        try:
            for item in items:
                transaction.add(item)
            work.keep()
        finally:
            work.close()

    @property
    def items(self) -> Sequence[M]:
        """Copies of all committed items."""
        note_read([model_tag(self._memory.root.models[self.table])])
        found = (row.item for row in self._memory.root.kept[self.table])
        return [copied(item) for item in found if self.shape.has(item)]

    def install(self, app: _App, /) -> None:
        """Register the store, so that the App's CRUDResources find it by its model."""
        app.stores.append(self._found)

    def _found(self, model: type) -> AnyMemoryStore | None:
        """Return the store of a class: the model or one of the kinds."""
        served = {self.model, *self.shape.classes.values()}
        return self.of(model) if model in served else None

    def configured(
        self, *, key: KeyNames, soft_delete: str | None, scope: Sequence[str] = ()
    ) -> MemoryStore[M]:
        """Return the store of the same items with another key or with soft deletion."""
        check_rules(self)
        self._is_served = True
        made = copy.copy(self)
        made.named, made._parts = {}, {}
        names = chosen_names(key, self.own_key, scope, self.model)
        self.shape.check_names([*names, *filter(None, [soft_delete])])
        made.key, made.keys = names[-1], several(names)
        made.identity = identity_of(self, names, scope)
        made.soft_delete = soft_delete
        if soft_delete is not None:
            check_mark(self.model, self.attributes[soft_delete])
        return made

    def relate(
        self, name: str, attribute: str, *, back: str = "", to: AnyMemoryStore | None = None
    ) -> None:
        """Name the relation of a reference, for filters: ``?author__name=Jane Austen``.

        Args:
            name: The name of the relation to the item that the attribute refers to.
            attribute: An attribute of ``references``.
            back: The name of the relation to the items that refer to that item.
            to: The store that the attribute refers to, if ``references`` lacks it.

        Raises:
            DeclarationError: The attribute is not a reference, or a name is taken.
        """
        if to is not None and attribute not in self._references:
            self.shape.check_names([attribute])
            self._references[attribute] = to
            self._refer(attribute, to)
        links = self._memory.root.links
        for owner, link in links_between(self, name, attribute, back, self._references):
            links.setdefault(owner, {})[link.name] = link

    def reference_models(self) -> Mapping[str, type]:
        """Return the models that attributes refer to."""
        return {name: each.model for name, each in self._references.items()}

    @property
    def relations(self) -> Mapping[str, ModelRelation]:
        """The relations of the model by name."""
        return described(self._memory.root.links.get(self.table, {}))

    def rows(
        self,
        model: type[M],
        *,
        read: RuleLike | None = None,
        write: RuleLike | None = None,
        set: Assigned | None = None,  # as in SQL
        caller: Callable[[Request], Caller] | None = None,
        owner: str | None = None,
    ) -> None:
        """Let callers read and write some items only, in every collection: ``owner="owner"``.

        Each function gets the caller: `Request.caller`, or the result of ``caller(request)``.

        Args:
            model: The class of the items.
            read: The attribute that has the id of an item's owner, or a function that returns the
                items that a caller may read: attribute values, a `Condition`, `AnyOf`, True, False,
                or a list of these; None for all items.
            write: The same of items that a caller may write as well; ``read`` by default.
            set: The attributes of new items that clients cannot choose, as functions; a name gets
                the caller's id.
            caller: A function that returns the caller of a request.
            owner: The attribute that has the id of an item's owner, who may read and write it, and
                which new items get. ``read`` and ``write`` then name further items.

        Raises:
            DeclarationError: The store is used already, has another model, or lacks an attribute.
        """
        check_ruled(self, model, is_served=self._is_served)
        rule = RowRule(model, read, write, set, caller, owner)
        self.shape.check_names(name.partition(".")[0] for name in rule.attributes)
        self._memory.root.rules[self.table] = rule

    def lacking(self, given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no item can be stored, and that nothing fills in.

        It implements `required_attributes.NewItems`.
        """
        return self.shape.lacking(given)

    @property
    def assigned(self) -> frozenset[str]:
        """The attributes that the row rule sets on new items."""
        rule = self._memory.root.rules.get(self.table)
        return frozenset() if rule is None else rule.names

    @property
    def is_ruled(self) -> bool:
        """Whether the model, or one that it refers to, has a row rule."""
        memory = self._memory.root
        return any(each in memory.rules for each in (self.table, *neighbors(memory, self.table)))

    def relation(self, name: str, related: Related, /) -> Relation:
        """Return the description of an attribute that refers; see `relations.Relating`."""
        found, self.named[name] = relation_in_memory(self, name, related)
        return found

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return the schema of the model's attributes, always the same one.

        Raises:
            DeclarationError: Relations are to be expanded, which a model in memory does not have.
        """
        return self.derived(self.soft_delete, tuple(expand))

    def derived(self, hidden: str | None, expand: tuple[str, ...], /) -> type[Schema]:
        """Return the schema of the model's attributes; implements `derived_schemas.Deriving`."""
        if expand:
            raise DeclarationError(
                f"A MemoryStore cannot derive the relations {', '.join(expand)} from the model "
                f"{self.model.__qualname__}. Write a schema with "
                "fields.Nested(..., dump_only=True)."
            )
        return self.shape.schema(hidden)

    def aggregations(self, name: str, /) -> frozenset[str]:
        """Return the functions of totals for an attribute; see `crud.totals.Aggregating`."""
        return supported(self.attributes[name])

    def open(self, request: Request, app: Owner, /) -> MemoryTransaction[M]:
        """Return the request's transaction."""
        work: Work = obtain(self._memory.root.work, request, app)
        return MemoryTransaction(self, work)

    def version(self, item: M, /) -> int | None:
        """Return the version of an item, None if it was never stored."""
        stamp = vars(item).get(STAMP)
        return None if stamp is None else int(stamp[-1])

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        return getattr(item, name)

    @property
    def memory(self) -> Memory:
        """The memory that the store shares with those that it refers to."""
        return self._memory.root

    def is_live(self, item: M) -> bool:
        """Return whether an item is not soft-deleted."""
        return self.soft_delete is None or not getattr(item, self.soft_delete)

    def mark(self, *, removed: bool) -> dict[str, object]:
        """Return the attribute that marks removed items, with its value."""
        return mark(self.attributes[str(self.soft_delete)], removed=removed)


AnyMemoryStore: TypeAlias = MemoryStore[Any]
