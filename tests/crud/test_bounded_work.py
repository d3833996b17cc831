"""Bounded work: what a hostile client sends costs little more than its size."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from marshmallow import Schema, fields, validate, validates
from shelf import Book, collection

from restkit import App, takes
from restkit.crud.patching import JSON_PATCH
from restkit.testing import Client, TestResponse


def calls(request: Callable[[], TestResponse], *statuses: int) -> int:
    """Return how many functions of Python and of C a request calls, instead of its time."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        response = request()
    finally:
        sys.setprofile(before)
    assert response.status in statuses, response.text[:300]
    return count


def lines(request: Callable[[], TestResponse], *statuses: int) -> int:
    """Return how many lines of Python a request runs, instead of its time."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        response = request()
    finally:
        sys.settrace(before)
    assert response.status in statuses, response.text[:300]
    return count


def patch_with(client: Client, operations: list[dict[str, object]], *statuses: int) -> float:
    """Return the calls for each byte of a JSON Patch."""
    content = json.dumps(operations).encode()
    found = calls(
        lambda: client.patch("/books/1", content=content, content_type=JSON_PATCH), *statuses
    )
    return found / len(content)


def test_a_patch_does_not_copy_more_than_a_good_one() -> None:
    """Small operations that copy a large member again and again cost what their bytes do."""
    cover = {f"m{number}": number for number in range(2000)}
    good = [{"op": "add", "path": "/cover", "value": cover}] * 20
    usual = patch_with(collection(Book("Emma", cover={})), list(good), 200)
    copies = [{"op": "copy", "from": "/cover/a", "path": f"/cover/b{n}"} for n in range(1000)]
    for operations in (
        [{"op": "add", "path": "/cover/a", "value": cover}, *copies],
        [{"op": "add", "path": "/cover/a", "value": cover}, *copies[:1] * 1000],
        [{"op": "copy", "from": "", "path": "/cover/a"}] * 1000,
        [{"op": "test", "path": "/cover", "value": cover}] * 20,
        [{"op": "move", "from": "/cover/m1", "path": "/cover/m1"}] * 1000,
    ):
        client = collection(Book("Emma", cover=cover))
        work = patch_with(client, list(operations), 200, 409, 413, 422)
        assert work < 20 * usual, operations[-1]


def test_selections_of_clients_do_not_displace_the_whole_view() -> None:
    """After hundreds of selections of fields, a plain list costs what it cost before."""
    books = [Book(f"t{number}") for number in range(3)]
    client = collection(*books, fields=True)
    client.get("/books")
    before = calls(lambda: client.get("/books"), 200)
    names = list(client.get("/books/1").json)
    client = collection(*books, fields=True)
    chosen = itertools.chain.from_iterable(itertools.combinations(names, size) for size in (3, 4))
    for each in itertools.islice(chosen, 200):
        assert client.get(f"/books?fields={','.join(each)}").status == 200
    client.get("/books")
    assert calls(lambda: client.get("/books"), 200) < before * 1.1


GOOD = {
    "/books": {"title": "Emma", "tags": ["a fine tag"] * 3000},
    "/books/bulk": {"create": [{"title": "a title of some length", "year": 1815}] * 40},
}


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("/books", {"title": "Emma", "tags": [1] * 9000}),
        ("/books", {"title": "Emma", "tags": [{}] * 9000}),
        ("/books", {"title": "Emma", "tags": [[]] * 9000}),
        ("/books", {"title": "Emma", "tags": ["a", None] * 4000}),
        ("/books", {f"f{number}": 1 for number in range(3000)}),
        ("/books", {"title": ["x"] * 9000}),
        ("/books", {"title": "x" * 30_000}),
        ("/books", {"title": "Emma", "cover": {f"c{number}": [] for number in range(3000)}}),
        ("/books/bulk", {"create": [{}] * 9000}),
        ("/books/bulk", {"create": [1] * 9000}),
        ("/books/bulk", {"create": [{}] * 1000}),
        ("/books/bulk", {"create": [{"title": 1, "year": "x", "tags": 1}] * 900}),
        ("/books/bulk", {"create": [{"tags": [1] * 900}] * 9}),
        ("/books/bulk", {"update": [{"id": 1}] * 9000}),
        ("/books/bulk", {"update": [{"id": number + 9} for number in range(1000)]}),
        ("/books/bulk", {"update": [{"id": 1, "title": 1}] * 1000}),
        ("/books/bulk", {"delete": [1] * 9000}),
        ("/books/bulk", {"delete": [7] * 1000}),
        ("/books/bulk", {"delete": ["x"] * 1000}),
    ],
)
def test_an_invalid_body_costs_little_more_than_a_good_one(url: str, content: Any) -> None:
    """The work for each byte of an invalid body is at most 20 times that of a good one."""
    client = collection(Book("Emma"), bulk=True)
    client.post("/books", json={"title": "x"})

    def work(body: Any, *statuses: int) -> float:
        data = json.dumps(body).encode()
        found = lines(
            lambda: client.post(url, content=data, content_type="application/json"), *statuses
        )
        return found / len(data)

    good = work(GOOD[url], 200, 201)
    assert work(content, 201, 409, 422) < 20 * good


@pytest.mark.parametrize("length", [8, 900])
@pytest.mark.parametrize("compiled", [True, False])
def test_lengths_are_checked_before_items(length: int, compiled: bool) -> None:
    """A list that is too long has one error, about its length, and no item of it is read."""
    seen: list[object] = []

    class PartSchema(Schema):
        name = fields.Str(required=True)

        @validates("name")
        def note(self, value: str, **more: object) -> None:
            seen.append(value)

    class BookSchema(Schema):
        parts = fields.List(fields.Nested(PartSchema), validate=validate.Length(max=7))
        nested = fields.Nested({"tags": fields.List(fields.Int(), validate=validate.Length(max=7))})
        deep = fields.List(
            fields.Nested({"tags": fields.List(fields.Int(), validate=validate.Length(max=7))})
        )
        many = fields.Nested(PartSchema, many=True, validate=validate.Length(max=7))

    app = App("Books", compile_schemas=compiled)

    @app.post("/books")
    @takes(body=BookSchema)
    def books(body: dict[str, Any]) -> dict[str, int]:
        return {"parts": len(body["parts"])}

    parts = [{"name": "x"}] * length
    for content, pointer in (
        ({"parts": parts}, "/parts"),
        ({"parts": [1] * length}, "/parts"),
        ({"nested": {"tags": ["x"] * length}}, "/nested/tags"),
        ({"many": parts}, "/many"),
        ({"many": [1] * length}, "/many"),
        ({"deep": [{"tags": []}, {"tags": [1] * length}]}, "/deep/1/tags"),
    ):
        response = Client(app).post("/books", json=content)
        assert response.status == 422
        assert response.problem["errors"] == [
            {"pointer": pointer, "detail": "Longer than maximum length 7.", "code": "length"}
        ]
    assert seen == []


def test_errors_of_a_list_stop_at_a_hundred() -> None:
    """After 101 invalid items a list is not read on, whatever its items are."""
    for items in ([1] * 5000, ["x", 1] * 5000, [None] * 5000):
        response = collection().post("/books", json={"title": "Emma", "tags": items})
        assert len(response.problem["errors"]) == 100
        assert response.problem["omitted_errors"] == 1
    response = collection(bulk=True).post("/books/bulk", json={"create": [{}] * 1000})
    assert response.problem["omitted_errors"] == 1
    response = collection(bulk=True).post("/books/bulk", json={"delete": list(range(9, 999))})
    assert response.problem["omitted_errors"] == 1
