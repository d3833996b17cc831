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
from ..schemas.hook_members import changed_members
from ..schemas.own_behavior import (
    changes_input,
    changes_output,
    overrides_dump,
    overrides_load,
    wraps_collections,
)
from ..schemas.schema_values import schema_value
from ..schemas.unions import Alternative, alternatives_of
from ..schemas.wire_format import wire_name

__all__ = ["Reference", "Words", "has_own_schema", "knows_many", "own_schema"]

Keywords = dict[str, Any]
_VIEWS = frozenset(view.value for view in View)
_WORDS = ("title", "description")


class Reference:
    """The value of a ``$ref``, until the name of its component is known."""


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
    return wraps_collections(schema, _tag(view)) or (_overridden(schema, view))


def own_schema(schema: Schema, view: View, words: Words) -> Keywords | None:
    """Return the JSON Schema of a schema, None if its fields say all of it."""
    said = _said(schema)
    if said is not None:
        return _as_declared(said, schema, view, words)
    discriminator, alternatives = alternatives_of(schema)
    if alternatives:
        if view is not View.RESPONSE and _finds_type_itself(schema):
            return _annotated({}, words.derived())
        return _union(discriminator, alternatives, words, is_response=view is View.RESPONSE)
    if _overridden(schema, view) or knows_many(schema, view):
        return _annotated({}, words.derived())
    changes = changes_output(schema) if view is View.RESPONSE else changes_input(schema)
    if not changes:
        return None
    return _opened(words.derived(), changed_members(schema, _tag(view)))


def _tag(view: View) -> str:
    return POST_DUMP if view is View.RESPONSE else PRE_LOAD


def _opened(schema: Keywords, changed: frozenset[str] | None) -> Keywords:
    """Return the schema of an object of which hooks change some members, or nobody knows which."""
    out = {name: schema[name] for name in schema if name != "required"}
    if changed is None:
        out.pop("additionalProperties", None)
        return out
    more: Keywords = {name: {} for name in sorted(changed)}
    out["properties"] = {**more, **out["properties"]}
    kept = [name for name in schema.get("required", ()) if name not in changed]
    return {**out, "required": kept} if kept else out


def has_own_schema(schema: Schema) -> bool:
    """Return whether a schema class says its JSON Schema itself."""
    return _said(schema) is not None


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
        found = _called(said, schema, view, words)
    declared = f"{type(schema).__qualname__}.json_schema"
    if not isinstance(found, Mapping):
        raise DeclarationError(
            f"{declared} is {found!r} for the view {view.value!r}, not a mapping. "
            "Give a mapping of JSON Schema keywords."
        )
    placing = _Placing(words.place)
    try:
        written = schema_value(placing.marked(found))
    except ValueError as error:
        raise DeclarationError(
            f"{declared} cannot be written into the document for the view {view.value!r}: {error}. "
            "Give the keywords of a JSON Schema of 2020-12, with JSON values."
        ) from error
    placed: Keywords = placing.placed(written)
    return placed


def _called(said: Callable[..., object], schema: Schema, view: View, words: Words) -> object:
    """Call a function with those of the keywords that it has, and return its schema."""
    declared = f"{type(schema).__qualname__}.json_schema"
    given: dict[str, Callable[[], object]] = {
        "derived": words.derived,
        "view": lambda: view.value,
        "many": lambda: words.many,
    }
    taken = _parameters(said)
    arguments = {name: make() for name, make in given.items() if name in taken}
    try:
        return said(**arguments)
    except Exception as error:
        raise DeclarationError(
            f"{declared} raised {type(error).__name__} for the view {view.value!r}: {error}. It is "
            "called as a class method, with those of the keywords derived, view and many that it "
            "names."
        ) from error


def _parameters(said: Callable[..., object]) -> frozenset[str]:
    return frozenset(inspect.signature(said).parameters)


class _Placing:
    """The places of Schema classes and instances in a declared JSON Schema.

    While the JSON Schema is checked, a text stands for each place.
    """

    def __init__(self, place: Callable[[Schema], Keywords]) -> None:
        self._place = place
        self._found: dict[str, object] = {}

    def marked(self, node: object, depth: int = 0) -> object:
        """Return a copy with a mark for each Schema and each unnamed reference."""
        if isinstance(node, type) and issubclass(node, Schema):
            return self._mark(self._place(node()))
        if isinstance(node, Schema):
            return self._mark(self._place(node))
        if isinstance(node, Reference):
            return self._text(node)
        if depth > _DEEPEST:
            raise ValueError("a JSON Schema contains itself or is nested too deeply")
        if isinstance(node, Mapping):
            return {name: self.marked(each, depth + 1) for name, each in node.items()}
        if isinstance(node, (list, tuple)):
            return [self.marked(each, depth + 1) for each in node]
        return node

    def _mark(self, place: Keywords) -> Keywords:
        return {"$ref": self._text(place)}

    def _text(self, found: object) -> str:
        text = f"restkit:{len(self._found)}"
        self._found[text] = found
        return text

    def placed(self, node: object) -> Any:
        """Return a copy with the places in the place of the marks."""
        if isinstance(node, dict):
            reference = node.get("$ref")
            found = self._found.get(reference) if isinstance(reference, str) else None
            if isinstance(found, dict):
                return {**found, **{name: node[name] for name in node if name != "$ref"}}
            return {name: self.placed(each) for name, each in node.items()}
        if isinstance(node, list):
            return [self.placed(each) for each in node]
        return self._found.get(node, node) if isinstance(node, str) else node


# A schema in each of the 64 schemas that may be nested, and what is between them.
_DEEPEST = 200


def _union(
    discriminator: str, alternatives: Sequence[Alternative], words: Words, *, is_response: bool
) -> Keywords:
    """Return alternatives: exactly one of them if a discriminator tells which."""
    places = [words.place(each.schema) for each in alternatives]
    if not discriminator:
        return _annotated({"anyOf": places}, words.derived())
    out: Keywords = {"oneOf": places}
    if not is_response and not all(_requires(each.schema, discriminator) for each in alternatives):
        out["required"] = [discriminator]  # also of a Constant, which is not required by itself
    if all("$ref" in place for place in places):
        mapping = {
            each.tag: place["$ref"] for each, place in zip(alternatives, places, strict=True)
        }
        out["discriminator"] = {"propertyName": discriminator, "mapping": mapping}
    return _annotated(out, words.derived())


def _requires(schema: Schema, wire: str) -> bool:
    return any(
        wire_name(name, each) == wire and each.required for name, each in schema.fields.items()
    )
