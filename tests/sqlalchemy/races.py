"""Eight writers at once, over real sockets, against two processes: ``python -m
tests.sqlalchemy.races``.

Each race goes over many rounds, in all of which the same must hold. The test-suite runs few, this
command many.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))

from databases import database_url
from library_service import serving

__all__ = ["RACES", "WRITERS", "Reply", "Writers", "race"]

WRITERS = 8


@dataclass(frozen=True)
class Reply:
    """Is one answer."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def pointers(self) -> list[str]:
        """What a problem points to."""
        return [each["pointer"] for each in self.json.get("errors", ())]


class Writers:
    """Asks a server from several threads that start at the same moment,
    each on a connection of its own.
    """

    def __init__(self, base: str, count: int = WRITERS) -> None:
        self._address = urlsplit(base)
        self._local = threading.local()
        self._barrier = threading.Barrier(count, timeout=60)
        self._threads = ThreadPoolExecutor(count)
        self._opened: list[http.client.HTTPConnection] = []

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> Reply:
        """Ask once, on this thread's connection; on a new one after the connection has failed."""
        body = None if content is None else json.dumps(content).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection = getattr(self._local, "connection", None)
        if connection is None:
            host, port = self._address.hostname or "", self._address.port
            connection = self._local.connection = http.client.HTTPConnection(host, port, timeout=60)
            self._opened.append(connection)
        response: http.client.HTTPResponse | None = None
        try:
            connection.request(method, path, body, given)
            response = connection.getresponse()
            text = response.read()
        except BaseException:
            if response is not None:
                response.close()
            connection.close()
            self._local.connection = None
            raise
        return Reply(
            response.status, dict(response.getheaders()), json.loads(text) if text else None
        )

    def at_once(self, requests: Sequence[tuple[Any, ...]], **headers: str) -> list[Reply]:
        """Ask each request from a thread of its own, all at the same moment."""

        def one(request: tuple[Any, ...]) -> Reply:
            self._barrier.wait()
            return self.ask(*request, **headers)

        return list(self._threads.map(one, requests))

    def close(self) -> None:
        """End the threads, and close their connections."""
        self._threads.shutdown()
        for connection in self._opened:
            connection.close()


def _made(writers: Writers, path: str, content: Any) -> tuple[str, str]:
    """Make an item, and return its URL and its entity tag."""
    made = writers.ask("POST", path, content)
    assert made.status == 201, made
    return made.headers["Location"], made.headers["ETag"]


def _one_wins(replies: Sequence[Reply], won: int, *lost: int) -> int:
    """Return which one won, where one did and all others were told so."""
    winners = [index for index, reply in enumerate(replies) if reply.status == won]
    statuses = [reply.status for reply in replies]
    assert len(winners) == 1, statuses
    assert {*statuses} <= {won, *lost}, statuses
    return winners[0]


def put(writers: Writers) -> None:
    """Of PUTs with one entity tag exactly one wins, and what it said is stored."""
    url, tag = _made(writers, "/books", {"title": "old"})
    replies = writers.at_once(
        [("PUT", url, {"title": f"t{number}"}) for number in range(WRITERS)], If_Match=tag
    )
    winner = _one_wins(replies, 200, 412)
    now = writers.ask("GET", url)
    assert now.json["title"] == f"t{winner}"
    assert now.headers["ETag"] == replies[winner].headers["ETag"]


def patch(writers: Writers) -> None:
    """Of PATCHes with one entity tag exactly one wins, and what it said is stored."""
    url, tag = _made(writers, "/books", {"title": "old"})
    replies = writers.at_once(
        [("PATCH", url, {"year": 1900 + number}) for number in range(WRITERS)], If_Match=tag
    )
    winner = _one_wins(replies, 200, 412)
    now = writers.ask("GET", url)
    assert now.json["year"] == 1900 + winner
    assert now.json["title"] == "old"
    assert now.headers["ETag"] == replies[winner].headers["ETag"]


def delete(writers: Writers) -> None:
    """Of DELETEs with one entity tag exactly one wins, whether rows are removed or marked."""
    url, tag = _made(writers, "/books", {"title": "old"})
    _one_wins(writers.at_once([("DELETE", url)] * WRITERS, If_Match=tag), 204, 404, 412)
    url, tag = _made(writers, "/authors", {"name": uuid.uuid4().hex})
    _one_wins(writers.at_once([("DELETE", url)] * WRITERS, If_Match=tag), 204, 404, 412)


def mixed(writers: Writers) -> None:
    """Of PUTs, PATCHes and DELETEs with one entity tag exactly one wins."""
    url, tag = _made(writers, "/books", {"title": "old"})
    kinds = [("PUT", url, {"title": "new"}), ("PATCH", url, {"year": 1900}), ("DELETE", url)]
    replies = writers.at_once([kinds[number % 3] for number in range(WRITERS)], If_Match=tag)
    statuses = [reply.status for reply in replies]
    assert sum(status < 300 for status in statuses) == 1, statuses
    assert {*statuses} <= {200, 204, 404, 412}, statuses


def upsert(writers: Writers) -> None:
    """Of PUTs with If-None-Match: * exactly one makes the item."""
    slug = uuid.uuid4().hex
    requests = [
        ("PUT", f"/shelves/{slug}", {"slug": slug, "label": f"l{number}"})
        for number in range(WRITERS)
    ]
    winner = _one_wins(writers.at_once(requests, If_None_Match="*"), 201, 412)
    assert writers.ask("GET", f"/shelves/{slug}").json["label"] == f"l{winner}"
    # Without the precondition one makes it, and the others replace it.
    slug = uuid.uuid4().hex
    requests = [
        ("PUT", f"/shelves/{slug}", {"slug": slug, "label": f"l{number}"})
        for number in range(WRITERS)
    ]
    _one_wins(writers.at_once(requests), 201, 200)


def fields(writers: Writers) -> None:
    """PATCHes of different fields without preconditions all survive."""
    url, _ = _made(writers, "/books", {"title": "old"})
    wanted: dict[str, Any] = {
        "title": "new",
        "isbn": uuid.uuid4().hex[:13],
        "year": 1815,
        "genre": "science",
        "price": "9.50",
        "rating": 4.5,
        "code": str(uuid.uuid4()),
        "chapters": [{"heading": "one"}],
    }
    replies = writers.at_once([("PATCH", url, {name: value}) for name, value in wanted.items()])
    assert [reply.status for reply in replies] == [200] * WRITERS, [reply.json for reply in replies]
    now = writers.ask("GET", url).json
    assert [each.pop("id") > 0 for each in now["chapters"]] == [True]
    assert {name: now[name] for name in wanted} == wanted


def unique(writers: Writers) -> None:
    """Of POSTs with one value of a unique column exactly one is stored;
    the others are told which field it is.
    """
    name = uuid.uuid4().hex
    replies = writers.at_once([("POST", "/authors", {"name": name})] * WRITERS)
    _one_wins(replies, 201, 409)
    assert all(reply.pointers == ["/name"] for reply in replies if reply.status == 409), replies
    found = writers.ask("GET", f"/authors?name={name}").json["items"]
    assert len(found) == 1


def references(writers: Writers) -> None:
    """Where an author is deleted while books of hers are stored,
    no book is left that refers to nobody.
    """
    url, _ = _made(writers, "/authors", {"name": uuid.uuid4().hex})
    key = int(url.rpartition("/")[2])
    posts = [("POST", "/books", {"title": "new", "author_id": key}) for _ in range(WRITERS - 1)]
    replies = writers.at_once([("DELETE", url), *posts])
    deleted, made = replies[0], replies[1:]
    assert deleted.status in (204, 409), deleted
    assert {reply.status for reply in made} <= {201, 409}, made
    assert all(reply.pointers == ["/author_id"] for reply in made if reply.status == 409), made
    stored = [
        writers.ask("GET", reply.headers["Location"]).json for reply in made if reply.status == 201
    ]
    wanted = {None} if deleted.status == 204 else {key}
    assert {book["author_id"] for book in stored} <= wanted, (deleted, stored)


RACES: Mapping[str, Callable[[Writers], None]] = {
    each.__name__: each for each in (put, patch, delete, mixed, upsert, fields, unique, references)
}


def race(name: str, base: str, rounds: int) -> None:
    """Run a race over some rounds, in each of which the same must hold."""
    writers = Writers(base)
    try:
        for _ in range(rounds):
            RACES[name](writers)
    finally:
        writers.close()


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sqlalchemy.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--races", default=",".join(RACES))
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with (
            tempfile.TemporaryDirectory() as folder,
            database_url(kind, Path(folder)) as url,
            serving(url) as base,
        ):
            for name in options.races.split(","):
                began = time.monotonic()
                race(name, base, options.rounds)
                print(
                    (
                        f"{kind:10} {name:10} {options.rounds} rounds held, "
                        f"{time.monotonic() - began:.0f} s"
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    _main()
