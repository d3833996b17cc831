"""Checks of JSON values against a schema's JSON Schema, with `jsonschema` or roughly without it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from marshmallow import Schema, fields

from ..parsing.pointers import pointer
from ..schemas.bound import BoundSchema
from ..schemas.wire_format import wire_name

__all__ = ["Checker", "Fault", "checker_of", "conforms", "make_checker"]

Fault = tuple[str, str]
Checker = Callable[[object], Fault | None]


def make_checker(schema: BoundSchema) -> Checker:
    """Return a function that returns a value's first violation of a schema, or None.

    A violation is a JSON Pointer and a message.

    Warns:
        UserWarning: The package jsonschema is missing, so that only members are checked.
    """
    # PERF: loads apispec, which only a checked JSON body needs
    from ..openapi.conversion import json_schema

    return checker_of(json_schema(schema), schema.schema)


def conforms(schema: Mapping[str, object], text: str) -> bool:
    """Return whether the text of a header is of the simple type that a JSON Schema names."""
    kind = schema.get("type")
    try:
        if kind == "integer":
            int(text)
        elif kind == "number":
            float(text)
    except ValueError:
        return False
    return kind != "boolean" or text in ("true", "false")


def checker_of(document: Mapping[str, Any], schema: Schema | None = None) -> Checker:
    """Return the function of `make_checker` for a JSON Schema, of a marshmallow schema if given.

    Warns:
        UserWarning: The package jsonschema is missing, so that only members are checked.
    """
    try:
        from jsonschema import Draft202012Validator  # PERF: the same
    except ImportError:
        warnings.warn(
            "The contract check looks only at the members of bodies: for their values, "
            "pip install 'restkit[verify]'.",
            stacklevel=2,
        )
        return lambda data: next(_faults(data, document, document, ()), None)

    validator = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def check(data: object) -> Fault | None:
        found = validator.iter_errors(data)  # pyright: ignore[reportArgumentType]  # any JSON value
        errors = sorted(found, key=lambda error: list(map(str, error.absolute_path)))
        if not errors:
            return None
        path, message = errors[0].absolute_path, errors[0].message
        return pointer(tuple(path)), message + _advice(schema, path, message)

    return check


def _advice(schema: Schema | None, path: Iterable[str | int], message: str) -> str:
    """Return advice about a datetime that lacks the offset which RFC 3339 requires."""
    if not message.endswith("is not a 'date-time'"):
        return ""
    field = _field_at(schema, path)
    if not isinstance(field, fields.DateTime):
        return ""
    kind = type(field).__name__
    return (
        f": the field is a {kind}, whose datetimes have an offset from UTC. Return an aware "
        "datetime, such as datetime.now(UTC), or declare the field as NaiveDateTime"
    )


def _field_at(schema: Schema | None, path: Iterable[str | int]) -> object:
    """Return the field that wrote the value at a path, None if it is unknown."""
    node: object = schema
    for step in path:
        if isinstance(node, fields.Nested):
            node = node.schema
        if isinstance(step, int):
            node = getattr(node, "inner", node)
        elif isinstance(node, Schema):
            members = node.dump_fields.items()
            node = next((each for name, each in members if wire_name(name, each) == step), None)
        else:
            return None
    return node


def _faults(
    data: object, rule: object, root: Mapping[str, object], path: tuple[str | int, ...]
) -> Iterator[Fault]:
    """Yield required members that are missing and members that are not declared, at any depth."""
    resolved = _resolve(rule, root)
    if isinstance(data, list) and "items" in resolved:
        for index, item in enumerate(data):
            yield from _faults(item, resolved["items"], root, (*path, index))
    elif isinstance(data, dict):
        members, required = _members(resolved)
        for name in required:
            if name not in data:
                yield pointer(path), f"{name!r} is a required property"
        for name, value in data.items():
            if name in members:
                yield from _faults(value, members[name], root, (*path, name))
            elif resolved.get("additionalProperties") is False:
                yield pointer(path), f"{name!r} is not declared"


def _members(rule: Mapping[str, object]) -> tuple[Mapping[str, object], list[str]]:
    """Return the members that a JSON Schema of an object declares, and the required ones."""
    members = cast("Mapping[str, object]", rule.get("properties", {}))
    return members, cast("list[str]", rule.get("required", []))


def _resolve(rule: object, root: Mapping[str, object]) -> Mapping[str, object]:
    """Follow the references of a JSON Schema to the schema itself."""
    found = rule
    while isinstance(found, Mapping) and str(found.get("$ref", "")).startswith("#"):
        tokens = str(found["$ref"]).split("/")[1:]
        found = root
        for token in tokens:
            found = found[token] if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}
