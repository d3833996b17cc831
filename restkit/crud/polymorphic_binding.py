"""Collections of several kinds of items: a binding of each kind, and one of all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol, cast

from marshmallow import Schema, fields

from ..errors import DeclarationError
from ..operations.operation_ids import singular, stem
from ..parsing.pointers import pointer
from ..problems import UnprocessableContent
from ..records import Record
from ..resource import Owner, Resource, Schemas
from .action_contracts import action_schemas
from .binding import Binding
from .collection_views import EachViews, ViewedClass, views_maker, views_of
from .declared_schemas import DeclaredSchemas, derived_schema, scoped_attributes
from .derived_schemas import remember
from .expansions import Expand, Expansions, expansions_of
from .kind_views import FIXED, KindViews, UnionViews
from .kinds import (
    Polymorphic,
    declared_kinds,
    declares_kinds,
    expansions_with,
    kind_schema,
    kinds_schema,
    way_to,
)
from .patching import PatchDocument
from .schema_views import Views
from .store import AnyStore, RowRuled

if TYPE_CHECKING:
    from ..schemas.bound import SchemaLike

__all__ = ["PolymorphicBinding", "bind_collection", "kinds_of"]

_Values = Mapping[str, object]
_ROLES = ("item", "list", "create", "update")


def bind_collection(
    declared: _Class, store: AnyStore, scope: Sequence[str], app: Owner, name: str
) -> Binding:
    """Return the binding of a collection, which has several kinds of items if its model has.

    Args:
        declared: The class.
        store: The store of the items.
        scope: The variables of the URL pattern.
        app: The App.
        name: The name of the collection.

    Raises:
        DeclarationError: The class, its schema and the store do not fit together.
    """
    of_kinds = declares_kinds(declared.schema)
    if isinstance(store, Polymorphic) and store.kinds and (of_kinds or declared.schema is None):
        return PolymorphicBinding(declared, store, scope, app, name)
    if of_kinds and not hasattr(declared.schema, "type_schemas"):
        raise DeclarationError(
            f"{declared.__module__}.{declared.__qualname__}.schema is a union of schemas, but "
            f"{store.model.__qualname__} has no subclasses whose rows a discriminator tells "
            "apart. Give one schema class, or give each subclass of the model an identity."
        )
    return Binding(declared, store, scope, app, name)


def kinds_of(binding: Binding) -> list[Binding]:
    """Return the binding of each kind of a collection, or the binding itself."""
    return [*binding.kinds.values()] if isinstance(binding, PolymorphicBinding) else [binding]


class _Class(Protocol):
    """The part of a `CRUDResource` class that decides the schemas of its kinds."""

    __name__: str
    __qualname__: str
    schema: object
    expand: Expansions


def _changed(declared: _Class, **members: object) -> type[Resource]:
    """Return a `CRUDResource` with other attributes, for the binding of one kind."""
    same = ("__module__", "__qualname__", "__doc__")
    kept = {name: getattr(declared, name) for name in same}
    return type(declared.__name__, (cast("type[Resource]", declared),), {**kept, **members})


class _KindSchemas(Record):
    """The schemas of a collection's kinds.

    Attributes:
        name: The stem of the names of the classes of all kinds.
        wire: The discriminator's name in content.
        by_kind: The schemas of each kind.
    """

    name: str
    wire: str
    by_kind: Mapping[str, Schemas]


def _derived(
    declared: _Class,
    store: AnyStore,
    declared_at: str,
    scope: Sequence[str],
    collection: str,
    decided: Collection[str],
    app: Owner,
) -> _KindSchemas:
    """Return the schemas of kinds that are derived from the subclasses.

    Args:
        declared: The class.
        store: The store of the items.
        declared_at: The name of the class, for messages.
        scope: The variables of the URL pattern.
        collection: The name of the collection.
        decided: The attributes that the scope or a row rule may decide.
        app: The App.
    """
    polymorphic = cast("Polymorphic", store)
    attribute, kinds = polymorphic.discriminator, polymorphic.kinds
    name = store.model.__name__
    if not set(scope).isdisjoint(store.attributes):
        name = singular(collection, name) or f"{collection}{name}"
    expand = expansions_of(declared.expand, declared_at)
    expands = {kind: expansions_with(each, expand) for kind, each in kinds.items()}
    for relation in set(expand).difference(*expands.values()):
        store.schema(way_to(relation))  # raises an error that names the relation
    found: dict[str, Schemas] = {}
    for kind, each in kinds.items():
        kept = _changed(declared, expand=expands[kind])
        derived = derived_schema(kept, each, declared_at, scope, collection, decided, app)
        own = stem(derived)
        own = f"Base{own}" if own == name else own
        is_text = _is_text(each, attribute)
        found[kind] = Schemas(kind_schema(derived, (own, name), attribute, kind, is_text=is_text))
    return _KindSchemas(name, attribute, found)


def _is_text(store: AnyStore, name: str) -> bool:
    """Return whether an attribute is a string that items have."""
    attribute = store.attributes.get(name)
    return attribute is not None and isinstance(attribute.field, fields.String)


def _unions(
    declared: _Class, model: type, kinds: Mapping[str, AnyStore], declared_at: str
) -> _KindSchemas:
    """Return the schemas of kinds that a class declares as unions.

    Raises:
        DeclarationError: A union does not say which schema is for which kind.
    """
    wires: dict[str, None] = {}
    roles: dict[str, dict[str, type[Schema]]] = {}
    for role, given in _by_role(declared.schema).items():
        is_read = role in ("item", "list")
        wire, roles[role] = declared_kinds(given, declared_at, kinds, is_read=is_read)
        wires[wire] = None
    if len(wires) > 1:
        raise DeclarationError(
            f"{declared_at}: the unions of Schemas(...) have the discriminators "
            f"{', '.join(wires)}. Use one name in all of them."
        )
    own = {stem(each) for classes in roles.values() for each in classes.values()}
    name = f"{model.__name__}Union" if model.__name__ in own else model.__name__
    by_kind: dict[str, Schemas] = {}
    for kind in kinds:
        by_kind[kind] = Schemas(**{role: roles[role][kind] for role in _ROLES})
    return _KindSchemas(name, next(iter(wires)), by_kind)


def _by_role(schema: object) -> dict[str, object]:
    """Return the declared union of each role."""
    given = schema if isinstance(schema, Schemas) else Schemas(cast("SchemaLike", schema))
    return {
        "item": given.item,
        "list": given.response(many=True),
        "create": given.body("POST"),
        "update": given.body("PATCH"),
    }


class _KindBinding(Binding):
    """The binding of one kind of a collection."""

    def __init__(
        self,
        kind: tuple[str, str],
        declared: object,
        store: AnyStore,
        scope: Sequence[str],
        app: Owner,
        name: str,
    ) -> None:
        self._kind = kind
        super().__init__(declared, store, scope, app, name)

    def _views_of(self, schemas: DeclaredSchemas, declared: ViewedClass, app: Owner) -> EachViews:
        made = partial(KindViews, self._kind)
        return views_of(schemas, declared, views_maker(self.store, self.declared_at, app, made))


class PolymorphicBinding(Binding):
    """The binding of a collection whose items are of several kinds.

    Attributes:
        kinds: The binding of each kind.
    """

    _is_checked = False  # the bindings of the kinds have compared their schemas

    def __init__(
        self, declared: _Class, store: AnyStore, scope: Sequence[str], app: Owner, name: str
    ) -> None:
        """Evaluate the declarations for each kind, and for all of them.

        Args:
            declared: The class.
            store: The store of the items, which is `Polymorphic`.
            scope: The variables of the URL pattern.
            app: The App.
            name: The name of the collection.

        Raises:
            DeclarationError: The class, its schemas and the store do not fit together.
        """
        self._polymorphic = cast("Polymorphic", store)
        self._attribute = self._polymorphic.discriminator
        kinds = self._polymorphic.kinds
        declared_at = f"{declared.__module__}.{declared.__qualname__}"
        for action in action_schemas(cast("type[Resource]", declared)):
            raise DeclarationError(
                f"{declared_at}.{action} declares a schema of its own, but the items are of "
                "several kinds. Declare a union of one schema for each kind in the class: "
                "schema = Schemas(CarSchema | TruckSchema, create=NewCarSchema | NewTruckSchema)."
            )
        if declared.schema is None:
            assigned = store.assigned if isinstance(store, RowRuled) else frozenset[str]()
            decided = {*assigned, *scoped_attributes(cast("type", declared))}
            self._schemas = _derived(declared, store, declared_at, scope, name, decided, app)
        else:
            self._schemas = _unions(declared, store.model, kinds, f"{declared_at}.schema")
        self.kinds = {}
        for kind, schemas in self._schemas.by_kind.items():
            own = _changed(
                declared,
                schema=schemas,
                expand=self._expand_of(declared, kind),
                filters=(),
                or_filters=(),
                sorts=(),
            )
            named = (self._schemas.wire, kind)
            self.kinds[kind] = _KindBinding(named, own, kinds[kind], scope, app, name)
        first = next(iter(self._schemas.by_kind.values()))
        super().__init__(_changed(declared, schema=first), store, scope, app, name)
        remember(cast("type", declared), self.views.declared)

    def _expand_of(self, declared: _Class, kind: str) -> dict[str, Expand]:
        """Return the relations that a kind has, and those that none has, which are an error."""
        known = {each: _names_in(schemas.item) for each, schemas in self._schemas.by_kind.items()}
        every = frozenset[str]().union(*known.values())
        missing = every - known[kind]
        expand = expansions_of(declared.expand, f"{declared.__module__}.{declared.__qualname__}")
        return {name: how for name, how in expand.items() if name.partition(".")[0] not in missing}

    def _views_of(self, schemas: DeclaredSchemas, declared: object, app: Owner) -> EachViews:
        """Return the views of all kinds, one for each role in which they differ."""
        compiled = app.settings.compile_schemas
        found: dict[tuple[int, ...], Views] = {}

        def union(suffix: str, role: str) -> Views:
            views: dict[str, Views] = {
                kind: getattr(each, role) for kind, each in self.kinds.items()
            }
            key = tuple(map(id, views.values()))
            if key not in found:
                name = self._schemas.name + suffix
                wire = self._schemas.wire
                found[key] = UnionViews(name, views, wire, self._polymorphic, compiled=compiled)
            return found[key]

        return (
            union("", "views"),
            union("Row", "list_views"),
            union("Create", "create_views"),
            union("Replace", "replace_views"),
            union("Update", "update_views"),
        )

    @cached_property
    def replacement(self) -> type[Schema]:
        """The schema class of PUT bodies, which may leave out the key that the URL has."""
        classes = {kind: each.replacement for kind, each in self.kinds.items()}
        if all(each.replacement is each.replace_views.declared for each in self.kinds.values()):
            return self.replace_views.declared
        name = f"{self._schemas.name}ReplacementSchema"
        return kinds_schema(name, classes, self._schemas.wire, self._attribute)

    def created(
        self, body: _Values, decided: _Values, *, by_put: bool = False
    ) -> dict[str, object]:
        """Return the attributes of a new item, and its kind.

        Raises:
            UnprocessableContent: The body contradicts a decided value, or lacks a value.
        """
        kind, values = self._divided(body)
        return {**self.kinds[kind].created(values, decided, by_put=by_put), self._attribute: kind}

    def replaced(self, item: object, body: _Values, scope: _Values) -> dict[str, object]:
        """Return all writable attributes of an item of its kind.

        Raises:
            UnprocessableContent: The body is of another kind.
        """
        kind, values = self._divided(body)
        if kind != self._polymorphic.kind_of(item):
            where = pointer((self._schemas.wire,))
            raise UnprocessableContent(errors=[{"pointer": where, "detail": FIXED, "code": "kind"}])
        return self.kinds[kind].replaced(item, values, scope)

    def patched(self, item: object, patch: PatchDocument, scope: _Values) -> dict[str, object]:
        """Return the attributes that a patch changes, by the schema of the item's kind."""
        return self.kinds[self._polymorphic.kind_of(item)].patched(item, patch, scope)

    def _divided(self, body: _Values) -> tuple[str, dict[str, object]]:
        """Return the kind in a loaded body, and its attributes."""
        values = dict(body)
        return str(values.pop(self._attribute)), values


def _names_in(schema: object) -> frozenset[str]:
    """Return the names of a schema class's fields."""
    return frozenset(cast("type[Schema]", schema)().fields)
