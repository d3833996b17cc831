"""Faults while clients write: ``python -m tests.sqlalchemy.faults --rounds 30 --seed 1``.

gunicorn serves shelves on a database. Clients create, read, change and delete them over sockets,
while in each round a worker is killed, or PostgreSQL ends all connections, or it crashes and is
started again. Afterwards every shelf must be as the last acknowledged write has left it, and no
response was anything but what the operation declares: success, or 503 with Retry-After.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

import psycopg
import sqlalchemy as sa

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from databases import PostgreSQL, database_url
from library import Shelf
from library_service import serving
from races import Reply, Writers
from servers import workers_of

from restkit.sqlalchemy.engines import Limits, make_engine

__all__ = ["CLIENTS", "Outcome", "own_postgresql", "suffered"]

CLIENTS = 6
KINDS: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("worker killed",),
    "postgresql": ("worker killed", "connections ended", "database crashed"),
}
"""The faults of each kind of database."""
_EXPECTED = {"POST": 201, "GET": 200, "PATCH": 200, "PUT": 200, "DELETE": 204}
_BETWEEN = 40  # acknowledged writes between two faults


@dataclass
class Outcome:
    """What clients have seen, and what is stored afterwards.

    Attributes:
        faults: The number of faults of each kind.
        statuses: The number of responses of each status.
        acknowledged: The number of writes that were answered with success.
        broken: The number of requests whose connection broke.
        wrong: Responses and rows that must not be.
    """

    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: int = 0
    broken: int = 0
    wrong: list[str] = field(default_factory=list)

    def is_refused(self, count: int) -> bool:
        """Return whether more requests than so many were answered 503."""
        return self.statuses[503] > count


class Clients:
    """Clients that write until they are stopped; each knows what its shelves may be now.

    Attributes:
        states: The labels that each shelf may have, None if it may be missing.
        outcome: What they have seen.
    """

    def __init__(self, base: str) -> None:
        self.states: dict[str, set[str | None]] = {}
        self.outcome = Outcome()
        self._writers = Writers(base, CLIENTS)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)
        ]

    def _run(self, client: int) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            self._live(f"shelf-{client}-{number}", is_kept=number % 3 > 0)

    def _live(self, slug: str, *, is_kept: bool) -> None:
        """Create a shelf, read it, change it twice, and perhaps delete it, as far as it goes."""
        self.states[slug] = {None}
        path = f"/shelves/{slug}"
        writes: list[tuple[str, str, str | None]] = [
            ("POST", "/shelves", "made"),
            ("PATCH", path, "patched"),
            ("PUT", path, "put"),
        ]
        for method, url, label in writes if is_kept else [*writes, ("DELETE", path, None)]:
            if not (self._write(slug, method, url, label) and self._read(slug)):
                return

    def _write(self, slug: str, method: str, path: str, label: str | None) -> bool:
        """Write once, and return whether it was acknowledged; else both states are possible."""
        content = {"label": label} if method == "PATCH" else {"slug": slug, "label": label}
        reply = self._ask(method, path, None if method == "DELETE" else content)
        is_done = reply is not None and reply.status == _EXPECTED[method]
        if is_done:
            with self._lock:
                self.outcome.acknowledged += 1
            self.states[slug] = {label}
        else:
            self.states[slug].add(label)
        return is_done

    def _read(self, slug: str) -> bool:
        """Read a shelf, and return whether the answer came; it is as its writer knows it."""
        reply = self._ask("GET", f"/shelves/{slug}", None)
        if reply is None or reply.status == 503:
            return False
        label = reply.json["label"] if reply.status == 200 else None
        if reply.status not in (200, 404) or label not in self.states[slug]:
            self.outcome.wrong.append(f"GET {slug}: {reply.status}, {label}")
        return True

    def _ask(self, method: str, path: str, content: object) -> Reply | None:
        try:
            reply = self._writers.ask(method, path, content)
        except (OSError, http.client.HTTPException):
            with self._lock:
                self.outcome.broken += 1  # the process that was to answer is gone
            time.sleep(0.01)
            return None
        with self._lock:
            self.outcome.statuses[reply.status] += 1
        self._judge(method, reply)
        return reply

    def _judge(self, method: str, reply: Reply) -> None:
        """Note a response that the operation does not declare for such a request."""
        if reply.status == 503:
            time.sleep(0.01)
            is_right = int(reply.headers.get("Retry-After", 0)) > 0
            is_right &= reply.headers["Content-Type"] == "application/problem+json"
        else:
            is_right = reply.status in (_EXPECTED[method], 404 if method == "GET" else 0)
        if not is_right:
            self.outcome.wrong.append(f"{method}: {reply.status} {reply.headers} {reply.json}")

    def more(self, count: int) -> None:
        """Wait until so many more writes are acknowledged."""
        begin = self.outcome.acknowledged
        self.wait(lambda: self.outcome.acknowledged >= begin + count)

    def wait(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so; the clients go on."""
        deadline = time.monotonic() + 120
        while not reached():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Nothing has changed for two minutes: {self.outcome}")
            time.sleep(0.01)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._writers.close()


@contextmanager
def own_postgresql() -> Generator[PostgreSQL]:
    """Start a server that a test may stop and fill."""
    folder = Path(tempfile.mkdtemp(prefix="restkit-postgresql-"))
    server = PostgreSQL(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _has_replaced(pid_file: Path, dead: int) -> bool:
    """Return whether gunicorn has two workers again without one that was killed."""
    return len({*workers_of(pid_file)} - {dead}) == 2


def _end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _labels(url: str) -> dict[str, str]:
    """Return the label of each shelf that is stored, seen from outside."""
    engine = make_engine(url, Limits(), {})
    try:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(Shelf.slug, Shelf.label))
            return {str(row.slug): str(row.label) for row in rows}
    finally:
        engine.dispose()


def suffered(kind: str, rounds: int, seed: int) -> Outcome:
    """Let a service suffer one fault a round, and return what came of it.

    Args:
        kind: The kind of the database.
        rounds: The number of faults.
        seed: The seed of their order.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "postgresql":
            with own_postgresql() as server:
                return _suffered(kind, server.url, server, folder, rounds, seed)
        with database_url(kind, folder) as url:
            return _suffered(kind, url, None, folder, rounds, seed)


def _suffered(
    kind: str, url: str, server: PostgreSQL | None, folder: Path, rounds: int, seed: int
) -> Outcome:
    draw, pid_file = random.Random(seed), folder / "pid"
    # Each kind of fault comes about as often as the others.
    faults = [KINDS[kind][number % len(KINDS[kind])] for number in range(rounds)]
    draw.shuffle(faults)
    with serving(url, "--pid", str(pid_file)) as base, Clients(base) as clients:
        for fault in faults:
            clients.more(_BETWEEN)
            clients.outcome.faults[fault] += 1
            if fault == "worker killed":
                dead = draw.choice(workers_of(pid_file))
                os.kill(dead, signal.SIGKILL)
                clients.wait(partial(_has_replaced, pid_file, dead))
            elif fault == "connections ended":
                _end_connections(url)
            elif server is not None:
                server.stop()
                clients.wait(partial(clients.outcome.is_refused, clients.outcome.statuses[503]))
                server.start()
        clients.more(_BETWEEN)
    stored = _labels(url)
    for slug, labels in clients.states.items():
        if stored.get(slug) not in labels:
            clients.outcome.wrong.append(f"{slug} is {stored.get(slug)}, not {labels}")
    return clients.outcome


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sqlalchemy.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    print("| database | faults | writes acknowledged | 503 | broken | lost, or not declared |")
    print("|---|---|---:|---:|---:|---:|")
    is_wrong = False
    for kind in options.databases.split(","):
        outcome = suffered(kind, options.rounds, options.seed)
        faults = ", ".join(f"{count} {fault}" for fault, count in sorted(outcome.faults.items()))
        figures = (outcome.acknowledged, outcome.statuses[503], outcome.broken, len(outcome.wrong))
        print("|", " | ".join((kind, faults, *(f"{each:,}" for each in figures))), "|", flush=True)
        print("\n".join(outcome.wrong[:20]))
        is_wrong = is_wrong or bool(outcome.wrong)
    if is_wrong:
        raise SystemExit("Something was lost, or was not as declared.")


if __name__ == "__main__":
    _main()
