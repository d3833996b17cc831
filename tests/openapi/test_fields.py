"""Each kind of field in the document: in a body, a PATCH, a query, a form and a response.

``field_schemas.json`` has the schemas. ``python tests/openapi/test_fields.py`` writes it anew;
read the difference.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields, validate
from webargs.fields import DelimitedList, DelimitedTuple

from restkit import App, DeclarationError, Upload, returns, takes
from restkit.openapi import build

RECORDED = Path(__file__).with_name("field_schemas.json")
# What most fields have; the file names it.
SHORT: dict[str, dict[str, Any]] = {
    "an integer of 64 bits": {
        "type": "integer",
        "format": "int64",
        "minimum": -(2**63),
        "maximum": 2**63 - 1,
    },
    "a string without NUL": {
        "type": "string",
        "pattern": r"^[^\u0000]*$",
        "examples": ["string"],
    },
}


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Part(Schema):
    a = fields.Int()
    made = fields.Int(dump_only=True)
    note = fields.Str(allow_none=True)


class LaxPart(Part):
    class Meta:
        unknown = EXCLUDE


class Point(Schema):
    x = fields.Int(required=True)


class Own(fields.Field[Any]):
    json_schema = {"type": "string", "maxLength": 3}


class Shout(fields.String):
    """A field of a class below one that is known."""


class Spoken(fields.List[Any]):
    """A list that is one string in responses."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return ";".join(value)


def size(thing: Any) -> int:
    return 1


def unknown(thing: Any):  # type: ignore[no-untyped-def]  # what is tested
    return 1


def read(value: Any) -> Any:
    return value


NAMES: dict[str, Any] = {"fields": fields, "validate": validate, "dt": dt, "uuid": uuid} | {
    each.__name__: each
    for each in (
        *(Color, Level, Part, LaxPart, Point, Own, Shout, Spoken, size, unknown, read),
        *(Upload, Decimal, DelimitedList, DelimitedTuple),
        *(validate.Length, validate.Range, validate.Regexp),
    )
}
# Each goes by its own source, in the file and in messages.
FIELDS: dict[str, Callable[[], fields.Field[Any]]] = {
    source: eval(f"lambda: {source}", NAMES)
    for source in """\
fields.Int()
fields.Int(strict=True)
fields.Int(as_string=True)
fields.Int(as_string=True, dump_only=True)
fields.Int(validate=Range(1, 5))
fields.Int(validate=Range(1, 5, min_inclusive=False, max_inclusive=False))
fields.Int(validate=[Range(min=1), Range(min=0, max=9)])
fields.Int(dump_only=True, validate=Range(1, 5))
fields.Float()
fields.Float(allow_nan=True)
fields.Float(validate=Range(0.5))
fields.Decimal()
fields.Decimal(as_string=True)
fields.Decimal(places=2)
fields.Decimal(validate=Range(Decimal("0.5"), Decimal(2)))
fields.Decimal(dump_only=True)
fields.Str()
fields.Str(dump_only=True)
fields.Str(load_only=True)
fields.Str(allow_none=True)
fields.Str(validate=Length(1, 3))
fields.Str(validate=Length(equal=2))
fields.Str(validate=[Length(1), Length(3, 9)])
fields.Str(validate=Regexp("^a$"))
fields.Str(validate=[Regexp("a"), Regexp("b")])
fields.Str(validate=Regexp("a++"))
fields.Str(validate=validate.Email())
fields.Str(validate=validate.URL())
fields.Str(validate=validate.Predicate("isalpha"))
fields.Str(validate=lambda text: None)
Shout()
fields.Url()
fields.Url(relative=True)
fields.Url(schemes={"https"})
fields.Email()
fields.UUID()
fields.IP()
fields.IPv4()
fields.IPv6()
fields.IPInterface()
fields.Bool()
fields.Bool(truthy={"y"}, falsy={"n"})
fields.DateTime()
fields.DateTime("timestamp")
fields.DateTime("timestamp_ms")
fields.DateTime("rfc")
fields.DateTime("%Y")
fields.AwareDateTime()
fields.NaiveDateTime()
fields.Date()
fields.Date("%d.%m.%Y")
fields.Time()
fields.TimeDelta()
fields.TimeDelta("minutes")
fields.TimeDelta("milliseconds")
fields.TimeDelta(validate=Range(dt.timedelta(0)))
fields.Constant(5)
fields.Constant("a")
fields.Constant(None)
fields.Constant([1])
fields.Raw()
fields.Raw(metadata={"description": "D."})
fields.Raw(metadata={"type": "string"}, allow_none=True)
fields.Raw(metadata={"oneOf": [{"type": "string"}, {"type": "integer"}]}, allow_none=True)
fields.Nested(Part)
fields.Nested(Part, many=True)
fields.Nested(Part(many=True))
fields.Nested(Part, only=("a",))
fields.Nested(Part, allow_none=True, metadata={"description": "D."})
fields.Nested(Point, allow_none=True, load_default=None)
fields.Nested(Point, load_default={"x": 1})
fields.Nested(Point, dump_default={"x": 1})
fields.Nested(Point, dump_default=None)
fields.Nested(Point(partial=True))
fields.Pluck(Part, "a")
fields.Pluck(Part, "a", many=True)
fields.Pluck(Part, "made")
fields.Pluck(Part, "made", many=True)
fields.Pluck(LaxPart, "made")
fields.Pluck(LaxPart, "made", many=True)
fields.Pluck(Part, "note")
fields.Pluck(Part, "note", allow_none=True)
fields.Pluck(Part, "note", many=True)
fields.List(fields.Int())
fields.List(fields.Int(allow_none=True), allow_none=True)
fields.List(fields.Int(), validate=Length(1, 3))
fields.List(fields.List(fields.Int()))
fields.List(fields.Nested(Part))
fields.Tuple((fields.Int(), fields.Str()))
fields.Tuple(())
fields.Dict()
fields.Dict(allow_none=True)
fields.Dict(values=fields.Int())
fields.Dict(keys=fields.Str())
fields.Dict(keys=fields.Int())
fields.Dict(keys=fields.UUID(), values=fields.Str())
fields.Dict(keys=fields.Str(validate=Length(max=3)))
fields.Dict(keys=fields.Enum(Color))
fields.Dict(values=fields.Nested(Part), validate=Length(1))
fields.Enum(Color)
fields.Enum(Color, by_value=True)
fields.Enum(Color, by_value=fields.Str)
fields.Enum(Level, by_value=True)
fields.Enum(Level, by_value=fields.Int, allow_none=True)
Upload()
Upload(max_size=5)
fields.List(Upload())
DelimitedList(fields.Int())
DelimitedList(fields.Int(), allow_none=True)
DelimitedList(fields.Int(), delimiter=";")
DelimitedList(fields.Int(), delimiter="|")
DelimitedList(fields.Int(), delimiter=" ")
DelimitedList(fields.Int(), metadata={"description": "D."})
DelimitedTuple((fields.Int(), fields.Str()))
Spoken(fields.Str())
fields.Int(load_default=5)
fields.Int(dump_default=6)
fields.Int(load_default=5, dump_default=6)
fields.Int(load_default=None)
fields.Int(dump_default=None)
fields.Int(load_default=lambda: 5)
fields.Int(metadata={"default": 7})
fields.Int(load_default=9, validate=Range(max=10))
fields.Int(dump_default=11, validate=Range(max=10))
fields.Date(load_default=dt.date(2024, 1, 2))
fields.UUID(load_default=uuid.UUID(int=1))
fields.Decimal(load_default=Decimal("1.50"))
fields.Function(size)
fields.Function(unknown)
fields.Function(lambda thing: 1)
fields.Function(size, deserialize=read)
fields.Function(deserialize=read)
fields.Int(metadata={"description": "D.", "title": "T", "x-a": 1, "example": 5})
fields.Int(metadata={"examples": [5, 6], "deprecated": True})
fields.Int(required=True, data_key="other")
Own()
Own(validate=validate.OneOf(["x"]), allow_none=True)
""".splitlines()
}


def schemas_of(source: str) -> dict[str, Any]:
    """Return the schema of a field in each place, and what the document of 3.0 changes."""
    app, schema = App("Fields"), Schema.from_dict({"it": FIELDS[source]()}, name="ThingSchema")

    found: dict[str, Any] = {}
    routes = {
        "body": (app.post("/body"), takes(body=schema)),
        "patch": (app.patch("/patch"), takes(body=schema)),
        "query": (app.get("/query"), takes(query=schema)),
        "form": (app.post("/form"), takes(form=schema)),
        "response": (app.get("/response"), returns(schema)),
    }
    for name, (add, declare) in routes.items():

        def function(**inputs: Any) -> None:
            """Take or return a thing."""

        function.__module__ = function.__qualname__ = function.__name__ = name
        try:
            add(declare(function))
        except DeclarationError as error:
            found[name] = {"refused": str(error)}
    try:
        document, old = build(app), build(app, version="3.0.4")
    except DeclarationError as error:
        return {"refused": str(error)}
    for path, methods in document["paths"].items():
        name, (method, operation) = path[1:], next(iter(methods.items()))
        found[name] = short(_place(operation, document))
        before = short(_place(old["paths"][path][method], old))
        if before != found[name] and name == "body":
            found["body in 3.0"] = before
    for name in ("patch", "response", "form"):
        if found[name] == found["body"]:
            del found[name]
    return found


def _place(operation: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return what an operation has of a thing: parameters, or the schema of the member.

    More than the schema is in a list with it: whether it is required, its name, its encoding.
    """
    if "parameters" in operation:
        return [
            {name: each[name] for name in each if name != "in"} for each in operation["parameters"]
        ]
    response = operation["responses"].get("200", {}).get("content")
    content = operation.get("requestBody", {}).get("content", response)
    if content is None:
        return "nothing"
    found = next(iter(content.values()))
    schema = found["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    more = [{"required": schema["required"]}] if "required" in schema else []
    more += [{"encoding": found["encoding"]}] if "encoding" in found else []
    members = schema.get("properties", {})
    return [members, *more] if more or "it" not in members else members["it"]


def short(value: Any) -> Any:
    """Return a document's part with the names of SHORT."""
    if isinstance(value, list):
        return [short(each) for each in value]
    if not isinstance(value, dict):
        return value
    value = {name: short(each) for name, each in value.items()}
    for name, keywords in SHORT.items():
        if value.items() >= keywords.items():
            rest = {each: value[each] for each in value if each not in keywords}
            return {"is": name, **rest} if rest else name
    return value


@pytest.mark.parametrize("source", FIELDS)
def test_a_field_in_each_place(source: str) -> None:
    """The document of a field is the recorded one, wherever the field stands."""
    recorded = json.loads(RECORDED.read_text("utf-8"))
    assert json.loads(json.dumps(schemas_of(source))) == recorded[source]


def test_every_record_is_of_a_field() -> None:
    """The file has the fields of the list, and no other."""
    assert list(json.loads(RECORDED.read_text("utf-8"))) == list(FIELDS)


def _written(records: dict[str, dict[str, Any]]) -> str:
    """Return the file: a line for each place."""
    fields_ = []
    for source, places in records.items():
        lines = [
            f"  {json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}"
            for name, each in places.items()
        ]
        fields_.append(f" {json.dumps(source)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(fields_) + "\n}\n"


if __name__ == "__main__":
    RECORDED.write_text(_written({each: schemas_of(each) for each in FIELDS}), "utf-8")
