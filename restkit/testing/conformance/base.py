"""What the parts of the conformance suite share: the collections that they ask, and how they ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...app import App
from ...crud import CRUDResource, ListQuery, Page
from ...problems import UnprocessableContent
from ..client import Client
from ..response import TestResponse

__all__ = ["Conformance", "answered", "pointers"]


class Conformance:
    """Is the base of the parts of the suite; see `StoreConformance`."""

    note: ClassVar[type[Any]]
    topic: ClassVar[type[Any]]
    references: ClassVar[bool] = True
    writers: ClassVar[int] = 8
    rounds: ClassVar[int] = 5

    def client(self, app: App) -> Client:
        """Add the suite's collections to an App, and return a client of it."""
        notes = {
            "model": self.note,
            "filters": ("title__*", "number__*", "code__*"),
            "sorts": ("title", "number", "code"),
            "fields": True,
            "soft_delete": "removed_at",
            "page_size": 5,
            "bulk": True,
            "__module__": __name__,
        }
        own: Any = CRUDResource
        app.add("/notes", type("Notes", (own,), notes))
        app.add("/counted", type("CountedNotes", (own,), {**notes, "paging": "offset"}))
        app.add("/failing", type("FailingNotes", (_Failing,), notes))
        app.add(
            "/topics",
            type("Topics", (own,), {"model": self.topic, "upsert": True, "__module__": __name__}),
        )
        if self.references:
            app.add("/topics/<topic_id>/notes", type("TopicNotes", (own,), notes))
        return Client(app)

    def made(self, client: Client, path: str = "/notes", **values: Any) -> TestResponse:
        """Make an item, and return the answer."""
        return answered(client.post(path, json=values), 201)

    def note_url(self, client: Client, **values: Any) -> str:
        """Make a note, and return its URL."""
        return self.made(client, **{"title": "a note", **values}).headers["Location"]

    def titles(self, client: Client, path: str = "/notes") -> list[str]:
        """Return the titles of a page."""
        return [each["title"] for each in answered(client.get(path), 200).json["items"]]


def answered(response: TestResponse, *statuses: int) -> TestResponse:
    """Return an answer that has one of these statuses."""
    assert response.status in statuses, (
        f"{response.method} {response.url} is {response.status}: {response.text}"
    )
    return response


def pointers(response: TestResponse) -> list[str]:
    """Return where a problem says that errors are."""
    return [each.get("pointer", "") for each in response.problem.get("errors", [])]


class _Failing(CRUDResource[Any]):
    """Fails after it has written, or writes where it may only read."""

    def list(self, query: ListQuery) -> Page[Any]:
        if query.limit == 1:
            self.rows.add(self.rows.build({"title": "made by a GET"}))
        return super().list(query)

    def create(self, item: Any) -> Any:
        super().create(item)
        raise UnprocessableContent("It was written, and then it failed.")

    def update(self, item: Any, values: Mapping[str, Any]) -> Any:
        super().update(item, values)
        raise UnprocessableContent("It was written, and then it failed.")

    def delete(self, item: Any) -> None:
        super().delete(item)
        raise UnprocessableContent("It was written, and then it failed.")
