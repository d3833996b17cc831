"""What the decorators leave as it is: classes, methods and functions keep their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from marshmallow import Schema, fields

from restkit import (
    App,
    Conflict,
    Header,
    NotFound,
    Resource,
    Response,
    Upload,
    operation,
    raises,
    returns,
    takes,
)


class BookSchema(Schema):
    title = fields.Str(required=True)


class CoverSchema(Schema):
    cover = Upload(required=True, media_types=("image/png",), max_size=1_000)


app = App(
    "Shop",
    tags={"Books": "On the shelf."},
    servers=["https://example.com", {"url": "/"}],
    strict=False,
)


@app.route("/books/<int:book_id>", name="book", host="<tenant>.example.com")
class Book(Resource):
    schema = BookSchema
    methods = {"GET", "PUT"}
    tags = ("Books",)
    conditional = True
    documented = False

    @takes(query={"page": fields.Int()}, headers=BookSchema(), cookies=BookSchema)
    @returns(
        BookSchema,
        headers={
            "Link": "The next page.",
            "X-Count": Header("X-Count", schema={"type": "integer"}),
        },
    )
    @returns(status=204, description="Nothing there.")
    @raises(NotFound, Conflict, description="Gone or taken.")
    @operation(
        operation_id="readBook",
        tags=["A"],
        deprecated=True,
        examples={"one": {}},
        extensions={"x-a": 1},
    )
    def get(
        self, book_id: int, tenant: str, query: dict[str, int]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        self.entity_tag = 7
        self.entity_tag = "7"
        self.entity_tag = None
        self.last_modified = None
        return {}, {"Link": "</>"}

    @takes(form=BookSchema, files=CoverSchema, media_types=["multipart/form-data"])
    def put(
        self, book_id: int, tenant: str, form: dict[str, str], files: dict[str, Any]
    ) -> None: ...


assert_type(Book().get(1, "acme", {}), tuple[dict[str, Any], dict[str, str]])


@app.get("/hello")
@returns(media_types=["text/plain"])
def hello(name: str = "world") -> str:
    return f"hello {name}"


assert_type(hello(name="you"), str)


@app.route("/stream")
def stream() -> Iterator[bytes]:
    yield b""


assert_type(stream(), Iterator[bytes])


@app.post("/raw")
def raw() -> Response:
    return Response(b"", 202)


assert_type(raw(), Response)
assert_type(app.url_for(Book, book_id=7), str)
assert_type(app.mount("/v1", App("Other")), App)
assert_type(app.add("/more", Book), type[Book])
