"""Bulk requests: many items created, updated and deleted at once, all or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from ..http.conditional import EntityTag, Preconditions, failure_detail
from ..parsing.pointers import pointer
from ..problem_members import MAX_ERRORS
from ..problems import Conflict, InvalidItem, NotFound, Problem, UnprocessableContent
from ..rendering.content import SerializedContent
from .actions import Actions
from .binding import Binding
from .bulk_schemas import CONDITION, Change, key_names
from .bulk_upsert import BulkUpsert, Upserting
from .endpoints import CollectionEndpoint, as_mapping
from .patching import MERGE_PATCH, PatchDocument
from .relation_values import RelationValues
from .row_paths import AnyActions, RowActions, has_parents
from .scopes import Scope
from .store import RejectedValue, StaleWrite, Violation

__all__ = ["BulkEndpoint"]

T = TypeVar("T")
_Place = tuple[str | int, ...]
_Values = Mapping[str, object]
_Body = Mapping[str, Any]  # of lists of keys, changes and new items
_STALE = "Another request changed or deleted the item. Fetch it again, then retry."


class BulkEndpoint(CollectionEndpoint):
    """The endpoint of bulk requests.

    Attributes:
        members: The members of its response.
        upserting: The declared upserts; None without them.
    """

    members: ClassVar[Sequence[str]] = ()
    upserting: ClassVar[Upserting | None] = None

    def change_many(self, body: _Body, headers: Mapping[str, str]) -> object:
        """Delete, update and create items, all or none.

        Deletions come first, so that a new item can have a unique value of a deleted one.
        """
        actions = self.actions(self.binding.patch_relations)
        at_once = self._at_once(body, actions)
        scope = Scope.of(actions.scope())
        if scope.values and not has_parents(at_once, scope.values):
            raise NotFound("No collection exists at this URL.")
        writer = _Writer(self, actions, scope)
        work = _Bulk(self.binding, actions, scope.values)
        changes, removed = work.found(body.get("update", ()), body.get("delete", ()))
        work.check()
        contents = list(body.get("create", ()))
        writer.related.prepare([*contents, *(values for _, _, values in changes if values)])
        for where, item in removed:
            work.attempt(where, actions.delete, item)
        updated = [work.attempt(where, writer.update, *change) for where, *change in changes]
        upserts = BulkUpsert(self, actions, at_once, work)
        upserted = upserts.run(self.upserting, body.get("upsert", ()))
        created = writer.create_all(at_once, contents, work)
        work.check()
        if self.wants_minimal(headers):
            return None, 204, {"Preference-Applied": "return=minimal"}
        result: dict[str, object] = {
            "created": list(map(self.whole.data, created)),
            "updated": list(map(self.whole.data, updated)),
            "upserted": list(map(self._upserted, upserted)),
            "deleted": list(map(self._removed, body.get("delete", ()))),
        }
        return SerializedContent({name: result[name] for name in self.members})

    def _at_once(self, body: _Body, actions: Actions) -> AnyActions:
        """Return the actions that may write all items at once, as rows without the model."""
        # Objects of a session may not stand beside them.
        is_simple = [name for name, each in body.items() if each] in (["create"], ["upsert"])
        return self.row_actions("create", actions) if is_simple else actions

    def _upserted(self, written: tuple[object, bool] | None) -> dict[str, object]:
        """Return the content of an upserted item; None stands for one with an error."""
        item, created = written or (None, False)
        return {"created": created, "item": self.whole.data(item)}

    def _removed(self, key: object) -> object:
        """Return the key of a removed item as the request has it."""
        if not self.binding.key.is_composite:
            return _json_key(key)
        values = self.binding.key.values(key).values()
        return dict(zip(key_names(self.binding), map(_json_key, values), strict=True))


class _Writer:
    """The writes of one bulk request by the actions of the class.

    Attributes:
        related: The related rows that the request names.
    """

    def __init__(self, endpoint: BulkEndpoint, actions: Actions, scope: Scope) -> None:
        self._endpoint = endpoint
        self._binding = endpoint.binding
        self._actions = actions
        self._scope = scope
        self._decided = endpoint.decided(actions, scope)
        self.related = RelationValues(self._binding.relations, actions)

    def create_all(
        self, at_once: AnyActions, contents: Sequence[object], work: _Bulk
    ) -> Sequence[object]:
        """Store new items; the errors of items are recorded.

        Args:
            at_once: The actions that may write rows without the model.
            contents: The loaded items.
            work: The errors of the request.
        """
        created = self._create_together(at_once, contents)
        if created is not None:
            return created
        return [work.attempt(("create", at), self.create, each) for at, each in enumerate(contents)]

    def _create_together(
        self, actions: AnyActions, contents: Sequence[object]
    ) -> Sequence[object] | None:
        """Return the new items if they were stored at once."""
        binding = self._binding
        if not isinstance(actions, RowActions) or self._scope.clauses or not contents:
            return None
        try:
            rows = [binding.created(as_mapping(each, binding), self._decided) for each in contents]
            for values in rows:
                binding.check_key(values, binding.create_views)
            return actions.create_many(rows)
        except (UnprocessableContent, Violation):
            return None  # the slower way says of which item it is

    def create(self, content: object) -> object:
        """Store a new item."""
        binding, actions = self._binding, self._actions
        values = binding.created(as_mapping(content, binding), self._decided)
        binding.check_key(values, binding.create_views)
        values = self.related.placed(values, binding.create_views, self._decided)
        item = actions.create(actions.rows.build(values))
        self._endpoint.check_scope(actions, item, self._scope)
        return item

    def update(self, item: object, values: _Values) -> object:
        """Set the attributes that a change has."""
        values = self.related.placed(values, self._binding.update_views, self._scope.values)
        updated = self._actions.update(item, values)
        self._endpoint.check_scope(self._actions, updated, self._scope)
        return updated


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
        self, changes: Sequence[Change], removed: Sequence[object]
    ) -> tuple[list[tuple[_Place, object, _Values | None]], list[tuple[_Place, object]]]:
        """Return the items to change, each with its new values, and the items to remove."""
        named_by = key_names(self._binding)
        inside = named_by if len(named_by) == 1 else ()
        places: dict[Any, _Place] = {}
        named: list[tuple[object, _Place]] = [
            (each.key, ("update", at, *inside)) for at, each in enumerate(changes)
        ]
        named += [(key, ("delete", at)) for at, key in enumerate(removed)]
        for key, where in named:
            if places.setdefault(key, where) is not where:
                detail = "The request names this item twice."
                self.add(where, detail, "duplicate", is_conflict=False)
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
            self.add(where, "No item has this key.", "missing")
            return None

    def _values(self, at: int, change: Change, item: object) -> _Values | None:
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
        where: _Place = ("update", at, CONDITION)
        try:
            wanted = EntityTag.parse(tag)
        except ValueError:
            self.add(where, "Not an entity tag.", "entity_tag", is_conflict=False)
            return False
        holds = wanted.strong_match(self._binding.tag_of(item))
        if not holds:
            self.add(where, failure_detail(Preconditions(tag)) if wanted.weak else _STALE, "stale")
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
            self.add(where, _STALE, "stale")
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

    def add(self, where: _Place, detail: str, code: str, *, is_conflict: bool = True) -> None:
        """Record an error of an item."""
        self._note(pointer(where), detail, code, is_conflict=is_conflict)

    def _note(self, where: str, detail: str, code: str, *, is_conflict: bool = True) -> None:
        self._is_conflict = self._is_conflict and is_conflict
        self._faults.append({"pointer": where, "detail": detail, "code": code})
        if len(self._faults) > MAX_ERRORS:
            self.check()  # a response does not show more
