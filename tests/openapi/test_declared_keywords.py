"""Keywords of JSON Schema in declarations: valid in the document, or refused at mount."""

from __future__ import annotations

import enum
import json
import re
from typing import Any

import pytest
import yaml
from marshmallow import Schema, fields, validate

from restkit import App, DeclarationError, Resource
from restkit.openapi import build
from restkit.openapi.patterns import NO_NUL
from restkit.testing import Client

SURROGATE = "\ud800"


def _app(**members: Any) -> App:
    def get(self: Any) -> list[Any]:
        return []

    def post(self: Any, body: dict[str, Any]) -> Any:
        return body

    schema = type("ThingSchema", (Schema,), members)
    app = App("Values")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "get": get, "post": post}))
    return app


def _property(field: fields.Field[Any], version: str = "3.1.1") -> dict[str, Any]:
    """Return the schema of a field of requests, which JSON and YAML write alike."""
    app = _app(x=field)
    client = Client(app)
    written = json.loads(client.get("/openapi.json").text)
    assert yaml.safe_load(client.get("/openapi.yaml").text) == written
    schemas = build(app, version=version)["components"]["schemas"]
    found: dict[str, Any] = schemas.get("ThingInput", schemas["Thing"])["properties"]["x"]
    return found


def _own(declared: Any) -> fields.Field[Any]:
    kind: type[fields.Field[Any]] = type("Own", (fields.Field,), {"json_schema": declared})
    return kind()


def _looped_list() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def _looped_dict() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["not"] = loop
    return loop


def _nested_lists(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


WRONG = [
    *(("pattern", value) for value in ("(", "[a-", "(?P<a>b)", r"\Aa", "a++", "(?i)a", 5)),
    *((name, []) for name in ("allOf", "anyOf", "oneOf", "enum", "type")),
    *(("multipleOf", value) for value in (0, -1, True)),
    *(("type", value) for value in ("int", "str", ["string", "string"], ["null", "int"], 5)),
    *(("minLength", value) for value in (-1, 1.5, True, "1")),
    *(("maximum", value) for value in (True, "5", None)),
    ("uniqueItems", 1),
    ("format", 5),
    ("items", {"type": "int"}),
    ("items", [{}]),
    ("items", {"$defs": []}),
    ("items", {"readOnly": 1}),
    ("items", {"examples": 1}),
    ("items", {"$ref": "#/components/schemas/Missing"}),
    ("not", {"required": "a"}),
    ("not", {"required": ["a", "a"]}),
    ("not", {"dependentRequired": {"a": "b"}}),
    ("properties", {"a": {"multipleOf": 0}}),
    ("patternProperties", {"(": {}}),
    ("propertyNames", {"pattern": "("}),
    ("additionalProperties", {"maxItems": -1}),
    ("allOf", [{"prefixItems": []}]),
    ("oneOf", [{"discriminator": {}}]),
    ("externalDocs", {}),
    ("xml", {"name": 1}),
    ("xml", {"wrapped": "no"}),
]


@pytest.mark.parametrize(("keyword", "value"), WRONG)
def test_an_invalid_keyword_of_metadata_is_refused(keyword: str, value: Any) -> None:
    """The sentence names the field and the member of its metadata."""
    with pytest.raises(DeclarationError, match=rf"ThingSchema\.x: metadata\['{keyword}'\] cannot"):
        _app(x=fields.Raw(metadata={keyword: value}))


@pytest.mark.parametrize(("keyword", "value"), WRONG)
def test_an_invalid_keyword_of_a_json_schema_is_refused(keyword: str, value: Any) -> None:
    """Field classes and Schema classes that say their JSON Schema are checked alike."""
    with pytest.raises(DeclarationError, match=r"ThingSchema\.x: json_schema cannot"):
        _app(x=_own({keyword: value}))
    with pytest.raises(DeclarationError, match=r"ThingSchema\.json_schema cannot"):
        _app(x=fields.Str(), json_schema={keyword: value})


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        *(
            ("pattern", text)
            for text in ("^a$", r"(?<year>\d{4})\k<year>", r"^\p{L}+$", "(?<=a+)b")
        ),
        *(("pattern", text) for text in (r"\u{1F600}", r"\(?P<", "[(?P<a>]", r"a\++", "[^]")),
        ("type", ["string", "null"]),
        ("multipleOf", 0.01),
        ("minLength", 0),
        ("exclusiveMinimum", -1.5),
        ("not", {"required": []}),
        ("not", {"dependentRequired": {"a": ["b"]}}),
        ("patternProperties", {"^x-": True}),
        ("externalDocs", {"url": "https://a.example", "description": "More."}),
        ("xml", {"name": "a", "wrapped": True}),
    ],
)
def test_a_valid_keyword_is_written(keyword: str, value: Any) -> None:
    """What the metaschema allows is not refused."""
    assert _property(fields.Raw(metadata={keyword: value}))[keyword] == value


def test_exclusive_bounds_of_openapi_3_0_are_converted() -> None:
    """A boolean makes the other bound exclusive; without the other bound it is refused."""
    found = _property(fields.Raw(metadata={"minimum": 5, "exclusiveMinimum": True}))
    assert found["exclusiveMinimum"] == 5
    assert "exclusiveMaximum" not in _property(fields.Raw(metadata={"exclusiveMaximum": False}))
    assert _property(_own({"maximum": 3, "exclusiveMaximum": True}))["exclusiveMaximum"] == 3
    with pytest.raises(DeclarationError, match="minimum must be a number"):
        _app(x=fields.Raw(metadata={"exclusiveMinimum": True}))


@pytest.mark.parametrize("member", ["example", "default", "x-value", "const"])
@pytest.mark.parametrize("value", [_looped_list(), _looped_dict(), _nested_lists(5000)])
def test_a_value_without_end_is_refused(member: str, value: Any) -> None:
    """A list or dict that contains itself, or is very deep, is no RecursionError."""
    with pytest.raises(DeclarationError, match="contains itself or is nested more than 64 deep"):
        _app(x=fields.Raw(metadata={member: value}))


def test_a_schema_without_end_is_refused() -> None:
    """JSON Schemas of fields and Schema classes may not contain themselves either."""
    with pytest.raises(DeclarationError, match=r"x: json_schema.* contains itself"):
        _app(x=_own(_looped_dict()))
    with pytest.raises(DeclarationError, match=r"ThingSchema\.json_schema.* contains itself"):
        _app(x=fields.Str(), json_schema={"not": _looped_dict()})


def test_a_value_of_64_levels_is_written() -> None:
    """The bound is that of the JSON parser."""
    assert _property(fields.Raw(metadata={"example": _nested_lists(64)}))["examples"] == [
        _nested_lists(64)
    ]


@pytest.mark.parametrize(
    "members",
    [
        *({"x": fields.Raw(metadata={name: SURROGATE})} for name in ("title", "description")),
        *({"x": fields.Raw(metadata={name: [SURROGATE]})} for name in ("examples", "enum")),
        {"x": fields.Raw(metadata={"example": {SURROGATE: 1}})},
        {"x": fields.Raw(metadata={"x-" + SURROGATE: 1})},
        {"x": fields.Raw(metadata={"properties": {SURROGATE: {}}})},
        {"x": fields.Str(data_key=SURROGATE)},
        {SURROGATE: fields.Str()},
        {"x": fields.Constant(SURROGATE)},
        {"x": fields.Enum(enum.Enum("Names", {SURROGATE: 1}))},
        {"x": fields.Enum(enum.Enum("Values", {"a": SURROGATE}), by_value=True)},
        {"x": _own({"description": SURROGATE})},
        {"x": fields.Str(), "json_schema": {"properties": {SURROGATE: {}}}},
        {"x": fields.Str(), "Meta": type("Meta", (), {"title": SURROGATE})},
    ],
)
def test_a_lone_surrogate_is_refused(members: dict[str, Any]) -> None:
    """It is not Unicode text, so that neither JSON nor YAML could be served."""
    with pytest.raises(DeclarationError, match=r"ThingSchema\b.*cannot be written"):
        _app(**members)


@pytest.mark.parametrize(
    "field",
    [
        fields.Str(validate=validate.OneOf([SURROGATE, "a"])),
        fields.Str(validate=validate.OneOf(SURROGATE + "b")),
        fields.Str(validate=validate.NoneOf(SURROGATE + "b")),
        fields.Str(validate=validate.Range(min=SURROGATE)),
        fields.Str(validate=validate.Regexp(f"[{SURROGATE}]")),
        fields.Str(validate=validate.Regexp(f"(?>{SURROGATE})")),
        fields.List(fields.Str(), validate=validate.ContainsOnly([SURROGATE])),
        fields.DateTime(format="%Y" + SURROGATE),
        fields.Time(format="%c" + SURROGATE),
        fields.Boolean(truthy={SURROGATE, "y"}, falsy={"n"}),
    ],
)
def test_a_lone_surrogate_of_a_rule_is_escaped(field: fields.Field[Any]) -> None:
    """No client can send it; what the document quotes of it is an escape."""
    assert SURROGATE not in json.dumps(_property(field), ensure_ascii=False)


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([1, "1", None, True, 1.0], [1, "1", True]),
        ([[1], [1.0], [True]], [[1], [True]]),
        ([{"a": 1}, {"a": 1.0}, {"a": True}], [{"a": 1}, {"a": True}]),
        ([0, False, -0.0], [0, False]),
    ],
)
def test_choices_are_different_in_json(choices: list[Any], expected: list[Any]) -> None:
    """In JSON 1 and 1.0 are one number, and true is no number; each version lists them once."""
    for version in ("3.0.3", "3.1.1", "3.2.0"):
        of_validator = _property(fields.Raw(validate=validate.OneOf(choices)), version)["enum"]
        of_metadata = _property(fields.Raw(metadata={"enum": choices}), version)["enum"]
        denied = _property(fields.Raw(validate=validate.NoneOf(choices)), version)["not"]["enum"]
        assert repr(of_validator) == repr(expected)
        assert repr([each for each in of_metadata if each is not None]) == repr(expected)
        assert repr(denied) == repr(expected)


def test_two_choices_keep_what_both_take() -> None:
    """True is not among the numbers of a second OneOf."""
    rules = [validate.OneOf([1, True, "a"]), validate.OneOf([1.0, "a"])]
    assert _property(fields.Raw(validate=rules))["enum"] == [1, "a"]


def test_a_field_of_anything_says_the_bound_of_integers() -> None:
    """The parser rejects longer integers, wherever they are in the value."""
    words = "Integers in it have at most 64 bits."
    assert _property(fields.Raw())["description"] == words
    assert _property(fields.Raw(allow_none=True))["description"] == words
    assert _property(fields.Dict())["description"] == words
    assert _property(fields.List(fields.Raw()))["items"]["description"] == words
    own = fields.Raw(metadata={"description": "Own words."})
    assert _property(own)["description"] == f"Own words. {words}"
    client = Client(_app(x=fields.Raw()))
    assert client.post("/a", json={"x": 2**63 - 1}).status == 201
    assert client.post("/a", json={"x": [2**64]}).status in (400, 422)


@pytest.mark.parametrize(
    ("expression", "flags", "pattern"),
    [
        ("^a", re.MULTILINE, None),
        ("a$", re.MULTILINE, None),
        ("ab", re.MULTILINE, r"^ab[^\u0000]*$"),
        ("^a", 0, r"^a[^\u0000]*$"),
    ],
)
def test_anchors_of_lines_have_no_pattern(expression: str, flags: int, pattern: str | None) -> None:
    """ECMA-262 has no anchors of lines here: the pattern is left out, without them it stands."""
    field = fields.Str(validate=validate.Regexp(expression, flags))
    assert _property(field)["pattern"] == (pattern or NO_NUL)


def test_a_default_outside_its_own_rules_keeps_the_description() -> None:
    """A response may have the default, and the annotations stand beside the alternatives."""
    field = fields.Int(
        dump_default=0, validate=validate.Range(min=1), metadata={"description": "How many."}
    )
    schemas = build(_app(x=field))["components"]["schemas"]
    found = schemas["Thing"]["properties"]["x"]
    assert found["description"] == "How many."
    assert found["default"] == 0
    rules, other = found["anyOf"]
    assert (rules["type"], rules["minimum"], other) == ("integer", 1, {"enum": [0]})
    assert "description" not in rules
