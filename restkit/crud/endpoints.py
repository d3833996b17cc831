"""The verbs of a collection and of its items: HTTP on one side, a `CRUDResource`'s actions on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from ..encoding import dumps_json
from ..errors import DeclarationError
from ..http.conditional import Preconditions
from ..http.negotiation import parse_prefer
from ..problems import Conflict, NotFound, PreconditionFailed
from ..rendering.content import SerializedContent
from ..resource import Resource
from ..response import Chunks, PlainResponse
from .binding import Binding, digest_of
from .item_serializer import ItemSerializer
from .patching import PatchDocument
from .query import Count, ListQuery, Page
from .store import KeyTaken, StaleWrite, Transaction, Violation

__all__ = [
    "NDJSON",
    "Actions",
    "CollectionEndpoint",
    "Endpoint",
    "ItemEndpoint",
    "RestoreEndpoint",
    "as_mapping",
]

NDJSON = "application/x-ndjson"
# RFC 9110, section 9.3.4: content that is inconsistent with the URL. Renamed by it, the same PUT would find nothing.
_OTHER_KEY = "The key in the content is not the one in the URL."
_COUNTS: dict[str, Count] = {"exact": "exact", "estimated": "estimated"}


class Actions(Protocol):
    """Is what the endpoints call: a `CRUDResource`, of which users override what they will."""

    rows: Transaction[Any]

    scope: Callable[[], Mapping[str, Any]]
    list: Callable[[ListQuery], Page[Any]]
    read: Callable[[Any], Any]
    create: Callable[[Any], Any]
    replace: Callable[[Any, Mapping[str, Any]], Any]
    update: Callable[[Any, Mapping[str, Any]], Any]
    delete: Callable[[Any], None]
    restore: Callable[[Any], Any]


class Endpoint(Resource):
    """Is the base of the classes that `endpoint_routes` makes for the URLs of a `CRUDResource`."""

    declared: ClassVar[Any]
    binding: ClassVar[Binding]

    def actions(self, expand: tuple[str, ...] = ()) -> Actions:
        """Return the user's resource for this request."""
        self.binding.check_path(self.request.path_parameters)
        made: Actions = self.declared(self.binding, self.request, self.app, expand)
        return made

    @property
    def whole(self) -> ItemSerializer:
        """How an item is answered where nothing is chosen."""
        return self.binding.views.serializer(None, ())

    def preference(self, headers: Mapping[str, str], name: str) -> str:
        """Return what the client prefers (RFC 7240), ``""`` where it says nothing of this."""
        given = headers.get("prefer")
        return parse_prefer(given).get(name, "") if given else ""


class CollectionEndpoint(Endpoint):
    """Answers for the URL of a collection."""

    def list_items(self, query: dict[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        """Answer a page, or everything as JSON Lines."""
        binding = self.binding
        actions = self.actions()
        asked = self.preference(headers or {}, "count")
        scope = actions.scope()

        def get(key: Any) -> Any:
            return actions.rows.get(key, scope=scope)

        listing, window = binding.list_query(query, _COUNTS.get(asked, "none"), scope, get)
        view = binding.views.serializer(*binding.chosen(query))
        if self.request.response_media_type == NDJSON:
            return _lines(actions.rows.stream(listing), view)
        page = actions.list(listing)
        if not page.items and listing.scope and not actions.rows.has_parents(listing.scope):
            raise NotFound("There is no such collection.")
        links = binding.pager.links(
            self.request, window, listing.order, page, binding.ends(page, listing.order)
        )
        rest: dict[str, Any] = {"next": links.get("next")}
        told: dict[str, str] = {}
        if page.total is not None:
            rest["total"] = page.total
            told["Preference-Applied"] = f"count={asked}"
        if links:
            told["Link"] = ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())
        return SerializedContent(
            None, b'{"items":' + view.array(page.items) + b"," + dumps_json(rest)[1:]
        ), told

    def create_item(self, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """Store a new item."""
        actions = self.actions()
        scope = actions.scope()
        if scope and not actions.rows.has_parents(scope):
            raise NotFound("There is no such collection.")
        values = {**as_mapping(body, self.binding), **scope}
        self.binding.check_key(values)
        item = actions.create(actions.rows.build(values))
        data, text = self.whole.pair(item)
        told = {"ETag": str(self.binding.tag_of(item, text))} if self.declared.conditional else {}
        if self.preference(headers or {}, "return") != "minimal":
            return SerializedContent(data, text), 201, told
        url = self.url_of(data)
        return (
            None,
            204,
            {**told, "Preference-Applied": "return=minimal", **({"Location": url} if url else {})},
        )

    def url_of(self, data: Mapping[str, Any]) -> str | None:
        """Return the URL of an item as it is dumped, None where it has none."""
        key = self.binding.store.key
        if key not in data:
            return None
        try:
            return str(
                self.app.url_for(self.declared, **self.request.path_parameters, **{key: data[key]})
            )
        except LookupError:
            return None


def _lines(rows: Iterator[Any], view: ItemSerializer) -> PlainResponse:
    """Answer items as JSON Lines; the first chunk is made here, so that a failure before it is a proper answer."""
    chunks = view.lines(rows)
    first = next(chunks, b"")
    return PlainResponse(200, [("Content-Type", NDJSON)], Chunks(first, chunks, rows))


def as_mapping(body: Any, binding: Binding) -> Mapping[str, Any]:
    """Return what a schema has loaded, where it is a mapping of attributes.

    Raises:
        DeclarationError: The schema makes something else.
    """
    if not isinstance(body, Mapping):
        raise DeclarationError(
            f"{binding.declared_at}: {binding.views.declared.__name__} loads {type(body).__name__}; CRUDResource makes the "
            "items itself: let it load a dict, without a post_load that makes something else."
        )
    return body


class ItemEndpoint(Endpoint):
    """Answers for the URL of an item."""

    def read_item(self, key: Any, query: Mapping[str, Any] | None = None) -> Any:
        """Answer an item, whole or in part."""
        binding = self.binding
        names, expand = binding.chosen(query or {})
        item = self.actions(binding.views.relations(names, expand)).read(key)
        text = binding.views.serializer(names, expand).text(item)
        if self.conditional:
            # What is answered of a relation changes without the item: its version does not speak for the whole.
            self.entity_tag = (
                digest_of(text) if expand else binding.tag_of(item, text if names is None else None)
            )
        return SerializedContent(None, text)

    def replace_item(self, key: Any, body: Any, headers: Mapping[str, str]) -> Any:
        """Replace an item, or make it where that is declared."""
        actions = self.actions(self.binding.views.relations(None, ()))
        try:
            item = actions.read(key)
        except NotFound:
            if not self.declared.upsert:
                raise
            made = self._made(actions, key, body)
            if made is not None:
                return self._created(made, headers)
            item = self._made_by_others(actions, key)
        self.state(item)
        name = self.binding.store.key
        values = self.binding.replaced(
            {name: key, **as_mapping(body, self.binding)}, actions.scope()
        )
        if values.get(name, key) != key:
            raise Conflict(_OTHER_KEY)
        return self._changed(actions.replace(item, values), headers)

    def _made(self, actions: Actions, key: Any, body: Any) -> Any:
        """Make an item under the key of the URL; return None where there is one by now."""
        if self.conditional:
            self.entity_tag = (
                None  # nothing is there, which is what If-None-Match: * and If-Match ask
            )
        name = self.binding.store.key
        values = {**as_mapping(body, self.binding), **actions.scope()}
        if values.setdefault(name, key) != key:
            raise Conflict(_OTHER_KEY)
        try:
            return actions.create(actions.rows.build(values))
        except KeyTaken:
            if Preconditions.from_environ(self.request.environ).guards():
                raise PreconditionFailed("Somebody else has made it in the meantime.") from None
            return None

    def _made_by_others(self, actions: Actions, key: Any) -> Any:
        """Return the item that has taken the key in between."""
        try:
            return actions.read(key)
        except NotFound:
            if not self.declared.soft_delete or not actions.rows.get(
                key, scope=actions.scope(), removed=True
            ):
                raise
            raise Conflict("An item with this key was removed; restore it first.") from None

    def _created(self, item: Any, headers: Mapping[str, str]) -> Any:
        data, text = self.whole.pair(item)
        self.state(item, text)
        if self.preference(headers, "return") == "minimal":
            return None, 204, {"Preference-Applied": "return=minimal"}
        return SerializedContent(data, text), 201

    def patch_item(self, key: Any, body: PatchDocument, headers: Mapping[str, str]) -> Any:
        """Change what a patch says."""
        actions = self.actions(self.binding.views.relations(None, ()))
        item = actions.read(key)
        self.state(item)
        return self._changed(
            actions.update(item, self.binding.patched(item, body, actions.scope())), headers
        )

    def delete_item(self, key: Any) -> None:
        """Remove an item."""
        actions = self.actions()
        item = actions.read(key)
        self.state(item)
        actions.delete(item)

    def state(self, item: Any, text: bytes | None = None) -> None:
        """State the entity tag of an item: the first time it decides on the request's preconditions."""
        if self.conditional:
            self.entity_tag = self.binding.tag_of(item, text)

    def _changed(self, item: Any, headers: Mapping[str, str]) -> Any:
        text = self.whole.text(item)
        self.state(item, text)
        if self.preference(headers, "return") == "minimal":
            return None, 204, {"Preference-Applied": "return=minimal"}
        return SerializedContent(None, text)


class RestoreEndpoint(ItemEndpoint):
    """Answers for the URL that brings an item back that was removed softly."""

    def restore_item(self, key: Any, headers: Mapping[str, str]) -> Any:
        """Bring an item back."""
        actions = self.actions()
        item = actions.rows.get(key, scope=actions.scope(), lock=True, removed=True)
        if item is None:
            raise NotFound("There is no such removed item.")
        self.state(item)
        return self._changed(actions.restore(item), headers)


def conflict_of(error: Violation, request: Any) -> Conflict:
    """Return the answer to a write that a rule of the store forbids, with where in the content it is."""
    views = request.operation.resource.binding.views
    found = [views.pointer_of(name) for name in error.names]
    errors: Any = [
        {"pointer": each, "detail": error.detail, "code": error.code} for each in found if each
    ]
    return Conflict(error.detail, errors=errors)


def stale_of(error: StaleWrite, request: Any) -> PreconditionFailed | Conflict:
    """Return the answer to a write of what is no more as it was read."""
    if Preconditions.from_environ(request.environ).guards():
        return PreconditionFailed("Somebody else changed it in the meantime.")
    return Conflict("Somebody else changed it in the meantime; read it, and try again.")
