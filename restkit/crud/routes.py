"""The URLs of a `CRUDResource`: URL pattern, endpoint class and name of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import DeclarationError
from ..resource import Owner, Resource
from .action_decorators import own_actions
from .binding import Binding
from .endpoint_classes import EndpointMaker
from .item_keys import CompositeKeyed, item_pattern
from .item_places import register
from .own_actions import check_places
from .polymorphic_binding import bind_collection, kinds_of
from .required_attributes import check_required
from .store import AnyStore, CollectionChecked
from .sub_urls import made_urls, sub_urls

__all__ = ["endpoint_routes", "mounted_methods", "store_of"]

_VARIABLE = re.compile(r"<(?:[^<>:]*(?:\([^<>]*\))?:)?([^<>:]+)>")
_COLLECTION = frozenset({"GET", "POST"})
_ITEM = frozenset({"GET", "PUT", "PATCH", "DELETE"})


def endpoint_routes(
    declared: Any, pattern: str, name: str, app: Owner, *, is_overridden: bool
) -> tuple[Binding, Sequence[tuple[str, type[Resource], str]]]:
    """Return the binding of a `CRUDResource` and its routes: (URL pattern, endpoint class, name).

    Args:
        declared: The class.
        pattern: The URL pattern of the collection; its variables are attributes of all its items.
        name: The name for `App.url_for` and for operationIds.
        app: The App.
        is_overridden: Whether the class makes new items itself, by an own ``create``.

    Raises:
        DeclarationError: The class, its schema, its store and the pattern do not fit together.
    """
    scope = _VARIABLE.findall(pattern)
    store = store_of(declared, app, scope)
    wanted = mounted_methods(declared, f"{declared.__module__}.{declared.__qualname__}")
    if isinstance(store, CollectionChecked):
        creates = declared.upsert or "POST" in wanted
        store.check_collection(
            scope,
            creates=creates,
            writes=declared.bulk or {*wanted, *declared.by_filter} != {"GET"},
            upserts=declared.upsert and "POST" in wanted,
        )
    binding = bind_collection(declared, store, scope, app, name)
    if not is_overridden:
        _check_required(declared, binding, posts="POST" in wanted)
    maker = EndpointMaker(declared, binding, name)
    root = pattern.rstrip("/")
    item = item_pattern(root, store)
    restores = bool(declared.soft_delete) and "DELETE" in {*wanted, *declared.by_filter}
    routes: list[tuple[str, type[Resource], str]] = []
    if {*(wanted & _COLLECTION), *declared.by_filter}:
        routes.append((pattern, maker.collection(wanted), name))
    if wanted & _ITEM:
        routes.append((item, maker.item(wanted), f"{name}Item"))
        register(app, maker.place, is_readable="GET" in wanted)
    if restores:
        routes.append((f"{item}/restore", maker.restore(), f"{name}Restore"))
    check_places(declared, tuple(sub_urls(declared)), restores=restores)
    routes += _own_routes(maker, declared, {"item": item, "collection": root}, name)
    makers = {"totals": maker.totals, "bulk": maker.bulk}
    routes += [
        (f"{root}/{word}", makers[word](wanted), f"{name}{word.capitalize()}")
        for word in made_urls(declared)
    ]
    return binding, routes


def _own_routes(
    maker: EndpointMaker, declared: type[Resource], urls: Mapping[str, str], name: str
) -> Iterator[tuple[str, type[Resource], str]]:
    """Yield the routes of actions of one's own."""
    for action, place in own_actions(declared).items():
        called = "".join(each.capitalize() for each in action.split("_"))
        url = f"{urls[place.owner]}/{place.path}"
        yield url, maker.own_action(action, place), f"{name}{called}"


def _check_required(declared: type, binding: Binding, *, posts: bool) -> None:
    """Reject a collection whose schema leaves out attributes that a new item of a kind needs."""
    decided = {*binding.scope, *binding.assigned}
    for each in kinds_of(binding):
        check_required(declared, each.store, each.create_views, decided, posts=posts)


def mounted_methods(declared: Any, declared_at: str) -> set[str]:
    """Return the methods of a class, all of them without a declaration."""
    every = _COLLECTION | _ITEM
    if declared.methods is None:
        return set(every)
    if isinstance(declared.methods, str):
        raise DeclarationError(
            f"{declared_at}.methods must be a set of strings, not the string {declared.methods!r}. "
            f"Write methods = {{{declared.methods!r}}}."
        )
    wanted = {method.upper() for method in declared.methods} - {"HEAD", "OPTIONS"}
    if not wanted or wanted - every:
        raise DeclarationError(
            f"{declared_at}.methods must contain some of {', '.join(sorted(every))}, got "
            f"{declared.methods!r}."
        )
    return wanted


def store_of(declared: Any, app: Owner, scope: Sequence[str]) -> AnyStore:
    """Return the store of a `CRUDResource`, as it is configured.

    Raises:
        DeclarationError: The class has no store, or the store does not support it.
    """
    declared_at = f"{declared.__module__}.{declared.__qualname__}"
    store: AnyStore | None = declared.store
    if store is None and declared.model is None:
        raise DeclarationError(
            f"{declared_at} has neither a model nor a store. Add model = ... to the class."
        )
    if store is None:
        found = (find(declared.model) for find in app.stores)
        store = next((each for each in found if each is not None), None)
    if store is None:
        raise DeclarationError(
            f"{declared_at}: no store of the App {app.name!r} supports the model "
            f"{declared.model!r}. Install one before you add the class: "
            "app.install(Database(...)). Or set store = MemoryStore(...) in the class."
        )
    is_single = isinstance(declared.key, str) or len(declared.key) == 1
    if not is_single and not isinstance(store, CompositeKeyed):
        raise DeclarationError(
            f"{declared_at}.key has several attributes, but the store of "
            f"{store.model.__qualname__} identifies items by one."
        )
    return store.configured(key=declared.key, soft_delete=declared.soft_delete, scope=scope)
