"""The check of the declarations of operations for the document, when they are mounted.

A value that cannot be written, or a component name that two classes ask for, is a mistake of the
program. It is found at start-up, with its place, and not when somebody reads the document.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import cast

from marshmallow import Schema, fields, missing
from marshmallow.exceptions import RegistryError

from ..contract import Header, Operation, Parameter, PathParameter
from ..encoding import dumps_json
from ..errors import CollisionError, DeclarationError
from ..schemas.bound import BoundSchema, View
from ..schemas.json_values import json_value, text_value
from ..schemas.repeatable import FreshDefault
from ..schemas.schema_values import schema_value
from ..schemas.unions import alternatives_of
from ..schemas.wire_format import wire_name
from ..schemas.wire_formats import wire_of
from .declared_defaults import check_default
from .declared_examples import check_examples
from .metadata import Field, describe_field, metadata_keywords, serialized_default
from .names import component_key, component_names, given_name, nested_fields
from .own_schemas import has_own_schema

__all__ = ["check_schemas"]

_Seen = set[tuple[int, View, bool]]
_Checked = set[object]
"""The ids of objects that were checked, also with their use. The objects live meanwhile."""


def check_schemas(
    operations: Iterable[Operation], given: MutableMapping[str, tuple[type, str]]
) -> None:
    """Reject operations whose schemas cannot be written into a document.

    Args:
        operations: The operations.
        given: The component names that classes say themselves, with the classes and where they are
            declared; those of the operations are added.

    Raises:
        CollisionError: Two classes say one name.
        DeclarationError: A value of a declaration is not JSON.
    """
    checked: _Checked = set()
    seen: _Seen = set()
    for op in operations:
        if not op.documented:
            continue
        _check_words(op, checked)
        for bound in op.schemas:
            # PERF: the operations of a resource have mostly the same schemas.
            key = (id(bound.schema), bound.view, bound.source)
            if key not in checked:
                checked.add(key)
                _check_bound(bound, op.declared_at, checked)
        for _, declared, declared_at in component_names(op, seen):
            if name := given_name(declared):
                _claim(name, declared, declared_at, given)


def _check_bound(bound: BoundSchema, declared_at: str, checked: _Checked) -> None:
    _check_schema(bound.schema, declared_at, checked)
    found = list(_schemas_in(bound.schema, set()))
    if any(map(has_own_schema, found)):
        _check_own_schemas(bound)
    if bound.view is View.RESPONSE:
        _check_response_examples(found, checked)
    elif bound.source == "json":
        _check_request_fields(found, checked)


def _check_own_schemas(bound: BoundSchema) -> None:
    """Reject JSON Schemas of a class's own that cannot be written, also of nested classes."""
    from .conversion import SchemaCollector  # cold start: it loads apispec

    def convert() -> None:
        collector = SchemaCollector()
        collector.schema(bound)
        collector.components()

    _ignoring_lookups(convert)


def _check_request_fields(schemas: Iterable[Schema], checked: _Checked) -> None:
    for each in schemas:
        if id(each.load_fields) not in checked:
            checked.add(id(each.load_fields))
            for field in each.load_fields.values():
                check_default(field)
                check_examples(field)


def _check_response_examples(schemas: Iterable[Schema], checked: _Checked) -> None:
    for each in schemas:
        if id(each.dump_fields) not in checked:
            checked.add(id(each.dump_fields))
            for field in each.dump_fields.values():
                check_examples(field)


def _schemas_in(schema: Schema, seen: set[type[Schema]]) -> Iterator[Schema]:
    """Yield a schema and those that are nested in it, each class once."""
    if type(schema) in seen:
        return
    seen.add(type(schema))
    yield schema
    for field in schema.fields.values():
        for nested in _nested_schemas(field):
            yield from _schemas_in(nested, seen)
    for alternative in alternatives_of(schema)[1]:
        yield from _schemas_in(alternative.schema, seen)


def _claim(
    name: str, declared: type, declared_at: str, given: MutableMapping[str, tuple[type, str]]
) -> None:
    if component_key(name) != name:
        raise DeclarationError(
            f"{_path(declared)}: Meta.component_name is {name!r}, but a component name consists of "
            "the characters a-z, A-Z, 0-9, '.', '_' and '-'. Rename it."
        )
    other, first = given.setdefault(name, (declared, declared_at))
    if other is not declared:
        raise CollisionError(
            f"{_path(other)} (in {first}) and {_path(declared)} (in {declared_at}) both have "
            f"Meta.component_name = {name!r}. Rename one of the two."
        )


def _check_words(op: Operation, checked: _Checked) -> None:
    """Reject words, examples and extensions of an operation that cannot be written."""
    texts = [("summary", op.summary), ("description", op.description)]
    for name, value in (*texts, *(("tags", tag) for tag in op.tags)):
        if not _is_plain(value):
            _check(f"{op.declared_at}: {name}", text_value, value)
    for name, values in (("examples", op.examples), ("extensions", op.extensions)):
        if values:
            _check(f"{op.declared_at}: {name}", _json, values)
    for each in _described(op):
        if id(each) not in checked:
            checked.add(id(each))
            where = f"{op.declared_at}: the {_KINDS[type(each)]} {each.name!r}"
            if not _is_plain(each.description):
                _check(f"{where} has a description that", text_value, each.description)
            _check(f"{where} has a schema that", schema_value, each.schema)
    for status, text in _response_texts(op):
        if not _is_plain(text):
            _check(f"{op.declared_at}: the description of {status}", text_value, text)


def _is_plain(text: object) -> bool:
    """Say whether a text needs no check, as nearly all do."""
    return type(text) is str and text.isascii()


_KINDS = {Header: "header", Parameter: "parameter", PathParameter: "path parameter"}


def _described(op: Operation) -> Iterator[Header | Parameter | PathParameter]:
    yield from op.path_parameters
    yield from op.parameters
    for output in op.outputs:
        yield from output.headers
    for failure in op.failures:
        yield from failure.headers
    if op.idempotency is not None:
        yield op.idempotency.header


def _response_texts(op: Operation) -> Iterator[tuple[int, object]]:
    yield from ((each.status, each.description) for each in op.outputs)
    yield from ((each.problem.status, each.description) for each in op.failures)


def _json(value: object) -> object:
    return json_value(value, nan_is_null=True)


def _check(where: str, convert: Callable[[object], object], value: object) -> None:
    try:
        convert(value)
    except ValueError as error:
        raise DeclarationError(
            f"{where} cannot be written into the document: {error}. "
            "Give strings, numbers, booleans, lists and dicts."
        ) from error
    except Exception:  # noqa: BLE001  # a lazy text may need a request to look its text up
        return


def _path(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"


def _check_schema(schema: Schema, declared_at: str, checked: _Checked) -> None:
    declared = type(schema)
    # PERF: instances of a class mostly share what their fields declare.
    if id(schema) in checked:
        return
    checked.add(id(schema))
    for name in ("title", "description"):
        if (text := getattr(schema.Meta, name, None)) is not None:
            _check(f"{_path(declared)}: Meta.{name}", text_value, text)
    for name, field in schema.fields.items():
        wire = wire_name(name, field)
        _check(f"{_path(declared)}: the name {wire!r} of a member", text_value, wire)
        for each in (field, *_parts(field)):
            _check_field(each)
        for nested in _nested_schemas(field):
            if type(nested) is not declared and id(type(nested)) not in checked:
                checked.add(id(type(nested)))
                _check_schema(nested, declared_at, checked)


def _check_field(field: Field) -> None:
    if field.metadata:
        _ignoring_lookups(lambda: metadata_keywords(field))
        if "default" in field.metadata:
            serialized_default(field, field.metadata["default"], declared=True)
    if not field.load_only:
        _check_written(field)
    declared = getattr(field, "json_schema", None)
    if declared is not None:
        _check(f"{describe_field(field)}: json_schema", schema_value, declared)


def _check_written(field: Field) -> None:
    """Reject declared values of a response that cannot be written as JSON."""
    if isinstance(field, fields.Constant):
        wire_of(field)
        return
    if isinstance(field, fields.Enum):
        for name, member in cast("type[enum.Enum]", field.enum).__members__.items():
            what = f"the {'name' if field.by_value is False else 'value'} of {name!r}"
            value = name if field.by_value is False else member.value
            _check_dumped(field.field, value, what, field)
    default = field.dump_default
    if isinstance(default, FreshDefault):
        default = default.value
    if default is missing or default is None or callable(default):
        return
    if not isinstance(field, (fields.Nested, fields.Method, fields.Function)):
        _check_dumped(field, default, f"dump_default {default!r}", field)


def _check_dumped(writer: Field, value: object, what: str, field: Field) -> None:
    try:
        # The method that every field class overrides.
        dumps_json(writer._serialize(value, field.name, None))
    except Exception as error:
        raise DeclarationError(
            f"{describe_field(field)}: {what} cannot be written as JSON: {error}."
        ) from error


def _ignoring_lookups(check: Callable[[], object]) -> None:
    try:
        check()
    except DeclarationError:
        raise
    except Exception:  # noqa: BLE001  # a lazy text may need a request to look its text up
        return


def _parts(field: Field) -> Iterator[Field]:
    """Yield the fields that a field is made of."""
    found: list[Field] = []
    if isinstance(field, fields.List):
        found = [field.inner]
    elif isinstance(field, fields.Tuple):
        found = list(field.tuple_fields)
    elif isinstance(field, fields.Mapping):
        found = [each for each in (field.key_field, field.value_field) if each is not None]
    for each in found:
        yield each
        yield from _parts(each)


def _nested_schemas(field: Field) -> Iterator[Schema]:
    for each in nested_fields(field):
        try:
            yield each.schema
        except RegistryError:  # named by a string, and not declared yet
            continue
