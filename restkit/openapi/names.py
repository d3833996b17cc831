"""The names in a document: operationIds and components. Cheap, so that the App can refuse collisions at start-up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping

from marshmallow import Schema, fields
from marshmallow.exceptions import RegistryError

from ..contract import Operation
from ..errors import CollisionError
from ..problems import Problem
from ..resource import FunctionResource
from ..schemas import BoundSchema, View

__all__ = ["check_names", "component_name", "component_names", "is_whole", "noun", "operation_id", "stem"]

_SUFFIX = re.compile(r"(?<=.)(Item|Resource|View|Collection)$")
_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_SUFFIXES = {View.READ: ("",), View.WRITE: ("", "Input"), View.PATCH: ("Patch",)}


def operation_id(op: Operation) -> str:
    """Return the operationId of an operation: given, or made of the verb and the name of its class.

    Args:
        op: An operation; nothing but its own record is looked at, so the name does not depend on the others.

    Returns:
        ``listBooks``, ``getBook``, ``createBook``, ``replaceBook``, ``updateBook``, ``deleteBook``; for a
        function route the function's name in camelCase.
    """
    if op.operation_id:
        return op.operation_id
    if issubclass(op.resource, FunctionResource):
        name = op.function.__name__
        return _camel(name if name.isidentifier() else f"{op.method.lower()}_{op.path}")
    if op.method == "GET":
        is_item = op.path.rstrip("/").endswith("}")
        many = any(_is_list(output.schema, is_item=is_item) for output in op.outputs if output.status < 300)
        return "list" + _bare(op.resource.__name__) if many else "get" + noun(op)
    return _VERBS.get(op.method, op.method.lower()) + noun(op)


def _is_list(bound: BoundSchema | None, *, is_item: bool) -> bool:
    """Whether an answer is a list, or a page: an object whose ``items`` are one, not at the URL of one thing."""
    if bound is None:
        return False
    return bound.many or (not is_item and isinstance(bound.dump_fields.get("items"), fields.List))


def noun(op: Operation) -> str:
    """Return what one item of a resource is called: ``Book`` for ``Books`` and ``BookItem``, as its schema has it."""
    bare = _bare(op.resource.__name__)
    bodies = (*(i.schema for i in op.inputs if i.location == "body"), *(o.schema for o in op.outputs))
    schemas = [bound.name for bound in bodies if bound is not None and bound.name]
    declared = getattr(op.resource, "schema", None)
    kind = declared if isinstance(declared, type) else type(declared)
    if issubclass(kind, Schema):
        schemas.append(stem(kind))
    # The singular is the one that a schema bears out: of Books by Book, of AuthorBooks too.
    return next((name for each in schemas for name in (bare, *_singulars(bare)) if name.endswith(each)), bare)


def _bare(name: str) -> str:
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    return name[:1].upper() + name[1:]


def _singulars(name: str) -> Iterator[str]:
    for ending, singular in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
        if name.endswith(ending):
            yield name.removesuffix(ending) + singular


def _camel(name: str) -> str:
    first, *rest = [part for part in name.split("_") if part] or [name]
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def stem(declared: type[Schema]) -> str:
    """Return the stem of a schema class's component name: ``Book`` for ``BookSchema``."""
    name = declared.__name__
    return "" if name == "GeneratedSchema" else name.removesuffix("Schema") or name


def component_name(declared: type[Schema], view: View, *, alike: bool) -> str:
    """Return the component name of one view of a schema class.

    Args:
        declared: The schema class.
        view: The view.
        alike: Whether its READ and WRITE views are the same, and so one component.
    """
    if view is View.WRITE and not alike:
        return stem(declared) + "Input"
    return stem(declared) + ("Patch" if view is View.PATCH else "")


def is_whole(schema: Schema) -> bool:
    """Whether an instance has all of its class's fields as declared, and so is the class's component."""
    options = schema.opts
    return (
        schema.only is None
        and set(schema.exclude) == set(options.exclude)
        and set(schema.load_only) == set(options.load_only)
        and set(schema.dump_only) == set(options.dump_only)
        and not schema.partial
        and bool(stem(type(schema)))
    )


def component_names(op: Operation, seen: set[tuple[int, View, bool]] | None = None) -> Iterator[tuple[str, type, str]]:
    """Yield (component name, class, place) for each component that an operation may put into a document.

    A schema that is both answered and taken claims ``BookInput`` even where it turns out to be ``Book``.

    Args:
        op: The operation.
        seen: The schemas of other operations, which are left out; those of this one are added.
    """
    seen = set() if seen is None else seen
    if op.failures:
        yield "Problem", Problem, op.place
    used = [(each.schema, each.location != "body") for each in op.inputs]
    for bound, inline in [*used, *((each.schema, False) for each in op.outputs if each.schema is not None)]:
        key = (id(bound.schema), bound.view, inline)
        if key not in seen:
            seen.add(key)
            yield from _claims(bound, op.place, inline=inline)


def _claims(bound: BoundSchema, place: str, *, inline: bool) -> Iterator[tuple[str, type, str]]:
    suffixes = _SUFFIXES[bound.view]
    if bound.name and not inline and is_whole(bound.schema):
        yield from ((stem(bound.declared) + suffix, bound.declared, place) for suffix in suffixes)
    for nested in _nested(bound.schema, bound.view, {type(bound.schema)}):
        yield from ((stem(nested) + suffix, nested, place) for suffix in suffixes)


def _nested(schema: Schema, view: View, seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    found = schema.dump_fields if view is View.READ else schema.load_fields
    for field in found.values():
        for each in _nested_fields(field):
            try:
                below = each.schema
            except RegistryError:  # named by a string, and not declared yet
                continue
            if type(below) in seen:
                continue
            seen.add(type(below))
            if is_whole(below) and not isinstance(each, fields.Pluck):
                yield type(below)
            yield from _nested(below, view, seen)


def _nested_fields(field: fields.Field[object]) -> Iterator[fields.Nested]:
    if isinstance(field, fields.Nested):
        yield field
    elif isinstance(field, fields.List):
        yield from _nested_fields(field.inner)
    elif isinstance(field, fields.Tuple):
        for each in field.tuple_fields:
            yield from _nested_fields(each)
    elif isinstance(field, fields.Mapping) and field.value_field is not None:
        yield from _nested_fields(field.value_field)


def check_names(
    operations: Iterable[Operation],
    ids: MutableMapping[str, str] | None = None,
    components: MutableMapping[str, tuple[type, str]] | None = None,
) -> None:
    """Refuse operations that claim one operationId or one component name for two things.

    Args:
        operations: What to look at.
        ids: The operationIds that are taken, with their places; those of the operations are added.
        components: The component names that are taken, with their classes and places; likewise.

    Raises:
        CollisionError: Names both places.
    """
    ids = {} if ids is None else ids
    components = {} if components is None else components
    seen: set[tuple[int, View, bool]] = set()
    for op in operations:
        if not op.documented:
            continue
        name = operation_id(op)
        if name in ids:
            raise CollisionError(
                f"{ids[name]} and {op.place} both have the operationId {name!r}; "
                f'give one of them another with @operation(operation_id="...").'
            )
        ids[name] = op.place
        for component, declared, place in component_names(op, seen):
            there, first = components.setdefault(component, (declared, place))
            if there is not declared:
                raise CollisionError(
                    f"{_path(there)} (in {first}) and {_path(declared)} (in {place}) both claim the component name "
                    f"{component!r}; rename one of the two classes."
                )


def _path(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"
