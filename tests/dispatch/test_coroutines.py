"""Async methods: they run in an event loop of their own, inside the unit of work of the request."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, DeclarationError, Request, Resource, provide, raises
from restkit.crud import CRUDResource
from restkit.html import HTMLResource, Templates
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase): ...


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class NoteSchema(Schema):
    id = fields.Int(dump_only=True)
    text = fields.Str(required=True)


async def half(number: int) -> int:
    await asyncio.sleep(0)
    return number // 2


class Notes(Resource):
    schema = NoteSchema
    session = provide(session)

    async def get(self) -> list[Note]:
        """List the notes."""
        await asyncio.sleep(0)
        return self.session.query(Note).all()

    @raises(Conflict)
    async def post(self, body: dict[str, str]) -> Note:
        """Write a note."""
        note = Note(text=body["text"])
        self.session.add(note)
        self.session.flush()
        await asyncio.sleep(0)
        if body["text"] == "taken":
            raise Conflict("There is such a note.")
        return note


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    database = Database(f"sqlite:///{tmp_path / 'notes.db'}", create=Base.metadata)
    app = App("Notes")
    app.install(database)
    app.add("/notes", Notes)
    yield Client(app)
    database.close()


def test_an_async_method_is_in_the_unit_of_work(client: Client) -> None:
    made = client.post("/notes", json={"text": "first"})
    assert (made.status, made.json["text"]) == (201, "first")
    assert client.post("/notes", json={"text": "taken"}).status == 409
    assert client.post("/notes", json={}).status == 422
    assert [each["text"] for each in client.get("/notes").json] == ["first"]


def test_the_request_is_current_and_work_is_concurrent() -> None:
    app = App("Halves")

    @app.get("/<int:number>")
    async def halves(number: int) -> dict[str, object]:
        met = asyncio.Barrier(2)

        async def meet(given: int) -> int:
            await met.wait()
            return await half(given)

        found = await asyncio.gather(meet(number), meet(number * 2))
        return {"path": Request.current().path, "halves": found}

    assert Client(app).get("/8").json == {"path": "/8", "halves": [4, 8]}


def test_a_page_of_an_async_method(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>{{ text }}</p>", "utf-8")
    app = App("Pages")
    app.install(Templates(tmp_path))

    class Page(HTMLResource):
        template = "page.html"

        async def get(self) -> dict[str, object]:
            return {"text": await half(8)}

    app.add("/", Page)
    assert Client(app).get("/").text == "<p>4</p>"


def test_the_document_is_that_of_a_plain_method(client: Client) -> None:
    operations = client.get("/openapi.json").json["paths"]["/notes"]
    assert operations["get"]["operationId"] == "listNotes"
    assert {"201", "409", "422"} <= operations["post"]["responses"].keys()


def test_async_generators_and_actions_are_refused() -> None:
    class Items(Resource):
        async def get(self) -> AsyncIterator[int]:
            yield 1

    class Stored(CRUDResource[Note]):
        model = Note

        async def create(self, item: Note) -> Note:
            return item

    app = App("Refused")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match=r"Items\.get is an async generator.* Write a plain"):
        app.add("/items", Items)
    with pytest.raises(DeclarationError, match=r"Stored\.create is async.* Write a plain"):
        app.add("/notes", Stored)


def test_an_async_method_without_asgiref_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DeclarationError, match=r"get is async.*restkit\[async\].*plain function"):
        App("Notes").add("/notes", Notes)
