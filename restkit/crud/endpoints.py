"""The HTTP methods of a collection and its items, which call the actions of a `CRUDResource`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from ..contract import Header
from ..http.conditional import Preconditions
from ..media import JSON
from ..problems import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from ..rendering.content import SerializedContent
from .actions import Actions
from .binding import plain_scope
from .csv_export import CSVExport
from .endpoint import MINIMAL, NO_COLLECTION, Endpoint, as_mapping
from .item_places import item_url, rank
from .item_tags import digest_of
from .list_responses import ListResponses
from .patching import PatchDocument
from .query import Count, ListQuery, Page
from .relation_values import placed
from .row_paths import AnyActions, build, has_parents
from .scopes import Scope
from .settling import settle
from .store import KeyTaken
from .streams import collection_chunks, stream_format, stream_response

__all__ = [
    "Actions",
    "CollectionEndpoint",
    "Endpoint",
    "ItemEndpoint",
    "RestoreEndpoint",
    "as_mapping",
    "removed_headers",
]

# RFC 9110, section 9.3.4: if PUT could rename the item, the same PUT would not find it again.
_OTHER_KEY = "The key in the body differs from the key in the URL. Send the URL's key, or none."
_JSON = {"Content-Type": JSON}
_NOT_REMOVED = "No removed item has this key."
_REMOVED_TAG = Header("ETag", "The entity tag of the removed item, for `restore`.")
_COUNTS: dict[str, Count] = {"exact": "exact", "estimated": "estimated"}


class CollectionEndpoint(Endpoint):
    """The endpoint of a collection's URL.

    Attributes:
        is_readable: Whether GET is mounted for items, so that a new item has a URL to fetch.
        export: The options of CSV; None if clients cannot have the collection as CSV.
    """

    is_readable: ClassVar[bool] = True
    export: ClassVar[CSVExport | None] = None

    def list_items(
        self, query: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> object:
        """Return a page, or all items as JSON Lines or CSV."""
        binding = self.binding
        actions = self.actions()
        count = _COUNTS.get(self.preference(headers or {}, "count"))
        scope = Scope.of(actions.scope())

        def page_of(other: ListQuery) -> Page[object]:
            return actions.rows.list(other)

        listing, window = binding.list_query(query, count, scope, page_of)
        view = binding.list_views.serializer(*binding.chosen(query, binding.list_views))

        def check_parents() -> None:
            if scope.values and not actions.rows.has_parents(scope.values):
                raise NotFound(NO_COLLECTION)

        responses = ListResponses(binding, self.request, listing, window, count)
        stream = stream_format(self.request.response_media_type, view, self.export)
        if stream is not None and not responses.is_total:
            total = None if count is None else actions.list(responses.total_query()).total
            more = responses.total_headers(total)
            ways = (self.declared.lines, self._own_list(actions))
            source = collection_chunks(actions.rows, listing, stream, binding, *ways)
            return stream_response(stream, *source, more, check_parents)
        rows = self.row_actions("list", actions)
        page = rows.list(responses.total_query() if responses.is_total else listing)
        if not page.items:
            check_parents()
        if responses.is_total:
            return responses.total(page, _JSON if stream is None else stream.headers)
        return responses.page(page, view)

    def _own_list(self, actions: Actions) -> Callable[[ListQuery], Page[object]] | None:
        """Return the ``list`` of the class if it overrides it, None otherwise."""
        return actions.list if self.row_paths.overrides("list") else None

    def create_item(self, body: object, headers: Mapping[str, str] | None = None) -> object:
        """Store a new item."""
        actions = self.row_actions("create", self.actions())
        scope = Scope.of(actions.scope())
        if scope.values and not has_parents(actions, scope.values):
            raise NotFound(NO_COLLECTION)
        decided = self.decided(actions, scope)
        values = self.binding.created(as_mapping(body, self.binding), decided)
        self.binding.check_key(values, self.binding.create_views)
        values = placed(self.binding.relations, actions, values, self.binding.create_views, decided)
        item = actions.create(build(actions, values))
        self.check_scope(actions, item, scope)
        if self.declares_responses():
            return self.own_response(item, headers or {})
        text = self.whole.text(item)
        response_headers = {}
        if self.declared.conditional:
            response_headers["ETag"] = str(self.binding.tag_of(item, text))
        located = self.located(item)
        if not self.wants_minimal(headers or {}):
            return SerializedContent(located, text), 201, response_headers
        response_headers["Preference-Applied"] = MINIMAL
        url = item_url(self.request, self.app, self.place, located, is_below=self.is_readable)
        if url is not None:
            response_headers["Location"] = url
        return None, 204, response_headers

    @classmethod
    def item_rank(cls, item: type, /) -> int | None:
        """Return how well another endpoint responds for the items; see `operations.item_links`."""
        return rank(cls.place, item.place) if issubclass(item, ItemEndpoint) else None

    @classmethod
    def key_variables(cls) -> frozenset[str]:
        """Return the names of the values that identify a new item; see `operations.item_links`."""
        return frozenset(cls.binding.key.names)

    @classmethod
    def hands_over_key(cls, schema: type, /) -> bool:
        """Return whether a response tells the key of a new item; see `operations.item_links`."""
        return schema is cls.binding.views.answered


class ItemEndpoint(Endpoint):
    """The endpoint of an item's URL."""

    def read_item(self, key: object, query: Mapping[str, object] | None = None) -> object:
        """Return an item, or the selected fields of it."""
        binding = self.binding
        names, expand = binding.chosen(query or {}, binding.views)
        relations = binding.views.relations(names, expand)
        if binding.tagged and not expand:
            relations = tuple(dict.fromkeys((*relations, *binding.tagged)))
        actions = self.actions(relations)
        item = (actions if expand else self.row_actions("read", actions)).read(key)
        if self.declares_responses():
            return self.own_response(item, {})
        text = binding.views.serializer(names, expand).text(item)
        if self.conditional and expand:
            # A related item can change without the item, so that the item's version is not enough.
            self.entity_tag = digest_of(text)
        elif self.conditional:
            self.entity_tag = binding.tag_of(item, text if names is None else None)
        return SerializedContent(None, text)

    def replace_item(self, key: object, body: object, headers: Mapping[str, str]) -> object:
        """Replace an item, or create it if the class declares ``upsert``."""
        made = self.actions(self.binding.views.relations(None, ()))
        actions = self.row_actions("replace", made)
        try:
            item = actions.read(key)
        except NotFound:
            if not self.declared.upsert:
                raise
            created = self._create_with_client_key(actions, key, body)
            if created is not None:
                return self._created(created, headers)
            item = self._read_concurrent(actions, key)
        self.decide(item)
        own = self.binding.key
        scope = Scope.of(actions.scope())
        content = {**own.values(key), **as_mapping(body, self.binding)}
        values = self.binding.replaced(item, content, scope.values)
        if own.differs(values, key):
            raise Conflict(_OTHER_KEY)
        values = placed(
            self.binding.relations, actions, values, self.binding.replace_views, scope.values
        )
        replaced = actions.replace(item, values)
        self.check_scope(actions, replaced, scope)
        return self._changed(replaced, headers)

    def _create_with_client_key(
        self, actions: AnyActions, key: object, body: object
    ) -> object | None:
        """Create an item under the key of the URL; return None if it exists by now."""
        if self.conditional:
            self.entity_tag = None  # evaluates If-None-Match: * and If-Match: nothing exists yet
        own = self.binding.key
        scope = Scope.of(actions.scope())
        decided = self.decided(actions, scope)
        content = {**own.values(key), **as_mapping(body, self.binding)}
        values = self.binding.created(content, decided, by_put=True)
        if own.differs(values, key):
            raise Conflict(_OTHER_KEY)
        values = placed(
            self.binding.relations, actions, values, self.binding.replace_views, decided
        )
        try:
            item = actions.create(build(actions, values))
            self.check_scope(actions, item, scope)
            return item
        except KeyTaken:
            if Preconditions.from_environ(self.request.environ).guards():
                # SECURITY: a key that the caller may not see has the response of a PUT without
                # a precondition.
                self._read_concurrent(actions, key)
                raise PreconditionFailed(
                    "Another request created the item. Fetch it, then retry."
                ) from None
            return None

    def _read_concurrent(self, actions: AnyActions, key: object) -> object:
        """Return the item that another request has created under the key."""
        try:
            return actions.read(key)
        except NotFound:
            if not self.declared.soft_delete:
                raise
            scope = plain_scope(Scope.of(actions.scope()))
            if not actions.rows.get(key, scope=scope, removed=True):
                raise
            raise Conflict("An item with this key was removed. Restore it first.") from None

    def _created(self, item: object, headers: Mapping[str, str]) -> object:
        data, text = self.whole.pair(item)
        self.state(item, text)
        if self.wants_minimal(headers):
            return None, 204, {"Preference-Applied": MINIMAL}
        return SerializedContent(data, text), 201

    def patch_item(self, key: object, body: PatchDocument, headers: Mapping[str, str]) -> object:
        """Apply a patch to an item."""
        actions = self.row_actions("update", self.actions(self.binding.patch_relations))
        item = actions.read(key)
        self.decide(item)
        scope = Scope.of(actions.scope())
        values = self.binding.patched(item, body, scope.values)
        values = placed(
            self.binding.relations, actions, values, self.binding.update_views, scope.values
        )
        updated = actions.update(item, values)
        self.check_scope(actions, updated, scope)
        return self._changed(updated, headers)

    def delete_item(self, key: object) -> object:
        """Delete an item. If it is only marked as removed, the response has its new entity tag."""
        actions = self.row_actions("delete", self.actions(self.binding.tagged))
        item = actions.read(key)
        self.decide(item)
        deleted = cast("Callable[[object], object]", actions.delete)(item)
        if self.declares_responses():
            return self.own_response(deleted, {})
        if not self.declared.soft_delete or not self.conditional:
            return None
        return None, 204, {"ETag": str(self.binding.tag_of(item))}

    def demand_precondition(self) -> None:
        """Reject a request without a precondition if the class requires one.

        The pipeline does it for PUT, PATCH and DELETE.

        Raises:
            PreconditionRequired: The request has neither If-Match nor If-None-Match.
        """
        if self.declared.conditional != "required":
            return
        if not Preconditions.from_environ(self.request.environ).guards():
            raise PreconditionRequired(
                "This request requires a precondition. Send If-Match with the ETag that you last "
                "received."
            )

    def stated_tag(self, item: object) -> dict[str, str]:
        """State the entity tag of an item, as a response has it."""
        self.state(item)
        return {}

    def decide(self, item: object) -> None:
        """Evaluate the request's preconditions against an item that is going to be changed.

        Raises:
            PreconditionFailed: One is false.
        """
        if Preconditions.from_environ(self.request.environ).given:
            self.state(item)
        elif self.conditional:
            # PERF: nothing depends on the tag, a digest of the whole item, of which the response
            # has another one.
            self._state("entity_tag", exists=True)

    def state(self, item: object, text: bytes | None = None) -> None:
        """Set the entity tag of an item. The first call evaluates the request's preconditions."""
        if self.conditional:
            self.entity_tag = self.binding.tag_of(item, text)

    def _changed(self, item: object, headers: Mapping[str, str]) -> object:
        if self.declares_responses():
            return self.own_response(item, headers)
        text = self.whole.text(item)
        self.state(item, text)
        if self.wants_minimal(headers):
            return None, 204, {"Preference-Applied": MINIMAL}
        return SerializedContent(None, text)


class RestoreEndpoint(ItemEndpoint):
    """The endpoint that restores a soft-deleted item."""

    def restore_item(self, key: object, headers: Mapping[str, str]) -> object:
        """Restore an item."""
        self.demand_precondition()
        actions = self.actions()
        scope = plain_scope(Scope.of(actions.scope()))
        relations = self.binding.tagged
        item = actions.rows.get(key, scope=scope, lock=True, removed=True, expand=relations)
        if item is None:
            raise NotFound(_NOT_REMOVED)
        try:
            actions.check_writable(key, removed=True)
        except Forbidden:
            # SECURITY: no GET shows a removed item to callers who may only read it.
            raise NotFound(_NOT_REMOVED) from None
        self.state(item)
        restored = actions.restore(item)
        settle(actions, restored, self.binding.store.model, self.whole.relations)
        return self._changed(restored, headers)


def removed_headers(declared: type) -> tuple[Header, ...]:
    """Return the headers of the 204 to a DELETE that only marks an item as removed."""
    is_marked = bool(getattr(declared, "soft_delete", None))
    return (_REMOVED_TAG,) if is_marked and getattr(declared, "conditional", None) else ()
