"""The pictures of the documentation: drawn as the program draws them, true, small and described."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from diagrams.pictures import IMAGES, PICTURES
from marshmallow import Schema, fields

from restkit import App, Conflict, Resource, raises
from restkit.crud import CRUDResource, MemoryStore
from restkit.limits import Idempotency, MemoryStorage, Sizes
from restkit.security import HTTPBearer
from restkit.testing import Client

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
SVG = "{http://www.w3.org/2000/svg}"
FILES = sorted(each.name for each in IMAGES.iterdir())


def texts_of(name: str, kind: str = "") -> list[str]:
    """Return the texts of a picture in their order, of one style if a kind is given."""
    root = ElementTree.parse(IMAGES / name).getroot()
    found = [each for each in root.iter(f"{SVG}text") if kind in each.get("class", "")]
    return [each.text or "" for each in found]


def statuses_of(name: str) -> list[int]:
    """Return the statuses of the responses that a picture shows."""
    found = [re.match(r"([2-5]\d\d)\b", text) for text in texts_of(name, "halo")]
    return [int(each[1]) for each in found if each]


# files


@pytest.mark.parametrize("name", PICTURES)
def test_file(name: str) -> None:
    """Each file is the picture that the program draws now; the terminals' text is that of a run."""
    assert (IMAGES / name).read_bytes() == PICTURES[name]().encode(), (
        "Run python -m tests.diagrams, and look at the picture."
    )


@pytest.mark.parametrize("name", PICTURES)
def test_form(name: str) -> None:
    """Each picture is well-formed, has a title for screen readers and no text outside of it."""
    root = ElementTree.parse(IMAGES / name).getroot()
    assert root.get("role") == "img"
    title = root.findtext(f"{SVG}title")
    assert title
    assert title == root.get("aria-label")
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    texts = list(root.iter(f"{SVG}text"))
    assert len(texts) > 10
    for each in texts:
        assert 8 <= float(each.get("x", "0")) <= width - 8, each.text
        assert 8 <= float(each.get("y", "0")) <= height - 6, each.text


@pytest.mark.parametrize("name", FILES)
def test_use(name: str) -> None:
    """Each picture is on a page, with a text for readers who do not see it."""
    used = [
        alternative
        for page in PAGES
        for alternative, target in PICTURE.findall(page.read_text("utf-8"))
        if target.endswith(f"images/{name}")
    ]
    assert used
    assert all(len(each) > 30 for each in used)


@pytest.mark.parametrize("name", [each for each in FILES if each.endswith(".png")])
def test_size(name: str) -> None:
    """Each photograph of a page has less than 80 kB."""
    content = (IMAGES / name).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 80_000


# facts


def test_keyset_pagination() -> None:
    """The exchange of two cursor pages goes as it is drawn, in statuses, links and items."""

    class Book:
        def __init__(self, title: str, year: int, id: int = 0) -> None:
            self.title, self.year, self.id = title, year, id

    class BookSchema(Schema):
        title = fields.Str()
        year = fields.Int()

    titles = {"Emma": 1815, "Persuasion": 1817, "Jane Eyre": 1847, "Dracula": 1897}

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book, items=[Book(*each) for each in titles.items()])
        schema = BookSchema
        sorts = ("year",)

    app = App("Books")
    app.add("/books", Books)
    client = Client(app)
    texts = texts_of("keyset-pagination.svg")
    first = client.get("/books?sort=year&limit=2")
    assert client.delete("/books/2").status == 204
    second = client.get(first.json["next"])
    assert statuses_of("keyset-pagination.svg") == [first.status, second.status]
    for page in (first, second):
        shown = ", ".join(f"{each['title']} {each['year']}" for each in page.json["items"])
        assert shown in texts
    assert 'rel="next"' in first.headers["Link"]
    assert re.findall(r'rel="(\w+)"', second.headers["Link"]) == ["first", "prev"]


def test_lost_update() -> None:
    """The exchange of two writers goes as it is drawn, in statuses and entity tags."""
    note = {"version": 3}
    app = App("Notes")

    class NoteSchema(Schema):
        version = fields.Int()

    @app.route("/notes/1")
    class Note(Resource):
        schema = NoteSchema
        conditional = True

        def get(self) -> dict[str, int]:
            self.entity_tag = note["version"]
            return note

        def put(self, body: dict[str, Any]) -> dict[str, int]:
            self.entity_tag = note["version"]
            note["version"] += 1
            self.entity_tag = note["version"]
            return note

    client = Client(app)
    old = {"If-Match": client.get("/notes/1").headers["ETag"]}
    responses = [
        client.get("/notes/1"),
        client.get("/notes/1"),
        client.put("/notes/1", json={}, headers=old),
        client.put("/notes/1", json={}, headers=old),
        client.get("/notes/1"),
    ]
    assert statuses_of("lost-update.svg") == [each.status for each in responses]
    tags = [f"ETag: {each.headers['ETag']}" for each in responses if "ETag" in each.headers]
    assert [text for text in texts_of("lost-update.svg") if text.startswith("ETag")] == tags
    assert f"If-Match: {old['If-Match']}" in texts_of("lost-update.svg")


def test_idempotency_key() -> None:
    """The second response to a key is the stored one, and the method ran once."""
    calls: list[Any] = []
    app = App("Bank")

    class PaymentSchema(Schema):
        cents = fields.Int()

    @app.route("/payments")
    class Payments(Resource):
        schema = PaymentSchema
        idempotency = Idempotency(MemoryStorage())

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            calls.append(body)
            return body

    key = {"Idempotency-Key": "8e03"}
    client = Client(app)
    responses = [client.post("/payments", json={"cents": 1}, headers=key) for _ in range(2)]
    assert statuses_of("idempotency-key.svg") == [each.status for each in responses]
    replayed = responses[1].headers["Idempotent-Replayed"]
    assert f"Idempotent-Replayed: {replayed}" in texts_of("idempotency-key.svg")
    assert len(calls) == 1


def guarded_app(seen: list[int]) -> App:
    """Return an App with every stage of the picture, whose middleware notes each status."""

    class BodySchema(Schema):
        name = fields.Str(required=True)

    app = App("Stages")

    @app.middleware
    def see(request: Any, proceed: Any) -> Any:
        response = proceed(request)
        seen.append(response.status_code)
        return response

    @app.route("/items/1")
    class Item(Resource):
        schema = BodySchema
        security = HTTPBearer(lambda token: token)
        limits = (Sizes(target=40),)
        conditional = "required"

        @raises(Conflict)
        def put(self, body: dict[str, Any]) -> dict[str, Any]:
            self.entity_tag = 1
            raise Conflict

    return app


def test_order_of_stages() -> None:
    """A request with a mistake for each stage is rejected by the stages in the order drawn."""
    seen: list[int] = []
    client = Client(guarded_app(seen))
    headers = {"Accept": "text/csv"}
    form: dict[str, Any] = {"data": {"name": "1"}}
    query = "/items/1?x=1"
    stages = [  # each with the request that it rejects, which has one mistake less than before
        ("Routing", 404, "/nothing", {}, form),
        ("Limits", 414, f"/items/1?{'x' * 40}", {}, form),
        ("Security", 401, query, {}, form),
        ("Required headers", 428, query, {"Authorization": "Bearer a"}, form),
        ("Negotiation", 406, query, {"If-Match": '"1"'}, form),
        ("Negotiation", 422, query, {"Accept": "application/json"}, form),
        ("Input validation", 415, "/items/1", {}, form),
        ("Input validation", 422, "/items/1", {}, {"json": {}}),
        ("Your method", 409, "/items/1", {}, {"json": {"name": "a"}}),
    ]
    drawn = drawn_stages()
    for name, status, url, mended, content in stages:
        headers.update(mended)
        assert client.put(url, headers=headers, **content).status == status, name
        assert {str(status), "yours"} & {*drawn[name]}, name
    assert seen == [each[1] for each in stages]
    order = list(dict.fromkeys(each[0] for each in stages))
    assert [name for name in drawn if name in order] == order


def drawn_stages() -> dict[str, list[str]]:
    """Return the stages of the picture of a request in their order, each with its statuses."""
    root = ElementTree.parse(IMAGES / "life-of-a-request.svg").getroot()
    stages: dict[str, list[str]] = {}
    name = ""
    for each in root.iter(f"{SVG}text"):
        kind, text = each.get("class", ""), each.text or ""
        if kind == "strong":
            name = text
            stages.setdefault(name, [])
        elif kind == "mono bad":
            stages[name] += text.split()
    return stages
