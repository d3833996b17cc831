"""Classes and functions that restkit reads by halves: lost annotations, builtins, protocols."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    CollisionError,
    DeclarationError,
    Resource,
    Scheme,
    access,
    operation,
    returns,
    takes,
)
from restkit.openapi import build
from restkit.testing import Client


class PointSchema(Schema):
    x = fields.Int(required=True)


class LineSchema(Schema):
    points = fields.Nested(PointSchema, many=True)


class PointsSchema(Schema):
    points = fields.List(fields.Nested(PointSchema))


@dataclass
class Bare:
    y: int = 0


@dataclass
class Lost:
    x: Nowhere  # type: ignore[name-defined]  # noqa: F821  # what is tested


class Keys(Protocol):
    def keys(self) -> Any: ...


class PointDict(TypedDict):
    x: int


def add(schema: Any, annotation: Any, *, returned: Any = None) -> Client:
    """Mount a POST whose body, and whose response if one is given, has an annotation."""

    def post(self: Any, body: Any) -> Any:
        return body

    post.__annotations__ = {"body": annotation, "return": returned or dict[str, Any]}
    app = App("T")
    app.add("/x", type("Things", (Resource,), {"schema": schema, "post": post}))
    return Client(app)


@pytest.mark.parametrize("annotation", [dict, Mapping, Keys, PointDict, dict[str, int]])
def test_a_body_may_be_annotated_as_any_mapping(annotation: Any) -> None:
    """A dict is handed over."""
    assert add(PointSchema, annotation).post("/x", json={"x": 1}).json == {"x": 1}


def test_a_class_whose_annotations_are_lost_is_made_all_the_same() -> None:
    """An annotation that cannot be resolved may be any class."""
    app = App("T")

    @app.post("/x")
    @takes(body=PointSchema)
    @returns(PointSchema)
    def respond(body: Lost) -> Lost:
        assert type(body) is Lost
        return body

    assert Client(app).post("/x", json={"x": 1}).json == {"x": 1}


@dataclass
class Line:
    points: list[Bare]


@dataclass
class FreeLine:
    points: Any = None


@pytest.mark.parametrize("schema", [LineSchema, PointsSchema])
def test_the_items_of_a_nested_list_need_the_fields_of_its_schema(schema: Any) -> None:
    """``Bare`` has no x, which the nested schema writes."""
    app = App("T")

    class Lines(Resource):
        @returns(schema)
        def get(self) -> Line:
            return Line([])

    with pytest.raises(DeclarationError, match="returns Bare, which has no 'x'"):
        app.add("/x", Lines)


@pytest.mark.parametrize("schema", [LineSchema, PointsSchema])
def test_a_nested_value_of_any_type_stays_as_it_was_loaded(schema: Any) -> None:
    """Only dataclasses and attrs classes are made."""
    app = App("T")

    @app.post("/x")
    @takes(body=schema)
    @returns(None)
    def respond(body: FreeLine) -> Any:
        assert body == FreeLine([{"x": 1}])
        return {}

    assert Client(app).post("/x", json={"points": [{"x": 1}]}).status == 200


@pytest.mark.parametrize("convertible", [True, False])
def test_two_names_of_a_variable_are_one_path_in_the_document(convertible: bool) -> None:
    """Both places are named, with what to do (OpenAPI 3.1, section 4.8.8)."""

    class One(Resource):
        documented = convertible

        def get(self, a: str) -> dict[str, int]:
            return {}

    class Other(Resource):
        def post(self, b: str) -> dict[str, int]:
            return {}

    app = App("T")
    app.add("/x/<a>", One)
    if not convertible:
        app.add("/x/<b>", Other)
        return
    with pytest.raises(CollisionError, match=r"'/x/<a>'.*One.*'/x/<b>'.*Other.*one name"):
        app.add("/x/<b>", Other)


def test_a_schema_instance_names_the_operation_of_its_class() -> None:
    """``schema = GlassesSchema()`` says that one of the items is called Glasses."""

    class GlassesSchema(Schema):
        x = fields.Int()

    class Glasses(Resource):
        schema = GlassesSchema(only=("x",))

        def delete(self) -> None:
            return None

    app = App("T")
    app.add("/glasses", Glasses)
    assert build(app)["paths"]["/glasses"]["delete"]["operationId"] == "deleteGlasses"


def test_a_builtin_has_no_signature() -> None:
    """It is refused with a sentence."""
    with pytest.raises(DeclarationError, match="has no signature that restkit can read"):
        App("T").get("/x")(type)


@pytest.mark.parametrize(
    ("rule", "annotation", "words"),
    [
        ("/<int:x>", float, ""),
        ("/<int:x>", int, ""),
        ("/<x>", Any, ""),
        ("/<float:x>", int, r"annotated with int, but .* passes float.*<int:x>"),
        ("/<int:x>", str, r"annotated with str, but .* passes int.*<x>"),
        ("/<x>", int, r"annotated with int, but .* passes str.*<int:x>"),
    ],
)
def test_a_variable_has_the_type_of_its_converter(rule: str, annotation: Any, words: str) -> None:
    """An int is a float too, as for a type checker."""

    def respond(x: Any) -> dict[str, Any]:
        return {"x": x}

    respond.__annotations__["x"] = annotation
    app = App("T")
    if not words:
        app.get(rule)(respond)
        assert Client(app).get("/5").status == 200
        return
    with pytest.raises(DeclarationError, match=words):
        app.get(rule)(respond)


class LazyText:
    """A text that needs a request to be looked up."""

    def __str__(self) -> str:
        raise RuntimeError("There is no request.")

    def __getattr__(self, name: str) -> Any:
        return getattr("", name)


class Lazy(Scheme):
    name = "lazy"

    def document(self) -> Mapping[str, object]:
        return {"type": "http", "scheme": "basic", "description": LazyText()}

    def authenticate(self, request: Any, scopes: Sequence[str]) -> object:
        return "caller"


def test_lazy_texts_that_need_a_request_are_not_refused_at_mount() -> None:
    """They are looked up when the document is made."""
    app = App("T")

    @app.get("/x")
    @operation(summary=LazyText(), description=LazyText())  # type: ignore[arg-type]
    @access(security=Lazy())
    def respond() -> dict[str, int]:
        return {}

    @app.post("/x")
    @takes(body={"x": fields.Int(metadata={"description": LazyText(), "title": LazyText()})})
    @returns(None)
    def write(body: Any) -> Any:
        return body

    assert Client(app).get("/x").status == 200


def test_a_method_that_is_bound_outside_its_class_is_a_function() -> None:
    """``types.MethodType`` binds a function that no class has."""

    def respond(self: Any) -> dict[str, str]:
        return {"name": self.name}

    class Holder:
        name = "a"

    app = App("T")
    app.get("/x")(types.MethodType(respond, Holder()))
    assert Client(app).get("/x").json == {"name": "a"}


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_declarations_stand_below_or_above_the_kind_of_a_method(kind: Any) -> None:
    """``@returns`` is found on both sides of staticmethod and classmethod."""

    class Holder:
        @kind  # type: ignore[untyped-decorator]
        @returns(PointSchema, status=202)
        def below(*args: Any) -> Any:
            return {"x": 1}

    app = App("T")
    app.get("/x")(Holder.below)
    assert Client(app).get("/x").status == 202
