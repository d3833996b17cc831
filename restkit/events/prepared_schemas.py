"""Schemas of values that are JSON text already, with the schema of the value in the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from ..compiler import JSONWriter
from ..schemas.bound import BoundSchema

__all__ = ["PreparedSchema"]


def _as_given(value: object) -> bytes:
    return cast("bytes", value)


class PreparedSchema(BoundSchema):
    """A bound schema whose values are JSON in UTF-8; documents see the schema itself."""

    __slots__ = ()

    @classmethod
    def of(cls, bound: BoundSchema) -> PreparedSchema:
        """Return a bound schema for prepared values."""
        return cls(
            bound.schema,
            bound.view,
            many=False,
            source=bound.source,
            name=bound.name,
            compiled=False,
        )

    @property
    def json_writer(self) -> JSONWriter:
        """The writer, which passes JSON on."""
        return JSONWriter(_as_given, _joined, _pair)


def _joined(values: Iterable[object]) -> bytes:
    return b"[" + b",".join(map(_as_given, values)) + b"]"


def _pair(value: object) -> tuple[object, bytes]:
    return None, _as_given(value)
