"""Names of a mapping's members: the document takes the texts that the server takes."""

from __future__ import annotations

import enum
import random
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, validate

from restkit import App, returns, takes
from restkit.openapi import build
from restkit.openapi.integer_texts import among, between
from restkit.testing import Client


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    ALL = "all"
    YES = True


LARGEST = 2**63 - 1
TEXTS = [
    *("", "0", "-0", "00", "1", "01", "+1", " 1", "1 ", "1_0", "2", "3", "5", "6", "-1", "-5"),
    *("9", "10", "11", "99", "100", "1.0", "1.5", "1.50", "-1.5", "2.5", "1e5", "10e2", "1e400"),
    *("nan", "Infinity", "true", "false", "True", "null", "all", "LOW", "YES", "low", "a", "abcd"),
    *("2027-01-01", "2027-13-01", "9" * 18, "9" * 19, "0" * 18 + "1", "0" * 19 + "1"),
    *(str(LARGEST), str(LARGEST + 1), str(-LARGEST - 1), str(-LARGEST - 2)),
    *("x", "\0", "00000000-0000-0000-0000-000000000000"),
]
KEYS = [
    fields.Int(),
    fields.Int(validate=validate.Range(1, 5)),
    fields.Int(validate=validate.Range(min=1)),
    fields.Int(validate=validate.Range(max=-1)),
    fields.Int(validate=validate.Range(min=1, min_inclusive=False)),
    fields.Int(validate=validate.Range(max=10, max_inclusive=False)),
    fields.Int(validate=validate.Range(min=1.5, max=9.5)),
    fields.Int(validate=validate.OneOf([1, 2])),
    fields.Int(validate=validate.NoneOf([1, 2])),
    fields.Int(validate=[validate.Range(1, 5), validate.NoneOf([2])]),
    fields.Int(validate=[validate.OneOf([1, 9]), validate.Range(max=5)]),
    fields.Int(validate=validate.Equal(1)),
    fields.Float(validate=validate.Range(1, 5)),
    fields.Float(validate=validate.Range(min=1, min_inclusive=False)),
    fields.Float(validate=validate.OneOf([0, 1, 2.5])),
    fields.Float(validate=[validate.OneOf([1, 9]), validate.Range(max=5)]),
    fields.Float(validate=validate.Equal(-1.5)),
    fields.Float(validate=validate.NoneOf([1, 2.5])),
    fields.Bool(),
    fields.Bool(validate=validate.Equal(True)),
    fields.Bool(validate=validate.NoneOf([True, False])),
    fields.Enum(Level),
    fields.Enum(Level, by_value=True),
    fields.Enum(Level, by_value=True, validate=validate.NoneOf([Level.LOW])),
    fields.Enum(Mixed, by_value=True),
    fields.Constant(1),
    fields.Constant("a"),
    fields.Decimal(validate=validate.Range(1, 5)),
    fields.Date(),
    fields.UUID(),
    fields.Str(validate=validate.Length(max=3)),
    fields.Str(validate=validate.OneOf(["a", "x"])),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_documented_names_are_the_ones_that_are_taken(key: fields.Field[Any]) -> None:
    """Beside numbers with an exponent, which a pattern cannot compare with a bound."""
    app = App("T")
    things = fields.Dict(keys=key, values=fields.Int())

    @app.post("/s")
    @takes(body=Schema.from_dict({"it": things}, name="ThingSchema"))
    def post(body: dict[str, Any]) -> None: ...

    components = build(app)["components"]["schemas"]
    schema = components.get("ThingInput", components.get("Thing"))["properties"]["it"]
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    client = Client(app)
    taken = [text for text in TEXTS if client.post("/s", json={"it": {text: 1}}).status == 204]
    if isinstance(key, fields.Float):
        taken = [text for text in taken if not text[0].isdigit() or "e" not in text]
    assert [text for text in TEXTS if checker.is_valid({text: 1})] == taken


@pytest.mark.parametrize(("low", "high"), [(1e300, 1.5), (-2.5e-300, 0.0)])
def test_names_of_a_response_are_those_that_json_writes(low: float, high: float) -> None:
    app = App("T")
    things = fields.Dict(keys=fields.Float(), values=fields.Int())

    @app.get("/s")
    @returns(Schema.from_dict({"it": things}, name="ThingSchema"))
    def get() -> dict[str, Any]:
        return {"it": {low: 1, high: 2}}

    assert len(Client(app).get("/s").json["it"]) == 2


def test_ranges_of_integers_as_patterns() -> None:
    """Drawn ranges of 64 bits, and texts around their ends, with zeros before them and without."""
    draw = random.Random(7)
    ends = [0, 1, -1, 9, 10, 99, 100, -10, 10**18, 10**18 - 1, LARGEST, -LARGEST - 1]
    for _ in range(500):
        low, high = sorted(
            draw.choice([*ends, draw.randint(-2000, 2000), draw.randint(-LARGEST, LARGEST)])
            for _ in range(2)
        )
        made = between(low, high)
        denied = made.get("not", {"pattern": "(?!)"})["pattern"]
        for value in (low, high, low - 1, high + 1, draw.randint(low, high), *ends):
            sign = "-" if value < 0 else ""
            for text in (str(value), f"{sign}{'0' * draw.randint(0, 18)}{abs(value)}"):
                is_taken = low <= value <= high and len(text.lstrip("-")) <= 19
                found = re.search(made["pattern"], text) and not re.search(denied, text)
                assert bool(found) is is_taken, (low, high, text)
    assert between(2, 1) == {"not": {}}
    assert re.search(among([0, 12]), "-000")
    assert not re.search(among([0, 12]), "-12")
