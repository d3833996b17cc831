"""Many items at once: what one request creates, updates and deletes, all of it or none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, fields, missing, post_load, validate

from ..errors import DeclarationError
from ..http.conditional import EntityTag
from ..parsing.pointers import pointer
from ..problems import Conflict, InvalidItem, NotFound, Problem, UnprocessableContent
from ..rendering.content import SerializedContent
from .binding import Binding
from .endpoints import Actions, CollectionEndpoint, as_mapping
from .patching import MERGE_PATCH, PatchDocument
from .store import StaleWrite, Violation

__all__ = ["BulkEndpoint", "bulk_schemas"]

T = TypeVar("T")
_Place = tuple[str | int, ...]
_Pair = tuple[type[Schema], type[Schema]]
_CONDITION = "if_match"


@dataclass(frozen=True, slots=True)
class _Change:
    """Is what is to be changed of one item: its key, the entity tag that it must have, and a merge patch."""

    key: Any
    tag: str | None
    patch: dict[str, Any]


_known: WeakKeyDictionary[type, dict[tuple[object, ...], _Pair]] = WeakKeyDictionary()


def bulk_schemas(binding: Binding, name: str, wanted: Collection[str], most: int) -> _Pair:
    """Return the schemas of what is sent, and of what is answered.

    Args:
        binding: Of the collection.
        name: Of the collection; the schemas are called after it.
        wanted: The verbs that it has: who cannot POST, PATCH or DELETE an item, cannot do so with many.
        most: How many items each list may have.

    Raises:
        DeclarationError: There is nothing to do in bulk, or a name is taken.
    """
    # A class that is mounted on several URLs has one pair, which is one component of the document.
    known = _known.setdefault(binding.views.declared, {})
    key = (binding.views.answered, name, frozenset(wanted), most)
    if key not in known:
        known[key] = _bulk_schemas(binding, name, wanted, most)
    return known[key]


def _bulk_schemas(binding: Binding, name: str, wanted: Collection[str], most: int) -> _Pair:
    declared = binding.views.declared
    answered = binding.views.answered
    length = validate.Length(max=most)
    sent: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if "POST" in wanted:
        sent["create"] = fields.List(fields.Nested(declared), validate=length)
        told["created"] = fields.List(fields.Nested(answered), required=True)
    if "PATCH" in wanted:
        sent["update"] = fields.List(fields.Nested(_change_schema(binding, name)), validate=length)
        told["updated"] = fields.List(fields.Nested(answered), required=True)
    if "DELETE" in wanted:
        sent["delete"] = fields.List(_key_field(binding), validate=length)
        told["deleted"] = fields.List(_key_field(binding), required=True)
    if not sent:
        raise DeclarationError(
            f"{binding.declared_at} has bulk = True, but none of the methods POST, PATCH and DELETE."
        )
    return _made(f"{name}BulkSchema", declared, sent), _made(
        f"{name}BulkResultSchema", declared, told
    )


def _made(name: str, declared: type[Schema], members: dict[str, Any]) -> type[Schema]:
    meta = type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False})
    return type(name, (Schema,), {**members, "Meta": meta, "__module__": declared.__module__})


def _key_field(binding: Binding) -> fields.Field[Any]:
    attribute = binding.store.attributes[binding.store.key]
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    made.load_default = made.dump_default = missing
    return made


def _key_name(binding: Binding) -> str:
    """Return what content calls the key of an item."""
    key = binding.store.key
    field = binding.views.attribute_fields().get(key)
    return key if field is None else str(field.data_key or field.name)


def _change_schema(binding: Binding, collection: str) -> type[Schema]:
    """Return the schema of a change: the members of a merge patch, the item's key, and a condition."""
    name = _key_name(binding)
    members: dict[str, Any] = {}
    for attribute, called in binding.views.written.items():
        made = copy.copy(binding.views.attribute_fields()[attribute])
        made.required, made.load_default = False, missing
        made.data_key, made.attribute = called, None
        members[attribute] = made
    members.pop(binding.store.key, None)
    if _CONDITION in (name, *binding.views.written.values()):
        raise DeclarationError(
            f"{binding.declared_at}: a field called {_CONDITION!r} cannot be updated in bulk, where it is an entity tag; "
            "call it something else with data_key=..., or leave bulk out."
        )
    key = _key_field(binding)
    key.data_key, key.required = name, True
    says = "The entity tag that the item must have, as its ETag has it."
    tag = fields.Str(
        data_key=_CONDITION, validate=validate.Length(1, 200), metadata={"description": says}
    )

    def change(self: Schema, data: Any, original: Any, **_: Any) -> _Change:
        patch = {each: value for each, value in original.items() if each not in (name, _CONDITION)}
        return _Change(data["_key"], data.get("_tag"), patch)

    members.update(_key=key, _tag=tag, change=post_load(change, pass_original=True))
    return _made(f"{collection}BulkChangeSchema", binding.views.declared, members)


class BulkEndpoint(CollectionEndpoint):
    """Answers for the URL where many items are changed at once.

    Attributes:
        answers: The members of its answer.
    """

    answers: ClassVar[Sequence[str]] = ()

    def change_many(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """Delete, update and create items, all of them or none.

        In this order: what a deleted item had once is free for a new one.
        """
        actions = self.actions(self.binding.views.relations(None, ()))
        scope = actions.scope()
        if scope and not actions.rows.has_parents(scope):
            raise NotFound("There is no such collection.")

        def create(values: Mapping[str, Any]) -> Any:
            self.binding.check_key(values)
            return actions.create(actions.rows.build(values))

        work = _Bulk(self.binding, actions)
        changes, removed = work.found(body.get("update", ()), body.get("delete", ()))
        work.check()
        for declared_at, item in removed:
            work.attempt(declared_at, actions.delete, item)
        updated = [
            work.attempt(declared_at, actions.update, item, values)
            for declared_at, item, values in changes
        ]
        values = ({**as_mapping(each, self.binding), **scope} for each in body.get("create", ()))
        created = [work.attempt(("create", at), create, each) for at, each in enumerate(values)]
        work.check()
        if self.preference(headers, "return") == "minimal":
            return None, 204, {"Preference-Applied": "return=minimal"}
        told: dict[str, Any] = {"created": created, "updated": updated}
        told = {name: [self.whole.data(item) for item in items] for name, items in told.items()}
        told["deleted"] = [
            key if isinstance(key, int) else str(key) for key in body.get("delete", ())
        ]
        return SerializedContent({name: told[name] for name in self.answers})


class _Bulk:
    """Is one request's work on many items, and what is wrong with it."""

    def __init__(self, binding: Binding, actions: Actions) -> None:
        self._binding = binding
        self._actions = actions
        self._faults: list[InvalidItem] = []
        self._is_conflict = True

    def check(self) -> None:
        """Refuse all of it where something is wrong with some: as invalid where anything is, else as in conflict."""
        if self._faults and self._is_conflict:
            raise Conflict(
                "Nothing was changed: some items are in conflict with what is stored.",
                errors=self._faults,
            )
        if self._faults:
            raise UnprocessableContent(
                "Nothing was changed: some items are invalid.", errors=self._faults
            )

    def found(
        self, changes: Sequence[_Change], removed: Sequence[Any]
    ) -> tuple[list[tuple[_Place, Any, Any]], list[tuple[_Place, Any]]]:
        """Return the items that are to be changed, each with its new values, and those that are to be removed."""
        name = _key_name(self._binding)
        places: dict[Any, _Place] = {}
        named = [(each.key, ("update", at, name)) for at, each in enumerate(changes)]
        for key, declared_at in (
            *named,
            *((key, ("delete", at)) for at, key in enumerate(removed)),
        ):
            if places.setdefault(key, declared_at) is not declared_at:
                self._add(declared_at, "The item is named twice.", "duplicate", is_conflict=False)
        # In the order of their keys, so that no two requests wait for each other's items.
        items = {key: self._read(key, places[key]) for key in sorted(places)}
        ready: list[tuple[_Place, Any, Any]] = []
        for at, each in enumerate(changes):
            item = items[each.key]
            if item is not None:
                ready.append((("update", at), item, self._values(at, each, item)))
        return ready, [(places[key], items[key]) for key in removed if items[key] is not None]

    def _read(self, key: Any, declared_at: _Place) -> Any:
        try:
            return self._actions.read(key)
        except NotFound:
            self._add(declared_at, "There is no such item.", "missing")
            return None

    def _values(self, at: int, change: _Change, item: Any) -> Any:
        """Return the attributes that a change sets."""
        if change.tag is not None:
            try:
                holds = EntityTag.parse(change.tag).strong_match(self._binding.tag_of(item))
            except ValueError:
                self._add(
                    ("update", at, _CONDITION),
                    "Not an entity tag.",
                    "entity_tag",
                    is_conflict=False,
                )
                return None
            if not holds:
                self._add(
                    ("update", at, _CONDITION), "Somebody else changed it in the meantime.", "stale"
                )
                return None
        try:
            scope = self._actions.scope()
            return self._binding.patched(item, PatchDocument.of(MERGE_PATCH, change.patch), scope)
        except UnprocessableContent as problem:
            self._merge(("update", at), problem)
            return None

    def attempt(self, declared_at: _Place, do: Callable[..., T], *arguments: Any) -> T | None:
        """Do one thing; what it has done is undone where it fails, and what is wrong is noted."""
        try:
            with self._actions.rows.attempt():
                return do(*arguments)
        except Violation as error:
            where = [self._binding.views.pointer_of(name) for name in error.names]
            for each in [text for text in where if text] or [""]:
                self._note(pointer(declared_at) + each, error.detail, error.code)
        except StaleWrite:
            self._add(declared_at, "Somebody else changed it in the meantime.", "stale")
        except (UnprocessableContent, Conflict, NotFound) as problem:
            self._merge(declared_at, problem)
        return None

    def _merge(self, declared_at: _Place, problem: Problem) -> None:
        """Note what is wrong with one item, as its own problem has it."""
        is_conflict = not isinstance(problem, UnprocessableContent)
        errors: Sequence[InvalidItem] = problem.errors or [
            {"detail": problem.detail or problem.title}
        ]
        for each in errors:
            code = each.get("code", "conflict" if is_conflict else "invalid")
            where = pointer(declared_at) + each.get("pointer", "")
            self._note(where, each.get("detail", problem.title), code, is_conflict=is_conflict)

    def _add(
        self, declared_at: _Place, detail: str, code: str, *, is_conflict: bool = True
    ) -> None:
        self._note(pointer(declared_at), detail, code, is_conflict=is_conflict)

    def _note(self, where: str, detail: str, code: str, *, is_conflict: bool = True) -> None:
        self._is_conflict = self._is_conflict and is_conflict
        self._faults.append({"pointer": where, "detail": detail, "code": code})
