"""Shapes: validated mappings as dataclasses and attrs classes, and what does not fit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Optional

import attrs
import pytest
from marshmallow import INCLUDE, Schema, fields, post_load

from restkit import DeclarationError
from restkit.operations.body_types import shape_of
from restkit.schemas.bound import View, bind


class PointSchema(Schema):
    x = fields.Int(required=True)
    y = fields.Int(load_default=0)


@dataclass
class Point:
    x: int
    y: int = 0


@attrs.define
class AttrsPoint:
    x: int
    _y: int = 0


def shaped(annotation: Any, declared: Any, data: Any, *, many: bool = False) -> Any:
    bound = bind(declared, View.REQUEST, declared_at="here", many=many)
    shape = shape_of(annotation, bound, "here")
    value = bound.load(data)
    return value if shape is None else shape(value)


def test_one_many_and_optional() -> None:
    """A class, a list of it, or it or None, is built; anything else stays a mapping."""
    assert shaped(Point, PointSchema, {"x": 1}) == Point(1, 0)
    # both spellings
    assert shaped(Optional[Point], PointSchema, {"x": 1}) == Point(1, 0)  # noqa: UP045
    assert shaped(Point | None, PointSchema, {"x": 1}) == Point(1, 0)
    assert shaped(list[Point], PointSchema, [{"x": 1}], many=True) == [Point(1, 0)]
    for other in (dict, dict[str, Any], Any, None, Point | int):
        assert shaped(other, PointSchema, {"x": 1}) == {"x": 1, "y": 0}


def test_attrs_aliases_and_data_keys() -> None:
    """Private attributes of attrs are given by their alias, and wire names do not matter."""

    class WireSchema(Schema):
        x = fields.Int(data_key="the-x")
        renamed = fields.Int(attribute="_y")

    WireSchema._declared_fields["x"].required = True
    assert shaped(AttrsPoint, WireSchema, {"the-x": 1, "renamed": 2}) == AttrsPoint(1, 2)


def test_nested_shapes() -> None:
    """Nested classes, lists of them and None inside are built too."""

    @dataclass
    class Line:
        start: Point
        points: list[Point] = field(default_factory=list)
        more: list[Point] | None = None
        end: Point | None = None

    class LineSchema(Schema):
        start = fields.Nested(PointSchema, required=True)
        points = fields.List(fields.Nested(PointSchema))
        more = fields.Nested(PointSchema, many=True, allow_none=True)
        end = fields.Nested(PointSchema, allow_none=True)

    Line.__annotations__ = {
        "start": Point,
        "points": list[Point],
        "more": list[Point] | None,
        "end": Point | None,
    }
    assert shaped(
        Line, LineSchema, {"start": {"x": 1}, "points": [{"x": 2}], "more": [{"x": 3}]}
    ) == Line(Point(1), [Point(2)], [Point(3)])
    assert shaped(Line, LineSchema, {"start": {"x": 1}, "more": None, "end": None}) == Line(
        Point(1)
    )


def test_fields_that_init_does_not_take_are_left_alone() -> None:
    """A dataclass field without init needs no place in the schema."""

    @dataclass
    class Counted:
        x: int
        y: int = 0
        seen: int = dataclasses.field(init=False, default=7)

    assert shaped(Counted, PointSchema, {"x": 1}).seen == 7


def test_a_post_load_may_add_or_replace() -> None:
    """A post_load may add members that the class has, or make its own object."""

    class AddsSchema(Schema):
        x = fields.Int(required=True)

        @post_load
        def add(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
            return {**data, "y": 9}

    class MakesSchema(AddsSchema):
        @post_load
        def add(self, data: dict[str, Any], **options: Any) -> Any:
            return Point(data["x"], 5)

    assert shaped(Point, AddsSchema, {"x": 1}) == Point(1, 9)
    assert shaped(Point, MakesSchema, {"x": 1}) == Point(1, 5)


def test_an_open_schema_does_not_fit_a_class() -> None:
    """A schema that includes unknown fields is refused for a class,
    which would have no place for them.
    """

    class OpenSchema(PointSchema):
        class Meta:
            unknown = INCLUDE

    with pytest.raises(DeclarationError, match="includes unknown fields"):
        shaped(Point, OpenSchema, {"x": 1})
    assert shaped(dict, OpenSchema, {"x": 1, "z": 2}) == {"x": 1, "y": 0, "z": 2}


def test_patch_is_a_mapping() -> None:
    """A class is refused for PATCH, which passes a mapping of the members that were sent."""
    with pytest.raises(DeclarationError, match="PATCH passes a mapping"):
        shape_of(Point, bind(PointSchema, View.PATCH, declared_at="here"), "here")


def test_many_for_one_is_refused() -> None:
    """A list annotation for a schema of one is refused."""
    with pytest.raises(DeclarationError, match="annotated as a list"):
        shaped(list[Point], PointSchema, {"x": 1})


def test_a_schema_is_no_shape() -> None:
    """A schema is refused as an annotation, with the annotation to write."""
    for annotation in (PointSchema, PointSchema | None):
        with pytest.raises(
            DeclarationError,
            match="here is annotated as PointSchema, which is a schema, not the value",
        ):
            shape_of(annotation, bind(PointSchema, View.REQUEST, declared_at="here"), "here")


def test_recursive_shapes() -> None:
    """A class that holds itself is built to any depth."""

    class NodeSchema(Schema):
        n = fields.Int(required=True)
        below = fields.List(fields.Nested(lambda: NodeSchema()))

    shape = shape_of(Node, bind(NodeSchema, View.REQUEST, declared_at="here"), "here")
    assert shape is not None
    assert shape({"n": 1, "below": [{"n": 2, "below": [{"n": 3}]}]}) == Node(
        1, [Node(2, [Node(3)])]
    )


@dataclass
class Node:
    n: int
    below: list[Node] = field(default_factory=list)


def test_a_scalar_is_no_shape() -> None:
    """What a schema loads is a mapping, unless a hook of it makes something else."""
    for annotation, many in ((int, False), (str | None, False), (list[int], True)):
        with pytest.raises(
            DeclarationError, match=r"annotated as (int|str), but its schema loads a mapping"
        ):
            shaped(annotation, PointSchema, {"x": 1}, many=many)

    class SumSchema(PointSchema):
        @post_load
        def add(self, data: dict[str, int], **options: Any) -> int:
            return data["x"] + data["y"]

    assert shaped(int, SumSchema, {"x": 1, "y": 2}) == 3
