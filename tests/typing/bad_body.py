"""A typed body is checked: its attributes, and what a method may return."""

from __future__ import annotations

from dataclasses import dataclass

from restkit import NotFound, Resource, raises


@dataclass
class Book:
    title: str


class Books(Resource):
    def post(self, body: Book) -> Book:
        print(body.titel)  # error: attr-defined, reportAttributeAccessIssue
        return body.title  # error: return-value, reportReturnType

    @raises(NotFound)
    def get(self, book_id: int) -> Book:
        return Book(title="Emma")


Books().get("seven")  # error: arg-type, reportArgumentType
Books().get(7).titel  # error: attr-defined, reportAttributeAccessIssue


class Linked(Resource):
    def get(self) -> str:
        self.app.url_four(Books)  # error: attr-defined, reportAttributeAccessIssue
        return self.app.url_for(Books, book_id=7)
