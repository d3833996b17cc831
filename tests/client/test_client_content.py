"""Content of calls: forms, files, bytes, patches; and conditional requests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from marshmallow import Schema, fields
from stock_service import served

from restkit import App, PreconditionFailed, Request, Resource, Upload, takes
from restkit.client import Client
from restkit.crud import CRUDResource, MemoryStore


class TitleSchema(Schema):
    """A form."""

    title = fields.Str()


class CoverSchema(Schema):
    """Its files."""

    cover = Upload(required=True)
    more = fields.List(Upload())


class LoginSchema(Schema):
    """A form without files."""

    name = fields.Str(required=True)
    roles = fields.List(fields.Str())


class OrderSchema(Schema):
    """Content of several types."""

    price = fields.Decimal(places=2)
    day = fields.Date()
    number = fields.UUID()
    color = fields.Str()
    note = fields.Str(allow_none=True)


def office() -> App:
    """Return a service that takes all sorts of content."""
    app = App("Office")

    @app.put("/cover")
    @takes(form=TitleSchema, files=CoverSchema)
    def set_cover(form: dict[str, Any], files: dict[str, Any]) -> dict[str, object]:
        found = [files["cover"], *files.get("more", [])]
        names = [each.filename for each in found]
        types = [each.mimetype for each in found]
        texts = [each.stream.read().decode() for each in found]
        return {"title": form.get("title"), "names": names, "types": types, "texts": texts}

    @app.post("/login")
    @takes(form=LoginSchema)
    def login(form: dict[str, Any]) -> dict[str, object]:
        return form

    @app.put("/text")
    @takes(body=str, media_types=["text/plain"])
    def set_text(body: str) -> dict[str, str]:
        return {"text": body}

    @app.put("/bytes")
    @takes(body=bytes, media_types=["application/octet-stream"])
    def set_bytes(body: bytes, request: Request) -> dict[str, object]:
        return {"size": len(body), "chunked": "Transfer-Encoding" in request.headers}

    @app.post("/orders")
    @takes(body=OrderSchema)
    def order(request: Request, body: dict[str, Any]) -> object:
        return request.get_data(as_text=True)

    return app


@pytest.fixture(params=["socket", "in process"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    app = office()
    if request.param == "in process":
        yield Client(app)
        return
    with served(app) as url, Client(url) as made:
        yield made


def test_files(client: Client, tmp_path: Path) -> None:
    """As bytes, as open files with their names, or with a name and a media type."""
    path = tmp_path / "cover.png"
    path.write_bytes(b"from disk")
    assert client.set_cover(cover=b"abc")["texts"] == ["abc"]
    with path.open("rb") as file:
        made = client.set_cover(title="caf\xe9", cover=file)
    assert made == {
        "title": "caf\xe9",
        "names": ["cover.png"],
        "types": ["image/png"],
        "texts": ["from disk"],
    }
    made = client.set_cover(
        cover=("a.txt", io.BytesIO(b"a"), "text/css"), more=[b"b", ("c.txt", b"c")]
    )
    assert made["texts"] == ["a", "b", "c"]
    assert made["names"][::2] == ["a.txt", "c.txt"]
    assert made["types"][0] == "text/css"


def test_forms(client: Client) -> None:
    assert client.login(name="a&b", roles=["x", "y"]) == {"name": "a&b", "roles": ["x", "y"]}
    assert client.login(name="a") == {"name": "a"}


def test_text_and_bytes(client: Client) -> None:
    assert client.set_text(body="caf\xe9") == {"text": "caf\xe9"}
    assert client.set_bytes(body=b"\x00" * 70_000)["size"] == 70_000


def test_a_stream_is_sent_in_chunks(client: Client) -> None:
    """Of an iterator, or of an open file."""
    assert client.set_bytes(body=iter([b"ab", b"cd"]))["size"] == 4
    assert client.set_bytes(body=io.BytesIO(b"x" * 200_000))["size"] == 200_000


class Color(Enum):
    """An enumeration."""

    RED = "red"


def test_values_of_json(client: Client) -> None:
    text = client.order(
        price=Decimal("1.50"),
        day=date(2027, 1, 31),
        number=UUID(int=7),
        color=Color.RED,
        note=None,
    )
    assert text == (
        '{"price":"1.50","day":"2027-01-31","number":"00000000-0000-0000-0000-000000000007",'
        '"color":"red","note":null}'
    )


@dataclass
class Order:
    """The content as a class."""

    color: str


def test_a_dataclass_is_an_object(client: Client) -> None:
    assert client.order(body=Order("red")) == '{"color":"red"}'


@pytest.mark.parametrize("body", [object(), {"color": {1, 2}}, b"abc"])
def test_what_cannot_be_written_is_a_type_error(body: object) -> None:
    with pytest.raises(TypeError):
        Client(office()).order(body=body)
    with pytest.raises(TypeError, match="cannot be written as content"):
        Client(office()).login(body=[1])


@dataclass
class Note:
    """A note."""

    text: str
    color: str = "red"
    id: int = 0
    version: int = 1


def notes() -> Client:
    """Return a client of a collection."""
    app = App("Notes")

    class Notes(CRUDResource[Note]):
        store = MemoryStore(Note)

    app.add("/notes", Notes)
    return Client(app)


def test_a_change_depends_on_what_was_read() -> None:
    client = notes()
    first = client.create_note.reply(text="a")
    number = first.data["id"]  # type: ignore[index]
    read = client.get_note.reply(id=number)
    assert read.etag is not None
    assert client.update_note(id=number, text="b", if_match=read.etag)["text"] == "b"
    with pytest.raises(PreconditionFailed):
        client.update_note(id=number, text="c", if_match=read.etag)
    assert client.get_note(id=number)["text"] == "b"


def test_what_has_not_changed_is_not_sent_again() -> None:
    client = notes()
    number = client.create_note(text="a")["id"]
    etag = client.get_note.reply(id=number).etag
    again = client.get_note.reply(id=number, if_none_match=etag)
    assert again.status == 304
    assert again.data is None
    client.update_note(id=number, text="b")
    assert client.get_note.reply(id=number, if_none_match=etag).status == 200


def test_a_patch_is_a_merge_patch_with_nulls() -> None:
    client = notes()
    number = client.create_note(text="a")["id"]
    assert client.update_note.operation.contents[0].media_type == "application/merge-patch+json"
    assert client.update_note(id=number, color="blue")["color"] == "blue"
    assert client.delete_note(id=number) is None


def test_a_resource_class_with_forms_and_json() -> None:
    """JSON is preferred, and a form only sent with files."""
    app = App("Both")

    @app.route("/both")
    class Both(Resource):
        @takes(body=LoginSchema, media_types=["multipart/form-data", "application/json"])
        def post(self, body: dict[str, Any], request: Request) -> dict[str, object]:
            return {"type": request.mimetype}

    client = Client(app)
    assert client.create_both(name="a") == {"type": "application/json"}
