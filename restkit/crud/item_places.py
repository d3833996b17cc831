"""Where the new items of a collection can be read: below it, or at another URL of the model."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from ..http.uris import quote_path
from ..request import Request
from ..resource import Owner
from .per_app import PerApp

__all__ = ["Place", "item_url", "rank", "register", "text_of_key"]

_OWN_MODULE = "restkit.crud.resource"


class Place:
    """A collection, as far as the URLs of its items matter.

    Attributes:
        declared: The `CRUDResource`.
        model: The model of the items.
        names: The attributes in the URL of an item.
        is_copy: Whether it is the collection as one caller has it.
    """

    def __init__(
        self, declared: type, model: type, names: tuple[str, ...], *, is_copy: bool = False
    ) -> None:
        self.is_copy = is_copy
        self.declared = declared
        self.model = model
        self.names = names

    @property
    def is_scoped(self) -> bool:
        """Whether the class hides items with a ``scope`` of its own."""
        scope: object = getattr(self.declared, "scope", None)
        return getattr(scope, "__module__", _OWN_MODULE) != _OWN_MODULE


_places: PerApp[list[Place]] = PerApp("places", list)


def register(app: Owner, place: Place, *, is_readable: bool) -> None:
    """Add a collection to those of an App, if its items can be read."""
    if is_readable and not place.is_copy:
        _places.of(app).append(place)


def rank(place: Place, other: Place) -> int | None:
    """Return how well another collection's items stand for those of a collection, less is better.

    Returns:
        None, if it has other items, or may hide a new item.
    """
    if place.declared is other.declared:
        return 0
    if (place.model, place.names) != (other.model, other.names) or other.is_scoped:
        return None
    return 1


def item_url(
    request: Request, app: Owner, place: Place, key: Mapping[str, object], *, is_below: bool
) -> str | None:
    """Return the URL of a new item, None if no URL shows it.

    Args:
        request: The POST to the collection.
        app: The App.
        place: The collection.
        key: The attributes of the item's key.
        is_below: Whether the item can be read below the URL of the collection.
    """
    if is_below:
        collection = quote_path(request.root_path + request.path).rstrip("/")
        return "/".join((collection, *(quote_path(str(key[name])) for name in place.names)))
    url_for: Callable[..., str] = app.url_for
    for other in _ranked(app, place):
        values = {**request.path_parameters, **key}
        for names in (values, place.names):
            with suppress(LookupError):
                return url_for(other.declared, **{name: values[name] for name in names})
    return None


def _ranked(app: Owner, place: Place) -> Iterator[Place]:
    found = [(rank(place, each), each) for each in _places.of(app)]
    for wanted in (0, 1):
        yield from (each for given, each in found if given == wanted)


def text_of_key(key: object) -> object:
    """Return a key as the part of a URL that the converter of its type accepts."""
    return str(key) if isinstance(key, uuid.UUID) else key
