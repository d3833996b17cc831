"""What the document says and what is enforced agree: each value is taken by both, or by neither."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import itertools
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, missing, validate
from openapi_spec_validator import validate as validate_document

from restkit import App, Resource
from restkit.openapi import build, to_json, to_yaml
from restkit.openapi.conversion import json_schema
from restkit.openapi.decimals import at_least, at_most
from restkit.openapi.patterns import translate
from restkit.schemas.bound import BoundSchema, Invalid, Source, View, bind


class Colour(enum.Enum):
    red = 1
    green = 2


class Size(enum.Enum):
    small = "s"
    large = "l"


class PointSchema(Schema):
    x = fields.Int(required=True)
    y = fields.Int(load_default=0)


class LooseSchema(Schema):
    class Meta:
        unknown = "exclude"

    note = fields.Str(allow_none=True)
    stamp = fields.Str(dump_only=True)


class Kinds(enum.Enum):
    true = True
    half = 0.5
    small = "s"


class TreeSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(1, 5))
    children = fields.List(fields.Nested(lambda: TreeSchema()))


VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 5, -1, 100, 2**63, -(2**63) - 1, 10**15, 0.5, 5.0, -1.5, 1e300),
    *(
        "",
        "a",
        "b",
        "ab",
        "abc",
        "abcdef",
        "red",
        "green",
        "s",
        "small",
        "true",
        "1",
        "1.5",
        "-0",
        "0.0",
        "1e5",
        "\u0661",
    ),
    *(
        "2024-01-02",
        "2024-02-30",
        "2024-1-2",
        "2024-01-02T03:04:05Z",
        "2024-01-02t03:04:05z",
        "2024-01-02T03:04:05",
    ),
    *(
        "2024-01-02T03:04:05.123456+01:00",
        "2024-01-02T03:04",
        "03:04:05",
        "03:04",
        "03:04:05Z",
        "25:00:00",
    ),
    *("127.0.0.1", "127.0.0.256", "127.0.0.01", "10.0.0.0/8", "::1", "fe80::1%eth0", "1::2::3"),
    *(
        "123e4567-e89b-12d3-a456-426614174000",
        "123E4567E89B12D3A456426614174000",
        "a@example.org",
        "no mail",
    ),
    *(
        "https://example.org",
        "http://example.org/a?b#c",
        "urn:a:b",
        "/",
        "/a",
        "?b",
        "a/b",
        "0.1.0",
        "mailto:a",
    ),
    *(
        [],
        ["a"],
        ["a", "b"],
        ["a", "z"],
        [1, 2],
        [True, "2024-01-02"],
        ["x", 1],
        [[1], [2]],
        ["a", "b", "c"],
        [None],
    ),
    *(
        {},
        {"x": 1},
        {"x": 1, "y": 2},
        {"x": 1, "z": 2},
        {"x": "1"},
        {"y": 1},
        {"1": True},
        {"a": True},
        {"a": 1},
    ),
    *({"name": "a"}, {"name": "a", "children": [{"name": "b", "children": []}]}, {"name": ""}),
    *(
        "NaN",
        "-Infinity",
        "Infinity",
        "sNaN",
        " 1",
        "1_0",
        "0.004",
        "1.504",
        "1.506",
        "9" * 26,
        "9" * 40,
        "9" * 41,
    ),
    *(
        -0.001,
        -0.004,
        -0.006,
        1.504,
        1.506,
        1e26,
        1e-300,
        "yes",
        "no",
        "ja",
        "1.50",
        "2.0",
        2.0,
        3,
        "x y",
    ),
    *(
        "02/01/2024",
        "2/1/2024",
        "32/01/2024",
        "2024-01",
        "03h04",
        "3h4",
        "10:20",
        "Tue, 02 Jan 2024 03:04:05 GMT",
    ),
    *(
        "02 Jan 2024 03:04:05 +0100",
        "02 Jan 2024 03:04:05",
        "02 Jan 2024 03:04:05 -0000",
        "2 Jan 24 3:4:5 GMT",
    ),
    *(
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/33",
        "::/64",
        "1::2/129",
        "::ffff:10.0.0.1/96",
        "fe80::1%1/64",
        "10.0.0.1/08",
    ),
    *({"name": "a", "children": [{"title": "b"}]}, [{"x": 1}], [{"x": 1}, {"x": True}], [{}], [3]),
]

FIELDS: dict[str, fields.Field[Any]] = {
    "aware datetime": fields.AwareDateTime(),
    "aware datetime with default": fields.AwareDateTime(default_timezone=dt.UTC),
    "boolean": fields.Bool(),
    "boolean of other words": fields.Bool(truthy={"yes", 1}, falsy={"no", 0}),
    "boolean of words only": fields.Bool(truthy={"yes"}, falsy={"no"}),
    "boolean of other words, equal": fields.Bool(
        truthy={"yes", 1}, falsy={"no"}, validate=validate.Equal(True)
    ),
    "boolean, equal": fields.Bool(validate=validate.Equal(True)),
    "boolean, none of": fields.Bool(validate=validate.NoneOf([True])),
    "constant": fields.Constant("a"),
    "constant number": fields.Constant(1),
    "constant boolean": fields.Constant(True),
    "date": fields.Date(),
    "time between local times": fields.Time(validate=validate.Range(dt.time(3), dt.time(4))),
    "time between times with a zone": fields.Time(
        validate=validate.And(validate.Range(min=dt.time(3, tzinfo=dt.UTC)))
    ),
    "date in a format": fields.Date(format="%d/%m/%Y"),
    "date, one of": fields.Date(validate=validate.OneOf([dt.date(2024, 1, 2)])),
    "datetime": fields.DateTime(),
    "datetime in a format": fields.DateTime(format="%Y-%m"),
    "datetime of mail": fields.DateTime(format="rfc"),
    "aware datetime of mail": fields.AwareDateTime(format="rfc822"),
    "decimal": fields.Decimal(),
    "decimal with NaN": fields.Decimal(allow_nan=True),
    "decimal with NaN, range": fields.Decimal(allow_nan=True, validate=validate.Range(min=0)),
    "decimal with places": fields.Decimal(places=2),
    "decimal with places, range": fields.Decimal(
        places=2, validate=validate.Range(0, Decimal("1.505"))
    ),
    "decimal with places, exclusive range": fields.Decimal(
        places=0,
        validate=validate.And(
            validate.Range(min=0, max=2, min_inclusive=False, max_inclusive=False)
        ),
    ),
    "decimal with places, range of more digits than decimals have": fields.Decimal(
        places=2, validate=validate.Range(-(10**40), 10**40)
    ),
    "decimal with NaN and places": fields.Decimal(allow_nan=True, places=2),
    "decimal with places, open range": fields.Decimal(places=2, validate=validate.Range(min=0)),
    "decimal with places, open below": fields.Decimal(places=2, validate=validate.Range(max=5)),
    "decimal, range": fields.Decimal(validate=validate.Range(min=0, max=Decimal("1.5"))),
    "decimal, exclusive range": fields.Decimal(
        validate=validate.Range(min=0, max=Decimal("1.5"), min_inclusive=False, max_inclusive=False)
    ),
    "dict": fields.Dict(),
    "dict of booleans": fields.Dict(keys=fields.Str(), values=fields.Bool()),
    "dict by number": fields.Dict(keys=fields.Int(), values=fields.Bool()),
    "dict, length": fields.Dict(validate=validate.Length(1, 1)),
    "email": fields.Email(),
    "enum": fields.Enum(Colour),
    "enum by value": fields.Enum(Colour, by_value=True),
    "enum by text": fields.Enum(Size, by_value=True),
    "enum of all kinds": fields.Enum(Kinds, by_value=True),
    "enum by any value": fields.Enum(Kinds, by_value=fields.Raw),
    "enum by field": fields.Enum(Colour, by_value=fields.Int),
    "float": fields.Float(),
    "float as string, one of": fields.Float(as_string=True, validate=validate.OneOf([1.5, 2.0])),
    "float, range": fields.Float(validate=validate.Range(0, 1, min_inclusive=False)),
    "integer": fields.Int(),
    "integer as string, equal": fields.Int(as_string=True, validate=validate.Equal(2)),
    "integer, one of": fields.Int(validate=validate.OneOf([1, 5])),
    "integer, range": fields.Int(validate=validate.Range(1, 100, max_inclusive=False)),
    "ip": fields.IP(),
    "ipv4": fields.IPv4(),
    "ipv4 interface": fields.IPv4Interface(),
    "ipv6": fields.IPv6(),
    "ipv6 interface": fields.IPv6Interface(),
    "ip interface": fields.IPInterface(),
    "list": fields.List(fields.Str()),
    "list, contains none of": fields.List(fields.Str(), validate=validate.ContainsNoneOf(["b"])),
    "list, contains only": fields.List(fields.Str(), validate=validate.ContainsOnly(["a", "b"])),
    "list, length": fields.List(fields.Str(), validate=validate.Length(equal=2)),
    "list of nullables": fields.List(fields.Int(allow_none=True)),
    "list of nested": fields.List(fields.Nested(PointSchema)),
    "milliseconds": fields.DateTime(format="timestamp_ms"),
    "naive datetime": fields.NaiveDateTime(),
    "naive datetime in a zone": fields.NaiveDateTime(timezone=dt.UTC),
    "nested": fields.Nested(PointSchema),
    "nested, many": fields.Nested(PointSchema, many=True),
    "nested, only": fields.Nested(PointSchema(only=("x",))),
    "nested, open": fields.Nested(PointSchema, unknown="exclude"),
    "nested in itself": fields.Nested(TreeSchema),
    "plucked": fields.Pluck(PointSchema, "x"),
    "plucked nullable": fields.Pluck(LooseSchema, "note"),
    "plucked nullable, many": fields.Pluck(LooseSchema, "note", many=True),
    "plucked, many": fields.Pluck(PointSchema, "x", many=True),
    "raw": fields.Raw(),
    "string": fields.Str(),
    "string, length": fields.Str(validate=validate.Length(2, 3)),
    "string, none of": fields.Str(validate=validate.NoneOf(["a"])),
    "string, one of": fields.Str(validate=validate.OneOf(["a", "abc"])),
    "string, one of and more": fields.Str(
        validate=[
            validate.OneOf(["a", "abc", "é"]),
            validate.Length(max=2),
            validate.Regexp("[a-z]"),
        ]
    ),
    "string, pattern": fields.Str(validate=validate.Regexp("a|b")),
    "string, two patterns": fields.Str(
        validate=[validate.Regexp("[a-z]+$"), validate.Regexp("(?i)A")]
    ),
    "time": fields.Time(),
    "time in a format": fields.Time(format="%Hh%M"),
    "timedelta": fields.TimeDelta(),
    "timedelta in weeks": fields.TimeDelta(precision="weeks"),
    "timestamp": fields.DateTime(format="timestamp"),
    "tuple": fields.Tuple((fields.Bool(), fields.Date())),
    "url": fields.URL(),
    "url with one scheme": fields.URL(schemes={"https"}),
    "url or path": fields.URL(relative=True),
    "path": fields.URL(relative=True, absolute=False),
    "uuid": fields.UUID(),
}


def _nullable(field: fields.Field[Any]) -> fields.Field[Any]:
    made = type(field).__new__(type(field))
    made.__dict__.update(field.__dict__)
    made.allow_none = True
    return made


def _loads(bound: BoundSchema, value: Any) -> bool:
    try:
        bound.load({"it": value})
    except Invalid:
        return False
    return True


def _validator(bound: BoundSchema) -> Draft202012Validator:
    schema = json_schema(bound)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("nullable", [False, True], ids=["", "nullable"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_value_is_taken_by_both_or_by_neither(name: str, nullable: bool) -> None:
    """JSON Schema and loading agree on each sample value of JSON."""
    field = _nullable(FIELDS[name]) if nullable else FIELDS[name]
    bound = bind({"it": field}, View.REQUEST, declared_at="test")
    validator = _validator(bound)
    found = [(value, validator.is_valid({"it": value}), _loads(bound, value)) for value in VALUES]
    assert [each for each in found if each[1] is not each[2]] == []
    assert any(loaded for _, _, loaded in found)


@pytest.mark.parametrize("view", [View.REQUEST, View.PATCH])
def test_whole_objects_are_taken_by_both_or_by_neither(view: View) -> None:
    """Required, unknown and nested members count in both, in patches too."""

    class LineSchema(Schema):
        start = fields.Nested(PointSchema, required=True)
        points = fields.List(fields.Nested(PointSchema))
        others = fields.Nested(PointSchema, many=True)
        made = fields.DateTime(dump_only=True)

    bound = bind(LineSchema, view, declared_at="test")
    validator = _validator(bound)
    parts = [{}, {"x": 1}, {"y": 1}, {"z": 1}, {"x": None}]
    for start, points, others in itertools.product([None, *parts], repeat=3):
        value = {"start": start, "points": [points], "others": [others]}
        for left_out in ((), ("start",), ("points", "others")):
            sent = {name: each for name, each in value.items() if name not in left_out}
            try:
                bound.load(sent)
            except Invalid:
                loaded = False
            else:
                loaded = True
            assert validator.is_valid(sent) is loaded, sent


AROUND: list[Any] = [
    lambda inner: inner,
    fields.List,
    lambda inner: fields.Tuple((inner, fields.Int())),
    lambda inner: fields.Dict(values=inner),
    lambda inner: fields.Nested({"x": inner}),
    lambda inner: fields.Nested({"x": inner}, unknown="exclude"),
    lambda inner: fields.Nested({"x": inner}, many=True),
    lambda inner: fields.Pluck(Schema.from_dict({"x": inner}), "x"),
    lambda inner: fields.Pluck(Schema.from_dict({"x": inner}), "x", many=True),
]
_field: Any = st.builds(
    lambda name, first, second: second(first(copy.deepcopy(FIELDS[name]))),
    st.sampled_from(sorted(set(FIELDS) - {"email"})),
    st.sampled_from(AROUND),
    st.sampled_from(AROUND),
)
_value: Any = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["x", "z"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_drawn_schemas_take_what_their_documents_say(data: st.DataObject) -> None:
    """Fields within fields, in every view and strictness, agree with their JSON Schema too."""
    made: Any = {"it": data.draw(_field), "at": data.draw(_field)}
    for field in made.values():
        field.allow_none = data.draw(st.booleans())
        field.required = data.draw(st.booleans()) and field.load_default is missing
    view = data.draw(st.sampled_from([View.REQUEST, View.PATCH]))
    bound = bind(
        made,
        view,
        declared_at="test",
        strict=data.draw(st.booleans()),
        compiled=data.draw(st.booleans()),
        many=False,
    )
    validator = _validator(bound)
    for _ in range(10):
        value = data.draw(st.dictionaries(st.sampled_from(["it", "at", "of"]), _value, max_size=2))
        try:
            bound.load(copy.deepcopy(value))
        except Invalid:
            loaded = False
        else:
            loaded = True
        assert validator.is_valid(value) is loaded, (value, json_schema(bound))


TEXTS = [value for value in VALUES if isinstance(value, str)]
TEXT_FIELDS = [
    name
    for name, field in FIELDS.items()
    if not isinstance(
        field, (fields.Nested, fields.Mapping, fields.List, fields.Tuple, fields.Raw, fields.Email)
    )
]


def _parsed(kind: Any, text: str) -> Any:
    """Return a parameter's text as tools read it that go by the schema's type."""
    kinds = [kind] if isinstance(kind, str) else kind
    if "string" in kinds:
        return text
    if "boolean" in kinds:
        return {"true": True, "false": False}.get(text, text)
    if re.fullmatch(r"-?[0-9]+", text, re.ASCII):
        return int(text)
    return (
        float(text)
        if "number" in kinds and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[0-9]+)?", text, re.ASCII)
        else text
    )


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_a_parameter_is_taken_by_both_or_by_neither(name: str) -> None:
    """JSON Schema and loading agree on each sample text of a parameter."""
    source: Source = "text"
    bound = bind({"it": FIELDS[name]}, View.REQUEST, declared_at="test", source=source)
    validator = _validator(bound)
    kind = json_schema(bound)["properties"]["it"].get("type", "string")
    assert TEXTS
    for text in TEXTS:
        assert validator.is_valid({"it": _parsed(kind, text)}) is _loads(bound, text), text


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=3), st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_pattern_of_a_decimal_bound_is_that_bound(
    bound: Decimal, value: Decimal, inclusive: bool
) -> None:
    """A text matches the pattern of a bound if and only if its number is within."""
    above = value >= bound if inclusive else value > bound
    below = value <= bound if inclusive else value < bound
    for text in {format(value, "f"), format(value.normalize(), "f")}:
        assert bool(re.search(at_least(bound, inclusive=inclusive), text)) is above
        assert bool(re.search(at_most(bound, inclusive=inclusive), text)) is below


LONG = [
    "0" * 25 + ".1",
    "0" * 40,
    "0" * 39 + "1",
    "1" + "0" * 25,
    "-" + "9" * 26,
    "9" * 40,
    "1." + "0" * 39 + "1",
    "1" * 41,
]


@pytest.mark.parametrize("source", ["json", "text"])
@pytest.mark.parametrize("name", [name for name in FIELDS if name.startswith("decimal")])
def test_long_decimals_are_taken_by_both_or_by_neither(name: str, source: Source) -> None:
    """How many digits a decimal may have holds beside every range, leading zeros counted."""
    bound = bind({"it": FIELDS[name]}, View.REQUEST, declared_at="test", source=source)
    validator = _validator(bound)
    found = [(text, validator.is_valid({"it": text}), _loads(bound, text)) for text in LONG]
    assert [each for each in found if each[1] is not each[2]] == []


@pytest.mark.parametrize("bound", ["0", "0.5", "10", "99.9", "-3", "-0.05"])
def test_the_pattern_of_a_decimal_bound_holds_next_to_it(bound: str) -> None:
    """The bound itself, and what is a little beside it."""
    exact = Decimal(bound)
    for step in ("-1", "-0.1", "-0.001", "0", "0.001", "0.1", "1"):
        value = exact + Decimal(step)
        assert bool(re.search(at_least(exact, inclusive=True), str(value))) is (value >= exact)
        assert bool(re.search(at_least(exact, inclusive=False), str(value))) is (value > exact)
        assert bool(re.search(at_most(exact, inclusive=True), str(value))) is (value <= exact)
        assert bool(re.search(at_most(exact, inclusive=False), str(value))) is (value < exact)


PATTERNS = [
    r"\N{LATIN SMALL LETTER A}+",
    r"[\N{LATIN SMALL LETTER A}\N{LATIN SMALL LETTER E WITH ACUTE}]",
    *(
        "[a-z]+",
        "^[a-z]+$",
        r"\A[a-z]+\Z",
        "a|b",
        "^a|b$",
        "(a|b)c",
        r"(?P<x>a)(?P=x)",
        r"(?i)ab[c-e]",
        "(?i)[^a-c]",
    ),
    *(
        r"a.c",
        r"(?s)a.c",
        r"\d{2,}",
        r"a{,2}$",
        r"[]x]",
        r"[^]x]",
        r"a\-b\_",
        r"[a\-z\]]",
        r"x(?#no)y",
        r"\x61\u0062",
    ),
    *(
        r"(?!a)[a-z]",
        r"[\w.]+@[\w.]+",
        r"\S+$",
        r"[\s\S]*$",
        "(?x) a b # c\n c",
        r"a{1}b",
        "a{b}",
        r"\\",
        "[/]",
    ),
    *("", "$", r"\.", "(?:a|b){2}$", "[A-Z]{3}", "(?i)[a-z_]+$", "é+"),
]
SAMPLES = [
    *(
        "",
        "a",
        "b",
        "aa",
        "ab",
        "abc",
        "abd",
        "ABC",
        "Abe",
        "xyz",
        "zzz",
        "ac",
        "bc",
        "abab",
        "a c",
        "a\rc",
        "a-b_",
        "]",
    ),
    *(
        "x",
        "xy",
        "12",
        "123",
        "a.b@c",
        "a{b}",
        "\\",
        "/",
        ".",
        "a\x00c",
        "abc\x00",
        "ABC\x00",
        "-",
        "é",
        "É",
        "_a",
    ),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_translated_pattern_accepts_what_the_regular_expression_matches(pattern: str) -> None:
    """The same strings pass both, save those with a NUL character, which pass neither."""
    regex = re.compile(pattern)
    translated = translate(regex)
    assert translated is not None
    for sample in SAMPLES:
        expected = regex.match(sample) is not None and "\x00" not in sample
        assert bool(re.search(translated, sample)) is expected, (translated, sample)


@pytest.mark.parametrize(
    "pattern", ["a++", "(?>a)", "(a)?(?(1)b|c)", "(?m)^a$", "(?i:a)b", "(?i)(a)\\1"]
)
def test_what_cannot_be_translated_is_not(pattern: str) -> None:
    """Atomic groups, possessive repeats, conditions and scoped flags have no counterpart."""
    assert translate(re.compile(pattern)) is None


def test_an_untranslatable_pattern_is_said_in_the_description() -> None:
    """The rule is not lost."""
    made = json_schema(
        bind({"it": fields.Str(validate=validate.Regexp("a++"))}, View.REQUEST, declared_at="test")
    )
    assert "'a++'" in made["properties"]["it"]["description"]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in node:
            yield from _references(each)


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_every_field_type_makes_a_valid_document(version: str) -> None:
    """Whatever a schema has, the document is valid and no reference leads nowhere."""
    app = App("All")
    every = Schema.from_dict(
        {f"field_{number}": field for number, field in enumerate(FIELDS.values())}, name="Every"
    )

    class EveryResource(Resource):
        schema = every

        def post(self, body: Any) -> Any: ...

        def patch(self, body: Any) -> Any: ...

    app.add("/all", EveryResource)
    made = build(app, version=version)
    validate_document(made)
    for reference in _references(made):
        _, _, kind, name = reference.split("/")
        assert name in made["components"][kind], reference
    assert yaml.safe_load(to_yaml(made)) == json.loads(to_json(made)) == made
