"""dump_finite promises that no float leaves that JSON has no number for, whichever way the object takes."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit.compiler import compile_schema

from .objects import Attrs, DictSub, Getitem, Mapped

_INNER = Schema.from_dict({"x": fields.Float()})
_FIELDS: list[tuple[Callable[[], fields.Field[Any]], Callable[[Any], Any]]] = [
    (fields.Float, lambda value: value),
    (lambda: fields.Float(attribute="p.q"), lambda value: value),
    (lambda: fields.List(fields.Float()), lambda value: [1.0, value]),
    (lambda: fields.List(fields.List(fields.Float())), lambda value: [[value]]),
    (lambda: fields.Nested(_INNER), lambda value: {"x": value}),
    (lambda: fields.Nested(_INNER), lambda value: OrderedDict(x=value)),
    (lambda: fields.Nested(_INNER, many=True), lambda value: [Attrs({"x": value})]),
    (lambda: fields.List(fields.Nested(_INNER)), lambda value: [{"x": value}]),
    (fields.Boolean, lambda value: value),
    (lambda: fields.Float(dump_default=math.inf), lambda value: value),
]


@pytest.mark.parametrize("number", range(len(_FIELDS)))
@pytest.mark.parametrize("make", [dict, DictSub, Mapped, Attrs, Getitem])
def test_no_float_passes_that_json_cannot_hold(number: int, make: Callable[[dict[str, Any]], Any]) -> None:
    """From dicts, mappings and objects, nested, listed or by a dotted attribute, NaN and infinity raise ValueError."""
    field, around = _FIELDS[number]
    kind = Schema.from_dict({"a": field()})
    compiled = compile_schema(kind())
    for value in (math.nan, math.inf, -math.inf, 1.5, 10**400 if number == 8 else 2.5):
        found = around(value)
        obj = make({"a": found, "p": {"q": found}})
        if isinstance(value, int) or math.isfinite(value):
            assert compiled.dump_finite(obj) == kind().dump(obj)
        elif compiled.finite:
            with pytest.raises(ValueError, match="JSON"):
                compiled.dump_finite(obj)


def test_what_is_plain_is_finite() -> None:
    """A schema of numbers, texts and lists promises it; one with Raw values or hooks cannot."""
    assert compile_schema(Schema.from_dict({"a": fields.Float(), "b": fields.Nested(_INNER)})()).finite
    assert not compile_schema(Schema.from_dict({"a": fields.Raw()})()).finite
    assert not compile_schema(Schema.from_dict({"a": fields.Nested(Schema.from_dict({"b": fields.Dict()}))})()).finite
