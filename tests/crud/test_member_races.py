"""Eight clients that write the members of one item at once, or the same new rows by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client

WRITERS = 8
ROUNDS = 4


class Base(DeclarativeBase):
    pass


ticket_tag = sa.Table(
    "ticket_tag",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    tags: Mapped[list[Tag]] = relationship(secondary=ticket_tag)


@dataclass
class MemoryTag:
    name: str
    id: int = 0


@dataclass
class MemoryTicket:
    title: str
    tags: list[int] = field(default_factory=list)
    id: int = 0


def _served(*stores: Any, ticket: type, tag: type) -> App:
    app = App("Tickets", contract="raise")
    for store in stores:
        app.install(store)
    tags = type("Tags", (CRUDResource,), {"model": tag, "max_page_size": 100, "page_size": 100})
    members = {
        "model": ticket,
        "relations": {"tags": Related("name", create=True, max_length=100)},
        "members": {"tags": tags},
        "max_page_size": 100,
        "page_size": 100,
    }
    app.add("/tickets", type("Tickets", (CRUDResource,), members))
    app.add("/tags", tags)
    return app


@pytest.fixture(params=("memory", *KINDS))
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[App]:
    """Serve tickets with tags."""
    if request.param == "memory":
        tags: MemoryStore[MemoryTag] = MemoryStore(MemoryTag, unique=("name",))
        tickets = MemoryStore(MemoryTicket, references={"tags": tags})
        yield _served(tags, tickets, ticket=MemoryTicket, tag=MemoryTag)
        return
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        yield _served(database, ticket=Ticket, tag=Tag)


def _at_once(app: App, send: Callable[[Client, int], Any]) -> list[Any]:
    """Let each writer send a request when all are ready."""
    ready = Barrier(WRITERS)

    def write(number: int) -> Any:
        client = Client(app)
        ready.wait(timeout=30)
        return send(client, number)

    with ThreadPoolExecutor(WRITERS) as threads:
        return list(threads.map(write, range(WRITERS)))


def _counted(app: App, send: Callable[[Client, int], Any]) -> Counter[int]:
    return Counter(each.status for each in _at_once(app, send))


def _sent_by_all(app: App, method: str, url: str) -> Counter[int]:
    return _counted(app, lambda client, _: client.request(method, url))


def _ticket(app: App, *tags: str) -> str:
    made = Client(app).post("/tickets", json={"title": "a", "tags": [*tags]})
    assert made.status == 201
    return str(made.headers["Location"])


def _names(app: App, url: str) -> list[str]:
    return [each["name"] for each in Client(app).get(url).json["items"]]


def _tag_ids(app: App) -> dict[str, int]:
    return {each["name"]: each["id"] for each in Client(app).get("/tags").json["items"]}


def test_eight_add_and_remove_the_same_member(app: App) -> None:
    """All that add it succeed, it is there once; of those that remove it one succeeds."""
    url = _ticket(app, "other")
    for round in range(ROUNDS):
        name = f"tag-{round}"
        _ticket(app, name)
        member = f"{url}/tags/{_tag_ids(app)[name]}"
        assert _sent_by_all(app, "PUT", member) == {204: WRITERS}
        assert _names(app, f"{url}/tags").count(name) == 1
        assert _sent_by_all(app, "DELETE", member) == {204: 1, 404: WRITERS - 1}
        assert _names(app, f"{url}/tags") == ["other"]


def test_eight_add_and_remove_members_of_their_own(app: App) -> None:
    """Nothing that one of them writes is lost to another one."""
    names = [f"tag-{number}" for number in range(WRITERS)]
    url, other = _ticket(app), _ticket(app, *names)
    ids = _tag_ids(app)
    for _ in range(ROUNDS):
        added = _counted(app, lambda client, each: client.put(f"{url}/tags/{ids[names[each]]}"))
        assert added == {204: WRITERS}
        assert sorted(_names(app, f"{url}/tags")) == names
        left = _counted(app, lambda client, each: client.delete(f"{url}/tags/{ids[names[each]]}"))
        assert left == {204: WRITERS}
        assert _names(app, f"{url}/tags") == []
    assert sorted(_names(app, f"{other}/tags")) == names


def test_half_of_eight_add_what_the_others_remove(app: App) -> None:
    """Each gets an answer that some order of the eight explains."""
    url = _ticket(app)
    _ticket(app, "a")
    member = f"{url}/tags/{_tag_ids(app)['a']}"
    for _ in range(ROUNDS):
        before = len(_names(app, f"{url}/tags"))
        found = _at_once(
            app, lambda client, each: client.put(member) if each % 2 else client.delete(member)
        )
        assert {each.status for each in found[1::2]} == {204}
        removed = sum(each.status == 204 for each in found[::2])
        assert {each.status for each in found[::2]} <= {204, 404}
        after = len(_names(app, f"{url}/tags"))
        assert after in (0, 1)
        assert removed >= before - after


def test_eight_create_the_same_rows_by_name(app: App) -> None:
    """Each new name becomes one row, in whatever order a request has the names."""
    for round in range(ROUNDS):
        names = [f"{round}-{number}" for number in range(4)]
        found = _at_once(
            app,
            lambda client, each, names=names: client.post(
                "/tickets", json={"title": "a", "tags": names[:: -1 if each % 2 else 1]}
            ),
        )
        assert Counter(each.status for each in found) == {201: WRITERS}
        assert [sorted(each.json["tags"]) for each in found] == [names] * WRITERS
    listed = _names(app, "/tags")
    assert len(listed) == len({*listed}) == 4 * ROUNDS


def test_a_tag_is_removed_while_seven_refer_to_it(app: App) -> None:
    """No ticket refers to a tag that is gone, and no request fails otherwise."""
    urls = [_ticket(app) for _ in range(WRITERS)]
    for round in range(ROUNDS):
        name = f"tag-{round}"
        tag = Client(app).post("/tags", json={"name": name}).json["id"]
        found = _at_once(
            app,
            lambda client, each, tag=tag: (
                client.put(f"{urls[each]}/tags/{tag}") if each else client.delete(f"/tags/{tag}")
            ),
        )
        assert found[0].status in (204, 409), found[0].text
        assert {each.status for each in found[1:]} <= {204, 404, 409}
        has = [name in _names(app, f"{url}/tags") for url in urls]
        assert has[1:] == [each.status == 204 for each in found[1:]]
        assert (name in _tag_ids(app)) is (found[0].status == 409)
