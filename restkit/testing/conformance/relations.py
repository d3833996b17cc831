"""Tests of relations: filters across them."""

from __future__ import annotations

from typing import ClassVar

from ...app import App
from ...crud import CRUDResource
from ..client import Client
from .base import Conformance, expect

__all__ = ["RelationConformance"]

_FILTERS = {
    "{one}__name=Novels": "a b",
    "{one}__name__contains=NOV": "a b",
    "{one}__name__ne=Novels": "c",
    "{one}__any=false": "d",
    "{one}__{many}__title=b": "a b",
    "{one}__{many}__title=d": "",
}
_BACK = {
    "{many}__number=1": "novels poems",
    "{many}__number__gte=2": "novels",
    "{many}__number__gte=2&{many}__title=a": "",
    "{many}__number__gte=2&{many}__title=b": "novels",
    "{many}__any=false": "empty",
}
_EITHER = {
    "{one}__name__not_in=Novels": "c",
    "or={one}__name,number&{one}__name=Poems&number=2": "b c",
    "or={one}__name,{one}__any&{one}__name=Poems&{one}__any=false": "c d",
    "or={one}__name,q&{one}__name=Poems&q=a&number=1": "a c",
    "q=Novels": "a b",
}
_SORTS = {
    "{one}__name": "a b c d",
    "-{one}__name,-number": "d c b a",
    "{one}__name,-number": "b a c d",
    "number,-{one}__name": "c a b d",
}


class RelationConformance(Conformance):
    """The tests of relations, for stores that know the relations of their models."""

    relations: ClassVar[tuple[str, str] | None] = None

    def related(self, app: App) -> Client:
        """Add collections with filters across relations, and return a client of it."""
        self.needs("relations", relations=self.relations)
        one, many = self.relations or ("", "")
        notes = {
            "model": self.note,
            "filters": (f"{one}__name__*", f"{one}__any", f"{one}__{many}__title"),
            "sorts": (f"{one}__name", "number"),
            **self.soft,
            "__module__": __name__,
        }
        topics = {
            "model": self.topic,
            "filters": (f"{many}__number__*", f"{many}__title", f"{many}__any"),
            "upsert": True,
            "__module__": __name__,
        }
        app.add("/notes", type("Notes", (CRUDResource,), notes))
        app.add("/topics", type("Topics", (CRUDResource,), topics))
        client = Client(app)
        for slug in ("novels", "poems", "empty"):
            expect(client.put(f"/topics/{slug}", json={"name": slug.title()}), 201)
        for title, number, topic in (("a", 1, "novels"), ("b", 2, "novels"), ("c", 1, "poems")):
            self.made(client, title=title, number=number, topic_id=topic)
        self.made(client, title="d", number=3)
        return client

    def found(self, client: Client, path: str, query: str, name: str) -> str:
        """Return one member of the items that a query finds, whose total must agree."""
        one, many = self.relations or ("", "")
        query = query.format(one=one, many=many)
        response = client.get(f"{path}?{query}", headers={"Prefer": "count=exact"})
        items = expect(response, 200).json["items"]
        assert response.json["total"] == len(items), query
        return " ".join(each[name] for each in items)

    def test_filters_across_relations(self, app: App) -> None:
        """A related item has the value; filters of one relation hold for one related item."""
        client = self.related(app)
        for query, titles in _FILTERS.items():
            assert self.found(client, "/notes", query, "title") == titles, query
        for query, slugs in _BACK.items():
            found = self.found(client, "/topics", query, "slug")
            assert " ".join(sorted(found.split())) == slugs, query

    def test_alternatives_across_relations(self, app: App) -> None:
        """One of several filters holds, of the items and of related ones."""
        self.needs("alternatives")
        self.needs("relations", relations=self.relations)
        one, _ = self.relations or ("", "")
        name, some = f"{one}__name", f"{one}__any"
        members = {
            "model": self.note,
            "filters": (name, f"{name}__not_in", some, "number"),
            "any_of": {"q": ("title", name)},
            "or_filters": (name, some, "number", "q"),
            **self.soft,
            "__module__": __name__,
        }
        app.add("/either", type("Either", (CRUDResource,), members))
        client = self.related(app)
        for query, titles in _EITHER.items():
            assert self.found(client, "/either", query, "title") == titles, query

    def test_orders_of_related_items(self, app: App) -> None:
        """Pages in the order of related items have every item once; one without sorts as null."""
        client = self.related(app)
        one, _ = self.relations or ("", "")
        for sort, titles in _SORTS.items():
            url = f"/notes?limit=1&sort={sort.format(one=one)}"
            found = []
            while url:
                page = expect(client.get(url), 200).json
                found += [each["title"] for each in page["items"]]
                url = page["next"] or ""
            assert " ".join(found) == titles, sort

    def test_removed_items_are_not_related(self, app: App) -> None:
        """A soft-deleted item is not a related item of others."""
        client = self.related(app)
        url = self.note_url(client, title="e", number=9, topic_id="empty")
        assert self.found(client, "/topics", "{many}__number__gte=9", "slug") == "empty"
        expect(client.delete(url), 204)
        assert self.found(client, "/topics", "{many}__number__gte=9", "slug") == ""
        assert self.found(client, "/topics", "{many}__any=false", "slug") == "empty"
