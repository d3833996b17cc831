"""Whether a JSON value is what a schema's JSON Schema says: by `jsonschema`, or roughly without it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..parsing.pointers import pointer
from ..schemas.bound import BoundSchema

__all__ = ["Checker", "Fault", "checker_of", "make_checker"]

Fault = tuple[str, str]
Checker = Callable[[Any], Fault | None]


def make_checker(schema: BoundSchema) -> Checker:
    """Return a function that returns where (a JSON Pointer) and how a value violates a schema, or None.

    Warns:
        UserWarning: The package jsonschema is missing, so that only members are checked.
    """
    # PERF: loads apispec, which only a checked JSON body needs
    from ..openapi.conversion import json_schema

    return checker_of(json_schema(schema))


def checker_of(document: Mapping[str, Any]) -> Checker:
    """Return the function of `make_checker` for a JSON Schema.

    Warns:
        UserWarning: The package jsonschema is missing, so that only members are checked.
    """
    try:
        from jsonschema import Draft202012Validator  # PERF: the same
    except ImportError:
        warnings.warn(
            "The contract check looks only at the members of bodies: for their values, pip install 'restkit[verify]'.",
            stacklevel=2,
        )
        return lambda data: next(_faults(data, document, document, ()), None)

    validator = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def check(data: Any) -> Fault | None:
        errors = sorted(
            validator.iter_errors(data), key=lambda error: list(map(str, error.absolute_path))
        )
        return (pointer(errors[0].absolute_path), errors[0].message) if errors else None

    return check


def _faults(
    data: Any, rule: Any, root: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[Fault]:
    """Yield required members that are missing and members that are not declared, at any depth."""
    rule = _resolve(rule, root)
    if isinstance(data, list) and "items" in rule:
        for index, item in enumerate(data):
            yield from _faults(item, rule["items"], root, (*path, index))
    elif isinstance(data, dict):
        members = rule.get("properties", {})
        for name in rule.get("required", ()):
            if name not in data:
                yield pointer(path), f"{name!r} is a required property"
        for name, value in data.items():
            if name in members:
                yield from _faults(value, members[name], root, (*path, name))
            elif rule.get("additionalProperties") is False:
                yield pointer(path), f"{name!r} is not declared"


def _resolve(rule: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    while isinstance(rule, Mapping) and str(rule.get("$ref", "")).startswith("#"):
        found: Any = root
        for token in rule["$ref"].split("/")[1:]:
            found = found[token]
        rule = found
    return rule if isinstance(rule, Mapping) else {}
