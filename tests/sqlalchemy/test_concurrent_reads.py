"""Pages, cursors and streams while others write: each unchanged row comes once."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

PREVIOUS = re.compile(r'<([^<>]*)>; rel="prev"')
LINES = {"Accept": "application/x-ndjson"}
ROWS = 1300
"""More rows than two chunks of a stream."""


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int | None]
    text: Mapped[str] = mapped_column(sa.String(300))


class Notes(CRUDResource[Note]):
    model = Note
    sorts = ("rank",)
    max_page_size = 100


class Paged(Notes):
    lines = "pages"


class Writer:
    """Another program that changes rows, and remembers those that it leaves alone.

    Attributes:
        touched: The keys of the rows that it has inserted, changed or deleted.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Store the rows."""
        self._engine = engine
        self._random = random.Random(5)  # the same rows in each run
        self._last = ROWS
        self.touched: set[int] = set()
        with engine.begin() as connection:
            connection.execute(sa.insert(Note), [self._row(key) for key in range(1, ROWS + 1)])

    def _row(self, key: int) -> dict[str, object]:
        rank = self._random.choice([None, *range(40)])
        return {"id": key, "rank": rank, "text": f"t{key}" * 50}

    def write(self, *, deleted: int | None = None) -> None:
        """Insert, change and delete some rows in one transaction, also one that is given."""
        keys = self._random.sample(range(1, self._last), 24)
        gone = [*keys[:8], *([] if deleted is None else [deleted])]
        with self._engine.begin() as connection:
            connection.execute(sa.delete(Note).where(Note.id.in_(gone)))
            for key in keys[8:]:
                values = self._row(key)
                del values["id"]
                connection.execute(sa.update(Note).where(Note.id == key).values(values))
            new = [self._row(self._last + number) for number in (1, 2, 3)]
            connection.execute(sa.insert(Note), new)
        self._last += 3
        self.touched |= {*keys, *gone, *range(self._last - 2, self._last + 1)}

    def left(self) -> set[int]:
        """Return the keys of the rows that nobody has touched."""
        return {*range(1, ROWS + 1)} - self.touched


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[tuple[Client, Writer]]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Notes", secret_key="s" * 32)
        app.install(database)
        app.add("/notes", Notes)
        app.add("/paged", Paged)
        client = Client(app)
        assert client.get("/notes").status == 200
        other = sa.create_engine(database.engine.url)
        yield client, Writer(other)
        other.dispose()
        database.close()


def pages(client: Client, url: str, between: Callable[[int], None]) -> Iterator[int]:
    """Yield the keys of all pages; a function is called with the last key of each."""
    link: str | None = url
    while link:
        page = client.get(link)
        assert page.status == 200, page.text
        yield from (each["id"] for each in page.json["items"])
        link = page.json["next"]
        if page.json["items"]:
            between(page.json["items"][-1]["id"])


@pytest.mark.parametrize("sort", ["id", "rank", "-rank"])
def test_pages_between_writes(world: tuple[Client, Writer], sort: str) -> None:
    """The row of the cursor is deleted after each page: the next one goes on behind its place.

    A row that is changed between pages may have moved over the place; by the key, none does.
    """
    client, writer = world
    query = "" if sort == "id" else f"&sort={sort}"
    found = Counter(
        pages(client, f"/notes?limit=90{query}", lambda last: writer.write(deleted=last))
    )
    repeated = {key for key, times in found.items() if times > 1}
    assert writer.touched
    assert writer.left() <= found.keys()
    assert repeated <= (set() if sort == "id" else writer.touched)


def test_the_way_back_between_writes(world: tuple[Client, Writer]) -> None:
    """Previous pages have the rows that nobody touched, in the same order."""
    client, writer = world
    middle = client.get("/notes?limit=100&sort=rank")
    for _ in range(3):
        middle = client.get(middle.json["next"])
    found: list[int] = []
    while before := PREVIOUS.search(middle.headers["Link"]):
        writer.write(deleted=middle.json["items"][0]["id"])
        middle = client.get(before[1])
        assert middle.status == 200, middle.text
        found = [*(each["id"] for each in middle.json["items"]), *found]
    kept = [key for key in found if key not in writer.touched]
    assert len({*kept}) == len(kept) > 100
    ordered = pages(client, "/notes?limit=100&sort=rank", lambda last: None)
    own = [key for key in ordered if key in {*kept}]
    assert own == kept


@pytest.mark.parametrize("sort", ["", "?sort=rank", "?sort=-rank"])
@pytest.mark.parametrize("path", ["/notes", "/paged"])
def test_a_stream_during_writes(world: tuple[Client, Writer], path: str, sort: str) -> None:
    """A snapshot is that of its start; pages have each untouched row once."""
    client, writer = world
    found: list[int] = []
    with client.get(f"{path}{sort}", headers=LINES, stream=True) as response:
        for chunk in response.iter_chunks():
            found += [json.loads(line)["id"] for line in chunk.splitlines()]
            writer.write(deleted=found[-1])
    assert len(writer.touched) > 50
    counted = Counter(found)
    repeated = {key for key, times in counted.items() if times > 1}
    assert writer.left() <= counted.keys()
    if path == "/notes":
        assert sorted(found) == list(range(1, ROWS + 1))
    assert repeated <= (writer.touched if path == "/paged" and sort else set())
