"""Every name that the source of a drawn case may use;
a printed repro begins with ``from ... import *`` of this.
"""

from __future__ import annotations

import datetime as dt
import decimal
import ipaddress
import json
import re
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    missing,
    post_dump,
    post_load,
    pre_dump,
    pre_load,
    validate,
    validates,
    validates_schema,
)
from marshmallow.orderedset import OrderedSet

from restkit.schemas.bound import View, bind

from . import custom_fields, objects, recording
from .custom_fields import CUSTOM, patch


def bound(schema: Schema, source: Any, *, strict: bool) -> Schema:
    """Return a schema as restkit runs it:
    with the wire form of each field set before its ``deserialize``.
    """
    return bind(
        schema, View.REQUEST, declared_at="drawn", source=source, strict=strict, compiled=False
    ).schema


def as_text(value: Any) -> Any:
    """Return a value as a query or a form has it."""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return value if isinstance(value, (list, dict)) else str(value)


NAMES: dict[str, Any] = {
    "as_text": as_text,
    "CUSTOM": CUSTOM,
    "Decimal": Decimal,
    "EXCLUDE": EXCLUDE,
    "INCLUDE": INCLUDE,
    "MappingProxyType": MappingProxyType,
    "OrderedDict": OrderedDict,
    "OrderedSet": OrderedSet,
    "RAISE": RAISE,
    "Schema": Schema,
    "ValidationError": ValidationError,
    "bound": bound,
    "decimal": decimal,
    "deque": deque,
    "dt": dt,
    "fields": fields,
    "ipaddress": ipaddress,
    "missing": missing,
    "patch": patch,
    "post_dump": post_dump,
    "post_load": post_load,
    "pre_dump": pre_dump,
    "pre_load": pre_load,
    "re": re,
    "uuid": uuid,
    "validate": validate,
    "validates": validates,
    "validates_schema": validates_schema,
}
for _module in (objects, recording):
    NAMES |= {name: getattr(_module, name) for name in _module.__all__}
NAMES |= {name: kind for name, kind in CUSTOM.items() if name not in NAMES}
NAMES["__name__"] = "drawn"
globals().update({name: value for name, value in NAMES.items() if name != "__name__"})

__all__ = sorted({"NAMES", "Leaf", "leaf", *NAMES} - {"__name__"})
_ = custom_fields


class Leaf:
    """Is a value as source text, and what makes it anew each time."""

    __slots__ = ("make", "source")

    def __init__(self, source: str, make: Callable[[], Any]) -> None:
        self.source = source
        self.make = make


_leaves: dict[str, Leaf] = {}


def leaf(source: str) -> Leaf:
    """Return the leaf of a source text, compiled once."""
    found = _leaves.get(source)
    if found is None:
        found = _leaves[source] = Leaf(source, eval(f"lambda: {source}", NAMES))
        if len(_leaves) > 20_000:
            _leaves.clear()
    return found
