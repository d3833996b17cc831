"""Bulk upserts: items that are created, or replaced if an item with the same value exists."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from marshmallow import Schema, fields, missing

from ..errors import DeclarationError
from ..problems import Conflict, NotFound, UnprocessableContent
from .actions import Actions
from .binding import Binding, plain_scope
from .endpoints import CollectionEndpoint, as_mapping
from .relation_values import RelationValues
from .row_paths import AnyActions, RowActions
from .scopes import Scope
from .store import AnyStore, UniqueViolation, Violation
from .wire_names import wire_name

__all__ = ["BulkUpsert", "Upserting"]

T = TypeVar("T")
_Place = tuple[str | int, ...]
_Values = Mapping[str, object]
_Upserted = tuple[object, bool]
_TWICE = "The request names this value twice."
_OTHER_KEY = "The key differs from that of the item with this value. Send the item's key, or none."


class Work(Protocol):
    """The work of a bulk request, which records the errors of its items."""

    def attempt(
        self, where: tuple[str | int, ...], do: Callable[..., T], *given: object
    ) -> T | None:
        """Call an action in a savepoint; record its error if it fails."""
        ...

    def add(self, where: _Place, detail: str, code: str, *, is_conflict: bool = True) -> None:
        """Record an error of an item."""
        ...


class Upserting:
    """The declared upserts of one collection.

    Attributes:
        attribute: The unique attribute that identifies items.
        store: The store, whose key is that attribute.
        identity: The attributes that are unique together: the attribute, perhaps with variables of
            the URL pattern.
        name: The name of the attribute in content.
    """

    def __init__(
        self, attribute: str, declared: object, binding: Binding, wanted: Collection[str]
    ) -> None:
        """Check the declaration.

        Args:
            attribute: The unique attribute.
            declared: The class.
            binding: Its binding.
            wanted: The methods of the collection.

        Raises:
            DeclarationError: The attribute is not unique, clients cannot write it, or the
                collection has no POST and PUT.
        """
        where = f"{binding.declared_at}.bulk_upsert = {attribute!r}"
        if not {"POST", "PUT"} <= {*wanted}:
            raise DeclarationError(
                f"{where} creates and replaces items: methods needs POST and PUT."
            )
        if attribute not in binding.create_views.written:
            raise DeclarationError(
                f"{where} must name an attribute that clients write: "
                f"{binding.create_views.declared.__name__} has no such field, or a dump_only one."
            )
        self.attribute = attribute
        soft_delete: str | None = getattr(declared, "soft_delete", None)
        self.store: AnyStore = binding.store.configured(
            key=attribute, soft_delete=soft_delete, scope=binding.scope
        )
        identity = getattr(self.store, "identity", (attribute,))
        self.identity = tuple(sorted(identity))
        self.name = wire_name(attribute, binding.create_views.attribute_fields())

    def sent(self, binding: Binding, name: str) -> type[Schema]:
        """Return the schema of an item to upsert: that of POST, which requires the attribute."""
        created = binding.create_views.declared
        found = created().fields.items()
        called = next(each for each, field in found if (field.attribute or each) == self.attribute)
        field = copy.copy(created().fields[called])
        field.required, field.allow_none, field.load_default = True, False, missing
        return _schema_class(f"{name}BulkUpsertSchema", created, {called: field})

    def result(self, binding: Binding, name: str) -> type[Schema]:
        """Return the schema of an upserted item in the response."""
        description = "Whether the item is new; it was replaced otherwise."
        members = {
            "created": fields.Bool(required=True, metadata={"description": description}),
            "item": fields.Nested(binding.views.answered, required=True),
        }
        return _schema_class(f"{name}BulkUpsertResultSchema", Schema, members)


def _schema_class(name: str, base: type[Schema], members: Mapping[str, object]) -> type[Schema]:
    meta = type("Meta", (base.Meta,), {"register": False})
    return type(name, (base,), {**members, "Meta": meta, "__module__": base.__module__})


class BulkUpsert:
    """The upserts of one request."""

    def __init__(
        self,
        endpoint: CollectionEndpoint,
        actions: Actions,
        at_once: AnyActions,
        work: Work,
    ) -> None:
        """Begin.

        Args:
            endpoint: The endpoint of bulk requests.
            actions: The user's resource.
            at_once: The actions that may write all rows in one statement.
            work: The errors of the request.
        """
        self._endpoint = endpoint
        self._binding = endpoint.binding
        self._actions = actions
        self._at_once = at_once
        self._work = work
        self._scope = Scope.of(actions.scope())
        self._decided = endpoint.decided(actions, self._scope)
        self._related = RelationValues(self._binding.relations, actions)

    def run(
        self, upserting: Upserting | None, contents: Sequence[object]
    ) -> Sequence[_Upserted | None]:
        """Create or replace each item; the errors of items are recorded.

        Args:
            upserting: The declared upserts; without them there is nothing to do.
            contents: The loaded items.
        """
        if upserting is None or not contents:
            return []
        bodies = [as_mapping(each, self._binding) for each in contents]
        name = upserting.attribute
        # Rows are locked in the order of the values, so that two requests cannot deadlock.
        order = sorted(range(len(bodies)), key=lambda at: _sortable(bodies[at][name]))
        seen: set[object] = set()
        for at in order:
            if bodies[at][name] in seen:
                self._work.add(("upsert", at), _TWICE, "duplicate", is_conflict=False)
            seen.add(bodies[at][name])
        found = None
        if len(seen) == len(bodies):
            found = self._together(upserting, [bodies[at] for at in order])
        if found is None:
            self._related.prepare(bodies)
            found = [
                self._work.attempt(("upsert", at), self._one, upserting, bodies[at]) for at in order
            ]
        result: list[_Upserted | None] = [None] * len(bodies)
        for at, each in zip(order, found, strict=True):
            result[at] = each
        return result

    # all in one statement

    def _together(
        self, upserting: Upserting, bodies: Sequence[_Values]
    ) -> Sequence[_Upserted | None] | None:
        """Return the items if one statement has written all of them."""
        binding, actions = self._binding, self._at_once
        if not isinstance(actions, RowActions) or not self._is_simple(upserting):
            return None
        try:
            written = [binding.replaced({}, each, self._scope.values) for each in bodies]
            rows = [binding.created(each, self._decided) for each in bodies]
            for row, values in zip(rows, written, strict=True):
                row.update(values)
            found = actions.upsert_many(rows, written, upserting.identity)
        except (UnprocessableContent, Violation):
            return None  # the slower way says of which item it is
        return None if found is None or None in found else found

    def _is_simple(self, upserting: Upserting) -> bool:
        """Return whether a statement means the same as actions on one item after the other."""
        names = self._binding.key.names
        written = self._binding.create_views.written
        keeps_keys = names == (upserting.attribute,) or not any(map(written.__contains__, names))
        # Otherwise something would see or change an item that is replaced.
        are_rows = not isinstance(self._endpoint.row_paths.found["replace"], str)
        return keeps_keys and are_rows and not self._scope.clauses

    # item by item

    def _one(self, upserting: Upserting, body: _Values) -> _Upserted:
        value = body[upserting.attribute]
        item = self._find(upserting, value)
        if item is not None:
            return self._replace(item, body), False
        try:
            with self._actions.rows.attempt():
                return self._create(body), True
        except UniqueViolation as error:
            if not {*error.names} <= {*upserting.identity}:
                raise
            item = self._find(upserting, value)  # another request has created it
            if item is None:
                raise
        return self._replace(item, body), False

    def _find(self, upserting: Upserting, value: object) -> object | None:
        rows = upserting.store.open(self._endpoint.request, self._endpoint.app)
        relations = self._binding.patch_relations
        found: object | None = rows.get(
            value, scope=plain_scope(self._scope), lock=True, expand=relations
        )
        if found is None:
            return None
        key = self._binding.key.of(self._binding.store, found)
        if not self._endpoint.row_paths.overrides("read"):
            self._actions.check_writable(key)
            return found
        try:
            return self._actions.read(key)
        except NotFound:
            return None

    def _create(self, body: _Values) -> object:
        binding, actions = self._binding, self._actions
        values = binding.created(body, self._decided)
        binding.check_key(values, binding.create_views)
        values = self._related.placed(values, binding.create_views, self._decided)
        item = actions.create(actions.rows.build(values))
        self._endpoint.check_scope(actions, item, self._scope)
        return item

    def _replace(self, item: object, body: _Values) -> object:
        binding, actions = self._binding, self._actions
        key = binding.key.of(binding.store, item)
        values = binding.replaced(item, {**binding.key.values(key), **body}, self._scope.values)
        if binding.key.differs(values, key):
            raise Conflict(_OTHER_KEY)
        values = self._related.placed(values, binding.create_views, self._scope.values)
        replaced = actions.replace(item, values)
        self._endpoint.check_scope(actions, replaced, self._scope)
        return replaced


def _sortable(value: object) -> tuple[str, object]:
    return (type(value).__name__, value)
