"""The schemas of related items: those that other collections of the App declare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Protocol, cast

from marshmallow import Schema, fields

from ..errors import DeclarationError
from ..operations.operation_ids import stem
from ..records import Record
from ..resource import Owner
from .expansions import Expand, Expansions, expansions_of
from .kinds import declares_kinds
from .nested_fields import fields_along, nested_in
from .paths import ModelRelation, relations_of
from .per_app import PerApp
from .store import AnyField, AnyStore

__all__ = [
    "check_other_apps",
    "expanded_schema",
    "plain_schema",
    "register_schema",
    "related_schema",
    "relation_along",
]


class ItemSchema(Record):
    """The schema that items of a model have in the responses of a collection.

    Attributes:
        schema: The schema class.
        hidden: The fields that responses have only if a client asks for them.
    """

    schema: type[Schema]
    hidden: tuple[str, ...] = ()


class _Class(Protocol):
    """The part of a `CRUDResource` class that decides the members of its items."""

    expand: Expansions
    methods: Collection[str] | None
    schema: object

    @property
    def schema_class(self) -> type[Schema]:
        """The schema class of the items."""
        ...


class _Collection(Record):
    """A collection of an App.

    Attributes:
        name: The qualified name of the class.
        model: The model of its items.
        shown: The schema that the class declares, None if the schema is derived.
        is_readable: Whether the collection has GET.
        is_union: Whether the class declares a schema for each kind.
    """

    name: str
    model: type
    shown: ItemSchema | None
    is_readable: bool
    is_union: bool


class _Use(Record):
    """The schema that a collection shows related items with.

    Attributes:
        shown: The schema that another collection declares, None if there was none.
        remedy: The declaration that chooses a schema.
    """

    shown: ItemSchema | None
    remedy: str


_collections: PerApp[list[_Collection]] = PerApp("item_schemas", list)
_uses: PerApp[dict[tuple[str, type], _Use]] = PerApp("related_schemas", dict)


def register_schema(app: Owner, declared: type, model: type) -> None:
    """Add the schema of a collection to those that other collections of an App follow.

    Raises:
        DeclarationError: A collection that was added before shows items of the model with other
            members.
    """
    shown = None
    name = f"{declared.__module__}.{declared.__qualname__}"
    own = cast("_Class", declared)
    if own.schema is not None:
        hidden = (each for each in expansions_of(own.expand, name) if "." not in each)
        shown = ItemSchema(own.schema_class, tuple(hidden))
    methods = {each.upper() for each in own.methods or ("GET",)}
    is_union = declares_kinds(own.schema)
    _collections.of(app).append(_Collection(name, model, shown, "GET" in methods, is_union))
    for (where, of), use in (_uses.find(app) or {}).items():
        if _shown(app, of, where, use.remedy) != use.shown:
            raise DeclarationError(
                f"{where} shows items of {of.__qualname__}, and {name} declares their schema. Add "
                f"{name} to the App before the collection that shows its items, or write "
                f"{use.remedy}."
            )


def related_schema(app: Owner, model: type, where: str, remedy: str) -> ItemSchema | None:
    """Return the schema that the collection of a model declares, None if none declares one.

    Args:
        app: The App.
        model: The model.
        where: The declaration that shows items of the model, for messages.
        remedy: The declaration that chooses a schema, for messages.

    Raises:
        DeclarationError: Several collections declare different schemas.
    """
    found = _shown(app, model, where, remedy)
    _uses.of(app)[where, model] = _Use(found, remedy)
    return found


def plain_schema(item: ItemSchema) -> type[Schema]:
    """Return a schema without the fields that responses have only if a client asks for them."""
    return _without(item.schema, item.hidden) if item.hidden else item.schema


@cache
def _without(declared: type[Schema], hidden: Sequence[str]) -> type[Schema]:
    return _subclass(declared, declared.__name__, {}, hidden)


def _shown(app: Owner, model: type, where: str, remedy: str) -> ItemSchema | None:
    nearest = _nearest(app, model)
    declared = {each.shown: each.name for each in nearest if each.shown is not None}
    if not declared:
        return None
    merged = _merged(declared)
    if merged and all(issubclass(model, each.model) and not each.is_union for each in nearest):
        return merged
    names = ", ".join(declared.values())
    raise DeclarationError(
        f"{where}: the schema for items of {model.__qualname__} is ambiguous. Their collections "
        f"declare several schemas, or a schema of another class: {names}. Write {remedy}."
    )


def _merged(declared: Collection[ItemSchema]) -> ItemSchema | None:
    """Return the schema that several collections show by default, None if their schemas differ."""
    schemas = {each.schema for each in declared}
    if len(schemas) > 1:
        return None
    hidden = {name for each in declared for name in each.hidden}
    return ItemSchema(schemas.pop(), tuple(sorted(hidden)))


def _nearest(app: Owner, model: type) -> list[_Collection]:
    """Return the collections of a model, or else of its nearest base, or of its subclasses."""
    known = _collections.find(app) or []
    for base in model.__mro__:
        if found := [each for each in known if each.model is base]:
            return [each for each in found if each.is_readable] or found
    return [each for each in known if issubclass(each.model, model)]


def check_other_apps(app: Owner, apps: Collection[Owner]) -> None:
    """Reject items that an App shows with all columns if another App declares their schema.

    Args:
        app: The App.
        apps: The Apps that are mounted together.

    Raises:
        DeclarationError: An App has no collection of a model, and another one declares a schema.
    """
    for (where, model), use in (_uses.find(app) or {}).items():
        if use.shown is not None or _nearest(app, model):
            continue
        for other in apps:
            name = next((each.name for each in _nearest(other, model) if each.shown), None)
            if name is not None:
                raise DeclarationError(
                    f"{where} shows all columns of {model.__qualname__}, and {name} in the App "
                    f"{other.name!r} declares a schema for its items. Write {use.remedy}."
                )


# expansions


class _Shown(Record):
    """The schema of the items of an expanded relation.

    Attributes:
        item: The schema.
        is_many: Whether the relation leads to several items.
    """

    item: ItemSchema
    is_many: bool


def expanded_schema(
    store: AnyStore, expand: Mapping[str, Expand], app: Owner | None, declared_at: str
) -> type[Schema]:
    """Return the schema that a store derives, with the schemas of other collections nested.

    Args:
        store: The store of the items.
        expand: The relations that clients may include.
        app: The App, whose other collections declare schemas.
        declared_at: The name of the class, for messages.

    Raises:
        DeclarationError: The schema of a relation is ambiguous, or the store cannot derive it.
    """
    shown: dict[str, _Shown] = {}
    for path, how in expand.items():
        if not _is_decided(path, shown):
            shown |= _shown_at(path, how, store, app, declared_at)
    if not shown:
        return store.schema(tuple(expand))
    own = [path for path in expand if path not in shown and not _is_decided(path, shown)]
    parents = {path.rpartition(".")[0] for path in own}
    derived = (path for path in expand if path in {*own, *parents})
    return _nesting(store.schema(tuple(derived)), tuple(expand), tuple(shown.items()))


def _shown_at(
    path: str, how: Expand, store: AnyStore, app: Owner | None, declared_at: str
) -> dict[str, _Shown]:
    """Return the schema of a relation by its path; nothing if the store derives it."""
    where = f"{declared_at}.expand[{path!r}]"
    relation = relation_along(path, store)
    if how.schema is not None:
        if relation is None:
            raise DeclarationError(
                f"{where}: schema needs a relation that the store knows, and {path!r} is none of "
                "them. Declare a schema for the whole collection."
            )
        if how.schema == "derived":
            return {}
        return {path: _Shown(ItemSchema(how.schema), relation.is_many)}
    if relation is None or app is None:
        return {}
    remedy = f'expand = {{"{path}": Expand(schema=...)}}'
    item = related_schema(app, relation.target.model, where, remedy)
    return {} if item is None else {path: _Shown(item, relation.is_many)}


def relation_along(path: str, store: object) -> ModelRelation | None:
    """Return the last relation of a path, None if the store does not know it."""
    found: ModelRelation | None = None
    relations = relations_of(store)
    for name in path.split("."):
        found = relations.get(name)
        if found is None:
            return None
        relations = found.target.relations
    return found


def _is_decided(path: str, shown: Mapping[str, _Shown]) -> bool:
    """Return whether the schema of another collection has the relation at the end of a path."""
    parent, _, name = path.rpartition(".")
    return parent in shown and name in shown[parent].item.schema().dump_fields


@cache
def _nesting(
    derived: type[Schema], expand: Sequence[str], shown: Sequence[tuple[str, _Shown]]
) -> type[Schema]:
    """Return a derived schema with nested schemas, the same class for the same arguments."""
    maker = _Nesting(derived, expand, dict(shown))
    return _subclass(derived, derived.__name__, dict(maker.members("")))


class _Nesting:
    """The nested fields of a derived schema."""

    def __init__(
        self, derived: type[Schema], expand: Sequence[str], shown: Mapping[str, _Shown]
    ) -> None:
        self._stem = stem(derived)
        self._derived = derived()
        self._expand = expand
        self._shown = shown

    def members(self, begin: str) -> Iterator[tuple[str, AnyField]]:
        """Yield the relations below a path by name; the path is empty or ends with a dot."""
        for path in self._expand:
            name = path.removeprefix(begin)
            if path.startswith(begin) and "." not in name and not _is_decided(path, self._shown):
                yield name, self._field(path)

    def _field(self, path: str) -> AnyField:
        known = self._shown.get(path)
        if known is not None:
            declared, hidden = known.item
            return _nested(self._class(path, declared, hidden), is_many=known.is_many)
        field = fields_along(self._derived, path)[-1]
        declared = type(cast("Schema", nested_in(field)))
        nested = self._class(path, declared, ())
        return _nested(nested, is_many=isinstance(field, fields.List))

    def _class(self, path: str, declared: type[Schema], hidden: tuple[str, ...]) -> type[Schema]:
        """Return a schema class with the relations below a path, without those of its own."""
        below = f"{path}."
        asked = {each.removeprefix(below) for each in self._expand if each.startswith(below)}
        excluded = tuple(name for name in hidden if name not in asked)
        members = dict(self.members(below))
        if not (members or excluded):
            return declared
        words = path.replace(".", "_").split("_")
        title = "".join(word[:1].upper() + word[1:] for word in words)
        return _subclass(declared, f"{self._stem}{title}Schema", members, excluded)


def _nested(declared: type[Schema], *, is_many: bool) -> AnyField:
    field = fields.Nested(declared, dump_only=True)
    if is_many:
        return fields.List(field, dump_only=True)
    field.allow_none = True
    return field


def _subclass(
    declared: type[Schema],
    name: str,
    members: Mapping[str, AnyField],
    excluded: Sequence[str] = (),
) -> type[Schema]:
    exclude = (*getattr(declared.Meta, "exclude", ()), *excluded)
    meta = type("Meta", (declared.Meta,), {"register": False, "exclude": exclude})
    more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    return type(name, (declared,), {**members, **more})
