"""The schema classes of a `CRUDResource`: as declared, or derived from its model."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from marshmallow import Schema, missing

from ..errors import DeclarationError
from ..masks import declared_masks
from ..operations.operation_ids import singular, stem
from ..records import Record
from ..resource import Owner, Resource, Schemas
from ..schemas.envelopes import is_envelope
from ..schemas.mask_plans import MaskLevel
from ..schemas.masked_schemas import masked_schema
from .action_contracts import action_schemas
from .derived_schemas import remember
from .expansions import expansions_of
from .mask_levels import Notes
from .related_schemas import expanded_schema
from .relation_fields import BoundRelation, with_relations
from .relations import Relating, declared_relations
from .store import AnyStore
from .transition_texts import described, transition_texts

__all__ = [
    "DeclaredSchemas",
    "declared_schemas",
    "derived_schema",
    "scoped_attributes",
    "without_required",
]


class Relaxed(Record):
    """A schema class of new items that may lack attributes that the scope or a row rule decides.

    Attributes:
        schema: The class.
        required: The attributes that the declared class requires.
        defaults: The default values of the declared class.
    """

    schema: type[Schema]
    required: frozenset[str]
    defaults: Mapping[str, object]


class DeclaredSchemas(Record):
    """The schema class of each kind of content.

    Attributes:
        item: The schema of the responses of one item.
        list: The schema of the items of a page.
        create: The schema of POST bodies.
        replace: The schema of PUT bodies.
        update: The schema of PATCH bodies.
        relations: The relations that content names by keys.
    """

    item: type[Schema]
    list: type[Schema]
    create: Relaxed
    replace: Relaxed
    update: type[Schema]
    relations: Mapping[str, BoundRelation]


def scoped_attributes(declared: type) -> set[str]:
    """Return the strings that may be the attributes which a class's ``scope`` decides.

    These are the names in ``scoped``, and the constants in the code of ``scope``, such as the keys
    of the mapping that it returns. Whether it decides them, each request shows.
    """
    found = {*getattr(declared, "scoped", ())}
    for each in declared.__mro__:
        code = getattr(vars(each).get("scope"), "__code__", None)
        for constant in () if code is None else code.co_consts:
            names = constant if isinstance(constant, tuple) else (constant,)
            found.update(name for name in names if isinstance(name, str))
    return found


def declared_schemas(
    declared: Any,
    store: AnyStore,
    declared_at: str,
    scope: Sequence[str],
    name: str,
    decided: Collection[str] = (),
    app: Owner | None = None,
) -> DeclaredSchemas:
    """Return the schema classes of a `CRUDResource`.

    Args:
        declared: The class.
        store: The store of its items, which derives a schema if the class declares none.
        declared_at: The name of the class, for messages.
        scope: The variables of the URL pattern.
        name: The name of the collection, which names a derived schema.
        decided: The attributes that the scope or a row rule may decide, so that bodies may lack
            them.
        app: The App, whose other collections declare the schemas of related items.

    Raises:
        DeclarationError: A declared schema is not a schema class.
    """
    schema = declared.schema
    relations = _relations_of(declared, store, declared_at, {*scope, *decided})
    if schema is None:
        schema = derived_schema(declared, store, declared_at, scope, name, decided, app)
    elif not isinstance(schema, Schemas):
        found = _schema_class(schema, f"{declared_at}.schema")
        schema = with_relations(found, relations, declared_at, derived=False)
        remember(declared, schema)
    if not isinstance(schema, Schemas):
        _check_relations(relations, (schema,), declared_at)
        roles: Sequence[str] = ("item", "list", "create", "update")
        return _with_actions(declared, dict.fromkeys(roles, schema), decided, relations)
    chosen = {
        "item": schema.item,
        "list": schema.response(many=True),
        "create": schema.body("POST"),
        "update": schema.body("PATCH"),
    }
    classes = {
        role: _schema_class(each, f"{declared_at}.schema: {role} of Schemas(...)")
        for role, each in chosen.items()
    }
    classes = {
        role: with_relations(each, relations, declared_at, derived=False)
        for role, each in classes.items()
    }
    _check_relations(relations, classes.values(), declared_at)
    remember(declared, classes["item"])
    return _with_actions(declared, classes, decided, relations)


def _with_actions(
    declared: type[Resource],
    classes: Mapping[str, type[Schema]],
    decided: Collection[str],
    relations: Mapping[str, BoundRelation],
) -> DeclaredSchemas:
    """Return the schemas of a class, with those that its actions declare in place of them."""
    found = {**classes, "replace": classes["create"], **action_schemas(declared)}
    if texts := transition_texts(getattr(declared, "transitions", {})):
        found = {role: described(each, texts) for role, each in found.items()}
    level = schema_level(declared)
    if level is not None:
        found = {role: masked_schema(each, level) for role, each in found.items()}
    create = relaxed(found["create"], decided)
    replace = create
    if found["replace"] is not found["create"]:
        replace = relaxed(found["replace"], decided)
    return DeclaredSchemas(
        found["item"], found["list"], create, replace, found["update"], relations
    )


def schema_level(declared: type) -> MaskLevel | None:
    """Return the masks of a collection's schemas: those of one caller, or notes on all of them."""
    level: MaskLevel | None = getattr(declared, "_mask_level", None)
    if level is None and getattr(declared, "masks", None):
        return Notes(declared_masks(declared, f"{declared.__module__}.{declared.__qualname__}"))
    return level


def _relations_of(
    declared: Any, store: AnyStore, declared_at: str, decided: Collection[str]
) -> dict[str, BoundRelation]:
    """Return the relations that content names by keys, by name.

    Raises:
        DeclarationError: The store has none, or the server decides one of them.
    """
    found: dict[str, BoundRelation] = {}
    included = expansions_of(getattr(declared, "expand", ()), declared_at)
    for name, related in declared_relations(declared, declared_at).items():
        if name in included:
            raise DeclarationError(
                f"{declared_at} has {name!r} in relations, where content names rows by keys, and "
                "in expand, which includes whole rows. One member cannot hold both. Give the rows "
                f"a field of their own in the schema, {name}_rows = fields.Nested(..., "
                f"attribute={name!r}, dump_only=True), and write {name}_rows in expand."
            )
        if not isinstance(store, Relating):
            raise DeclarationError(
                f"{declared_at}.relations: {type(store).__name__} does not find related items. "
                "Remove relations."
            )
        try:
            relation = store.relation(name, related)
        except DeclarationError as error:
            raise DeclarationError(f"{declared_at}.relations: {error}") from None
        for each in relation.references:
            if each in decided:
                raise DeclarationError(
                    f"{declared_at}.relations: the URL, scope() or a row rule decides {each!r}, "
                    f"so that content cannot name {name!r}. Remove it from relations."
                )
        found[name] = BoundRelation(relation, related)
    return found


def _check_relations(
    relations: Mapping[str, BoundRelation], schemas: Iterable[type[Schema]], declared_at: str
) -> None:
    """Reject a relation that no schema has."""
    known: set[str] = set()
    for each in schemas if relations else ():
        known |= {field.attribute or name for name, field in each().fields.items()}
    for name, bound in relations.items():
        if not known.intersection((name, bound.relation.name, *bound.relation.references)):
            kind = type(bound.relation.field).__name__
            wanted = f"fields.List(fields.{kind}())" if bound.relation.is_many else f"{kind}()"
            raise DeclarationError(
                f"{declared_at}.relations has {name!r}, which the schema lacks. Add "
                f"{name} = {wanted} to the schema."
            )


def derived_schema(
    declared: type[Resource],
    store: AnyStore,
    declared_at: str,
    scope: Sequence[str],
    name: str,
    decided: Collection[str],
    app: Owner | None = None,
) -> type[Schema]:
    """Return the schema class that the store derives for a collection; see `declared_schemas`."""
    relations = _relations_of(declared, store, declared_at, {*scope, *decided})
    expand = expansions_of(getattr(declared, "expand", ()), declared_at)
    derived = expanded_schema(store, expand, app, declared_at)
    remember(declared, with_relations(derived, relations, declared_at, derived=True))
    known = [each for each in scope if each in derived().fields]
    schema = _scoped(derived, known, name) if known else derived
    return with_relations(schema, relations, declared_at, derived=True)


def relaxed(declared: type[Schema], decided: Collection[str]) -> Relaxed:
    """Return a schema class that neither requires nor fills in attributes that may be decided."""
    try:
        fields = declared().load_fields
    except Exception:  # noqa: BLE001  # `Views` says why the schema cannot be instantiated
        return Relaxed(declared, frozenset(), {})
    members: dict[str, object] = {}
    required: set[str] = set()
    defaults: dict[str, object] = {}
    for name, field in fields.items():
        attribute = field.attribute or name
        if attribute not in decided or not (field.required or field.load_default is not missing):
            continue
        if field.required:
            required.add(attribute)
        else:
            defaults[attribute] = field.load_default
        made = copy.copy(field)
        made.required, made.load_default = False, missing
        members[name] = made
    if not members:
        return Relaxed(declared, frozenset(), {})
    meta = type("Meta", (declared.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    made_class = type(declared.__name__, (declared,), {**members, **more})
    return Relaxed(made_class, frozenset(required), defaults)


@cache
def without_required(
    declared: type[Schema], attributes: Collection[str], suffix: str
) -> type[Schema]:
    """Return a copy of a schema class that does not require attributes, or the class itself.

    Args:
        declared: The class.
        attributes: The attributes.
        suffix: The end of the name of the copy.
    """
    required = {
        name: field
        for name, field in declared().load_fields.items()
        if field.required and (field.attribute or name) in attributes
    }
    if not required:
        return declared
    members: dict[str, object] = {}
    for name, field in required.items():
        made = copy.copy(field)
        made.required = False
        members[name] = made
    meta = type("Meta", (declared.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    stem = declared.__name__.removesuffix("Schema")
    return type(f"{stem}{suffix}Schema", (declared,), {**members, **more})


def _schema_class(schema: object, declared_at: str) -> type[Schema]:
    if isinstance(schema, type) and issubclass(schema, Schema):
        if is_envelope(schema):
            raise DeclarationError(
                f"{declared_at} is the envelope {schema.__name__}, which has none of the model's "
                "attributes. Declare the schema of the items, or serve them by a Resource."
            )
        return schema
    raise DeclarationError(f"{declared_at} must be a marshmallow Schema class, got {schema!r}.")


def _scoped(derived: type[Schema], scope: Sequence[str], name: str) -> type[Schema]:
    """Return a derived schema whose attributes of the URL are in responses only."""
    members: dict[str, object] = {}
    for attribute in scope:
        field = copy.copy(derived().fields[attribute])
        field.dump_only, field.required, field.load_default = True, False, missing
        members[attribute] = field
    own = singular(name, stem(derived)) or f"{name}{stem(derived)}"
    meta = type("Meta", (derived.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": derived.__doc__, "__module__": derived.__module__}
    return type(f"{own}Schema", (derived,), {**members, **more})
