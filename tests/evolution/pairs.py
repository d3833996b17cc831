"""Small documents in pairs, each with what the change between them means to clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SCHEMAS", "document_of"]

JSON = dict[str, Any]
NONE, OK, WARN, BREAK = "none", "compatible", "warning", "breaking"

STR: JSON = {"type": "string"}
INT: JSON = {"type": "integer"}
NUM: JSON = {"type": "number"}
BOOL: JSON = {"type": "boolean"}
NULL: JSON = {"type": "null"}


def obj(required: str = "", /, closed: bool = False, **properties: Any) -> JSON:
    """Return the schema of an object; ``closed`` refuses members that it does not name."""
    found: JSON = {"type": "object", "properties": properties}
    if required:
        found["required"] = required.split()
    return {**found, "additionalProperties": False} if closed else found


def arr(items: Any = None, **keywords: Any) -> JSON:
    """Return the schema of an array."""
    return {"type": "array", **({} if items is None else {"items": items}), **keywords}


def text(**keywords: Any) -> JSON:
    """Return the schema of a string."""
    return {"type": "string", **keywords}


def number(**keywords: Any) -> JSON:
    """Return the schema of a number."""
    return {"type": "number", **keywords}


def integer(**keywords: Any) -> JSON:
    """Return the schema of an integer."""
    return {"type": "integer", **keywords}


def ref(name: str) -> JSON:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def document_of(
    schema: Any, direction: str, components: Mapping[str, Any] | None = None, version: str = "3.1.0"
) -> JSON:
    """Return a document with a schema in the request or in the response of one operation."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation: JSON = {"responses": {"200": {"description": "OK"}}}
    if direction == "request":
        operation["requestBody"] = content
    else:
        operation["responses"]["200"] |= content
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": dict(components or {})},
    }


_CAT = obj("kind", kind={"const": "cat"}, name=STR)
_DOG = obj("kind", kind={"const": "dog"}, age=INT)
_LARGE = [obj("a", "b", a={**INT, "minimum": each}, b=text(maxLength=1)) for each in range(6)]
_TREE = obj("value", value=INT, children=arr(ref("Tree")))

# name: (old schema, new schema, its level in a request, its level in a response)
SCHEMAS: Mapping[str, tuple[Any, Any, str, str]] = {
    # many alternatives, of which the least like the schema accepts it
    "large union, an open one": (
        obj("a", "b", a=INT, b=STR),
        {"anyOf": [*_LARGE, {"type": "object"}]},
        WARN,
        BREAK,
    ),
    "large union, none fits": (obj("a", "b", a=INT, b=STR), {"anyOf": _LARGE}, BREAK, OK),
    # the same in other words
    "same": (STR, STR, NONE, NONE),
    "title": (STR, text(title="A", description="b", examples=["c"]), NONE, NONE),
    "extension": (STR, {**STR, "x-a": 1}, NONE, NONE),
    "allOf around": (STR, {"allOf": [STR]}, NONE, NONE),
    "anyOf around": (STR, {"anyOf": [STR]}, NONE, NONE),
    "oneOf around": (obj("a", a=STR), {"oneOf": [obj("a", a=STR)]}, NONE, NONE),
    "allOf taken away": ({"allOf": [obj(a=STR)]}, obj(a=STR), NONE, NONE),
    "type list of one": (STR, {"type": ["string"]}, NONE, NONE),
    "type list to anyOf": ({"type": ["string", "null"]}, {"anyOf": [STR, NULL]}, NONE, NONE),
    "anyOf to oneOf": ({"anyOf": [STR, NULL]}, {"oneOf": [STR, NULL]}, NONE, NONE),
    "anyOf to oneOf that overlap": (
        {"anyOf": [obj(a=STR), obj(b=INT)]},
        {"oneOf": [obj(a=STR), obj(b=INT)]},
        WARN,
        OK,
    ),
    "anyOf to oneOf of integers and numbers": (
        {"anyOf": [INT, NUM]},
        {"oneOf": [INT, NUM]},
        WARN,
        OK,
    ),
    "anyOf to oneOf by a tag": (
        {"anyOf": [obj("k", k={"const": "a"}), obj("k", k={"const": "b"})]},
        {"oneOf": [obj("k", k={"const": "a"}), obj("k", k={"const": "b"})]},
        NONE,
        NONE,
    ),
    "anyOf in another order": ({"anyOf": [STR, INT]}, {"anyOf": [INT, STR]}, NONE, NONE),
    "allOf merged": (
        {"allOf": [obj("a", a=STR), obj("b", b=INT)]},
        obj("a b", a=STR, b=INT),
        NONE,
        NONE,
    ),
    "enum of one to const": (text(enum=["a"]), text(const="a"), NONE, NONE),
    "const to enum of one": ({"const": "a"}, text(enum=["a"]), NONE, NONE),
    "enum in another order": (text(enum=["a", "b"]), text(enum=["b", "a"]), NONE, NONE),
    "required in another order": (obj("a b", a=STR, b=STR), obj("b a", a=STR, b=STR), NONE, NONE),
    "integer bounds": (integer(minimum=1), integer(exclusiveMinimum=0), NONE, NONE),
    "integer by steps": (INT, number(multipleOf=1), NONE, NONE),
    "true and empty": (True, {}, NONE, NONE),
    "nested anyOf": (
        {"anyOf": [STR, {"anyOf": [INT, NULL]}]},
        {"type": ["string", "integer", "null"]},
        NONE,
        NONE,
    ),
    "boolean enum": (BOOL, {"enum": [True, False]}, NONE, NONE),
    "minLength 0": (STR, text(minLength=0), NONE, NONE),
    "pattern of everything": (STR, text(pattern="^.*$"), NONE, NONE),
    "members of map": (obj(a=STR), {**obj(a=STR), "additionalProperties": True}, NONE, NONE),
    # types
    "string to integer": (STR, INT, BREAK, BREAK),
    "integer to number": (INT, NUM, OK, BREAK),
    "number to integer": (NUM, INT, BREAK, OK),
    "becomes nullable": (STR, {"type": ["string", "null"]}, OK, BREAK),
    "no longer nullable": ({"type": ["string", "null"]}, STR, BREAK, OK),
    "X to anyOf X or null": (obj("a", a=STR), {"anyOf": [obj("a", a=STR), NULL]}, OK, BREAK),
    "anyOf X or null to X": ({"anyOf": [obj("a", a=STR), NULL]}, obj("a", a=STR), BREAK, OK),
    "X to oneOf null or X": (INT, {"oneOf": [NULL, INT]}, OK, BREAK),
    "type taken away": (STR, {}, OK, BREAK),
    "type given": ({}, STR, BREAK, OK),
    "another alternative": ({"anyOf": [STR, INT]}, {"anyOf": [STR, INT, BOOL]}, OK, BREAK),
    "one alternative less": ({"anyOf": [STR, INT, BOOL]}, {"anyOf": [STR, INT]}, BREAK, OK),
    "list to item": (arr(STR), STR, BREAK, BREAK),
    "item to list or item": (STR, {"anyOf": [STR, arr(STR)]}, OK, BREAK),
    "to nothing": (STR, False, BREAK, OK),
    # enumerations
    "value added": (text(enum=["a", "b"]), text(enum=["a", "b", "c"]), OK, WARN),
    "value removed": (text(enum=["a", "b", "c"]), text(enum=["a", "b"]), BREAK, OK),
    "other values": (text(enum=["a"]), text(enum=["b"]), BREAK, BREAK),
    "enum taken away": (text(enum=["a", "b"]), STR, OK, BREAK),
    "enum given": (STR, text(enum=["a", "b"]), BREAK, OK),
    "const to another": ({"const": 1}, {"const": 2}, BREAK, BREAK),
    "const to enum": (text(const="a"), text(enum=["a", "b"]), OK, WARN),
    "null in the enum": (text(enum=["a"]), {"enum": ["a", None]}, OK, BREAK),
    "integers added": (integer(enum=[1, 2]), integer(enum=[1, 2, 3]), OK, WARN),
    "1 and 1.0": ({"enum": [1]}, {"enum": [1.0]}, NONE, NONE),
    "1 and true": ({"enum": [1]}, {"enum": [True]}, BREAK, BREAK),
    "enum within a length": (text(enum=["a", "bb"]), text(maxLength=2), OK, BREAK),
    "enum beyond a length": (text(enum=["a", "bbb"]), text(maxLength=2), BREAK, BREAK),
    "enum of a pattern": (text(enum=["a1", "b2"]), text(pattern="^[a-z][0-9]$"), OK, BREAK),
    "true alone": (BOOL, {"const": True}, BREAK, OK),
    # numbers
    "minimum raised": (number(minimum=1), number(minimum=2), BREAK, OK),
    "minimum lowered": (number(minimum=2), number(minimum=1), OK, BREAK),
    "minimum given": (NUM, number(minimum=0), BREAK, OK),
    "maximum raised": (number(maximum=1), number(maximum=2), OK, BREAK),
    "maximum given": (INT, integer(maximum=9), BREAK, OK),
    "minimum excluded": (number(minimum=0), number(exclusiveMinimum=0), BREAK, OK),
    "minimum included": (number(exclusiveMinimum=0), number(minimum=0), OK, BREAK),
    "multipleOf given": (INT, integer(multipleOf=5), BREAK, OK),
    "multipleOf 10 to 5": (integer(multipleOf=10), integer(multipleOf=5), OK, BREAK),
    "multipleOf 5 to 3": (integer(multipleOf=5), integer(multipleOf=3), BREAK, BREAK),
    "multipleOf 0.01": (number(multipleOf=0.01), number(multipleOf=0.1), BREAK, OK),
    "int32 to int64": (integer(format="int32"), integer(format="int64"), OK, BREAK),
    "int64 to int32": (integer(format="int64"), integer(format="int32"), BREAK, OK),
    # strings
    "maxLength lowered": (text(maxLength=10), text(maxLength=5), BREAK, OK),
    "maxLength raised": (text(maxLength=5), text(maxLength=10), OK, BREAK),
    "maxLength given": (STR, text(maxLength=5), BREAK, OK),
    "minLength that a pattern implies": (
        text(pattern="^a"),
        text(pattern="^a", minLength=1),
        NONE,
        NONE,
    ),
    "one number that is an integer": (
        {"type": "number", "minimum": 1, "maximum": 1},
        {"type": "integer", "minimum": 1, "maximum": 1},
        NONE,
        NONE,
    ),
    "halves of which one is an integer": (
        {"type": "number", "exclusiveMinimum": 0.5, "maximum": 1, "multipleOf": 0.5},
        {"type": "integer", "minimum": 1},
        OK,
        BREAK,
    ),
    "minLength raised": (text(minLength=1), text(minLength=2), BREAK, OK),
    "minLength taken away": (text(minLength=1), STR, OK, BREAK),
    "pattern given": (STR, text(pattern="^a"), BREAK, OK),
    "pattern taken away": (text(pattern="^a"), STR, OK, BREAK),
    "another pattern": (text(pattern="^a"), text(pattern="^[ab]"), WARN, WARN),
    "format given": (STR, text(format="date"), BREAK, OK),
    "format taken away": (text(format="date-time"), STR, OK, BREAK),
    "another format": (text(format="date"), text(format="date-time"), BREAK, BREAK),
    "wider format": (text(format="uri"), text(format="uri-reference"), OK, BREAK),
    "unknown format": (STR, text(format="isbn"), WARN, OK),
    "password": (STR, text(format="password"), NONE, NONE),
    "uuid and its length": (text(format="uuid"), text(maxLength=36), OK, BREAK),
    # objects
    "optional member new": (obj(a=STR), obj(a=STR, b=INT), OK, OK),
    "optional member new, closed": (
        obj(closed=True, a=STR),
        obj(closed=True, a=STR, b=INT),
        OK,
        OK,
    ),
    "required member new": (obj("a", a=STR), obj("a b", a=STR, b=INT), BREAK, OK),
    "required member new, closed": (
        obj("a", closed=True, a=STR),
        obj("a b", closed=True, a=STR, b=INT),
        BREAK,
        OK,
    ),
    "member becomes required": (obj(a=STR), obj("a", a=STR), BREAK, OK),
    "member becomes optional": (obj("a", a=STR), obj(a=STR), OK, BREAK),
    "required member removed": (obj("a b", a=STR, b=STR), obj("a", a=STR), WARN, BREAK),
    "required member removed, closed": (
        obj("a b", closed=True, a=STR, b=STR),
        obj("a", closed=True, a=STR),
        BREAK,
        BREAK,
    ),
    "optional member removed": (obj(a=STR, b=STR), obj(a=STR), WARN, OK),
    "optional member removed, closed": (
        obj(closed=True, a=STR, b=STR),
        obj(closed=True, a=STR),
        BREAK,
        OK,
    ),
    "member narrowed": (obj(a=STR), obj(a=text(maxLength=3)), BREAK, OK),
    "member widened": (obj(a=INT), obj(a=NUM), OK, BREAK),
    "member becomes nullable": (
        obj("a", a=STR),
        obj("a", a={"type": ["string", "null"]}),
        OK,
        BREAK,
    ),
    "members refused": (obj(a=STR), obj(closed=True, a=STR), BREAK, NONE),
    "members let in": (obj(closed=True, a=STR), obj(a=STR), OK, NONE),
    "map widened": (
        {"type": "object", "additionalProperties": INT},
        {"type": "object", "additionalProperties": NUM},
        OK,
        BREAK,
    ),
    "map narrowed": (
        {"type": "object", "additionalProperties": STR},
        {"type": "object", "additionalProperties": text(maxLength=1)},
        BREAK,
        OK,
    ),
    "map to object": (
        {"type": "object", "additionalProperties": STR},
        obj("a", closed=True, a=STR),
        BREAK,
        OK,
    ),
    "map of strings and a number": (
        {"type": "object", "additionalProperties": STR},
        {"type": "object", "additionalProperties": STR, "properties": {"a": INT}},
        BREAK,
        BREAK,
    ),
    "patternProperties narrowed": (
        {"type": "object", "patternProperties": {"^x": NUM}},
        {"type": "object", "patternProperties": {"^x": INT}},
        BREAK,
        OK,
    ),
    "patternProperties given": (
        {"type": "object"},
        {"type": "object", "patternProperties": {"^x": INT}},
        WARN,
        OK,
    ),
    "minProperties raised": (
        {"type": "object", "minProperties": 1},
        {"type": "object", "minProperties": 2},
        BREAK,
        OK,
    ),
    "maxProperties lowered": (
        {"type": "object", "maxProperties": 5},
        {"type": "object", "maxProperties": 4},
        BREAK,
        OK,
    ),
    "propertyNames given": (
        {"type": "object"},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
        BREAK,
        OK,
    ),
    "dependentRequired given": (
        obj(a=STR, b=STR),
        {**obj(a=STR, b=STR), "dependentRequired": {"a": ["b"]}},
        BREAK,
        OK,
    ),
    "deep": (obj(a=obj(b=arr(obj(c=INT)))), obj(a=obj(b=arr(obj(c=STR)))), BREAK, BREAK),
    "allOf adds a member": (
        {"allOf": [obj("a", a=STR)]},
        {"allOf": [obj("a", a=STR), obj("b", b=STR)]},
        BREAK,
        OK,
    ),
    "allOf narrows": (
        {"allOf": [STR, text(maxLength=9)]},
        {"allOf": [STR, text(maxLength=5)]},
        BREAK,
        OK,
    ),
    # directions
    "becomes read-only": (obj(a=STR), obj(a={**STR, "readOnly": True}), WARN, NONE),
    "no longer read-only": (obj(a={**STR, "readOnly": True}), obj(a=STR), OK, NONE),
    "required read-only member": (
        obj("a", a=STR),
        obj("a id", a=STR, id={**INT, "readOnly": True}),
        NONE,
        OK,
    ),
    "required write-only member": (
        obj("a", a=STR),
        obj("a pw", a=STR, pw={**STR, "writeOnly": True}),
        BREAK,
        NONE,
    ),
    "read-only member removed": (obj(a=STR, id={**INT, "readOnly": True}), obj(a=STR), NONE, OK),
    "write-only member removed, closed": (
        obj(closed=True, a=STR, pw={**STR, "writeOnly": True}),
        obj(closed=True, a=STR),
        BREAK,
        NONE,
    ),
    "becomes write-only": (obj("a", a=STR), obj("a", a={**STR, "writeOnly": True}), NONE, BREAK),
    # arrays
    "items narrowed": (arr(NUM), arr(INT), BREAK, OK),
    "items given": (arr(), arr(STR), BREAK, OK),
    "minItems given": (arr(STR), arr(STR, minItems=1), BREAK, OK),
    "maxItems raised": (arr(STR, maxItems=1), arr(STR, maxItems=2), OK, BREAK),
    "uniqueItems given": (arr(STR), arr(STR, uniqueItems=True), BREAK, OK),
    "uniqueItems of one": (
        arr(STR, maxItems=1),
        arr(STR, maxItems=1, uniqueItems=True),
        NONE,
        NONE,
    ),
    "prefixItems": (arr(prefixItems=[STR, INT]), arr(prefixItems=[STR, NUM]), OK, BREAK),
    "tuple to list": (
        arr(False, prefixItems=[INT, INT], minItems=2),
        arr(INT, minItems=2, maxItems=2),
        NONE,
        NONE,
    ),
    "contains given": (arr(INT), {**arr(INT), "contains": {"const": 1}}, WARN, OK),
    # unions of objects
    "discriminated branch added": ({"oneOf": [_CAT]}, {"oneOf": [_CAT, _DOG]}, OK, BREAK),
    "discriminated branch removed": ({"oneOf": [_CAT, _DOG]}, {"oneOf": [_CAT]}, BREAK, OK),
    "branch narrowed": (
        {"oneOf": [_CAT, _DOG]},
        {"oneOf": [_CAT, obj("kind age", kind={"const": "dog"}, age=INT)]},
        BREAK,
        OK,
    ),
    "union split by an enum": (
        obj("kind", kind=text(enum=["a", "b"]), n=INT),
        {
            "anyOf": [
                obj("kind", kind=text(const="a"), n=INT),
                obj("kind", kind=text(const="b"), n=INT),
            ]
        },
        NONE,
        NONE,
    ),
    "union of members": (
        obj("a", closed=True, a={"type": ["string", "integer"]}),
        {"anyOf": [obj("a", closed=True, a=STR), obj("a", closed=True, a=INT)]},
        NONE,
        NONE,
    ),
    "ranges joined": (
        {"anyOf": [integer(minimum=0, maximum=4), integer(minimum=5, maximum=9)]},
        integer(minimum=0, maximum=9),
        NONE,
        NONE,
    ),
    # what cannot be compared
    "not given": (STR, {**STR, "not": {"pattern": "^a"}}, WARN, OK),
    "not the same": (
        {**STR, "not": {"pattern": "^a"}},
        {**STR, "not": {"pattern": "^a"}},
        NONE,
        NONE,
    ),
    "not another": (
        {**STR, "not": {"pattern": "^a"}},
        {**STR, "not": {"pattern": "^b"}},
        WARN,
        WARN,
    ),
    "not null": (
        {"type": ["string", "null"]},
        {"type": ["string", "null"], "not": NULL},
        BREAK,
        OK,
    ),
    "not of another type": (STR, {**STR, "not": INT}, NONE, NONE),
    "if given": (obj(a=STR), {**obj(a=STR), "if": obj("a"), "then": obj("b")}, WARN, OK),
    # defaults
    "default given": (integer(), integer(default=5), OK, NONE),
    "default changed": (integer(default=4), integer(default=5), WARN, NONE),
    "default taken away": (integer(default=4), integer(), WARN, NONE),
}
