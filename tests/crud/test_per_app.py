"""What collections keep for an App goes with it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from shelf import Book

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.testing import Client


class Books(CRUDResource[Book]):
    store = MemoryStore(Book, items=[Book("a")])

    def scope(self) -> Any:
        return {"title": "a"}


def used() -> weakref.ref[App]:
    """Use an App, and return a weak reference to it."""
    app = App("Shelf")
    app.add("/books", Books)
    assert len(Client(app).get("/books").json["items"]) == 1
    return weakref.ref(app)


def test_an_app_is_freed() -> None:
    """Nothing of the package holds an App that its program has let go."""
    made = [used() for _ in range(3)]
    gc.collect()
    assert [each() for each in made] == [None] * 3
