"""Links of a document: from what a POST made to the operations on it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.openapi import build


class PageSchema(Schema):
    id = fields.Int(dump_only=True)
    text = fields.Str()


class Pages(Resource):
    schema = PageSchema

    def post(self, book_id: int, body: dict[str, Any]) -> Any:
        return body


class PageItem(Resource):
    schema = PageSchema

    def get(self, book_id: int, page_id: int) -> Any: ...

    def delete(self, book_id: int, page_id: int) -> None: ...


def _created(app: App, path: str) -> dict[str, Any]:
    made: dict[str, Any] = build(app)["paths"][path]["post"]["responses"]["201"]
    return made


def test_what_was_made_is_linked_to_its_operations() -> None:
    """A 201 says how the URL of what it made is filled in:
    from its content, and from the request's own path.
    """
    app = App("Books")
    app.add("/books/<int:book_id>/pages", Pages)
    app.add("/books/<int:book_id>/pages/<int:page_id>", PageItem)
    known = {"book_id": "$request.path.book_id", "page_id": "$response.body#/id"}
    assert _created(app, "/books/{book_id}/pages")["links"] == {
        name: {"operationId": name, "parameters": known} for name in ("getPage", "deletePage")
    }


def test_no_link_where_the_item_is_not_known() -> None:
    """Without an item, or without a member that names it, there is nothing to link to."""
    app = App("Books")
    app.add("/books/<int:book_id>/pages", Pages)
    assert "links" not in _created(app, "/books/{book_id}/pages")
    other = App("Other")
    other.add("/books/<int:book_id>/pages", Pages)
    other.add(
        "/books/<int:book_id>/pages/<int:number>", type("PageItem", (Resource,), {"get": _read})
    )
    assert "links" not in _created(other, "/books/{book_id}/pages")


def _read(self: Resource, book_id: int, number: int) -> Any: ...
