"""The views of the schemas of a collection's kinds: one kind, and all of them as one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NotRequired, TypedDict, Unpack

from marshmallow import Schema, fields

from ..compiler import Compiled
from ..parsing.pointers import pointer
from ..problems import UnprocessableContent
from .expansions import Expansions
from .item_serializer import ItemSerializer
from .kinds import Polymorphic, kinds_schema
from .patching import PatchDocument
from .schema_views import Views
from .store import AnyField

__all__ = ["FIXED", "KindViews", "UnionViews"]

FIXED = "The kind of an item cannot change."
_Selection = tuple[tuple[str, ...] | None, tuple[str, ...]]


class ViewOptions(TypedDict):
    """The options of `Views`."""

    strict: bool
    compiled: bool
    store: NotRequired[object]


class KindViews(Views):
    """The views of the schema of one kind, whose discriminator no patch changes."""

    def __init__(
        self,
        kind: tuple[str, str],
        declared: type[Schema],
        expand: Expansions,
        sparse: bool,
        declared_at: str,
        **options: Unpack[ViewOptions],
    ) -> None:
        """Make the views.

        Args:
            kind: The discriminator's name in content, and its value.
            declared: The schema class, and the further arguments of `Views`.
            expand: The nested fields that responses have only if a client asks for them.
            sparse: Whether clients may select fields.
            declared_at: The name of the class, for messages.
            options: The options of `Views`.
        """
        self._wire, self._tag = kind
        self._fixed = _name_of(declared, self._wire)
        super().__init__(declared, expand, sparse, declared_at, **options)
        self._paths = {name: wire for name, wire in self._paths.items() if wire != self._wire}

    def _apply(self, before: Mapping[str, object], patch: PatchDocument) -> dict[str, object]:
        """Apply a patch, which may only repeat the kind."""
        after = super()._apply({**before, self._wire: self._tag}, patch)
        if after.get(self._wire) != self._tag:
            raise UnprocessableContent(
                errors=[{"pointer": pointer((self._wire,)), "detail": FIXED, "code": "kind"}]
            )
        return {**after, self._wire: before.get(self._wire, self._tag)}


def _name_of(declared: type[Schema], wire: str) -> str:
    """Return the name of a field in its class, of which content may have another one."""
    known: Mapping[str, AnyField] = getattr(declared, "_declared_fields", {})
    return next((name for name, field in known.items() if field.data_key == wire), wire)


class UnionViews(Views):
    """The views of the schemas of all kinds, as one schema with a discriminator."""

    def __init__(
        self,
        name: str,
        kinds: Mapping[str, Views],
        wire: str,
        store: Polymorphic,
        *,
        compiled: bool,
    ) -> None:
        """Make the views.

        Args:
            name: The stem of the names of the schema classes.
            kinds: The views of each kind.
            wire: The discriminator's name in content.
            store: The store of the items.
            compiled: Whether schemas are compiled.
        """
        self._kinds = kinds
        self._wire = wire
        self._polymorphic = store
        self._attribute = store.discriminator

        def union(stem: str, of: Callable[[Views], type[Schema]], tag: str = wire) -> type[Schema]:
            classes = {kind: of(views) for kind, views in kinds.items()}
            return kinds_schema(
                f"{stem}Schema", classes, tag, self._attribute, is_compiled=compiled
            )

        every = tuple(kinds.values())
        self.declared = union(name, lambda views: views.declared)
        self.names = tuple(dict.fromkeys(each for views in every for each in views.names))
        is_plain = all(views.answered is views.declared for views in every)
        stem = name + every[0].answered.__name__.removesuffix("Schema").removeprefix(
            every[0].declared.__name__.removesuffix("Schema")
        )
        self.answered = self.declared if is_plain else union(stem, lambda views: views.answered)
        self.merged = union(f"{name}Patch", lambda views: views.merged, "")
        self._expand = frozenset[str]().union(*(views._expand for views in every))
        # The first kind that has a relation decides, as for fields.
        self.paths = dict(pair for views in reversed(every) for pair in views.paths.items())
        self._serializers: dict[_Selection, ItemSerializer] = {}

    @property
    def written(self) -> Mapping[str, str]:
        """The writable attributes of any kind with their wire names."""
        return {
            name: wire for views in self._kinds.values() for name, wire in views.written.items()
        }

    def attribute_fields(self) -> dict[str, AnyField]:
        """Return the fields of all kinds by attribute; the first kind that has one decides."""
        found: dict[str, AnyField] = {}
        for views in reversed(tuple(self._kinds.values())):
            found |= views.attribute_fields()
        found.pop(self._attribute, None)  # the field of each kind has one value
        known = self._polymorphic.attributes.get(self._attribute)
        if known is not None and isinstance(known.field, fields.String):
            found[self._attribute] = fields.Str(data_key=self._wire, dump_only=True)
        return found

    def wire_name(self, name: str) -> str:
        """Return the name of a field in content, as the first kind that has it says."""
        every = self._kinds.values()
        views = next((each for each in every if name in (*each.names, *each._expand)), None)
        return name if views is None else views.wire_name(name)

    def attributes_of(self, names: Iterable[str]) -> list[str]:
        """Return the attributes that the named fields of any kind dump."""
        wanted = tuple(names)
        found: dict[str, None] = {}
        for views in self._kinds.values():
            known = [name for name in wanted if name in views.names or name in views._expand]
            found |= dict.fromkeys(views.attributes_of(known))
        return list(found)

    def serializer(self, names: tuple[str, ...] | None, expand: tuple[str, ...]) -> ItemSerializer:
        """Return the serializer of a selection of fields and relations."""
        found = self._serializers.get((names, expand))
        if found is None:
            kinds = {kind: _selected(views, names, expand) for kind, views in self._kinds.items()}
            found = _KindSerializer(kinds, self._polymorphic)
            if names is None and not expand:
                self._serializers[names, expand] = found
        return found

    def derived_names(self) -> tuple[str, ...]:
        """Return the fields of any kind whose content can change without the item."""
        found = {name for views in self._kinds.values() for name in views.derived_names()}
        return tuple(name for name in self.names if name in found)

    def pointer_of(self, attribute: str) -> str:
        """Return the JSON Pointer of an attribute in the body of any kind."""
        if attribute == self._attribute:
            return pointer((self._wire,))
        found = (views.pointer_of(attribute) for views in self._kinds.values())
        return next(filter(None, found), "")

    def check_patch(self, patch: PatchDocument) -> None:
        """Check a patch, as far as that needs no item of any kind.

        Raises:
            UnprocessableContent: The patch is invalid for each kind; the errors are those of the
                first.
        """
        problems = []
        for views in self._kinds.values():
            try:
                views.check_patch(patch)
            except UnprocessableContent as problem:
                problems.append(problem)
        if len(problems) == len(self._kinds):
            raise problems[0]

    @cached_property
    def patch_source(self) -> Compiled | Schema:
        """The schema that dumps an item of the first kind to be patched."""
        first: Views = next(iter(self._kinds.values()))
        return first.patch_source


def _selected(
    views: Views, names: tuple[str, ...] | None, expand: tuple[str, ...]
) -> ItemSerializer:
    """Return the serializer of those fields and relations that a kind has."""
    known = tuple(each for each in expand if each in views._expand)
    if names is None:
        return views.serializer(None, known)
    return views.serializer(tuple(each for each in names if each in views.names), known)


class _KindSerializer(ItemSerializer):
    """A serializer that writes each item with the schema of its kind."""

    __slots__ = ("_kinds", "_store")

    def __init__(self, kinds: Mapping[str, ItemSerializer], store: Polymorphic) -> None:
        """Combine the serializers of the kinds."""
        first = next(iter(kinds.values()))
        relations = dict.fromkeys(path for each in kinds.values() for path in each.relations)
        super().__init__(first.bound, tuple(relations), None)
        self._kinds = kinds
        self._store = store

    def _of(self, item: object) -> ItemSerializer:
        return self._kinds[self._store.kind_of(item)]

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The schema of each kind."""
        return tuple(schema for each in self._kinds.values() for schema in each.schemas)

    def data(self, item: object) -> dict[str, object]:
        """Return the dumped data of an item."""
        return self._of(item).data(item)

    def text(self, item: object) -> bytes:
        """Return an item as JSON."""
        return self._of(item).text(item)

    def pair(self, item: object) -> tuple[dict[str, object], bytes]:
        """Return an item as data and as JSON."""
        return self._of(item).pair(item)

    def array(self, items: Iterable[object]) -> bytes:
        """Return items as one JSON array."""
        given: Sequence[object] = items if isinstance(items, Sequence) else list(items)
        return b"[" + b",".join(map(self.text, given)) + b"]"
