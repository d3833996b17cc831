"""Every overridden action beside everything that reads or writes items: none passes it over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databases import database_url
from sqlalchemy import String, delete
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, item_action
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, UTCDateTime
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(20), unique=True)
    text: Mapped[str] = mapped_column(String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


@dataclass
class Card:
    slug: str
    text: str
    id: int = 0
    removed_at: dt.datetime | None = None


Send = Callable[[Client], Any]


def _lines(client: Client) -> Any:
    return client.get("/notes", headers={"Accept": "application/x-ndjson"})


def _csv(client: Client) -> Any:
    return client.get("/notes", headers={"Accept": "text/csv"})


def _bulk(**lists: Any) -> Send:
    return lambda client: client.post("/notes/bulk", json=lists)


NEW = {"slug": "new", "text": "x"}
DOORS: dict[str, tuple[dict[str, Any], Send, frozenset[str]]] = {
    "list": ({}, lambda client: client.get("/notes"), frozenset({"list"})),
    "head": ({}, lambda client: client.head("/notes"), frozenset({"list"})),
    "lines": ({"lines": "pages"}, _lines, frozenset({"list"})),
    "snapshot": ({"lines": "snapshot"}, _lines, frozenset({"list"})),
    "csv": ({"csv": True, "lines": "pages"}, _csv, frozenset({"list"})),
    "csv of a snapshot": ({"csv": True, "lines": "snapshot"}, _csv, frozenset({"list"})),
    "totals": (
        {"groups": ("text",), "aggregates": ("count",)},
        lambda client: client.get("/notes/totals?group=text&aggregates=count"),
        frozenset({"list"}),
    ),
    "read": ({}, lambda client: client.get("/notes/1"), frozenset({"read"})),
    "post": ({}, lambda client: client.post("/notes", json=NEW), frozenset({"create"})),
    "put": (
        {},
        lambda client: client.put("/notes/1", json=NEW),
        frozenset({"read", "replace", "change"}),
    ),
    "put of a new item": (
        {"key": "slug", "upsert": True},
        lambda client: client.put("/notes/new", json=NEW),
        frozenset({"read", "create"}),
    ),
    "patch": (
        {},
        lambda client: client.patch("/notes/1", json={"text": "x"}),
        frozenset({"read", "update", "change"}),
    ),
    "delete": ({}, lambda client: client.delete("/notes/1"), frozenset({"read", "delete"})),
    "restore": (
        {"soft_delete": "removed_at"},
        lambda client: client.post("/notes/2/restore"),
        frozenset({"restore"}),
    ),
    "action": ({}, lambda client: client.post("/notes/1/shout"), frozenset({"read"})),
    "bulk create": ({"bulk": True}, _bulk(create=[NEW]), frozenset({"create"})),
    "bulk update": (
        {"bulk": True},
        _bulk(update=[{"id": 1, "text": "x"}]),
        frozenset({"read", "update", "change"}),
    ),
    "bulk delete": ({"bulk": True}, _bulk(delete=[1]), frozenset({"read", "delete"})),
    "bulk upsert, new": (
        {"bulk": True, "bulk_upsert": "slug"},
        _bulk(upsert=[NEW]),
        frozenset({"create"}),
    ),
    "bulk upsert, there": (
        {"bulk": True, "bulk_upsert": "slug"},
        _bulk(upsert=[{"slug": "one", "text": "x"}]),
        frozenset({"read", "replace", "change"}),
    ),
    "by filter, patch": (
        {"by_filter": ("PATCH",), "filters": ("text",)},
        lambda client: client.patch("/notes?text=a", json={"text": "x"}),
        frozenset({"list", "read", "update", "change"}),
    ),
    "by filter, delete": (
        {"by_filter": ("DELETE",), "filters": ("text",)},
        lambda client: client.delete("/notes?text=a"),
        frozenset({"list", "read", "delete"}),
    ),
}
"""Each: what the class declares for it, the request, and the actions that it stands for."""

ACTIONS = ("list", "read", "create", "replace", "update", "change", "delete", "restore")


class _Acting(CRUDResource[Any]):
    @item_action("POST")
    def shout(self, item: Any) -> Any:
        """Change the text."""
        item.text = item.text.upper()
        return item


def _overridden(action: str, model: type, members: dict[str, Any], seen: list[str]) -> type:
    base = getattr(_Acting, action)

    def override(self: Any, *given: Any, **named: Any) -> Any:
        seen.append(action)
        return base(self, *given, **named)

    override.__doc__ = base.__doc__
    return type("Notes", (_Acting,), {"model": model, action: override, **members})


def _rows(model: Any) -> list[Any]:
    removed = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    return [
        model(id=1, slug="one", text="a", removed_at=None),
        model(id=2, slug="two", text="b", removed_at=removed),
    ]


@pytest.fixture(params=["memory", "sqlite"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Return a function that makes a store with an item and a removed one, and its model."""
    if request.param == "memory":
        yield lambda: (MemoryStore(Card, unique=["slug"], items=_rows(Card)), Card)
        return

    def refilled() -> tuple[Database, type]:
        with Session(database.engine) as session, session.begin():
            session.execute(delete(Note))
            session.add_all(_rows(Note))
        return database, Note

    with (
        database_url("sqlite", tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        yield refilled


@pytest.mark.parametrize("door", DOORS)
def test_no_door_passes_over_an_overridden_action(stored: Callable[[], Any], door: str) -> None:
    """What an action stands for goes through the override, or the class is refused at start-up."""
    members, send, expected = DOORS[door]
    found: set[str] = set()
    assert expected <= {*ACTIONS}
    for action in ACTIONS:
        store, model = stored()
        seen: list[str] = []
        app = App("Notes", contract="raise")
        app.install(store)
        try:
            app.add("/notes", _overridden(action, model, members, seen))
        except DeclarationError as error:
            # A sentence that does not name the action leaves it out of what is found.
            found.update({action} if f"overrides {action}" in str(error) else ())
            continue
        response = send(Client(app))
        assert response.status < 300, f"{action}: {response.text}"
        found.update(seen)
    assert found == expected
