"""Bulk requests: many items created, updated and deleted at once, all or none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, fields, missing, post_load, validate

from ..errors import DeclarationError
from ..http.conditional import EntityTag, Preconditions, failure_detail
from ..operations.operation_ids import stem
from ..parsing.pointers import pointer
from ..problem_members import MAX_ERRORS
from ..problems import Conflict, InvalidItem, NotFound, Problem, UnprocessableContent
from ..rendering.content import SerializedContent
from .actions import Actions
from .binding import Binding
from .endpoints import CollectionEndpoint, as_mapping
from .kinds import kinds_schema
from .patching import MERGE_PATCH, PatchDocument
from .polymorphic_binding import PolymorphicBinding
from .relation_values import RelationValues
from .scopes import Scope
from .store import RejectedValue, StaleWrite, Violation

__all__ = ["BulkEndpoint", "bulk_schemas"]

T = TypeVar("T")
_Place = tuple[str | int, ...]
_Values = Mapping[str, object]
_Body = Mapping[str, Any]  # of lists of keys, changes and new items
_Pair = tuple[type[Schema], type[Schema]]
_CONDITION = "if_match"
_STALE = "Another request changed or deleted the item. Fetch it again, then retry."


@dataclass(frozen=True, slots=True)
class _Change:
    """The change of one item: its key, the entity tag that it must have, and a merge patch."""

    key: Any
    tag: str | None
    patch: dict[str, object]


_known: WeakKeyDictionary[type, dict[tuple[object, ...], _Pair]] = WeakKeyDictionary()


def bulk_schemas(binding: Binding, name: str, wanted: Collection[str], most: int) -> _Pair:
    """Return the schemas of the request body and of the response.

    Args:
        binding: The binding of the collection.
        name: The name of the collection, which the names of the schemas begin with.
        wanted: The methods of the collection, which decide what a bulk request can do.
        most: The maximum length of each list.

    Raises:
        DeclarationError: There is nothing to do in bulk, or a name is taken.
    """
    # A class that is mounted on several URLs has one pair, which is one component of the document.
    known = _known.setdefault(binding.views.declared, {})
    bodies = (binding.create_views.declared, binding.update_views.declared)
    key = (binding.views.answered, *bodies, name, frozenset(wanted), most)
    if key not in known:
        known[key] = _bulk_schemas(binding, name, wanted, most)
    return known[key]


def _bulk_schemas(binding: Binding, name: str, wanted: Collection[str], most: int) -> _Pair:
    declared = binding.views.declared
    created = binding.create_views.declared
    answered = binding.views.answered
    length = validate.Length(max=most)
    sent: dict[str, object] = {}
    result: dict[str, object] = {}
    if "POST" in wanted:
        sent["create"] = fields.List(fields.Nested(created), validate=length)
        result["created"] = fields.List(fields.Nested(answered), required=True)
    if "PATCH" in wanted:
        sent["update"] = fields.List(fields.Nested(_changes_schema(binding, name)), validate=length)
        result["updated"] = fields.List(fields.Nested(answered), required=True)
    if "DELETE" in wanted:
        sent["delete"] = fields.List(_key_field(binding), validate=length)
        result["deleted"] = fields.List(_key_field(binding), required=True)
    if not sent:
        raise DeclarationError(
            f"{binding.declared_at} has bulk = True, but none of the methods POST, PATCH and "
            "DELETE. Add one of them to methods, or remove bulk."
        )
    return (
        _schema_class(f"{name}BulkSchema", declared, sent),
        _schema_class(f"{name}BulkResultSchema", declared, result),
    )


def _schema_class(name: str, declared: type[Schema], members: dict[str, object]) -> type[Schema]:
    meta = type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False})
    return type(name, (Schema,), {**members, "Meta": meta, "__module__": declared.__module__})


def _key_field(binding: Binding) -> fields.Field[Any]:
    attribute = binding.store.attributes[binding.store.key]
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    made.load_default = made.dump_default = missing
    return made


def _key_name(binding: Binding) -> str:
    """Return the name of the key attribute in request bodies."""
    key = binding.store.key
    field = binding.views.attribute_fields().get(key)
    return key if field is None else str(field.data_key or field.name)


def _changes_schema(binding: Binding, collection: str) -> type[Schema]:
    """Return the schema of a change of an item of any kind."""
    if not isinstance(binding, PolymorphicBinding):
        return _change_schema(binding, collection)
    kinds = {
        kind: _change_schema(each, collection + stem(each.views.declared))
        for kind, each in binding.kinds.items()
    }
    return kinds_schema(f"{collection}BulkChangeSchema", kinds, "", "")


def _change_schema(binding: Binding, collection: str) -> type[Schema]:
    """Return the schema of a change: the item's key, a condition, the members of a merge patch."""
    name = _key_name(binding)
    views = binding.update_views
    members: dict[str, object] = {}
    for attribute, called in views.written.items():
        made = copy.copy(views.attribute_fields()[attribute])
        made.required, made.load_default = False, missing
        made.data_key, made.attribute = called, None
        members[attribute] = made
    members.pop(binding.store.key, None)
    if _CONDITION in (name, *views.written.values()):
        raise DeclarationError(
            f"{binding.declared_at}: the field name {_CONDITION!r} means the entity tag in bulk "
            "requests. Rename the field with data_key=..., or remove bulk."
        )
    key = _key_field(binding)
    key.data_key, key.required = name, True
    description = "The ETag of the item, which must not have changed."
    tag = fields.Str(
        data_key=_CONDITION, validate=validate.Length(1, 200), metadata={"description": description}
    )

    def change(self: Schema, data: Any, original: Any, **_: Any) -> _Change:
        patch = {each: value for each, value in original.items() if each not in (name, _CONDITION)}
        return _Change(data["_key"], data.get("_tag"), patch)

    members.update(_key=key, _tag=tag, change=post_load(change, pass_original=True))
    return _schema_class(f"{collection}BulkChangeSchema", views.declared, members)


class BulkEndpoint(CollectionEndpoint):
    """The endpoint of bulk requests.

    Attributes:
        members: The members of its response.
    """

    members: ClassVar[Sequence[str]] = ()

    def change_many(self, body: _Body, headers: Mapping[str, str]) -> object:
        """Delete, update and create items, all or none.

        Deletions come first, so that a new item can have a unique value of a deleted one.
        """
        actions = self.actions(self.binding.patch_relations)
        scope = Scope.of(actions.scope())
        if scope.values and not actions.rows.has_parents(scope.values):
            raise NotFound("No collection exists at this URL.")
        decided = self.decided(actions, scope)
        binding = self.binding
        related = RelationValues(binding.relations, actions)

        def create(content: object) -> object:
            values = self.binding.created(as_mapping(content, self.binding), decided)
            self.binding.check_key(values, self.binding.create_views)
            values = related.placed(values, binding.create_views, decided)
            item = actions.create(actions.rows.build(values))
            self.check_scope(actions, item, scope)
            return item

        def update(item: object, values: _Values) -> object:
            values = related.placed(values, binding.update_views, scope.values)
            updated = actions.update(item, values)
            self.check_scope(actions, updated, scope)
            return updated

        work = _Bulk(self.binding, actions, scope.values)
        changes, removed = work.found(body.get("update", ()), body.get("delete", ()))
        work.check()
        contents = list(body.get("create", ()))
        related.prepare([*contents, *(values for _, _, values in changes if values)])
        for where, item in removed:
            work.attempt(where, actions.delete, item)
        updated = [work.attempt(where, update, item, values) for where, item, values in changes]
        created = [work.attempt(("create", at), create, each) for at, each in enumerate(contents)]
        work.check()
        if self.wants_minimal(headers):
            return None, 204, {"Preference-Applied": "return=minimal"}
        result: dict[str, object] = {
            "created": list(map(self.whole.data, created)),
            "updated": list(map(self.whole.data, updated)),
            "deleted": list(map(_json_key, body.get("delete", ()))),
        }
        return SerializedContent({name: result[name] for name in self.members})


def _json_key(key: object) -> int | str:
    return key if isinstance(key, int) else str(key)


class _Bulk:
    """The work of one bulk request, and the errors found so far."""

    def __init__(self, binding: Binding, actions: Actions, scope: Mapping[str, object]) -> None:
        self._binding = binding
        self._actions = actions
        self._scope = scope
        self._faults: list[InvalidItem] = []
        self._is_conflict = True

    def check(self) -> None:
        """Reject the request if any item has an error: 422 if one is invalid, 409 otherwise."""
        if self._faults and self._is_conflict:
            raise Conflict(
                "Nothing was changed: some items conflict with stored data.", errors=self._faults
            )
        if self._faults:
            raise UnprocessableContent(
                "Nothing was changed: some items are invalid.", errors=self._faults
            )

    def found(
        self, changes: Sequence[_Change], removed: Sequence[object]
    ) -> tuple[list[tuple[_Place, object, _Values | None]], list[tuple[_Place, object]]]:
        """Return the items to change, each with its new values, and the items to remove."""
        name = _key_name(self._binding)
        places: dict[Any, _Place] = {}
        named: list[tuple[object, _Place]] = [
            (each.key, ("update", at, name)) for at, each in enumerate(changes)
        ]
        named += [(key, ("delete", at)) for at, key in enumerate(removed)]
        for key, where in named:
            if places.setdefault(key, where) is not where:
                detail = "The request names this item twice."
                self._add(where, detail, "duplicate", is_conflict=False)
        # Locks are taken in the order of the keys, so that concurrent requests cannot deadlock.
        items = {key: self._read(key, places[key]) for key in sorted(places)}
        ready: list[tuple[_Place, object, _Values | None]] = []
        for at, each in enumerate(changes):
            item = items[each.key]
            if item is not None:
                ready.append((("update", at), item, self._values(at, each, item)))
        return ready, [(places[key], items[key]) for key in removed if items[key] is not None]

    def _read(self, key: object, where: _Place) -> object:
        try:
            return self._actions.read(key)
        except NotFound:
            self._add(where, "No item has this key.", "missing")
            return None

    def _values(self, at: int, change: _Change, item: object) -> _Values | None:
        """Return the attributes that a change sets, None if the change has an error."""
        if change.tag is not None and not self._holds(at, change.tag, item):
            return None
        try:
            patch = PatchDocument.of(MERGE_PATCH, change.patch)
            return self._binding.patched(item, patch, self._scope)
        except UnprocessableContent as problem:
            self._merge(("update", at), problem)
            return None

    def _holds(self, at: int, tag: str, item: object) -> bool:
        """Compare an item with the entity tag that a change requires."""
        where: _Place = ("update", at, _CONDITION)
        try:
            wanted = EntityTag.parse(tag)
        except ValueError:
            self._add(where, "Not an entity tag.", "entity_tag", is_conflict=False)
            return False
        holds = wanted.strong_match(self._binding.tag_of(item))
        if not holds:
            self._add(where, failure_detail(Preconditions(tag)) if wanted.weak else _STALE, "stale")
        return holds

    def attempt(self, where: _Place, do: Callable[..., T], *arguments: object) -> T | None:
        """Call an action in a savepoint; record its error if it fails."""
        try:
            with self._actions.rows.attempt():
                return do(*arguments)
        except Violation as error:
            binding = self._binding
            views = binding.update_views if where[0] == "update" else binding.create_views
            members = [views.pointer_of(name) for name in error.names]
            for each in list(filter(None, members)) or [""]:
                is_conflict = not isinstance(error, RejectedValue)
                self._note(pointer(where) + each, error.detail, error.code, is_conflict=is_conflict)
        except StaleWrite:
            self._add(where, _STALE, "stale")
        except (UnprocessableContent, Conflict, NotFound) as problem:
            self._merge(where, problem)
        return None

    def _merge(self, where: _Place, problem: Problem) -> None:
        """Record the errors of a problem that one item has raised."""
        is_conflict = not isinstance(problem, UnprocessableContent)
        errors: Sequence[InvalidItem] = problem.errors or [
            {"detail": problem.detail or problem.title}
        ]
        for each in errors:
            code = each.get("code", "conflict" if is_conflict else "invalid")
            full = pointer(where) + each.get("pointer", "")
            self._note(full, each.get("detail", problem.title), code, is_conflict=is_conflict)

    def _add(self, where: _Place, detail: str, code: str, *, is_conflict: bool = True) -> None:
        self._note(pointer(where), detail, code, is_conflict=is_conflict)

    def _note(self, where: str, detail: str, code: str, *, is_conflict: bool = True) -> None:
        self._is_conflict = self._is_conflict and is_conflict
        self._faults.append({"pointer": where, "detail": detail, "code": code})
        if len(self._faults) > MAX_ERRORS:
            self.check()  # a response does not show more
