"""Pairs of whole documents: operations, parameters, bodies, responses, security."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from restkit.evolution.changes import Change
from restkit.evolution.comparison import compare

JSON = dict[str, Any]
LEVELS = ("none", "compatible", "warning", "breaking")
NONE, OK, WARN, BREAK = LEVELS
STR: JSON = {"type": "string"}
INT: JSON = {"type": "integer"}


def worst(changes: list[Change]) -> str:
    """Return the level of the worst change."""
    return max((each.level for each in changes), key=LEVELS.index, default="none")


def base() -> JSON:
    """Return a document that the pairs begin with."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {
            "/books/{id}": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": INT},
                ],
                "get": {
                    "operationId": "getBook",
                    "parameters": [
                        {"name": "q", "in": "query", "schema": STR},
                        {"$ref": "#/components/parameters/Trace"},
                    ],
                    "responses": {
                        "200": {
                            "description": "OK",
                            "headers": {
                                "ETag": {"required": True, "schema": STR},
                                "X-N": {"schema": INT},
                            },
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Book"}
                                }
                            },
                        },
                        "404": {"$ref": "#/components/responses/NotFound"},
                    },
                },
                "put": {
                    "operationId": "putBook",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Book"}},
                            "text/plain": {"schema": STR},
                        }
                    },
                    "responses": {"200": {"description": "OK"}, "204": {"description": "Done"}},
                },
            },
        },
        "components": {
            "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": STR}},
            "responses": {
                "NotFound": {
                    "description": "No",
                    "content": {"application/problem+json": {"schema": {}}},
                }
            },
            "schemas": {
                "Book": {"type": "object", "properties": {"title": STR}, "required": ["title"]},
                "Unused": STR,
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "token": {"type": "http", "scheme": "bearer"},
                "jwt": {"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"},
                "flow": {"type": "oauth2", "flows": {}},
            },
        },
    }


def get(document: JSON) -> JSON:
    """Return the GET of the document."""
    return document["paths"]["/books/{id}"]["get"]  # type: ignore[no-any-return]  # JSON


def put(document: JSON) -> JSON:
    """Return its PUT."""
    return document["paths"]["/books/{id}"]["put"]  # type: ignore[no-any-return]  # JSON


def ok(document: JSON) -> JSON:
    """Return the 200 of the GET."""
    return get(document)["responses"]["200"]  # type: ignore[no-any-return]  # JSON


def query(**keywords: Any) -> Callable[[JSON], object]:
    """Return a change of the parameter q."""
    return lambda d: get(d)["parameters"][0].update(keywords)


def more(**keywords: Any) -> Callable[[JSON], object]:
    """Return a change that adds a parameter."""
    return lambda d: get(d)["parameters"].append({"schema": STR, **keywords})


def secured(*alternatives: JSON) -> Callable[[JSON], object]:
    """Return a change of the security of the GET."""
    return lambda d: get(d).update(security=list(alternatives))


def renamed(document: JSON) -> None:
    """Rename the variable of the path."""
    item = document["paths"].pop("/books/{id}")
    item["parameters"][0]["name"] = "book"
    document["paths"]["/books/{book}"] = item


def nothing(document: JSON) -> None:
    """Leave the document as it is."""


def status(code: str, content: JSON | None = None) -> Callable[[JSON], object]:
    """Return a change that adds a status to the GET."""
    return lambda d: get(d)["responses"].__setitem__(code, content or {"description": "x"})


def moved(document: JSON) -> None:
    """Put the shared parts in line."""
    get(document)["parameters"][1] = document["components"]["parameters"].pop("Trace")
    get(document)["responses"]["404"] = document["components"]["responses"].pop("NotFound")


# name: (change of the base, further change, level of the further change, level of its reverse)
PAIRS: dict[str, tuple[Callable[[JSON], object], Callable[[JSON], object], str, str]] = {
    "nothing": (nothing, nothing, NONE, NONE),
    "unused component": (nothing, lambda d: d["components"]["schemas"].pop("Unused"), NONE, NONE),
    "shared parts in line": (nothing, moved, NONE, NONE),
    "renamed variable": (nothing, renamed, NONE, NONE),
    "description": (nothing, lambda d: get(d).update(summary="x", description="y"), NONE, NONE),
    "path": (nothing, lambda d: d["paths"].clear(), BREAK, OK),
    "operation": (nothing, lambda d: d["paths"]["/books/{id}"].pop("put"), BREAK, OK),
    "operationId": (nothing, lambda d: get(d).update(operationId="readBook"), WARN, WARN),
    "operationId given": (
        lambda d: get(d).pop("operationId"),
        lambda d: get(d).update(operationId="a"),
        NONE,
        WARN,
    ),
    "deprecated": (nothing, lambda d: get(d).update(deprecated=True), OK, NONE),
    # parameters
    "optional parameter": (nothing, more(name="a", **{"in": "query"}), OK, BREAK),
    "required parameter": (nothing, more(name="a", required=True, **{"in": "query"}), BREAK, BREAK),
    "optional header": (nothing, more(name="A", **{"in": "header"}), OK, WARN),
    "required header": (nothing, more(name="A", required=True, **{"in": "header"}), BREAK, WARN),
    "ignored header": (nothing, more(name="Accept", required=True, **{"in": "header"}), NONE, NONE),
    "cookie": (nothing, more(name="a", **{"in": "cookie"}), OK, WARN),
    "header in other case": (
        nothing,
        lambda d: d["components"]["parameters"]["Trace"].update(name="x-trace"),
        NONE,
        NONE,
    ),
    "parameter required": (nothing, query(required=True), BREAK, OK),
    "parameter moved": (nothing, query(**{"in": "header"}), BREAK, WARN),
    "parameter narrowed": (nothing, query(schema={"type": "string", "maxLength": 5}), BREAK, OK),
    "text for a number": (query(schema=INT), query(schema=STR), OK, BREAK),
    "text for a boolean": (query(schema={"type": "boolean"}), query(schema=STR), OK, BREAK),
    "text of a pattern": (
        query(schema=INT),
        query(schema={**STR, "pattern": "^[a-z]"}),
        BREAK,
        BREAK,
    ),
    "parameter enum": (
        query(schema={"enum": ["a"]}),
        query(schema={"enum": ["a", "b"]}),
        OK,
        BREAK,
    ),
    "parameter deprecated": (nothing, query(deprecated=True), OK, NONE),
    "style of a list": (
        query(schema={"type": "array", "items": STR}),
        query(style="pipeDelimited", explode=False),
        BREAK,
        BREAK,
    ),
    "explode of a list": (
        query(schema={"type": "array", "items": STR}),
        query(explode=False),
        BREAK,
        BREAK,
    ),
    "explode of a text": (nothing, query(explode=False), NONE, NONE),
    "style that is the default": (nothing, query(style="form", explode=True), NONE, NONE),
    "style of the path": (
        nothing,
        lambda d: d["paths"]["/books/{id}"]["parameters"][0].update(style="label"),
        BREAK,
        BREAK,
    ),
    "variable narrowed": (
        nothing,
        lambda d: d["paths"]["/books/{id}"]["parameters"][0].update(schema={**INT, "minimum": 1}),
        BREAK,
        OK,
    ),
    "parameter of the path at the operation": (
        nothing,
        lambda d: get(d)["parameters"].append(d["paths"]["/books/{id}"]["parameters"][0]),
        NONE,
        NONE,
    ),
    "default of a parameter": (
        query(schema={**INT, "default": 1}),
        query(schema={**INT, "default": 2}),
        WARN,
        WARN,
    ),
    "content for schema": (
        nothing,
        lambda d: get(d)["parameters"].__setitem__(
            0, {"name": "q", "in": "query", "content": {"application/json": {"schema": STR}}}
        ),
        BREAK,
        BREAK,
    ),
    # bodies
    "body required": (nothing, lambda d: put(d)["requestBody"].update(required=True), BREAK, OK),
    "new optional body": (
        lambda d: put(d).pop("requestBody"),
        lambda d: put(d).update(requestBody=base()["paths"]["/books/{id}"]["put"]["requestBody"]),
        OK,
        BREAK,
    ),
    "new required body": (
        lambda d: put(d).pop("requestBody"),
        lambda d: put(d).update(requestBody={"required": True, "content": {"text/plain": {}}}),
        BREAK,
        BREAK,
    ),
    "media type of a body": (
        nothing,
        lambda d: put(d)["requestBody"]["content"].pop("text/plain"),
        BREAK,
        OK,
    ),
    "media type with a charset": (
        nothing,
        lambda d: put(d)["requestBody"]["content"].update(
            {"text/plain; charset=utf-8": put(d)["requestBody"]["content"].pop("text/plain")}
        ),
        NONE,
        NONE,
    ),
    "range of media types": (
        nothing,
        lambda d: put(d)["requestBody"]["content"].update(
            {"text/*": put(d)["requestBody"]["content"].pop("text/plain")}
        ),
        OK,
        BREAK,
    ),
    # responses
    "new 2xx": (nothing, status("202"), WARN, WARN),
    "new 3xx": (nothing, status("303"), WARN, WARN),
    "new 4xx": (nothing, status("409"), OK, OK),
    "new 5xx": (nothing, status("503"), OK, OK),
    "new default": (nothing, status("default"), OK, OK),
    "status within a range": (status("4XX"), status("409"), NONE, NONE),
    "status within the default": (status("default"), status("409"), NONE, NONE),
    "200 becomes 201": (
        nothing,
        lambda d: get(d)["responses"].update({"201": get(d)["responses"].pop("200")}),
        BREAK,
        BREAK,
    ),
    "one success less": (nothing, lambda d: put(d)["responses"].pop("204"), WARN, WARN),
    "required response header": (nothing, lambda d: ok(d)["headers"].pop("ETag"), BREAK, OK),
    "response header": (nothing, lambda d: ok(d)["headers"].pop("X-N"), BREAK, OK),
    "response header optional": (
        nothing,
        lambda d: ok(d)["headers"]["ETag"].pop("required"),
        BREAK,
        OK,
    ),
    "response header widened": (
        nothing,
        lambda d: ok(d)["headers"]["X-N"].update(schema=STR),
        BREAK,
        OK,
    ),
    "response header in other case": (
        nothing,
        lambda d: ok(d)["headers"].update(etag=ok(d)["headers"].pop("ETag")),
        NONE,
        NONE,
    ),
    "deprecation header": (
        lambda d: ok(d)["headers"].update(Deprecation={"required": True, "schema": STR}),
        lambda d: ok(d)["headers"].pop("Deprecation"),
        NONE,
        NONE,
    ),
    "media type of a response": (
        nothing,
        lambda d: ok(d)["content"].update({"text/csv": {}}),
        OK,
        BREAK,
    ),
    "content of a response": (nothing, lambda d: ok(d).pop("content"), BREAK, OK),
    "shared response": (
        nothing,
        lambda d: d["components"]["responses"]["NotFound"]["content"].update(
            {"application/problem+json": {"schema": STR}}
        ),
        OK,
        BREAK,
    ),
    "shared schema, wider": (
        nothing,
        lambda d: d["components"]["schemas"]["Book"].update(required=[]),
        BREAK,
        BREAK,
    ),
    "shared schema, a member more": (
        nothing,
        lambda d: d["components"]["schemas"]["Book"]["properties"].update(isbn=STR),
        OK,
        WARN,
    ),
    # security
    "credentials": (nothing, secured({"key": []}), BREAK, OK),
    "credentials or none": (nothing, secured({"key": []}, {}), NONE, NONE),
    "another alternative": (secured({"key": []}), secured({"key": []}, {"token": []}), OK, BREAK),
    "one scheme more": (secured({"key": []}), secured({"key": [], "token": []}), BREAK, OK),
    "one scope more": (
        secured({"flow": ["read"]}),
        secured({"flow": ["read", "write"]}),
        BREAK,
        OK,
    ),
    "another scheme": (secured({"key": []}), secured({"token": []}), BREAK, BREAK),
    "another name of a scheme": (secured({"token": []}), secured({"jwt": []}), NONE, NONE),
    "security of the document": (nothing, lambda d: d.update(security=[{"key": []}]), BREAK, OK),
    "the same for all": (
        lambda d: [get(d).update(security=[{"key": []}]), put(d).update(security=[{"key": []}])],
        lambda d: [
            get(d).pop("security"),
            put(d).pop("security"),
            d.update(security=[{"key": []}]),
        ],
        NONE,
        NONE,
    ),
    "key in another header": (
        secured({"key": []}),
        lambda d: d["components"]["securitySchemes"]["key"].update(name="X-Api-Key"),
        BREAK,
        BREAK,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_changes(name: str) -> None:
    """Each change has its level."""
    before, after, expected, _ = PAIRS[name]
    old = base()
    before(old)
    new = copy.deepcopy(old)
    after(new)
    changes = compare(old, new)
    assert (worst(changes), changes) == (expected, changes)


@pytest.mark.parametrize("name", PAIRS)
def test_reversed_changes(name: str) -> None:
    """Its reverse has another one."""
    before, after, _, expected = PAIRS[name]
    new = base()
    before(new)
    old = copy.deepcopy(new)
    after(old)
    changes = compare(old, new)
    assert (worst(changes), changes) == (expected, changes)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, BREAK),
        ({"deprecated": True}, BREAK),
        ({"deprecated": True, "x-sunset": "2027-06-02"}, BREAK),
        ({"deprecated": True, "x-sunset": "2027-06-01"}, OK),
        ({"deprecated": True, "x-sunset": date(2027, 6, 1)}, OK),
        ({"deprecated": True, "x-sunset": "2027-05-01T12:00:00Z"}, OK),
        ({"deprecated": True, "x-deprecation": {"sunset": "2027-05-01"}}, OK),
        ({"x-sunset": "2027-05-01"}, BREAK),
    ],
)
def test_removal_after_the_sunset(members: JSON, expected: str) -> None:
    """A deprecated operation may go when its sunset has come."""
    old, new = base(), base()
    put(old).update(members)
    del new["paths"]["/books/{id}"]["put"]
    assert worst(compare(old, new, today=date(2027, 6, 1))) == expected


def test_an_earlier_sunset_is_a_warning() -> None:
    """Clients have planned with the date."""
    old, new = base(), base()
    put(old).update({"deprecated": True, "x-sunset": "2027-06-01"})
    put(new).update({"deprecated": True, "x-sunset": "2027-03-01"})
    (change,) = compare(old, new)
    assert (change.level, change.kind) == ("warning", "sunset")
    assert compare(new, old) == []


def test_a_change_has_its_place() -> None:
    """The path, the method, the direction, a pointer into the new document, one sentence."""
    old, new = base(), base()
    new["components"]["schemas"]["Book"]["properties"]["title"] = {**STR, "maxLength": 9}
    change, _ = compare(old, new)
    assert change.place == ("/books/{id}", "PUT", "request", "body application/json")
    assert change.pointer == "#/components/schemas/Book/properties/title"
    assert change.message == "`title`: maxLength changes from none to 9."
    assert (change.level, change.kind) == ("breaking", "maxLength")


def test_webhooks_are_sent_by_the_service() -> None:
    """Their requests are compared as responses are."""

    def hook(schema: JSON) -> JSON:
        body = {"content": {"application/json": {"schema": schema}}}
        return {**base(), "webhooks": {"made": {"post": {"requestBody": body, "responses": {}}}}}

    narrow, wide = hook({**STR, "maxLength": 5}), hook(STR)
    assert worst(compare(narrow, wide)) == BREAK
    assert worst(compare(wide, narrow)) == OK
    assert worst(compare(wide, base())) == BREAK
    assert worst(compare(base(), wide)) == OK


def test_the_methods_of_3_2() -> None:
    """QUERY stands in `query`, in `additionalOperations` or in an extension."""
    operation = {"responses": {"200": {"description": "OK"}}}
    places = [
        {"query": operation},
        {"x-query": operation},
        {"additionalOperations": {"QUERY": operation}},
    ]
    documents = [{**base(), "paths": {"/a": each}} for each in places]
    assert all(compare(documents[0], each) == [] for each in documents)
    assert worst(compare(documents[0], {**base(), "paths": {}})) == BREAK


def test_unknown_references_are_warnings() -> None:
    """What cannot be followed cannot be compared."""
    old, new = base(), base()
    ok(new)["content"]["application/json"]["schema"] = {"$ref": "other.yaml#/Book"}
    (change,) = compare(old, new)
    assert change.level == "warning"
    assert "another document" in change.message


@pytest.mark.parametrize("covering", ["2XX", "default"])
def test_a_status_that_a_range_or_the_default_takes_over(covering: str) -> None:
    """What was a text under 200 is a number under the range: the status itself is gone."""

    def of(status: str, kind: str) -> dict[str, Any]:
        content = {"application/json": {"schema": {"type": kind}}}
        responses = {status: {"description": "d", "content": content}}
        paths = {"/x": {"get": {"operationId": "x", "responses": responses}}}
        return {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}

    changed = compare(of("200", "string"), of(covering, "integer"))
    assert "breaking" in {each.level for each in changed}
    same = compare(of("200", "string"), of(covering, "string"))
    assert "breaking" not in {each.level for each in same}
