"""Generated dumpers: what they hold."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit.compiler import compile_schema


@pytest.mark.parametrize("name", ["absent", "absent_property"])
def test_an_object_without_a_value_is_freed_with_its_last_reference(name: str) -> None:
    """The exception of the absent value does not hold the object until garbage is collected."""

    class Partial:
        here = 1

        @property
        def absent_property(self) -> int:
            raise AttributeError("absent")

    members: dict[str, fields.Field[Any]] = {"here": fields.Int(), name: fields.Int()}
    compiled = compile_schema(Schema.from_dict(members)())
    gc.disable()
    try:
        item = Partial()
        freed = weakref.ref(item)
        assert compiled.dump(item) == {"here": 1}
        del item
        assert freed() is None
    finally:
        gc.enable()
