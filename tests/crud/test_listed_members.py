"""Members of relations: which classes can list them, and what callers see of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.security import HTTPBearer, role
from restkit.testing import Client


@dataclass
class Tag:
    name: str
    note: str = ""
    id: int = 0


@dataclass
class Town:
    name: str
    id: int = 0


@dataclass
class Book:
    title: str
    tags: list[int] = field(default_factory=list)
    id: int = 0


@dataclass
class Caller:
    id: str
    roles: tuple[str, ...]


class Unrelated:
    """A store that does not know which items are related."""

    def __init__(self, store: MemoryStore[Any]) -> None:
        self._store = store

    def configured(self, **options: Any) -> Unrelated:
        return Unrelated(self._store.configured(**options))

    def __getattr__(self, name: str) -> Any:
        if name == "relation":
            raise AttributeError(name)
        return getattr(self._store, name)


def _stores() -> tuple[MemoryStore[Tag], MemoryStore[Book]]:
    tags = MemoryStore(Tag, items=[Tag("old", "secret", 1), Tag("new", "hidden", 2)])
    books = MemoryStore(Book, references={"tags": tags}, items=[Book("Emma", [1], 1)])
    return tags, books


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"relations": ("tags",)}, r"relations: Unrelated does not find related items"),
        ({"members": ("tags",)}, r"members: 'tags' is not a relation of Unrelated"),
    ],
    ids=str,
)
def test_a_store_without_relations(members: dict[str, Any], says: str) -> None:
    store = Unrelated(_stores()[1])
    books = type("Books", (CRUDResource,), {"store": store, "filters": ("title",), **members})
    with pytest.raises(DeclarationError, match=says):
        App("Library").add("/books", books)


def test_a_class_of_other_items_cannot_list_them() -> None:
    tags, books = _stores()
    towns = type("Towns", (CRUDResource,), {"store": MemoryStore(Town)})
    app = App("Library")
    app.install(tags)
    found = type("Books", (CRUDResource,), {"store": books, "members": {"tags": towns}})
    with pytest.raises(DeclarationError, match=r"members: 'tags' is not a list of items of Town"):
        app.add("/books", found)


def _library(*, is_named: bool) -> App:
    """Return an App whose books list their tags by a class, or by their model alone."""
    callers = {"staff": Caller("ada", ("staff",)), "guest": Caller("tom", ())}
    tags, books = _stores()
    app = App("Library", security=HTTPBearer(callers.get))
    app.install(tags)

    class Tags(CRUDResource[Tag]):
        """Words that describe books."""

        model = Tag
        masks = {"note": role("staff")}

    members: Any = {"tags": Tags} if is_named else ("tags",)
    app.add("/tags", Tags)
    app.add("/books", type("Books", (CRUDResource,), {"store": books, "members": members}))
    return app


@pytest.mark.parametrize("is_named", [True, False])
def test_masks_hold_for_members(is_named: bool) -> None:
    """Those of the class that lists them, or else of the collection of their model."""
    client = Client(_library(is_named=is_named))
    for name, expected in (("staff", {"note"}), ("guest", set[str]())):
        headers = {"Authorization": f"Bearer {name}"}
        for path in ("/tags", "/books/1/tags"):
            first = client.get(path, headers=headers).json["items"][0]
            assert first.keys() - {"id", "name"} == expected, path


@pytest.mark.parametrize("is_named", [True, False])
def test_the_class_that_lists_members_describes_its_own_operations_alone(is_named: bool) -> None:
    """The operations on members have the tag of the items that have the members."""
    headers = {"Authorization": "Bearer staff"}
    tags = Client(_library(is_named=is_named)).get("/openapi.json", headers=headers).json["tags"]
    assert {each["name"]: each["description"] for each in tags} == {
        "Tags": "Words that describe books.",
        "Books": "Operations of Books.",
    }
