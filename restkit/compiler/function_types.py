"""The types of generated functions and of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema
from marshmallow.types import StrSequenceOrSet, UnknownOption

from .error_store import Store

__all__ = ["Convert", "DumpOne", "Encode", "LoadOne", "NestedDump", "NestedLoad", "Partial"]

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
