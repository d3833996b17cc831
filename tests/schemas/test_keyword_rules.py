"""The values of keywords, as the metaschema of JSON Schema and OpenAPI allow them."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from restkit.schemas.keyword_rules import check_keyword, distinct, is_among, is_ecma_pattern

KEYWORDS = [
    *("maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems"),
    *("minLength", "minProperties", "exclusiveMaximum", "exclusiveMinimum", "maximum"),
    *("minimum", "multipleOf", "deprecated", "readOnly", "uniqueItems", "writeOnly"),
    *("$comment", "$schema", "contentEncoding", "contentMediaType", "description", "format"),
    *("title", "type", "examples", "required", "dependentRequired", "allOf", "anyOf"),
    *("oneOf", "prefixItems", "additionalProperties", "contains", "contentSchema", "else"),
    *("if", "items", "not", "propertyNames", "then", "unevaluatedItems"),
    *("unevaluatedProperties", "$defs", "dependentSchemas", "properties"),
    *("patternProperties", "pattern"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.5, 0.5, -0.5, "", "a", "object", "["),
    *([], [1], ["a"], ["a", "a"], ["a", "b"], [1, "a"], ["string", "null"], ["string", "string"]),
    *(["string", "a"], [True], [{}], [{}, 1], [[]]),
    *({}, {"a": 1}, {"a": {}}, {"a": True}, {"a": []}, {"a": ["b"]}, {"a": ["b", "b"]}, {"[": {}}),
]


def _is_allowed(keyword: str, value: Any) -> bool:
    try:
        check_keyword(keyword, value)
    except ValueError:
        return False
    return True


def _is_valid(schema: Any) -> bool:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return False
    return True


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_values_are_those_of_the_metaschema(keyword: str) -> None:
    """A keyword takes exactly what the metaschema of 2020-12 takes."""
    assert [_is_allowed(keyword, value) for value in VALUES] == [
        _is_valid({keyword: value}) for value in VALUES
    ]


@pytest.mark.parametrize(
    ("keyword", "allowed", "others"),
    [
        ("enum", [[1], [None]], [[], 1, {}]),
        ("nullable", [True, False], [1, None]),
        ("$ref", ["https://example.com/x"], [5, "#/components/schemas/X", "#"]),
        ("$dynamicRef", ["x"], ["#x"]),
        ("externalDocs", [{"url": "u"}, {"url": "u", "description": "d"}], [{}, {"url": 1}, "u"]),
        ("externalDocs", [], [{"url": "u", "description": 1}, {"description": "d"}]),
        ("discriminator", [{"propertyName": "p"}, {"propertyName": "p", "mapping": {}}], [{}, "p"]),
        ("discriminator", [{"propertyName": "p", "mapping": {"a": "b"}}], [{"propertyName": 1}]),
        ("discriminator", [], [{"propertyName": "p", "mapping": {"a": 1}}]),
        ("discriminator", [], [{"propertyName": "p", "mapping": []}]),
        ("xml", [{}, {"name": "n", "prefix": "p", "namespace": "u"}], ["n", {"prefix": 1}]),
        ("xml", [{"attribute": True, "wrapped": False}], [{"attribute": 1}, {"wrapped": "no"}]),
        ("x-other", [None, 5], []),
    ],
)
def test_values_of_the_keywords_of_openapi(
    keyword: str, allowed: list[Any], others: list[Any]
) -> None:
    """What OpenAPI adds has the values that its specification names."""
    assert [value for value in [*allowed, *others] if _is_allowed(keyword, value)] == allowed


@pytest.mark.parametrize(
    ("pattern", "is_allowed"),
    [
        (r"a\-b", True),
        (r"\p{Lu}\u{1F600}\cA", True),
        ("[]", True),
        ("[^]", True),
        ("(?<year>[0-9]{4})", True),
        (r"(?<a>x)\k<a>", True),
        ("(?<=a+)b", True),
        ("(?<!a+)b", True),
        ("[(?P<]", True),
        (r"[*+]+\+", True),
        ("(?P<a>x)", False),
        ("(?P=a)", False),
        ("(?#c)", False),
        ("(?>a)", False),
        ("(a)?(?(1)b|c)", False),
        ("(?i)a", False),
        ("(?i:a)", False),
        (r"\Aa", False),
        (r"a\Z", False),
        ("a++", False),
        ("(", False),
        ("a{99999999999}", False),
        (r"\k<a>", False),
    ],
)
def test_patterns_of_ecma(pattern: str, is_allowed: bool) -> None:
    """What only Python's regular expressions have is no pattern."""
    assert is_ecma_pattern(pattern) is is_allowed


def test_json_values_are_told_apart() -> None:
    """True is not 1, at any depth; 1.0 is 1; members have no order."""
    assert distinct([1, 1.0, True, [1], [True], {"a": 1, "b": 2}, {"b": 2, "a": 1}, None, 0]) == [
        *(1, True, [1], [True], {"a": 1, "b": 2}, None, 0)
    ]
    assert is_among([{"a": True}], [[{"a": 1}], [{"a": True}]])
    assert not is_among([{"a": True}], [[{"a": 1}]])
    assert not is_among([], [{}, None, False, ""])
