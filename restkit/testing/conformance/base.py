"""The base of the conformance suite: its collections, and helpers that send requests to them."""

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
    """The base of the parts of the suite; see `StoreConformance`."""

    note: ClassVar[type[object]]
    topic: ClassVar[type[object]]
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
        """Create an item and return the response."""
        return answered(client.post(path, json=values), 201)

    def note_url(self, client: Client, **values: Any) -> str:
        """Create a note and return its URL."""
        return self.made(client, **{"title": "a note", **values}).headers["Location"]

    def titles(self, client: Client, path: str = "/notes") -> list[str]:
        """Return the titles of a page."""
        return [each["title"] for each in answered(client.get(path), 200).json["items"]]


def answered(response: TestResponse, *statuses: int) -> TestResponse:
    """Return the response if it has one of the statuses, otherwise fail."""
    assert response.status in statuses, (
        f"{response.method} {response.url} is {response.status}: {response.text}"
    )
    return response


def pointers(response: TestResponse) -> list[str]:
    """Return the JSON Pointers of a problem's errors."""
    return [each.get("pointer", "") for each in response.problem.get("errors", [])]


class _Failing(CRUDResource[Any]):
    """A collection whose methods fail after they have written, or write in a safe method."""

    def list(self, query: ListQuery) -> Page[Any]:
        if query.limit == 1:
            self.rows.add(self.rows.build({"title": "created by a GET"}))
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
