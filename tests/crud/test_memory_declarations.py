"""Declarations on stores in memory that cannot be meant, each at the last moment for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.errors import DeclarationError


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Book:
    title: str
    author_id: int | None = None
    tags: list[int] = field(default_factory=list)
    id: int = 0


def anyone(caller: object) -> object:
    return True


def served() -> MemoryStore[Book]:
    store = MemoryStore(Book)
    App("Books").add("/books", type("Books", (CRUDResource,), {"store": store}))
    return store


def _rules(store: MemoryStore[Any], model: type) -> None:
    store.rows(model, read=anyone, caller=lambda request: None)


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "served": (
        lambda: _rules(served(), Book),
        r"rows\(Book, \.\.\.\) must be called before the first collection of the store is added",
    ),
    "other model": (
        lambda: _rules(MemoryStore(Book), Author),
        r"This MemoryStore holds Book, not .*Author.*rows\(\) of the store of that model",
    ),
    "unknown reference": (
        lambda: MemoryStore(Book).relate("author", "writer_id", to=MemoryStore(Author)),
        r"Book has no attribute 'writer_id'",
    ),
    "no reference": (
        lambda: MemoryStore(Book).relate("author", "author_id"),
        r"'author_id'.*not a reference of Book",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_store_cannot_mean(name: str) -> None:
    make, says = WRONG[name]
    with pytest.raises(DeclarationError, match=says):
        make()


def test_rules_before_the_first_collection_are_taken() -> None:
    store = MemoryStore(Book)
    _rules(store, Book)
    App("Books").add("/books", type("Books", (CRUDResource,), {"store": store}))


def test_a_reference_may_be_named_with_its_relation() -> None:
    authors: MemoryStore[Author] = MemoryStore(Author)
    books = MemoryStore(Book)
    books.relate("author", "author_id", to=authors, back="books")
    assert books.reference_models() == {"author_id": Author}
    assert {*books.relations} == {"author"}
    assert {*authors.relations} == {"books"}


@pytest.mark.parametrize(
    ("length", "is_taken"), [(1, True), (0, False), (-1, False), (True, False), (1.0, False)]
)
def test_the_maximum_number_of_related_rows(length: Any, is_taken: bool) -> None:
    tags = MemoryStore(Author)
    store = MemoryStore(Book, references={"tags": tags})
    members = {"store": store, "relations": {"tags": Related(max_length=length)}}
    app = App("Books")
    app.install(tags)

    def add() -> None:
        app.add("/books", type("Books", (CRUDResource,), members))

    if is_taken:
        add()
        return
    with pytest.raises(DeclarationError, match=f"max_length must be at least 1, got {length!r}"):
        add()
