"""Headers and cookies: lists, names of all headers, and where errors are."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import parse_qsl

import pytest
from marshmallow import EXCLUDE, INCLUDE, Schema, fields, validate

from restkit import App, DeclarationError, takes
from restkit.testing import Client


class ListedSchema(Schema):
    x_ids = fields.List(fields.Int(validate=validate.Range(max=5)), data_key="X-Ids")
    content_type = fields.Str(data_key="Content-Type", metadata={"documented": False})


class AllSchema(ListedSchema):
    class Meta:
        unknown = INCLUDE


class SomeSchema(ListedSchema):
    class Meta:
        unknown = EXCLUDE


def reading(schema: type[Schema], location: str = "headers") -> Client:
    app = App("Headers")

    def get(**taken: Any) -> dict[str, str]:
        return {"read": repr(dict(sorted(taken[location].items())))}

    app.get("/x")(takes(**{location: schema})(get))
    return Client(app)


@pytest.mark.parametrize("schema", [ListedSchema, SomeSchema])
def test_a_list_is_split_at_commas(schema: type[Schema]) -> None:
    client = reading(schema)
    response = client.get("/x", headers={"X-Ids": "1, 2 ,3", "X-Other": "o"})
    assert response.json == {"read": "{'x_ids': [1, 2, 3]}"}
    assert client.get("/x").json == {"read": "{}"}


def test_a_schema_may_have_every_header() -> None:
    headers = {"X-Ids": "1", "X-Other": "o"}
    read = reading(AllSchema).get("/x", headers=headers).json["read"]
    assert "'X-Other': 'o'" in read
    assert "'x_ids': [1]" in read
    assert "X-Ids" not in read


def test_an_error_names_the_item() -> None:
    response = reading(ListedSchema).get("/x", headers={"X-Ids": "1,x,9"})
    assert response.status == 422
    assert [(each["parameter"], each["in"]) for each in response.problem["errors"]] == [
        ("X-Ids", "header"),
        ("X-Ids", "header"),
    ]
    details = [each["detail"] for each in response.problem["errors"]]
    assert details[0].startswith("Item 1: ")
    assert details[1].startswith("Item 2: ")


class DeepSchema(Schema):
    where = fields.Dict(keys=fields.Str(), values=fields.Int())
    n = fields.Int(required=True)


def test_a_cookie_that_is_invalid_is_named() -> None:
    client = reading(Schema.from_dict({"n": fields.Int(required=True)}), "cookies")
    for headers in ({"Cookie": "n=x"}, {}):
        (error,) = client.get("/x", headers=headers).problem["errors"]
        assert (error["parameter"], error["in"]) == ("n", "cookie")
    assert client.get("/x", headers={"Cookie": "n=5; other=1"}).json == {"read": "{'n': 5}"}


@pytest.mark.parametrize("query", ["where[a]=x&n=1", "where[a]=1&where[b]=y&n=1"])
def test_an_error_names_the_member(query: str) -> None:
    deep = fields.Dict(
        keys=fields.Str(),
        values=fields.Int(),
        metadata={"style": "deepObject"},
    )
    client = reading(Schema.from_dict({"where": deep, "n": fields.Int()}), "query")
    response = client.get(f"/x?{query}")
    assert response.status == 422
    names = [each["parameter"] for each in response.problem["errors"]]
    assert names == [f"where[{'a' if 'x' in query else 'b'}]"]


def test_a_header_has_the_name_that_is_given() -> None:
    """A Python name becomes one: ``x_own_id`` is ``X-Own-Id``."""
    schema = {"X-Own-ID": fields.Int(), "x_other_id": fields.Int(), "etag": fields.Str()}
    client = reading(Schema.from_dict(schema))
    parameters = client.get("/openapi.json").json["paths"]["/x"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["X-Own-ID", "X-Other-Id", "Etag"]
    response = client.get("/x", headers={"x-own-id": "1", "X-Other-ID": "x"})
    assert [each["parameter"] for each in response.problem["errors"]] == ["X-Other-Id"]


def _drawn_query(random: Random) -> str:
    pairs: list[str] = []
    for _ in range(random.randint(0, 4)):
        value = "".join(random.choice("a7=+%&;é") for _ in range(random.randint(0, 4)))
        value = random.choice(("x", "7", "%41", "a+b", "%C3%A9", "%ff", "%00", "a=b", "", value))
        name = random.choice(("one", "one", "many", "many", "number", "other", "o%6Ee"))
        pairs.append(random.choice((name, f"{name}={value}", f"{name}={value}")))
    return "&".join(pairs)


def _expected(query: str) -> dict[str, Any] | None:
    """Return what a query means, None if it is invalid."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeError:
        return None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if "\0" in value or name not in ("one", "many", "number"):
            return None
        if name == "many":
            found.setdefault(name, []).append(value)
        elif name in found or (name == "number" and value != "7"):
            return None
        else:
            found[name] = 7 if name == "number" else value
    return found


def test_drawn_queries_mean_what_a_parser_of_queries_says() -> None:
    """Escapes, repeated, empty, unknown and invalid parameters, in any order."""
    app = App("Queries")
    schema = {
        "one": fields.Str(),
        "many": fields.List(fields.Str()),
        "number": fields.Int(),
    }

    @app.get("/")
    @takes(query=schema)
    def get(query: dict[str, Any]) -> dict[str, Any]:
        return query

    client, random, answered = Client(app), Random(11), 0
    for _ in range(1500):
        query = _drawn_query(random)
        response = client.get(f"/?{query}")
        expected = _expected(query)
        assert response.status == (422 if expected is None else 200), query
        if expected is not None:
            assert response.json == expected, query
            answered += 1
    assert 300 < answered < 1200


@pytest.mark.parametrize("name", ["Authorization", "accept", "Content-Type"])
def test_a_header_that_openapi_ignores_is_refused(name: str) -> None:
    """Unless the field says that it is not documented."""
    with pytest.raises(DeclarationError, match=f"OpenAPI ignores the header field '{name}'"):
        reading(Schema.from_dict({"it": fields.Str(data_key=name)}))
    hidden = fields.Str(data_key=name, metadata={"documented": False})
    read = reading(Schema.from_dict({"it": hidden})).get("/x", headers={name: "application/json"})
    assert read.json == {"read": "{'it': 'application/json'}"}


def test_two_fields_of_one_header_are_refused() -> None:
    """The names of headers have no case (RFC 9110, section 5.1)."""
    twice = Schema.from_dict({"a": fields.Str(data_key="X-A"), "b": fields.Str(data_key="x-a")})
    with pytest.raises(DeclarationError, match="'X-A' and 'x-a' are one header"):
        reading(twice)
    reading(twice, "query").get("/x", query={"X-A": "1", "x-a": "2"})
