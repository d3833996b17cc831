"""The names of components in a document; what operations are called is in `restkit.operations.operation_ids`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.exceptions import RegistryError

from ..contract import Operation
from ..errors import CollisionError
from ..operations.operation_ids import stem
from ..problems import Problem
from ..schemas.bound import BoundSchema, View

__all__ = ["check_components", "component_name", "component_names", "is_whole"]

_SUFFIXES = {View.RESPONSE: ("",), View.REQUEST: ("", "Input"), View.PATCH: ("Patch",)}


def component_name(declared: type[Schema], view: View, *, alike: bool) -> str:
    """Return the component name of one view of a schema class.

    Args:
        declared: The schema class.
        view: The view.
        alike: Whether its RESPONSE and REQUEST views are the same, and so one component.
    """
    if view is View.REQUEST and not alike:
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


def component_names(
    op: Operation, seen: set[tuple[int, View, bool]] | None = None
) -> Iterator[tuple[str, type, str]]:
    """Yield (component name, class, place) for each component that an operation may put into a document.

    A schema that is both answered and taken claims ``BookInput`` even where it turns out to be ``Book``.

    Args:
        op: The operation.
        seen: The schemas of other operations, which are left out; those of this one are added.
    """
    seen = set() if seen is None else seen
    if op.failures:
        yield "Problem", Problem, op.declared_at
    used = [
        (each.schema, each.location != "body" or each.schema.source != "json")
        for each in op.inputs
        if each.schema is not None
    ]
    for bound, inline in [
        *used,
        *((each.schema, False) for each in op.outputs if each.schema is not None),
    ]:
        key = (id(bound.schema), bound.view, inline)
        if key not in seen:
            seen.add(key)
            yield from _claims(bound, op.declared_at, inline=inline)


def _claims(
    bound: BoundSchema, declared_at: str, *, inline: bool
) -> Iterator[tuple[str, type, str]]:
    suffixes = _SUFFIXES[bound.view]
    if bound.name and not inline and is_whole(bound.schema):
        yield from (
            (stem(bound.declared) + suffix, bound.declared, declared_at) for suffix in suffixes
        )
    for nested in _nested(bound.schema, bound.view, {type(bound.schema)}):
        yield from ((stem(nested) + suffix, nested, declared_at) for suffix in suffixes)


_HOLDERS = (fields.Nested, fields.List, fields.Tuple, fields.Mapping)


def _nested(schema: Schema, view: View, seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    found = schema.dump_fields if view is View.RESPONSE else schema.load_fields
    for field in found.values():
        for each in _nested_fields(field) if isinstance(field, _HOLDERS) else ():
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


def _nested_fields(field: fields.Field[Any]) -> Iterator[fields.Nested]:
    if isinstance(field, fields.Nested):
        yield field
    elif isinstance(field, fields.List):
        yield from _nested_fields(field.inner)
    elif isinstance(field, fields.Tuple):
        for each in field.tuple_fields:
            yield from _nested_fields(each)
    elif isinstance(field, fields.Mapping) and field.value_field is not None:
        yield from _nested_fields(field.value_field)


def check_components(
    operations: Iterable[Operation], components: MutableMapping[str, tuple[type, str]]
) -> None:
    """Refuse operations that claim one component name for two classes.

    Args:
        operations: What to look at.
        components: The names that are taken, with their classes and places; those of the operations are added.

    Raises:
        CollisionError: Names both places.
    """
    seen: set[tuple[int, View, bool]] = set()
    for op in operations:
        if not op.documented:
            continue
        for component, declared, declared_at in component_names(op, seen):
            there, first = components.setdefault(component, (declared, declared_at))
            if there is not declared:
                # Of one name there are two where both were made: a schema that is derived from a model.
                same = _path(there) == _path(declared)
                advice = (
                    "write a schema of its own in one of the two"
                    if same
                    else "rename one of the two classes"
                )
                raise CollisionError(
                    f"{_path(there)} (in {first}) and {_path(declared)} (in {declared_at}) both claim the component name "
                    f"{component!r}; {advice}."
                )


def _path(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"
