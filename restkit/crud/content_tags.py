"""The entity tags of a collection: the version, and all else that the content depends on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ..http.conditional import EntityTag
from .item_serializer import ItemSerializer
from .item_tags import digest_of, version_tag
from .schema_views import Views
from .store import AnyStore

__all__ = ["ItemTags"]


class ItemTags:
    """The entity tags of the items of one collection.

    A tag is the version of the item as long as the version changes with every representation of
    the item. Related rows, properties and hooks can change a representation without the item, so
    that the tag has a digest of their content as well.

    SECURITY: the version tells of changes of fields that a mask hides, so that the tags of those
    who may not read all of an item are digests of the fields that they read.
    """

    def __init__(
        self,
        store: AnyStore,
        views: Views,
        others: Sequence[Views] = (),
        *,
        by_content: bool = False,
    ) -> None:
        """Combine the store and the views of the items.

        Args:
            store: The store of the items.
            views: The views of the schema of items.
            others: The views of the schemas that ``read`` declares for its responses.
            by_content: Whether a tag depends on nothing but the content.
        """
        self._by_content = by_content
        self._store = store
        self._views = views
        self._others = tuple(others)

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """The relations that tags depend on, to be loaded with an item."""
        every = (self._views, *self._others)
        paths = (path for views in every for path in views.relations(None, ()))
        return tuple(dict.fromkeys(paths))

    @cached_property
    def _whole(self) -> ItemSerializer:
        return self._views.serializer(None, ())

    @cached_property
    def _beside_version(self) -> tuple[ItemSerializer, ...]:
        """The serializers of content that can change without the version."""
        every = ((views, views.derived_names()) for views in (self._views, *self._others))
        return tuple(_serializer(views, names) for views, names in every if names)

    @cached_property
    def _without_version(self) -> tuple[ItemSerializer, ...]:
        others = (views.serializer(None, ()) for views in self._others)
        return (self._whole, *others)

    def of(self, item: object, text: bytes | None = None) -> EntityTag:
        """Return the entity tag of an item.

        Args:
            item: The item.
            text: The JSON of the whole item, if it is known.
        """
        version = None if self._by_content else self._store.version(item)
        if version is None:
            return self._digest(self._without_version, item, text)
        if not self._beside_version:
            return version_tag(version)
        rest = self._digest(self._beside_version, item, text)
        return EntityTag(f"{version_tag(version).value}-{rest.value}")

    def _digest(
        self, parts: Sequence[ItemSerializer], item: object, text: bytes | None
    ) -> EntityTag:
        def written(part: ItemSerializer) -> bytes:
            return part.text(item) if text is None or part is not self._whole else text

        return digest_of(b"".join(map(written, parts)))


def _serializer(views: Views, names: tuple[str, ...]) -> ItemSerializer:
    """Return the serializer of some fields, or that of all of them."""
    return views.serializer(None if names == views.names else names, ())
