"""The document and the lists of errors are the same under every PYTHONHASHSEED."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

_PROGRAM = """
import enum
from typing import Any
from marshmallow import INCLUDE, Schema, ValidationError, fields, pre_load, validate
from marshmallow import validates_schema
from restkit import App, Resource, operation, takes
from restkit.openapi import build, to_json, to_yaml
from restkit.testing import Client

class PartSchema(Schema):
    x = fields.Int()

class ThingSchema(Schema):
    a = fields.Str(validate=validate.OneOf({"x", "y", "z", "w"}), required=True)
    b = fields.Str(validate=validate.NoneOf({"x", "y", "z"}, error="not {values}"))
    c = fields.List(fields.Str(), validate=validate.ContainsOnly(frozenset("abcdef")))
    d = fields.Nested(PartSchema)
    e = fields.List(fields.Str(), validate=validate.ContainsNoneOf(set("ab"), error="{values}"))
    f = fields.Str(validate=validate.And(validate.OneOf({"m", "n", "o"}), validate.Length(max=9)))
    g = fields.Bool(truthy={"ja", "yes", "si", 7.5, 3}, falsy={"no", "nein", "non"})
    h = fields.URL(schemes={"https", "ftp", "sftp"})
    i = fields.Raw(metadata={"examples": {"k", "l", "m"}, "x-set": {"p", "q", 1, None}})
    j = fields.List(fields.Str(), load_default={"r", "s"}, dump_default={"t", "u"})

class HookedSchema(ThingSchema):
    class Meta:
        exclude = ("b", "c", "d")

    @pre_load
    def before(self, data, **options):
        return data

    @validates_schema(skip_on_field_errors=False)
    def check(self, data, **options):
        raise ValidationError({name: ["bad"] for name in ("q", "r")})

class KeysSchema(Schema):
    one = fields.Int(required=True)
    two = fields.Int(required=True)
    three = fields.Int(required=True)
    four = fields.Int(required=True)

class OpenPartSchema(Schema):
    x = fields.Int(load_default=4)

class OpenSchema(Schema):
    class Meta:
        unknown = INCLUDE

    x = fields.Int()
    part = fields.Nested(OpenPartSchema, unknown=INCLUDE)
    parts = fields.Dict(values=fields.Nested(OpenPartSchema(unknown=INCLUDE)))
    again = fields.Nested(lambda: OpenSchema(exclude=("again",)))

class OwnSchema(OpenSchema):
    def load(self, data, **options):
        return super().load(data, **options)

class Echo(Resource):
    response = None

    @takes(body=OpenSchema)
    def post(self, body: dict[str, Any]) -> Any:
        return body

    @takes(body=OpenSchema(many=True))
    def put(self, body: list[Any]) -> Any:
        return body

    @takes(body=OwnSchema)
    def patch(self, body: dict[str, Any]) -> Any:
        return body

app = App("Same")
app.add("/echo", Echo)
for name, schema in {
    "thing": ThingSchema,
    "hooked": HookedSchema,
    "only": KeysSchema(only={"one", "two", "three"}),
    "without": ThingSchema(exclude=("a", "b")),
}.items():
    def post(self, body: dict[str, Any]) -> Any:
        return body
    @operation(extensions={"x-names": {"v", "w"}}, examples={"e": {"a": {"x", "y"}}})
    @takes(query=KeysSchema(partial=True))
    def get(self, query: dict[str, Any]) -> list[Any]:
        return []
    members = {"schema": schema, "post": post, "get": get}
    app.add("/" + name, type(name.title(), (Resource,), members))

for version in ("3.0.4", "3.1.1", "3.2.0"):
    print(to_json(build(app, version=version)).decode())
    print(to_yaml(build(app, version=version)))
client = Client(app)
more = {f"m{number}": number for number in range(9)}
full = {**more, "part": more, "parts": {"p": more}, "again": {**more, "part": more}, "x": 1}
for answer in (client.post("/echo", json=full), client.put("/echo", json=[full, more]),
               client.patch("/echo", json=full)):
    assert answer.status == 200, answer.text
    print(answer.text)
bad = {"a": "q", "b": "x", "c": ["q"], "d": {"u1": 1, "u2": 2, "u3": 3}, "e": ["a"], "f": "q",
       "g": "q", "h": "a:b", "v1": 1, "v2": 2, "v3": 3}
for name in ("thing", "hooked", "only", "without"):
    print(client.post("/" + name, json=bad).text)
    print(client.post("/" + name, json=[bad]).text)
    print(client.get("/" + name, query={"u1": "1", "u2": "1", "u3": "1"}).text)
"""


@pytest.mark.parametrize("compiled", ["1", "0"], ids=["compiled", "marshmallow"])
def test_a_program_says_the_same_under_every_hash_seed(compiled: str) -> None:
    """Sets of choices, examples, names and unknown members have one order."""
    program = _PROGRAM
    if compiled == "0":
        settings = "App('Same', settings=restkit.Settings(compile_schemas=False))"
        program = "import restkit\n" + _PROGRAM.replace('App("Same")', settings)
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    ]
    assert "Must be one of: w, x, y, z." in said[0]
    assert said[0].count("Unknown field.") > 20
    assert said[1:] == said[:1] * 3
    for echoed in said[0].splitlines():
        if echoed.startswith(('{"x":1', '[{"x":1')):
            _assert_in_order_of_the_data(echoed)


def _assert_in_order_of_the_data(echoed: str) -> None:
    """Assert that each group of included keys is m0 to m8."""
    names = re.findall(r'"(m[0-9])"', echoed)
    assert len(names) >= 45
    assert names == [f"m{number}" for number in range(9)] * (len(names) // 9)
