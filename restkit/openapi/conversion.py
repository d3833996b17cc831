"""Schemas as JSON Schema: one component for each view of a schema class, the rest in line.

Everything is made as JSON Schema 2020-12, which OpenAPI 3.1 and 3.2 use, and lowered to the dialect
of OpenAPI 3.0 at the end if that is wanted.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from apispec import APISpec
from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema

from ..contract import Input
from ..schemas.bound import BoundSchema, View
from ..schemas.json_values import text_value
from ..schemas.schema_equality import have_same_fields
from ..schemas.schema_values import map_subschemas
from ..schemas.wire_format import wire_name
from ..schemas.wire_formats import Source
from .dialects import lower
from .fields import FieldConverter
from .form_members import fill_in, form_schema, source_of, without_checkboxes
from .metadata import Field, Keywords
from .names import ComponentNames, is_whole
from .own_schemas import Reference, Words, knows_many, own_schema
from .patterns import NO_NUL
from .readable_examples import add_readable_example
from .schema_members import description_of, in_order, is_required
from .schema_uses import Use, use_of, variant_of

__all__ = ["SchemaCollector", "json_schema"]

_Key = tuple[type[Schema], View]


@dataclass(frozen=True)
class _Reference(Reference):
    """A place for a component's name, which is known once all of it is converted.

    Two references to views of one class are equal, so that RESPONSE and REQUEST can be compared.
    """

    declared: type[Schema]
    view: View = field(compare=False)


class SchemaCollector:
    """Converts bound schemas for one document and collects the components that they need."""

    def __init__(
        self, *, dialect: str = "3.1.1", strict: bool = True, prefix: str = "#/components/schemas/"
    ) -> None:
        """Make an empty collection.

        Args:
            dialect: The version of OpenAPI to write for.
            strict: Whether unknown fields are errors where a schema does not say so itself.
            prefix: The text before a component's name in a ``$ref``.
        """
        self._dialect = dialect
        self._strict = strict
        self._prefix = prefix
        self._spec = APISpec(title="", version="", openapi_version="3.1.1")
        self.names = ComponentNames()
        self._instances: dict[_Key, Schema] = {}
        self._converted: dict[_Key, Keywords] = {}
        self._alike: dict[type[Schema], bool] = {}
        self._used: dict[_Key, None] = {}
        self._open: dict[Use, Schema] = {}
        self._endless: dict[Use, type[Schema]] = {}
        self._converters: dict[tuple[View, Source], FieldConverter] = {}

    def schema(self, bound: BoundSchema, *, many: bool | None = None) -> Keywords:
        """Return the place of a bound schema: a ``$ref`` to a component, or the schema itself.

        Args:
            bound: The schema for one use.
            many: Whether an array of it is meant, as bound where None.
        """
        many = bound.many if many is None else many
        if many and knows_many(bound.schema, bound.view):
            return self._finished(self._convert(bound.schema, bound.view, "json", many=True))
        out = self._place(bound.schema, bound.view, "json", whole=bool(bound.name))
        return self._finished({"type": "array", "items": out} if many else out)

    def form(self, *bound: BoundSchema) -> Keywords:
        """Return the schema of a form that the fields of several schemas make up."""
        parts = [self._of_fields(each.schema, each.view, source_of(each)) for each in bound]
        return self._finished(form_schema(bound, parts))

    def parameters(self, taken: Input) -> Iterator[tuple[str, Field, Keywords]]:
        """Yield (wire name, field, JSON Schema) for each documented field of parameters."""
        if taken.schema is None:
            return
        converter = self._converter(taken.schema.view, "text")
        for name, each in taken.schema.load_fields.items():
            if each.metadata.get("documented", True) is False:
                continue
            yield name, each, self._finish(converter.field2property(each))

    def components(self) -> dict[str, Keywords]:
        """Return all components that the converted schemas need, sorted by name."""
        done: dict[str, Keywords] = {}
        while pending := [key for key in self._used if self._name(*key) not in done]:
            for key in pending:
                done[self._name(*key)] = self._finish(self._component(*key))
        return {name: done[name] for name in sorted(done)}

    def _name(self, declared: type[Schema], view: View) -> str:
        alike = view is not View.PATCH and self._is_alike(declared)
        return self.names.name(declared, view, alike=alike)

    def _is_alike(self, declared: type[Schema]) -> bool:
        """Return whether RESPONSE and REQUEST come out equal, in nested schemas too."""
        if declared not in self._alike:
            seen: set[type[Schema]] = set()
            pending = [declared]
            alike = True
            while alike and pending:
                each = pending.pop()
                if each not in seen:
                    seen.add(each)
                    read = self._component(each, View.RESPONSE)
                    alike = read == self._component(each, View.REQUEST)
                    pending += [reference.declared for reference in _references(read)]
            self._alike[declared] = alike
        return self._alike[declared]

    def _component(self, declared: type[Schema], view: View) -> Keywords:
        if (declared, view) not in self._converted:
            schema = self._instance(declared, view)
            self._converted[declared, view] = self._convert(schema, view, "json")
        return self._converted[declared, view]

    def _instance(self, declared: type[Schema], view: View) -> Schema:
        """Return the instance that a view of a class is made of.

        One of another view has the same fields, but may treat unknown ones otherwise.
        """
        if found := self._instances.get((declared, view)):
            return found
        schema = next(each for key, each in self._instances.items() if key[0] is declared)
        if view is not View.RESPONSE and not self._has_own_unknown(schema):
            schema = copy.copy(schema)
            unknown: Any = self._class_unknown(declared)
            schema.unknown = unknown
        return schema

    def _place(self, schema: Schema, view: View, source: Source, *, whole: bool = True) -> Keywords:
        if view is View.REQUEST and schema.partial is True:
            view = View.PATCH  # of which every member is optional, too
        declared = type(schema)
        if whole and source == "json" and self._is_the_component(schema, view):
            return {"$ref": _Reference(declared, view)}
        use = use_of(schema, view)
        found = self._nested_again(schema, use, source)
        if found is not None:
            return found
        self._open[use] = schema
        try:
            return self._convert(schema, view, source)
        finally:
            self._open.pop(use, None)

    def _nested_again(self, schema: Schema, use: Use, source: Source) -> Keywords | None:
        """Return the place of a use that is being converted, or is a component; None of others."""
        own = self._endless.get(use)
        if own and source == "json" and have_same_fields(schema, self._instances[own, use.view]):
            return {"$ref": _Reference(own, use.view)}
        outer = self._open.get(use)
        if outer is None:
            return None
        if source != "json" or not have_same_fields(schema, outer):
            return {"type": "object", "description": "Nested without end."}
        return {"$ref": _Reference(self._component_of_use(schema, use), use.view)}

    def _component_of_use(self, schema: Schema, use: Use) -> type[Schema]:
        """Return a class of its own for a use of a schema that nests itself."""
        own = variant_of(type(schema))
        self._endless[use] = own
        self._instances[own, use.view] = schema
        return own

    def _nested(self, schema: Schema, view: View, source: Source, *, many: bool) -> dict[str, Any]:
        if many and knows_many(schema, view):
            return self._convert(schema, view, source, many=True)
        out = self._place(schema, view, source)
        return {"type": "array", "items": out} if many else out

    def _is_the_component(self, schema: Schema, view: View) -> bool:
        """Return whether an instance equals the one that the view's component is made of."""
        declared = type(schema)
        if not is_whole(schema, patch=view is View.PATCH):
            return False
        if view is not View.RESPONSE and not self._has_own_unknown(schema):
            return False
        first = self._instances.setdefault((declared, view), schema)
        return have_same_fields(schema, first)

    def _has_own_unknown(self, schema: Schema) -> bool:
        return (
            schema.unknown == self._class_unknown(type(schema))
            or schema.unknown == schema.opts.unknown
        )

    def _class_unknown(self, declared: type[Schema]) -> str:
        said = any("unknown" in vars(base) for base in declared.Meta.__mro__)
        return EXCLUDE if not said and not self._strict else declared.opts.unknown

    def _converter(self, view: View, source: Source) -> FieldConverter:
        if (view, source) not in self._converters:
            inside: Source = "json" if source == "form" else source
            self._converters[view, source] = FieldConverter(
                self._spec,
                view,
                source,
                lambda schema, many: self._nested(schema, view, inside, many=many),
            )
        return self._converters[view, source]

    def _convert(
        self, schema: Schema, view: View, source: Source, *, many: bool = False
    ) -> dict[str, Any]:
        def place(nested: Schema) -> dict[str, Any]:
            return self._place(nested, view, source)

        words = Words(lambda: self._of_fields(schema, view, source), place, many)
        own = own_schema(schema, view, words) if source == "json" else None
        return self._of_fields(schema, view, source) if own is None else own

    def _of_fields(self, schema: Schema, view: View, source: Source) -> dict[str, Any]:
        converter = self._converter(view, source)
        found = schema.dump_fields if view is View.RESPONSE else schema.load_fields
        named = {wire_name(name, found[name]): found[name] for name in in_order(schema, found)}
        out: Keywords = {"type": "object"}
        if title := getattr(schema.Meta, "title", None):
            out["title"] = text_value(title)
        if description := description_of(schema):
            out["description"] = description
        out["properties"] = {name: converter.field2property(each) for name, each in named.items()}
        required = [name for name, each in named.items() if is_required(each, schema, view)]
        if source == "form":
            required = without_checkboxes(required, out["properties"], named, schema, view)
            fill_in(out["properties"], named)
        if required:
            out["required"] = required
        if self._is_closed(schema, view):
            out["additionalProperties"] = False
        return out

    def _is_closed(self, schema: Schema, view: View) -> bool:
        if view is View.RESPONSE:
            return True
        unknown: str = schema.unknown
        if unknown == RAISE and unknown == schema.opts.unknown:
            unknown = self._class_unknown(type(schema))
        return unknown not in (EXCLUDE, INCLUDE)

    def _finished(self, schema: Keywords) -> Keywords:
        return {**self._finish(schema)}

    def _finish(self, node: Any) -> Any:
        finished = self._named(node)
        return lower(finished) if self._dialect.startswith("3.0") else finished

    def _named(self, node: Any) -> Any:
        """Copy a schema with the names of components in place of references."""
        if not isinstance(node, Mapping):
            return node
        out = map_subschemas(node, self._named)
        if "$ref" in out:
            out["$ref"] = self._pointer(out["$ref"])
        if "discriminator" in out:
            discriminator = out["discriminator"]
            mapping = discriminator.get("mapping", {})
            named = {tag: self._pointer(each) for tag, each in mapping.items()}
            out["discriminator"] = {**discriminator, "mapping": named}
        if self._prefix.startswith("#/components/") and out.get("pattern") == NO_NUL:
            add_readable_example(out)
        if _is_bare_array(out):
            # OpenAPI 3.0.4, section 4.7.24; generators expect it of 3.1 as well.
            out["items"] = {}
        return out

    def _pointer(self, reference: object) -> object:
        """Return the ``$ref`` of a component."""
        if not isinstance(reference, _Reference):
            return reference
        key = (reference.declared, reference.view)
        self._used[key] = None
        return self._prefix + self._name(*key)


def _is_bare_array(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    if kind != "array" and not (isinstance(kind, list) and "array" in kind):
        return False
    return "items" not in schema and "prefixItems" not in schema


def json_schema(bound: BoundSchema, *, dialect: Literal["3.0", "3.1", "3.2"] = "3.1") -> Keywords:
    """Return the JSON Schema of a bound schema, self-contained with its ``$defs``.

    Args:
        bound: The schema for one use; a list of it where it is bound with ``many``.
        dialect: The version of OpenAPI whose dialect is wanted.
    """
    strict = (
        bound.view is View.RESPONSE
        or bound.schema.unknown != EXCLUDE
        or bound.schema.opts.unknown == EXCLUDE
    )
    collector = SchemaCollector(dialect=dialect, strict=strict, prefix="#/$defs/")
    if bound.source != "json":
        return collector.form(bound)
    out = collector.schema(bound)
    components = collector.components()
    return {**out, "$defs": components} if components else out


def _references(node: Any) -> Iterator[_Reference]:
    if isinstance(node, _Reference):
        yield node
    elif isinstance(node, dict):
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)
