"""`CRUDResource.schema_class`: the schema of a collection's items, for other resources too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from marshmallow import Schema

from ..errors import DeclarationError
from ..resource import Schemas
from .expansions import expansions_of

__all__ = ["Derivation", "Deriving", "SchemaClass", "derives_schemas", "remember"]

Derivation = Callable[[type, "str | None", tuple[str, ...]], "type[Schema] | None"]
"""A function from a model, the attribute that marks removed items, and relations to the schema."""

_derivations: list[Derivation] = []
_mounted: WeakKeyDictionary[type, type[Schema]] = WeakKeyDictionary()


def derives_schemas(derivation: Derivation) -> Derivation:
    """Register a function that derives the schemas of models without a store.

    It returns None for models that are not its own, and always the same class otherwise.
    """
    _derivations.append(derivation)
    return derivation


def remember(declared: type, schema: type[Schema]) -> None:
    """Remember the schema of the items of a collection that is mounted."""
    _mounted.setdefault(declared, schema)


@runtime_checkable
class Deriving(Protocol):
    """The optional ability of a store to derive schemas before a collection is mounted."""

    def derived(self, hidden: str | None, expand: tuple[str, ...], /) -> type[Schema]:
        """Return the schema of the items, the same one as `Store.schema`.

        Args:
            hidden: The attribute that marks removed items.
            expand: The relations that clients can ask for.
        """
        ...


class SchemaClass:
    """The descriptor of ``schema_class``: the declared schema, or the one that is derived."""

    def __get__(self, instance: object, owner: type) -> type[Schema]:
        """Return the schema class of a collection's items.

        Raises:
            AttributeError: The class has neither a schema nor a model.
            DeclarationError: The schema depends on ``relations`` or the store of an App, and the
                class is not mounted yet; or the schema cannot be derived.
        """
        found = _mounted.get(owner)
        if found is None and not getattr(owner, "relations", ()):
            # SECURITY: the collections of an App decide the members of expanded items.
            is_expanding = bool(getattr(owner, "expand", ()))
            found = _declared(owner) or (None if is_expanding else _derived(owner))
        if found is None:
            raise DeclarationError(
                f"{owner.__module__}.{owner.__qualname__}.schema_class: the store of the App, "
                "and the relations and expand of the class, decide this schema. Read the attribute "
                "after app.add(...), or set store = ... in the class and leave relations and "
                "expand out."
            )
        return found


def _declared(owner: type) -> type[Schema] | None:
    """Return the schema class that a class declares, None if it declares none."""
    schema: object = getattr(owner, "schema", None)
    if isinstance(schema, Schemas):
        schema = schema.item
    return schema if isinstance(schema, type) and issubclass(schema, Schema) else None


def _derived(owner: type) -> type[Schema] | None:
    """Return the schema class that the store or the model of a class derives."""
    model: type | None = getattr(owner, "model", None)
    store: object = getattr(owner, "store", None)
    hidden: str | None = getattr(owner, "soft_delete", None)
    expand = tuple(expansions_of(getattr(owner, "expand", ()), owner.__qualname__))
    if isinstance(store, Deriving):
        return store.derived(hidden, expand)
    if store is None and model is None:
        raise AttributeError(f"{owner.__qualname__} has no model, and so no schema_class.")
    if store is not None or model is None:
        return None
    found = (derive(model, hidden, expand) for derive in _derivations)
    return next((each for each in found if each is not None), None)
