"""The JSON Schema of schemas that say it themselves, of unions, and of schemas with hooks.

A schema class may say its JSON Schema by ``json_schema``: a mapping, a mapping by view
(``"response"``, ``"request"``, ``"patch"``), or a class method, which is called with those of the
keywords ``derived``, ``view`` and ``many`` that it has. Schema classes and instances in the
result stand for their own JSON Schemas. Without such a word a schema whose hooks or methods
change data is documented as open.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import Schema
from marshmallow.decorators import POST_DUMP, PRE_LOAD

from ..errors import DeclarationError
from ..records import Record
from ..schemas.bound import View
from ..schemas.own_behavior import (
    changes_input,
    changes_output,
    overrides_dump,
    overrides_load,
    wraps_collections,
)
from ..schemas.unions import Alternative, alternatives_of

__all__ = ["Words", "knows_many", "own_schema"]

Keywords = dict[str, Any]
_VIEWS = frozenset(view.value for view in View)
_WORDS = ("title", "description")


class Words(Record):
    """The parts that a JSON Schema is made of.

    Attributes:
        derived: Returns the JSON Schema that the fields say.
        place: Returns the place of another schema: a ``$ref``, or its JSON Schema.
        many: Whether a list of the schema is meant.
    """

    derived: Callable[[], Keywords]
    place: Callable[[Schema], Keywords]
    many: bool = False


def knows_many(schema: Schema, view: View) -> bool:
    """Return whether a list of a schema is more than an array of it."""
    said = _said(schema)
    if said is not None:
        return callable(said) and "many" in _parameters(said)
    if alternatives_of(schema)[1]:
        return False
    return wraps_collections(schema, POST_DUMP if view is View.RESPONSE else PRE_LOAD) or (
        _overridden(schema, view)
    )


def own_schema(schema: Schema, view: View, words: Words) -> Keywords | None:
    """Return the JSON Schema of a schema, None if its fields say all of it."""
    said = _said(schema)
    if said is not None:
        return _as_declared(said, schema, view, words)
    discriminator, alternatives = alternatives_of(schema)
    if alternatives:
        if view is not View.RESPONSE and _finds_type_itself(schema):
            return _annotated({}, words.derived())
        return _union(discriminator, alternatives, words)
    if _overridden(schema, view) or knows_many(schema, view):
        return _annotated({}, words.derived())
    changes = changes_output(schema) if view is View.RESPONSE else changes_input(schema)
    if not changes:
        return None
    out = words.derived()
    for keyword in ("required", "additionalProperties"):
        out.pop(keyword, None)
    return out


def _said(schema: Schema) -> object:
    return getattr(type(schema), "json_schema", None)


def _overridden(schema: Schema, view: View) -> bool:
    return overrides_dump(schema) if view is View.RESPONSE else overrides_load(schema)


def _finds_type_itself(schema: Schema) -> bool:
    """Return whether a schema with ``type_schemas`` finds the type of data in its own way."""
    own = getattr(type(schema), "get_data_type", None)
    return own is not None and not own.__module__.startswith("marshmallow_oneofschema")


def _annotated(schema: Keywords, derived: Keywords) -> Keywords:
    """Return a JSON Schema with the title and description of the class."""
    return {**{name: derived[name] for name in _WORDS if name in derived}, **schema}


def _as_declared(said: object, schema: Schema, view: View, words: Words) -> Keywords:
    found = said
    if isinstance(said, Mapping):
        if said and said.keys() <= _VIEWS:
            found = said.get(view.value)
        if found is None:
            return words.derived()
    elif callable(said):
        given: dict[str, Callable[[], object]] = {
            "derived": words.derived,
            "view": lambda: view.value,
            "many": lambda: words.many,
        }
        taken = _parameters(said)
        found = said(**{name: make() for name, make in given.items() if name in taken})
    if not isinstance(found, Mapping):
        raise DeclarationError(
            f"{type(schema).__qualname__}.json_schema returned {found!r} for the view "
            f"{view.value!r}. Return a mapping of JSON Schema keywords."
        )
    placed: Keywords = _placed(found, words.place)
    return placed


def _parameters(said: Callable[..., object]) -> frozenset[str]:
    return frozenset(inspect.signature(said).parameters)


def _placed(node: object, place: Callable[[Schema], Keywords]) -> Any:
    """Return JSON Schema with the places of Schema classes and instances in it."""
    if isinstance(node, type) and issubclass(node, Schema):
        return place(node())
    if isinstance(node, Schema):
        return place(node)
    if isinstance(node, Mapping):
        return {name: _placed(each, place) for name, each in node.items()}
    if isinstance(node, (list, tuple)):
        return [_placed(each, place) for each in node]
    return node


def _union(discriminator: str, alternatives: Sequence[Alternative], words: Words) -> Keywords:
    """Return alternatives: exactly one of them if a discriminator tells which."""
    places = [words.place(each.schema) for each in alternatives]
    if not discriminator:
        return _annotated({"anyOf": places}, words.derived())
    out: Keywords = {"oneOf": places}
    if all("$ref" in place for place in places):
        mapping = {
            each.tag: place["$ref"] for each, place in zip(alternatives, places, strict=True)
        }
        out["discriminator"] = {"propertyName": discriminator, "mapping": mapping}
    return _annotated(out, words.derived())
