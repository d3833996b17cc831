"""`deprecated`: what it takes, and which operations it deprecates."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta, timezone

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, deprecated, operation
from restkit.crud import CRUDResource, MemoryStore, item_action
from restkit.deprecation import Deprecation
from restkit.testing import Client


@dataclasses.dataclass
class Ticket:
    """An item of a collection."""

    id: int | None = None
    title: str = ""


class TicketSchema(Schema):
    """Its fields."""

    id = fields.Integer(dump_only=True)
    title = fields.String(required=True)


def deprecated_ids(app: App) -> set[str]:
    """Return the operationIds of the deprecated operations."""
    return {each.operation_id for each in app.operations() if each.deprecated}


@pytest.mark.parametrize(
    "since",
    [
        "2026-12-01",
        date(2026, 12, 1),
        "2026-12-01T00:00:00Z",
        "2026-12-01T01:00:00+01:00",
        datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_dates_are_dates_aware_datetimes_and_iso_texts(since: date | str) -> None:
    """All of them are one moment."""
    assert deprecated(since=since).since.isoformat() == "2026-12-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"since": "soon"}, "since='soon' must be '2026-12-01'"),
        ({"since": "2026-13-01"}, "since='2026-13-01' must be"),
        ({"since": 20261201}, "since=20261201 must be"),
        ({"since": datetime(2026, 12, 1)}, "has no time zone"),
        ({"since": "2026-12-01T10:00:00"}, "has no time zone"),
        ({"since": "2026-12-01", "sunset": "2026-11-30"}, "the sunset 2026-11-30 before since"),
        ({"since": "2026-12-01", "sunset": datetime(2027, 1, 1)}, "sunset=.* has no time zone"),
        ({"since": "2026-12-01", "gone": True}, "gone=True, but no sunset"),
        ({"since": "2026-12-01", "sunset": "2027-01-01", "gone": 1}, "gone of @deprecated"),
        ({"since": "2026-12-01", "successor": "/v2/{id}"}, "has a character that no URL has"),
        ({"since": "2026-12-01", "successor": 5}, "must be a string"),
        ({"since": "2026-12-01", "documentation": "changes"}, "must be a URL"),
        ({"since": "2026-12-01", "clock": 5}, "must be a function"),
        ({"since": "2026-12-01", "sunst": "2027-01-01"}, "sunset"),
    ],
)
def test_mistakes_are_refused_in_one_sentence(arguments: dict[str, object], message: str) -> None:
    """Each message names the argument and what to write."""
    with pytest.raises(DeclarationError, match=message):
        deprecated(**arguments)  # type: ignore[arg-type]  # the mistakes


def test_it_needs_its_date() -> None:
    """Without parentheses there is no date."""
    with pytest.raises(DeclarationError, match="has no parentheses"):

        @deprecated  # type: ignore[arg-type]  # the mistake
        def get() -> None: ...


def test_a_mounted_class_is_not_deprecated_any_more() -> None:
    """The decorator stands below the route."""
    app = App("Books")
    with pytest.raises(DeclarationError, match="mounted already"):

        @deprecated(since="2026-12-01")
        @app.route("/books")
        class Books(Resource):
            def get(self) -> list[str]:
                return []


def test_a_helper_is_no_operation() -> None:
    """On a method that is no verb the decorator has no effect, which is refused."""

    class Books(Resource):
        def get(self) -> list[str]:
            return []

        @deprecated(since="2026-12-01")
        def helper(self) -> None: ...

    with pytest.raises(DeclarationError, match="@deprecated"):
        App("Books").add("/books", Books)


def test_levels() -> None:
    """A verb, a function, a class, a mount and an App; the nearest counts, False opts out."""

    @deprecated(since="2026-12-01")
    class Books(Resource):
        def get(self) -> list[str]:
            return []

        @operation(deprecated=False)
        def post(self) -> None: ...

        @deprecated(since="2025-01-01")
        def delete(self) -> None: ...

    class Authors(Resource):
        def get(self) -> list[str]:
            return []

    old = App("Old")
    old.add("/authors", Authors)
    old.add("/fresh", Authors, name="Fresh", deprecated=False)
    app = App("Books", contract="off")
    app.add("/books", Books)
    app.add("/authors", Authors, name="Late", deprecated=deprecated(since="2024-01-01"))
    app.mount("/old", old, deprecated=deprecated(since="2023-01-01"))

    @app.get("/now")
    @deprecated(since="2022-01-01")
    def now() -> str:
        return "now"

    found = {
        each.operation_id: each.deprecation.since.year
        for each in app.operations()
        if each.deprecation
    }
    assert found == {
        "getBooks": 2026,
        "deleteBooks": 2025,
        "getLate": 2024,
        "getAuthors": 2023,
        "now": 2022,
    }


def test_a_deprecated_app() -> None:
    """Its argument deprecates what it has, but not its document."""
    app = App("Books", deprecated=deprecated(since="2026-12-01"))

    @app.get("/books")
    def books() -> list[str]:
        return []

    client = Client(app)
    assert client.get("/books").headers["Deprecation"] == "@1796083200"
    assert "Deprecation" not in client.get("/openapi.json").headers


def test_a_value_of_another_type_is_refused() -> None:
    """True has no date."""
    with pytest.raises(DeclarationError, match="deprecated of mount\\('/v1'\\) must be"):
        App("Books").mount("/v1", App("Old"), deprecated=True)  # type: ignore[arg-type]  # it


def test_a_subclass_is_not_deprecated() -> None:
    """A new version may derive from an old one; a class mounted with fewer methods is a copy."""

    @deprecated(since="2026-12-01")
    class Books(Resource):
        def get(self) -> list[str]:
            return []

        def post(self) -> None: ...

    class BooksV2(Books):
        pass

    app = App("Books")
    app.add("/v1/books", Books, methods={"GET"})
    app.add("/v2/books", BooksV2)
    assert deprecated_ids(app) == {"getBooks"}


def test_actions_of_collections() -> None:
    """An action is one operation, an action of its own too."""

    class Tickets(CRUDResource[Ticket]):
        schema = TicketSchema
        model = Ticket

        @deprecated(since="2026-12-01")
        def delete(self, item: Ticket) -> None:
            super().delete(item)

        @deprecated(since="2025-12-01")
        @item_action("POST")
        def close(self, item: Ticket) -> None: ...

    app = App("Tickets")
    app.install(MemoryStore(Ticket))
    app.add("/tickets", Tickets)
    assert deprecated_ids(app) == {"deleteTicket", "closeTicket"}
    client = Client(app)
    item = client.post("/tickets", json={"title": "a"}).headers["Location"]
    assert "Deprecation" not in client.get(item).headers
    assert client.post(f"{item}/close").headers["Deprecation"] == "@1764547200"
    assert client.delete(item).headers["Deprecation"] == "@1796083200"
    assert client.delete(item).status == 404


def test_a_collection() -> None:
    """A deprecated class has all of its operations deprecated, those with URLs of their own too."""

    @deprecated(since="2026-12-01")
    class Tickets(CRUDResource[Ticket]):
        schema = TicketSchema
        model = Ticket
        bulk = True

        @item_action("POST")
        def close(self, item: Ticket) -> None: ...

    app = App("Tickets")
    app.install(MemoryStore(Ticket))
    app.add("/tickets", Tickets)
    found = deprecated_ids(app)
    assert found == {each.operation_id for each in app.operations()}
    assert len(found) > 6


def test_it_is_frozen_data() -> None:
    """An Operation has it as a `Deprecation`."""
    found = deprecated(since="2026-12-01", sunset="2027-06-01", successor="/v2")
    assert isinstance(found, Deprecation)
    assert found.document == {
        "since": "2026-12-01",
        "sunset": "2027-06-01",
        "gone": False,
        "successor": "/v2",
    }
