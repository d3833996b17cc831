"""The class that a return annotation names has the fields of the response's schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import attrs
import pytest
from marshmallow import Schema, fields, pre_dump

from restkit import App, DeclarationError, Resource, returns
from restkit.testing import Client


class BookSchema(Schema):
    title = fields.Str(required=True)
    year = fields.Int()


class ShelfSchema(Schema):
    books = fields.List(fields.Nested(BookSchema))
    best = fields.Nested(BookSchema)


@dataclass
class Whole:
    title: str
    year: int = 0


@dataclass
class Lacking:
    title: str


@attrs.define
class LackingAttrs:
    title: str


class LackingTuple(NamedTuple):
    title: str


class LackingDict(TypedDict):
    title: str


@dataclass
class LackingShelf:
    books: list[Lacking]
    best: Whole


@dataclass
class LackingBest:
    books: list[Whole]
    best: Lacking | None


@dataclass
class Property:
    title: str

    @property
    def year(self) -> int:
        return 1


@dataclass
class Later:
    title: str

    def __post_init__(self) -> None:
        self.year = 2


@dataclass
class Open:
    values: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Plain:
    def __init__(self) -> None:
        self.title, self.year = "a", 1


def mount(annotation: Any, schema: Any = BookSchema, value: Any = None) -> App:
    def get(self: Any) -> Any:
        return value

    get.__annotations__["return"] = annotation
    app = App("T")
    app.add("/x", type("Things", (Resource,), {"schema": schema, "get": get}))
    return app


@pytest.mark.parametrize(
    "annotation",
    [
        Lacking,
        LackingAttrs,
        LackingTuple,
        LackingDict,
        list[Lacking],
        Iterator[Lacking],
        Lacking | None,
        tuple[Lacking, int],
    ],
)
def test_a_missing_field(annotation: Any) -> None:
    """A field that the class does not have is rejected, naming class and field."""
    with pytest.raises(DeclarationError, match=r"returns Lacking\w*, which has no 'year'"):
        mount(annotation)


@pytest.mark.parametrize("annotation", [LackingShelf, LackingBest])
def test_a_missing_field_of_a_nested_class(annotation: Any) -> None:
    """Nested classes are held against nested schemas."""
    with pytest.raises(DeclarationError, match="returns Lacking, which has no 'year'"):
        mount(annotation, ShelfSchema)


@pytest.mark.parametrize("annotation", [Whole, Property, Later, Open, Plain, dict[str, Any], Any])
def test_classes_that_fit(annotation: Any) -> None:
    """Properties, attributes set later and classes that do not list theirs are taken."""
    assert mount(annotation).operations()


def test_fields_that_read_no_attribute() -> None:
    """Fields with a default, a function or a constant need no attribute."""

    class SaidSchema(Schema):
        title = fields.Str()
        a = fields.Int(dump_default=1)
        b = fields.Function(lambda value: 2)
        c = fields.Constant(3)
        d = fields.Str(load_only=True)

    app = mount(Lacking, SaidSchema, Lacking("x"))
    assert Client(app).get("/x").json == {"title": "x", "a": 1, "b": 2, "c": 3}


def test_schemas_that_read_otherwise() -> None:
    """A schema with a pre_dump hook or its own get_attribute is not held against the class."""

    class HookSchema(BookSchema):
        @pre_dump
        def change(self, data: Any, **options: Any) -> Any:
            return {"title": data.title, "year": 1}

    class OwnSchema(BookSchema):
        def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
            return getattr(obj, attr, 1)

    assert Client(mount(Lacking, HookSchema, Lacking("x"))).get("/x").json["year"] == 1
    assert Client(mount(Lacking, OwnSchema, Lacking("x"))).get("/x").json["year"] == 1


def test_declared_returns() -> None:
    """The first @returns is held against the annotation, those of other statuses are not."""

    class LeftOutSchema(Schema):
        title = fields.Str()

    def get() -> Lacking:
        return Lacking("x")

    app = App("T")
    app.get("/a")(returns(LeftOutSchema)(returns(BookSchema, 201)(get)))
    assert Client(app).get("/a").json == {"title": "x"}
    with pytest.raises(DeclarationError, match="which has no 'year'"):
        App("T").get("/b")(returns(BookSchema)(get))
