"""The types of generated functions and of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields
from marshmallow.types import StrSequenceOrSet, UnknownOption

from .error_store import Store

__all__ = [
    "AnyField",
    "AnyList",
    "AnyMapping",
    "Convert",
    "DumpOne",
    "Encode",
    "LoadOne",
    "NestedDump",
    "NestedLoad",
    "Partial",
    "Validate",
]

Partial = bool | StrSequenceOrSet | None
"""The argument ``partial`` of ``Schema.load``."""

LoadOne = Callable[[object, Partial, UnknownOption | None, Store, int | None], object]
"""Loads one mapping: (data, partial, unknown, error store, index in a list)."""

NestedLoad = Callable[
    [Schema, UnknownOption | None, bool], tuple[LoadOne, Partial, UnknownOption | None]
]
"""Returns the loader of a nested schema, with its default partial and unknown.

The arguments are (schema, unknown, many); with many, the loader takes a list.
"""

DumpOne = Callable[[Any], object]
"""Dumps one object."""

NestedDump = Callable[[Schema, bool], DumpOne]
"""Returns the dumper of a nested schema: (schema, many)."""

Encode = Callable[[object], str]
"""Returns a value as JSON text."""

Convert = Callable[[Any], object]
"""Returns the loaded value, or raises."""

AnyField = fields.Field[Any]
"""A field of any type."""

AnyList = fields.List[Any]
"""A list of items of any type."""

AnyMapping = fields.Mapping[Any]
"""A mapping of any type."""

Validate = Callable[[Any], Any]
"""Returns anything, or raises ValidationError."""
