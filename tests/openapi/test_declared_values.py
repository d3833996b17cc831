"""Values that are no JSON, in declarations: written, or refused at mount."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
import yaml
from marshmallow import Schema, fields, validate

from restkit import App, Resource
from restkit.errors import DeclarationError
from restkit.testing import Client


class LazyText:
    """A text that is looked up late, as Babel's LazyProxy."""

    def __init__(self, text: str) -> None:
        self.__dict__["text"] = text

    def __str__(self) -> str:
        text: str = self.text
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self.text, name)


class Colour(enum.Enum):
    red = "r"
    green = "g"


class Shade(str, enum.Enum):  # noqa: UP042  # members of StrEnum are written otherwise
    dark = "d"
    light = "l"


def _app(**members: fields.Field[Any]) -> App:
    def get(self: Any) -> list[Any]:
        return []

    def post(self: Any, body: dict[str, Any]) -> Any:
        return body

    schema = type("ThingSchema", (Schema,), dict(members))
    app = App("Values")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "get": get, "post": post}))
    return app


def _property(field: fields.Field[Any]) -> dict[str, Any]:
    """Return a field's schema in the served document, the same as JSON and YAML."""
    client = Client(_app(x=field))
    made = client.get("/openapi.json")
    assert made.status == 200
    assert yaml.safe_load(client.get("/openapi.yaml").text) == json.loads(made.text)
    found: dict[str, Any] = made.json["components"]["schemas"]["Thing"]["properties"]["x"]
    return found


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.date(2020, 1, 2), "2020-01-02"),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), "2020-01-02T03:00:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.red, "r"),
        ({"b": {2, 1}, 1: (1, None)}, {"b": [1, 2], "1": [1, None]}),
        (LazyText("Titel"), "Titel"),
    ],
)
def test_values_in_metadata_are_written(value: Any, written: Any) -> None:
    """In an example, in several, and in an extension."""
    assert _property(fields.Raw(metadata={"example": value}))["examples"] == [written]
    assert _property(fields.Raw(metadata={"examples": [value]}))["examples"] == [written]
    assert _property(fields.Raw(metadata={"x-value": value}))["x-value"] == written


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        (fields.Date, dt.date(2020, 1, 2), "2020-01-02"),
        (fields.TimeDelta, dt.timedelta(seconds=3), 3.0),
        (lambda **more: fields.Enum(Colour, **more), Colour.red, "red"),
        (lambda **more: fields.List(fields.Date(), **more), [dt.date(2020, 1, 2)], ["2020-01-02"]),
    ],
)
def test_an_example_is_written_as_its_field_writes_it(field: Any, value: Any, written: Any) -> None:
    """A member of an enumeration by its name, a duration as a number."""
    assert _property(field(metadata={"example": value}))["examples"] == [written]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")])
def test_an_example_that_is_no_number_of_json_is_left_out(value: Any) -> None:
    """The document has no NaN."""
    assert "examples" not in _property(fields.Raw(metadata={"example": value}))
    assert _property(fields.Raw(metadata={"x-limit": [value]}))["x-limit"] == [None]


@pytest.mark.parametrize("value", [b"x", object(), iter([1]), {(1, 2): 3}, [{1: object()}]])
@pytest.mark.parametrize("key", ["example", "x-value", "default", "enum"])
def test_what_cannot_be_written_is_refused_at_mount(value: Any, key: str) -> None:
    """One sentence names the field, where the document would be a 500."""
    with pytest.raises(DeclarationError, match=r"ThingSchema.x: metadata\['.*'\] cannot be"):
        _app(x=fields.Raw(metadata={key: value}))


@pytest.mark.parametrize(
    "field",
    [
        fields.Constant({1, 2}),
        fields.Constant(float("nan")),
        fields.Raw(dump_default={1}),
        fields.Int(dump_default="many"),
    ],
)
def test_what_a_response_could_not_say_is_refused_at_mount(field: fields.Field[Any]) -> None:
    """A constant or default that cannot be serialized is no 500 later."""
    with pytest.raises(DeclarationError, match=r"ThingSchema.x.* cannot be written as JSON"):
        _app(x=field)


@pytest.mark.parametrize(
    ("validator", "taken"),
    [
        (validate.OneOf(list(Shade)), ["d", "l"]),
        (validate.OneOf([1, "a", None]), ["a"]),
        (validate.OneOf(("a", "b"), labels=[LazyText("A"), LazyText("B")]), ["a", "b"]),
        (validate.OneOf({"b", "a"}), ["a", "b"]),
        (validate.OneOf("ab"), ["", "a", "b", "ab"]),
    ],
)
def test_choices_are_what_the_validator_takes(validator: Any, taken: list[str]) -> None:
    """Each value of the enum is taken, and nothing else is."""
    assert _property(fields.Str(validate=validator))["enum"] == taken
    client = Client(_app(x=fields.Str(validate=validator)))
    for value in ("a", "b", "ab", "1", "d", "Shade.dark"):
        assert client.post("/a", json={"x": value}).status == (201 if value in taken else 422)


@pytest.mark.parametrize("default", [[], {}, [{"a": []}], {"a": {1}}])
def test_a_mutable_default_belongs_to_one_request(default: Any) -> None:
    """What one request changes of it, the next one does not see."""
    seen: list[str] = []

    def post(self: Any, body: dict[str, Any]) -> None:
        seen.append(repr(body["x"]))
        body["x"].clear()

    schema = type("ThingSchema", (Schema,), {"x": fields.Raw(load_default=default)})
    app = App("Defaults")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "post": post}))
    assert [Client(app).post("/a", json={}).status for _ in range(2)] == [204, 204]
    assert seen == [repr(default)] * 2


def test_defaults_fit_their_schemas() -> None:
    """A request schema leaves out what it would not take; a response schema is widened."""
    app = _app(
        x=fields.Str(dump_default=None),
        y=fields.Int(load_default=0, dump_default=-1, validate=validate.Range(1, 9)),
    )
    schemas = Client(app).get("/openapi.json").json["components"]["schemas"]
    assert schemas["Thing"]["properties"]["x"]["type"] == ["string", "null"]
    assert schemas["ThingInput"]["properties"]["x"]["type"] == "string"
    assert "default" not in schemas["ThingInput"]["properties"]["y"]
    assert {"enum": [-1]} in schemas["Thing"]["properties"]["y"]["anyOf"]


@pytest.mark.parametrize(
    "declared",
    [
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        {"type": "string", "enum": ["a"]},
        {"not": {"type": "null"}},
        {"const": "a"},
    ],
)
def test_null_stands_beside_every_keyword(declared: dict[str, Any]) -> None:
    """A nullable field of a user's own schema takes and answers null, and the check agrees."""
    kind: Any = type("Mixed", (fields.Field,), {"json_schema": declared})
    assert Client(_app(x=kind(allow_none=True))).post("/a", json={"x": None}).json == {"x": None}


@pytest.mark.parametrize(
    "message",
    [{"message": "City required", "code": 400}, {"en": "City", "de": "Stadt"}, ["City", "needed"]],
)
def test_messages_that_are_objects_or_lists_keep_the_pointer(message: Any) -> None:
    """The pointer names the member that lacks, not a member of the message."""
    app = _app(x=fields.Str(required=True, error_messages={"required": message}))
    errors = Client(app).post("/a", json={}).json["errors"]
    assert {each["pointer"] for each in errors} == {"/x"}
    assert {each["code"] for each in errors} == {"required"}


@pytest.mark.parametrize("argument", ["servers", "contact", "license", "tags"])
def test_arguments_of_an_app_that_cannot_be_written_are_refused(argument: str) -> None:
    """They are no 500 of the document, and lazy texts are taken."""
    values: dict[str, Any] = {"servers": [{"url": object()}]}
    with pytest.raises(DeclarationError, match=f"{argument} cannot be written into the document"):
        App("X", **{argument: values.get(argument, {"name": object()})})
    url = {"url": LazyText("https://a.example")}
    assert Client(App("X", servers=[url])).get("/openapi.json").json["servers"] == [
        {"url": "https://a.example"}
    ]
