"""Data of one media type, which is written without asking what else it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, Response, returns
from restkit.testing import Client


class BookSchema(Schema):
    title = fields.Str()
    stars = fields.Int()


@dataclass
class Book:
    title: str
    stars: int


EMMA = {"title": "Emma", "stars": 5}


def app_of(value: Any, **attributes: Any) -> App:
    """Return an App whose one resource returns a value."""
    app = App("T")
    members = {"get": lambda self: value, **attributes}
    app.add("/", type("Values", (Resource,), members))
    return app


@pytest.mark.parametrize("value", [{"a": 1}, [1, "b"], "text", 7, 1.5, True])
def test_data_of_each_type(value: Any) -> None:
    """Each type of data is JSON with its length, as the same data in a tuple is."""
    found = Client(app_of(value)).get("/")
    in_tuple = Client(app_of((value, 200))).get("/")
    assert found.json == value
    assert found.headers["Content-Type"] == "application/json"
    assert int(found.headers["Content-Length"]) == len(found.data)
    assert list(found.headers) == list(in_tuple.headers)
    assert found.data == in_tuple.data


@pytest.mark.parametrize("value", [EMMA, Book("Emma", 5), (EMMA, 200), ({**EMMA, "x": 1}, {})])
def test_data_and_objects_of_a_schema(value: Any) -> None:
    """A schema dumps data, objects and data in tuples alike."""
    assert Client(app_of(value, schema=BookSchema)).get("/").json == EMMA


def test_many_of_a_schema() -> None:
    """A list is dumped item by item, also an empty one."""
    for value in ([EMMA, Book("Emma", 5)], []):
        app = App("T")
        app.get("/")(returns(BookSchema, many=True)(lambda given=value: given))
        assert Client(app).get("/").json == [EMMA] * len(value)


@pytest.mark.parametrize(("value", "many"), [([EMMA], False), ("Emma", False), (EMMA, True)])
def test_data_that_the_schema_makes_nothing_of(value: Any, many: bool) -> None:
    """A list for one value, and one value for a list, are mistakes of the program."""
    app = App("T")
    app.get("/")(returns(BookSchema, many=many)(lambda: value))
    with pytest.raises(DeclarationError, match="its schema is declared for"):
        Client(app).get("/")


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, [None, 1e999]])
def test_data_that_is_not_finite(value: Any) -> None:
    """A float without JSON is a mistake, also beside a None."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        Client(app_of(value)).get("/")


def test_data_that_is_not_json() -> None:
    """A value without JSON is a mistake that names the method."""
    with pytest.raises(TypeError, match=r"Values\.get returned a value that cannot be serialized"):
        Client(app_of({"a": {1, 2}})).get("/")


def test_changed_headers_belong_to_one_response() -> None:
    """A response whose headers middleware changes leaves those of the next one alone."""
    app = app_of({"a": 1})

    @app.middleware
    def count(request: Any, proceed: Any) -> Response:
        response: Response = proceed(request)
        response.headers["X-Count"] = str(len(list(response.headers)))
        response.headers["Content-Type"] = "application/vnd.count+json"
        return response

    client = Client(app, contract=False)
    assert list(client.get("/").headers) == list(client.get("/").headers)
