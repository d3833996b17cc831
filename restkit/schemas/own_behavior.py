"""Schemas whose hooks or methods change data beyond their fields: the guarantees that remain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marshmallow import Schema
from marshmallow.decorators import POST_DUMP, PRE_LOAD

__all__ = [
    "changes_input",
    "changes_output",
    "hooks_of",
    "overrides_dump",
    "overrides_load",
    "wraps_collections",
]

_Hook = tuple[str, bool, Mapping[str, object]]
# Overrides in these packages keep the meaning of the fields.
_KNOWN = ("marshmallow.", "marshmallow_sqlalchemy.")


def hooks_of(schema: Schema) -> Mapping[str, Sequence[_Hook]]:
    """Return the hooks of a schema by their kind."""
    # NOTE: marshmallow has no public way to ask for them
    hooks: Mapping[str, Sequence[_Hook]] = getattr(schema, "_hooks", {})
    return hooks


def overrides_dump(schema: Schema) -> bool:
    """Return whether a schema has a ``dump`` of its own."""
    return _overrides(schema, "dump", "_serialize")


def overrides_load(schema: Schema) -> bool:
    """Return whether a schema has a ``load`` of its own."""
    return _overrides(schema, "load", "_do_load", "_deserialize")


def _overrides(schema: Schema, *names: str) -> bool:
    found = (getattr(type(schema), name, None) for name in names)
    modules = (str(getattr(each, "__module__", "")) for each in found)
    return not all(f"{module}.".startswith(_KNOWN) for module in modules)


def wraps_collections(schema: Schema, tag: str) -> bool:
    """Return whether a hook has the whole collection (``pass_collection``), as an envelope has."""
    return any(pass_collection for _, pass_collection, _ in hooks_of(schema).get(tag, ()))


def changes_output(schema: Schema) -> bool:
    """Return whether dumping may write other members than those of the fields."""
    return bool(hooks_of(schema).get(POST_DUMP)) or overrides_dump(schema)


def changes_input(schema: Schema) -> bool:
    """Return whether loading may take other members than those of the fields."""
    return bool(hooks_of(schema).get(PRE_LOAD)) or overrides_load(schema)
