"""The base of the conformance suite: its collections, and helpers that send requests to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

import pytest

from ...app import App
from ...crud import CRUDResource, ListQuery, Page, PageNumbers
from ...problems import UnprocessableContent
from ..client import Client
from ..response import TestResponse

__all__ = ["Conformance", "expect", "pointers"]


_TOTALS = {
    "groups": ("title", "number", "topic_id"),
    "aggregates": (
        "count",
        *(f"number__{each}" for each in ("count", "distinct", "sum", "avg", "min", "max")),
        "code__max",
    ),
    "max_groups": 4,
}


class Conformance:
    """The base of the parts of the suite; see `StoreConformance`."""

    note: ClassVar[type[object]]
    topic: ClassVar[type[object]]
    lacks: ClassVar[Collection[str]] = ()
    writers: ClassVar[int] = 8
    rounds: ClassVar[int] = 5

    def needs(self, feature: str, **declared: object) -> None:
        """Skip a test if the store lacks a feature; `MissingFeatures` tests that it is refused.

        Args:
            feature: The feature.
            declared: The attributes of the suite that its tests need, with their values.
        """
        if feature in self.lacks:
            pytest.skip(f"the store lacks {feature}")
        missing = [name for name, value in declared.items() if value is None]
        assert not missing, (
            f"{type(self).__name__} does not set {', '.join(missing)}. Set the attributes, or "
            f"write lacks = {{{feature!r}}} if the store does not support {feature}."
        )

    @property
    def soft(self) -> dict[str, object]:
        """The attribute of collections that removes their items softly; none without support."""
        return {} if "soft delete" in self.lacks else {"soft_delete": "removed_at"}

    def key_name(self, made: TestResponse) -> str:
        """Return the name of the key in a new item, whose value its URL has."""
        tail = made.headers["Location"].rpartition("/")[2]
        found = [name for name, value in made.json.items() if str(value) == tail]
        assert found, f"no member of {made.json} is the last segment of its URL"
        return str(found[0])

    def client(self, app: App) -> Client:
        """Add the suite's collections to an App, and return a client of it."""
        notes = {
            "model": self.note,
            "filters": ("title__*", "number__*", "code__*"),
            "sorts": ("title", "number", "code"),
            "fields": True,
            **self.soft,
            "page_size": 5,
            "bulk": True,
            "__module__": __name__,
        }
        app.add("/notes", type("Notes", (CRUDResource,), notes))
        app.add("/counted", type("CountedNotes", (CRUDResource,), {**notes, "paging": "offset"}))
        numbered = {**notes, "paging": PageNumbers(), "csv": True}
        app.add("/numbered", type("NumberedNotes", (CRUDResource,), numbered))
        if "totals" not in self.lacks:
            app.add("/totalled", type("TotalledNotes", (CRUDResource,), {**notes, **_TOTALS}))
            if "references" not in self.lacks:
                path = "/topics/<topic_id>/totalled"
                app.add(path, type("TotalledTopicNotes", (CRUDResource,), {**notes, **_TOTALS}))
        filtered = {**notes, "by_filter": ("PATCH", "DELETE"), "max_affected": 8}
        app.add("/filtered", type("FilteredNotes", (CRUDResource,), filtered))
        app.add("/failing", type("FailingNotes", (_Failing,), notes))
        app.add(
            "/topics",
            type(
                "Topics",
                (CRUDResource,),
                {"model": self.topic, "upsert": True, "__module__": __name__},
            ),
        )
        upserted = {"model": self.topic, "bulk": True, "bulk_upsert": "slug"}
        app.add("/upserted", type("UpsertedTopics", (CRUDResource,), upserted))
        if "references" not in self.lacks:
            app.add("/topics/<topic_id>/notes", type("TopicNotes", (CRUDResource,), notes))
        return Client(app)

    def made(self, client: Client, path: str = "/notes", **values: object) -> TestResponse:
        """Create an item and return the response."""
        return expect(client.post(path, json=values), 201)

    def note_url(self, client: Client, **values: object) -> str:
        """Create a note and return its URL."""
        note = {"title": "a note", **values}
        return expect(client.post("/notes", json=note), 201).headers["Location"]

    def titles(self, client: Client, path: str = "/notes") -> list[str]:
        """Return the titles of a page."""
        return [each["title"] for each in expect(client.get(path), 200).json["items"]]


def expect(response: TestResponse, *statuses: int) -> TestResponse:
    """Return the response if it has one of the statuses, otherwise fail."""
    assert response.status in statuses, (
        f"{response.method} {response.url} is {response.status}: {response.text}"
    )
    return response


def pointers(response: TestResponse) -> list[str]:
    """Return the JSON Pointers of a problem's errors."""
    return [each.get("pointer", "") for each in response.problem.get("errors", [])]


class _Failing(CRUDResource[object]):
    """A collection whose methods fail after they have written, or write in a safe method."""

    def list(self, query: ListQuery) -> Page[object]:
        if query.limit == 1:
            self.rows.add(self.rows.build({"title": "created by a GET"}))
        return super().list(query)

    def create(self, item: object) -> object:
        super().create(item)
        raise UnprocessableContent("It was written, and then it failed.")

    def update(self, item: object, values: Mapping[str, object]) -> object:
        super().update(item, values)
        raise UnprocessableContent("It was written, and then it failed.")

    def delete(self, item: object) -> None:
        super().delete(item)
        raise UnprocessableContent("It was written, and then it failed.")
