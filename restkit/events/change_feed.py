"""`GET .../changes`: the changes of a collection as an event stream."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, cast
from weakref import WeakKeyDictionary

from marshmallow import Schema

from ..contract import Failure, Operation
from ..crud.action_access import action_words, class_guards
from ..crud.changes import Change, ChangeLog, ChangePlace, Changes, Followed, changes_of
from ..crud.endpoint import NO_COLLECTION, opened
from ..crud.endpoints import CollectionEndpoint
from ..crud.object_rules import reject_object_rule
from ..crud.scopes import Scope
from ..declarations import Declarations, DeclaredMethod
from ..errors import DeclarationError
from ..limits import Concurrency
from ..problems import NotFound
from ..resource import Owner, Resource
from ..server_sent_events import Event as StreamEvent
from ..server_sent_events import EventTypes
from ..sse import EventStream
from .change_spans import Span, joined, places_behind
from .prepared_schemas import PreparedSchema

if TYPE_CHECKING:
    from ..crud.actions import Actions
    from ..crud.masking import EndpointMasking
    from ..crud.store import AnyField
    from ..hidden_fields import FieldPlace, HiddenFields
    from ..masks import Mask
    from ..schemas.bound import BoundSchema, SchemaLike

    class _Bind(Protocol):
        def __call__(self, schema: SchemaLike, *, is_only: bool) -> BoundSchema: ...


__all__ = ["ChangeFeed", "feed_points"]

_AT_ONCE = 100
_HEARTBEAT = 15.0
_PRUNING = 600.0
_LONGEST_ID = 40
_ID = re.compile(r"([0-9]{1,19})\.([0-9]{1,19})")
_MISSING = Failure(NotFound, "database", NO_COLLECTION)
_SUMMARY = "Follow the changes of the items"
_DESCRIPTION = (
    "`ready` comes first, with the id of the present state: load the items then. `created` and "
    "`updated` have the item as it is now, `deleted` has its key. `reset` says that changes were "
    "missed: load all items again."
)
_Events = list["StreamEvent[object]"]


class ChangeFeed(EventStream):
    """The base of the feeds of collections.

    Attributes:
        collection: The endpoint class of the collection.
        log: The changes of its model.
        feed: The options.
    """

    collection: ClassVar[type[CollectionEndpoint]]
    log: ClassVar[ChangeLog]
    feed: ClassVar[Changes]
    _pruned: ClassVar[WeakKeyDictionary[ChangeLog, float]] = WeakKeyDictionary()

    @classmethod
    def _event_types(cls, bind: _Bind) -> EventTypes:
        """Return the event types, whose schemas are those of the collection."""
        views = cls.collection.binding.views
        item: BoundSchema = PreparedSchema.of(bind(views.answered, is_only=False))
        key: BoundSchema = bind(cls._key_schema(), is_only=False)
        schemas = {"ready": None, "created": item, "updated": item, "deleted": key, "reset": None}
        return EventTypes(schemas, cls.retry, cls.max_age)

    @classmethod
    def _key_schema(cls) -> SchemaLike:
        """Return the schema of the key of an item that is gone."""
        binding = cls.collection.binding
        known = binding.views.attribute_fields()
        fields: dict[str, AnyField] = {}
        for name in binding.key.names:
            field = copy.deepcopy(known.get(name) or binding.store.attributes[name].field)
            field.attribute, field.data_key = name, binding.views.wire_name(name)
            fields[name] = field
        return Schema.from_dict(fields)

    @classmethod
    def check_object_rule(cls, operation: Operation, /) -> None:
        """Reject a permission that looks at one item.

        Raises:
            DeclarationError: The Operation has such a permission.
        """
        reject_object_rule(operation)

    def _actions(self) -> Actions:
        of = self.collection
        relations = of.binding.views.relations(None, ())
        return opened(of.declared, of.binding, self.request, self.app, relations)

    def check_collection(self) -> None:
        """Reject a collection that does not exist.

        Raises:
            NotFound: The items that the variables of the URL refer to do not exist.
        """
        actions = self._actions()
        scope = Scope.of(actions.scope())
        if scope.values and not actions.rows.has_parents(scope.values):
            raise NotFound(NO_COLLECTION)

    def follow(self, last_event_id: str | None) -> Iterator[StreamEvent[object] | None]:
        """Yield the changes behind an event, and wait for more."""
        place = self._known_place(last_event_id)
        if place is None:
            kind = "ready" if last_event_id is None else "reset"
            place = self.log.last(0) or ChangePlace(0, 0)
            yield StreamEvent("{}", event=kind, id=_text(place))
        spoken = time.monotonic()
        while True:
            self._prune()
            last = self.log.last(self.feed.poll)
            changes: Sequence[Change] = ()
            if last is not None and last > place:
                place, changes, events = self._batch(place, last)
                yield from events
                spoken = time.monotonic() if events else spoken
            if time.monotonic() - spoken >= _HEARTBEAT:
                spoken = time.monotonic()
                yield None
            if not changes and not self.wait(self.feed.poll):
                return

    def _known_place(self, last_event_id: str | None) -> ChangePlace | None:
        """Return the place of an event if the feed can go on behind it."""
        found = _ID.fullmatch((last_event_id or "")[:_LONGEST_ID])
        if found is None:
            return None
        place = ChangePlace(int(found[1]), int(found[2]))
        # A database that was restored from a copy has not seen later places.
        last, floor = self.log.last(0) or ChangePlace(0, 0), self.log.floor()
        is_kept = floor is None or place >= floor
        return place if place <= last and is_kept else None

    def _batch(
        self, place: ChangePlace, until: ChangePlace
    ) -> tuple[ChangePlace, Sequence[Change], _Events]:
        """Return some changes, the place behind them, and their events for the caller."""
        actions = self._actions()
        changes = self.log.after(actions.rows, place, until, _AT_ONCE)
        names = self.collection.binding.key.names
        spans = joined(changes, names)
        events = [self._events(each, actions) for each in spans]
        for own, last in zip(events, places_behind(changes, spans, events), strict=True):
            if own and last is not None:
                own[-1].id = _text(last)
        behind = changes[-1].place if changes else place
        return behind, changes, [event for own in events for event in own]

    def _events(self, span: Span, actions: Actions) -> _Events:
        """Return the events of the changes of one item, as the caller sees them."""
        binding = self.collection.binding
        scope = actions.scope()
        relations = binding.views.relations(None, ())
        key = span.key if binding.key.is_composite else span.key[0]
        item = actions.rows.get(key, scope=scope, expand=relations)
        seen = span.seen(lambda before: self.log.saw(actions.rows, before, scope))
        found: _Events = [
            StreamEvent(dict(zip(binding.key.names, each, strict=True)), event="deleted")
            for each in seen
            if item is None or each != span.key
        ]
        if item is not None:
            text = binding.views.serializer(None, ()).text(item)
            found.append(StreamEvent(text, event="updated" if span.key in seen else "created"))
        return found

    def _prune(self) -> None:
        now = time.monotonic()
        if now - self._pruned.get(self.log, -_PRUNING) >= _PRUNING:
            self._pruned[self.log] = now
            self.log.prune(self.feed.keep)


class _Unmasked:
    """The masks of a feed, which can have none; see `operations.masking.ClassMasking`."""

    masks: Mapping[FieldPlace, Mask] = {}
    models: Mapping[type, Mapping[str, Mask]] = {}

    def __init__(self, collection: EndpointMasking, declared_at: str) -> None:
        self.declared_at = declared_at
        self._collection = collection

    def reached(self, models: Collection[type], /) -> set[type]:
        """Return no model: a feed cannot show items of models with masks.

        Raises:
            DeclarationError: It would.
        """
        if self._collection.masks or self._collection.reached(models):
            raise DeclarationError(
                f"{self.declared_at}: a feed of changes sends all callers the same fields, but "
                "the items have fields with masks. Remove `changes`, or the masks."
            )
        return set()

    def check_shown(self, apps: Collection[Owner], /) -> None:
        """Do nothing: the collection has checked its relations."""

    def resource(self, hidden: HiddenFields, /) -> type[Resource] | None:
        """Return None."""


def _text(place: ChangePlace) -> str:
    return f"{place.transaction}.{place.number}"


def feed_points(
    resource: type[Resource],
    points: Sequence[tuple[str, type[Resource], str]],
    pattern: str,
    name: str,
) -> list[tuple[str, type[Resource], str]]:
    """Return the (URL pattern, class, name) of the feed of a collection.

    Args:
        resource: The class that was added.
        points: The URLs of the class.
        pattern: The URL pattern of the collection.
        name: Its name.

    Returns:
        An empty list if the collection is mounted without GET.

    Raises:
        DeclarationError: The class is no collection, or its changes cannot be followed.
    """
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    options = changes_of(getattr(resource, "changes", None), f"{declared_at}.changes")
    if options is None:
        return []
    found = [each for _, each, _ in points if issubclass(each, CollectionEndpoint)]
    if not found:
        raise DeclarationError(
            f"{declared_at} has `changes`, but is not a CRUDResource with a GET of its collection."
        )
    collection = found[0]
    if not hasattr(collection, "get"):
        return []
    _check_actions(collection, declared_at)
    store = collection.binding.store
    if not isinstance(store, Followed):
        raise DeclarationError(
            f"{declared_at} has `changes`, but its store keeps no changes. That needs a Database "
            "on PostgreSQL or SQLite."
        )
    log = store.follow(collection.binding.key.names, _needed(collection))
    made = _feed(collection, options, log, name)
    return [(f"{pattern.rstrip('/')}/changes", made, f"{name}Changes")]


def _check_actions(collection: type[CollectionEndpoint], declared_at: str) -> None:
    """Reject methods that may leave out items, which the feed would show.

    Raises:
        DeclarationError: The class has one.
    """
    for action in ("list", "read"):
        if collection.row_paths.overrides(action):
            raise DeclarationError(
                f"{declared_at} overrides {action} and has `changes`, whose feed does not call it. "
                "Say which items belong to the collection in scope(), or in a row rule."
            )


def _needed(collection: type[CollectionEndpoint]) -> tuple[str, ...] | None:
    """Return the attributes on which it depends who may see an item; None for all."""
    binding = collection.binding
    if binding.is_ruled or collection.row_paths.overrides("scope"):
        return None
    return binding.scope


def _feed(
    collection: type[CollectionEndpoint], options: Changes, log: ChangeLog, name: str
) -> type[Resource]:
    """Return the class of a feed, which whoever may list the collection may follow."""
    declared, binding = collection.declared, collection.binding

    def get(
        self: ChangeFeed, last_event_id: str | None, **path: object
    ) -> Iterator[StreamEvent[object] | None]:
        self.check_collection()
        return self.follow(last_event_id)

    get.__module__, get.__qualname__ = declared.__module__, f"{declared.__qualname__}.changes"
    words: dict[str, object] = {
        "derived_id": f"follow{name}",
        "summary": _SUMMARY,
        "description": _DESCRIPTION,
        **action_words(declared, "list"),
    }
    missing = (_MISSING,) if binding.scope else ()
    contract = Declarations(raises=(*missing, *binding.store.failures), words=words)
    guards: Mapping[str, object] = class_guards(declared)
    limits = [*(cast("Sequence[object]", guards.get("limits")) or ()), Concurrency(options.streams)]
    members = {
        **guards,
        "cache": None,
        "limits": limits,
        "tags": declared.tags,
        "documented": declared.documented,
        "middleware": declared.middleware,
        "problem_handlers": declared.problem_handlers,
        "collection": collection,
        "log": log,
        "feed": options,
        "masking": _Unmasked(cast("EndpointMasking", collection.masking), binding.declared_at),
        "get": DeclaredMethod(get, contract),
        "__module__": declared.__module__,
        "__qualname__": declared.__qualname__,
        "__doc__": declared.__doc__,
    }
    return type(f"{name}Changes", (ChangeFeed,), members)
