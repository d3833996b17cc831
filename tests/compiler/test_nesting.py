"""Long lists: each item is loaded, and an invalid list costs no more than its first errors."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, post_dump, validate

from restkit import App, returns, takes
from restkit.compiler import compile_schema, explain
from restkit.testing import Client


class Point(Schema):
    x = fields.Int(required=True)


class Drawing(Schema):
    numbers = fields.List(fields.Int())
    short = fields.List(fields.Int(), validate=validate.Length(max=102))
    ratios = fields.List(fields.Float())
    points = fields.List(fields.Nested(Point))


class Open(Schema):
    """Takes what each of its fields takes."""

    it = fields.Raw()


app = App("Drawings")


@app.post("/drawings")
@takes(body=Drawing)
@returns(Open)
def create(body: dict[str, Any]) -> dict[str, Any]:
    return {"it": body}


@app.patch("/drawings")
@takes(body=Drawing)
@returns(Open)
def update(body: dict[str, Any]) -> dict[str, Any]:
    return {"it": body}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(("name", "wrong"), [("numbers", "x"), ("points", {"x": "y"})])
@pytest.mark.parametrize("length", [1, 99, 100, 101, 102, 150])
def test_a_list_of_errors_is_read_to_its_hundred_and_first(
    length: int, name: str, wrong: Any, method: str
) -> None:
    """A hundred errors are shown, and one more is counted, however long the list is."""
    response = Client(app).request(method, "/drawings", json={name: [wrong] * length})
    assert response.status == 422
    below = "/x" if name == "points" else ""
    shown = [each["pointer"] for each in response.json["errors"]]
    assert shown == [f"/{name}/{index}{below}" for index in range(min(length, 100))]
    assert response.json.get("omitted_errors") == (1 if length > 100 else None)


@pytest.mark.parametrize("length", [100, 101, 102, 150])
@pytest.mark.parametrize(
    ("name", "good", "wrong"),
    [("numbers", 1, "x"), ("numbers", 1, None), ("points", {"x": 1}, 5), ("ratios", 1, "x")],
)
def test_the_last_of_many_items_is_checked(name: str, length: int, good: Any, wrong: Any) -> None:
    """One wrong item at the end of a long list is found, and is the only error."""
    items = [*[good] * (length - 1), wrong]
    response = Client(app).post("/drawings", json={name: items})
    assert [each["pointer"] for each in response.json["errors"]] == [f"/{name}/{length - 1}"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("length", [0, 1, 100, 101, 150])
@pytest.mark.parametrize(("name", "item"), [("numbers", 7), ("points", {"x": 7}), ("ratios", 7)])
def test_long_lists_are_loaded_whole(name: str, item: Any, length: int, method: str) -> None:
    """A valid list has all its items, with the type of the field."""
    response = Client(app).request(method, "/drawings", json={name: [item] * length})
    assert response.status == 200
    assert response.json["it"] == {name: [item] * length}


@pytest.mark.parametrize(("length", "status"), [(102, 200), (103, 422)])
def test_validators_of_long_lists(length: int, status: int) -> None:
    """The list's own validators see long lists too."""
    assert Client(app).post("/drawings", json={"short": [1] * length}).status == status


def test_nested_values_are_loaded_by_generated_code() -> None:
    """An object and a list of objects have a loop of their own, which `explain` shows."""
    one = Schema.from_dict({"point": fields.Nested(Point)})()
    many = Schema.from_dict({"points": fields.List(fields.Nested(Point))})()
    whole = Schema.from_dict({"points": fields.Nested(Point, many=True)})()
    assert "if type(v) is dict:" in explain(one).load_source
    assert "for n, x in enumerate(v):" not in explain(one).load_source
    assert "if type(v) is list:" in explain(many).load_source
    assert "for n, x in enumerate(v):" in explain(many).load_source
    assert "enumerate(v)" not in explain(whole).load_source


class _Emptied(Schema):
    name = fields.Str()

    @post_dump
    def empty(self, data: Any, **options: Any) -> None:
        return None


@pytest.mark.parametrize(("many", "value"), [(False, {"name": "a"}), (True, [{"name": "a"}])])
def test_a_plucked_value_of_data_that_a_hook_left_out_is_as_in_marshmallow(
    many: bool, value: Any
) -> None:
    """A hook that makes None of nested data leaves None, or raises the same for a list."""
    schema = Schema.from_dict({"a": fields.Pluck(_Emptied, "name", many=many)})
    outcomes: list[Any] = []
    for dump in (schema().dump, compile_schema(schema()).dump):
        try:
            outcomes.append(dump({"a": value}))
        except TypeError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
