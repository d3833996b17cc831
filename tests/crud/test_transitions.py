"""Transitions: one declaration holds for every verb and action, on each store."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import mounted, refused
from tickets import STORES, desk, tickets

from restkit import App, Schemas
from restkit.crud import CRUDResource, item_action
from restkit.openapi import build
from restkit.testing import Client

RULES: Mapping[str, Mapping[object, tuple[str, ...]]] = {
    "status": {
        None: ("open",),
        "open": ("waiting", "closed"),
        "waiting": ("open",),
        "closed": (),
    }
}


class Moving(CRUDResource[Any]):
    transitions = RULES
    bulk = True
    upsert = True
    by_filter = ("PATCH",)
    filters = ("id", "title")

    @item_action()
    def close(self, item: Any) -> Any:
        item.status = "closed"
        return item

    @item_action()
    def wait(self, item: Any) -> object:
        return self.update(item, {"status": "waiting"})


class Overridden(CRUDResource[Any]):
    """Sets the status itself in what PUT and PATCH have in common."""

    transitions = RULES

    def change(self, item: Any, values: Any) -> Any:
        return super().change(item, {**values, "status": "closed"})


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[App, type]]:
    with desk(request.param, tmp_path) as found:
        yield found


def test_no_verb_passes_over_a_transition(place: tuple[App, type]) -> None:
    """POST, PUT, upsert, merge patch, JSON Patch, bulk, PATCH by filter and actions are held."""
    app, model = place
    app.add(
        "/tickets", tickets(model, Moving, methods={"GET", "POST", "PUT", "PATCH"}, upsert=False)
    )
    client = Client(app)
    url = client.post("/tickets", json={"title": "a"}).headers["Location"]
    assert client.patch(url, json={"title": "b"}).status == 200
    assert client.post(f"{url}/wait").json["status"] == "waiting"
    patch = [{"op": "replace", "path": "/status", "value": "closed"}]
    closed = {"title": "a", "status": "closed"}
    refusals = [
        (client.post("/tickets", json=closed), "/status"),
        (client.put(url, json=closed), "/status"),
        (client.patch(url, json={"status": "closed"}), "/status"),
        (
            client.patch(url, json=patch, content_type="application/json-patch+json"),
            "/status",
        ),
        (client.post(f"{url}/close"), "/status"),
        (client.post("/tickets/bulk", json={"create": [closed]}), "/create/0/status"),
        (
            client.post("/tickets/bulk", json={"update": [{"id": 1, "status": "closed"}]}),
            "/update/0/status",
        ),
        (client.patch("/tickets?id=1", json={"status": "closed"}), "/status"),
    ]
    found = [
        (each.status, each.problem["errors"][0]["pointer"], each.problem["errors"][0]["code"])
        for each, _ in refusals
    ]
    assert found == [(409, pointer, "transition") for _, pointer in refusals]
    assert "Allowed now: open." in refusals[1][0].text
    assert client.get(url).json["status"] == "waiting"
    assert client.put(url, json={"title": "c", "status": "waiting"}).status == 200
    assert client.put(url, json={"title": "c"}).json["status"] == "open"
    assert client.post(f"{url}/close").json["status"] == "closed"
    assert client.put(url, json={"title": "c"}).status == 409


def test_what_put_and_patch_have_in_common_is_one_method(place: tuple[App, type]) -> None:
    """`change` is called by both, and its result is held too."""
    app, model = place
    app.add("/tickets", tickets(model, Overridden))
    client = Client(app)
    first, second = (
        client.post("/tickets", json={"title": each}).headers["Location"] for each in "ab"
    )
    assert client.patch(first, json={"title": "c"}).json["status"] == "closed"
    assert client.put(second, json={"title": "c"}).json["status"] == "closed"
    waiting = client.patch(first, json={"status": "open"})
    assert (waiting.status, waiting.problem["errors"][0]["code"]) == (409, "transition")


def test_of_two_requests_at_once_one_makes_the_change(place: tuple[App, type]) -> None:
    """An item is closed once, whatever the store."""

    class Once(CRUDResource[Any]):
        transitions = {"status": {"open": ("closed",), "closed": ("done",)}}

        @item_action()
        def close(self, item: Any) -> object:
            return self.update(item, {"status": "done" if item.status == "closed" else "closed"})

    app, model = place
    app.add("/tickets", tickets(model, Once))
    client = Client(app)
    for _ in range(5):
        url = client.post("/tickets", json={"title": "a"}).headers["Location"]
        statuses: list[int] = []

        def close(at: str = url, into: list[int] = statuses) -> None:
            into.append(Client(app).patch(at, json={"status": "closed"}).status)
            into.append(Client(app).patch(at, json={"status": "done"}).status)

        both = [threading.Thread(target=close) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert client.get(url).json["status"] == "done"
        assert statuses.count(200) >= 2
        assert set(statuses) <= {200, 409}


def test_put_makes_an_item_in_an_initial_state_alone() -> None:
    """Under upsert a new item is held as one that POST makes."""
    with desk("memory", Path()) as (app, model):
        app.add("/tickets", tickets(model, Moving))
        client = Client(app)
        assert client.put("/tickets/7", json={"title": "a", "status": "closed"}).status == 409
        assert client.put("/tickets/7", json={"title": "a", "status": "open"}).status == 201


def test_the_document_tells_of_transitions() -> None:
    """The field's description and the 409 of each writing operation say what may follow."""
    with desk("memory", Path()) as (app, model):
        app.add("/tickets", tickets(model, Moving))
        document = build(app)
    says = "Allowed changes: new to `open`; `open` to `waiting`, `closed`; `waiting` to `open`"
    assert (
        says in document["components"]["schemas"]["Ticket"]["properties"]["status"]["description"]
    )
    paths = document["paths"]
    operations = [
        paths["/tickets"]["post"],
        paths["/tickets/{id}"]["put"],
        paths["/tickets/{id}"]["patch"],
        paths["/tickets/{id}/close"]["post"],
        paths["/tickets/bulk"]["post"],
    ]
    shared = document["components"]["responses"]
    for each in operations:
        response = each["responses"]["409"]
        name = response.get("$ref", "").rpartition("/")[2]
        assert says in shared.get(name, response)["description"]


class TicketSchema(Schema):
    """A schema that other schemas nest."""

    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))
    status = fields.Str(validate=validate.OneOf(["open", "closed"]))


@pytest.mark.parametrize(
    ("says", "transitions"),
    [
        ("no attribute 'stat'", {"stat": {"a": ("b",)}}),
        ("must be a mapping", {"genre": ("a", "b")}),
        ("must be a mapping", {"genre": {"a": "b"}}),
        ("year cannot be 'x'", {"year": {"x": (1,)}}),
    ],
)
def test_transitions_that_cannot_be_are_refused(says: str, transitions: Any) -> None:
    """Each is one sentence at start-up."""
    refused(says, transitions=transitions)


def test_a_value_that_the_schema_rejects_is_refused() -> None:
    """The field's own validators count."""
    with desk("memory", Path()) as (app, model):
        made = tickets(model, schema=TicketSchema, transitions={"status": {"open": ("clsed",)}})
        with pytest.raises(Exception, match="status cannot be 'clsed'"):
            app.add("/tickets", made)


def test_own_schemas_keep_their_names() -> None:
    """A schema class of one's own, and Schemas of several, are described under their names."""
    rules = {"genre": {"novel": ("poem",)}}
    assert "Book" in build(mounted(transitions=rules))["components"]["schemas"]
    with desk("memory", Path()) as (app, model):
        several = Schemas(TicketSchema, list=TicketSchema)
        rules = {"status": {"open": ("closed",)}}
        app.add("/tickets", tickets(model, schema=several, transitions=rules))
        assert "Ticket" in build(app)["components"]["schemas"]


def test_streams_and_lists_read_by_the_same_action() -> None:
    """JSON Lines and CSV go through an overridden `list`."""
    with desk("memory", Path()) as (app, model):

        class Loud(CRUDResource[Any]):
            csv = True

            def list(self, query: Any) -> Any:
                page = super().list(query)
                for each in page.items:
                    each.title = each.title.upper()
                return page

        app.add("/tickets", tickets(model, Loud))
        client = Client(app)
        client.post("/tickets", json={"title": "quiet"})
        for accept in ("application/json", "application/x-ndjson", "text/csv"):
            assert "QUIET" in client.get("/tickets", headers={"Accept": accept}).text
