"""PATCH and DELETE of all items that filters select, all or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from marshmallow import Schema, fields

from ..problem_members import MAX_ERRORS
from ..problems import Conflict, ContentTooLarge, InvalidItem, NotFound, UnprocessableContent
from .binding import plain_scope
from .endpoints import CollectionEndpoint
from .patch_checks import size_of
from .patching import PatchDocument
from .query import ListQuery, Order
from .relation_values import RelationValues
from .row_paths import AnyActions, RowActions
from .scopes import Scope

__all__ = ["DRY_RUN", "AffectedItemsSchema", "delete_selected", "patch_selected"]

_Values = Mapping[str, object]
_Change = tuple[object, _Values]
DRY_RUN = fields.Bool(
    load_default=False,
    metadata={
        "description": "Whether to change nothing, and to return how many items the filters select."
    },
)
_ALL = "Send at least one filter. A request without one would affect every item of the collection."
_UNKNOWN = "Unknown parameter."
# SECURITY: the content is applied to each item. The work is that of this many bytes of content, of
# which a small part may be spent on invalid results.
_MOST_PATCHED = 8 * 1024 * 1024
_MOST_INVALID = 64 * 1024


class AffectedItemsSchema(Schema):
    """How many items a request has affected."""

    affected: ClassVar[fields.Integer] = fields.Int(
        required=True, metadata={"description": "The number of items that the filters select."}
    )
    dry_run: ClassVar[fields.Boolean] = fields.Bool(
        required=True, metadata={"description": "Whether nothing was changed."}
    )


def patch_selected(
    endpoint: CollectionEndpoint, given: _Values, patch: PatchDocument
) -> dict[str, object]:
    """Apply a patch to each selected item.

    Args:
        endpoint: The endpoint of the collection.
        given: The query parameters.
        patch: The patch.

    Raises:
        UnprocessableContent: There is no filter, or a patched item is invalid.
        Conflict: The filters select too many items.
        ContentTooLarge: The patch is too large for so many items.
    """
    endpoint.binding.update_views.check_patch(patch)
    selection = _Selection(endpoint, "update", endpoint.binding.patch_relations, given)
    changes = selection.checked(patch)
    if not selection.is_dry:
        selection.update(changes)
    return selection.response(len(changes))


def delete_selected(endpoint: CollectionEndpoint, given: _Values) -> dict[str, object]:
    """Delete each selected item.

    Args:
        endpoint: The endpoint of the collection.
        given: The query parameters.

    Raises:
        UnprocessableContent: There is no filter.
        Conflict: The filters select too many items.
    """
    selection = _Selection(endpoint, "delete", (), given)
    if not selection.is_dry:
        selection.delete()
    return selection.response(len(selection.items))


class _Selection:
    """The items that the filters of one request select, locked in the order of their keys."""

    def __init__(
        self,
        endpoint: CollectionEndpoint,
        action: str,
        relations: tuple[str, ...],
        given: _Values,
    ) -> None:
        self._endpoint = endpoint
        self._binding = endpoint.binding
        self.is_dry = bool(endpoint.binding.filtering.others(given).get("dry_run"))
        own = endpoint.actions(relations)
        self._is_own_list = endpoint.row_paths.overrides("list")
        self._is_own_read = endpoint.row_paths.overrides("read")
        is_own = self._is_own_list or self._is_own_read
        self._actions: AnyActions = own if is_own else endpoint.row_actions(action, own)
        self._scope = Scope.of(own.scope())
        self.items = self._found(given, relations)

    def _found(self, given: _Values, relations: tuple[str, ...]) -> list[object]:
        conditions = self._binding.filtering.conditions(given)
        if not conditions:
            raise UnprocessableContent(_ALL)
        self._check_names()
        most: int = self._endpoint.declared.max_affected
        # Locks are taken in the order of the keys, so that two such requests cannot deadlock.
        query = ListQuery(
            conditions,
            tuple(map(Order, self._binding.key.names)),
            most,
            expand=relations,
            scope=plain_scope(self._scope),
            lock=not self.is_dry,
        )
        page = self._actions.list(query)
        if page.has_next or len(page.items) > most:
            raise self._too_many(query, most)
        rows = self._actions.rows
        if not page.items and self._scope.values and not rows.has_parents(self._scope.values):
            raise NotFound("No collection exists at this URL.")
        return list(self._read(page.items))

    def _check_names(self) -> None:
        """Reject unknown parameters, which an App that is not strict ignores elsewhere.

        A misspelt filter would let the request affect more items than it means.
        """
        known = self._binding.filtering.fields({"dry_run": DRY_RUN})
        unknown = sorted({*self._endpoint.request.args} - known.keys())
        if unknown:
            raise UnprocessableContent(
                errors=[
                    {"parameter": each, "location": "query", "detail": _UNKNOWN, "code": "unknown"}
                    for each in unknown[:MAX_ERRORS]
                ]
            )

    def _read(self, items: Sequence[object]) -> Iterator[object]:
        """Yield the items as an overridden ``read`` returns them, without those that it hides.

        Raises:
            Forbidden: The caller may only read one of them.
        """
        if not self._is_own_read:
            # SECURITY: `list` returns all visible items, `read` checks which of them may change.
            if self._endpoint.row_paths.overrides("write_scope"):
                for item in items:
                    key = self._binding.key.of(self._binding.store, item)
                    self._actions.check_writable(key)
            yield from items
            return
        store = self._binding.store
        for item in items:
            try:
                yield self._actions.read(self._binding.key.of(store, item))
            except NotFound:
                continue

    def _too_many(self, query: ListQuery, most: int) -> Conflict:
        counted = self._actions.list(
            ListQuery(query.conditions, query.order, 1, scope=query.scope, count="exact")
        )
        found = f"more than {most}" if counted.total is None else str(counted.total)
        return Conflict(
            f"The filters select {found} items, but a request affects at most {most}. Nothing was "
            "changed. Narrow the filters."
        )

    def checked(self, patch: PatchDocument) -> list[_Change]:
        """Return the items, each with the attributes that a patch changes.

        Raises:
            UnprocessableContent: The result of a patch is invalid; the errors are those of all
                items, each once.
            ContentTooLarge: The patch is too large for so many items.
        """
        size = size_of(patch)
        if size * len(self.items) > _MOST_PATCHED:
            raise ContentTooLarge(
                f"A patch of {size} bytes is too large for {len(self.items)} items. Nothing was "
                "changed. Narrow the filters."
            )
        errors: dict[str, InvalidItem] = {}
        invalid: list[object] = []
        changes: list[_Change] = []
        for item in self.items:
            try:
                changes.append((item, self._binding.patched(item, patch, self._scope.values)))
            except UnprocessableContent as problem:
                invalid.append(item)
                errors |= {str(sorted(each.items())): each for each in problem.errors or ()}
                # SECURITY: equal errors are no reason to validate the content once for each item.
                if len(errors) >= MAX_ERRORS or size * len(invalid) > _MOST_INVALID:
                    break
        if not invalid:
            return changes
        key = self._binding.key
        checked = len(changes) + len(invalid)
        counted = f"{'' if checked == len(self.items) else 'at least '}{len(invalid)}"
        raise UnprocessableContent(
            f"Nothing was changed: the patch is invalid for {counted} of the selected items, first "
            f"for {key.text(key.of(self._binding.store, invalid[0]))}.",
            errors=list(errors.values()),
        )

    def update(self, changes: Sequence[_Change]) -> None:
        """Write changed items: those with the same values at once if the store can."""
        actions = self._actions
        if isinstance(actions, RowActions) and not self._scope.clauses:
            for values, items in _by_values(changes):
                actions.update_many(items, values)
            return
        related = RelationValues(self._binding.relations, actions)
        related.prepare([values for _, values in changes])
        views, decided = self._binding.update_views, self._scope.values
        for item, values in changes:
            values = related.placed(values, views, decided)
            updated = actions.update(item, values)
            self._endpoint.check_scope(actions, updated, self._scope)

    def delete(self) -> None:
        """Remove the items: at once if the store can."""
        if isinstance(self._actions, RowActions) and not self._scope.clauses:
            self._actions.delete_many(self.items)
            return
        for item in self.items:
            self._actions.delete(item)

    def response(self, affected: int) -> dict[str, object]:
        """Return the content of the response."""
        return {"affected": affected, "dry_run": self.is_dry}


def _by_values(changes: Sequence[_Change]) -> list[tuple[_Values, list[object]]]:
    """Return the different values of changes, each with the items that get them."""
    found: list[tuple[_Values, list[object]]] = []
    for item, values in changes:
        if not values:
            continue
        same = next((items for known, items in found if known == values), None)
        if same is None:
            found.append((values, [item]))
        else:
            same.append(item)
    return found
