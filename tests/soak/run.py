"""The notes under gunicorn, on PostgreSQL and with a Redis that restarts, and what came of it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Self

from servers import free_port, serve_process

from .load import KEY, SECRET, Sent, Visitor

__all__ = ["Report", "soak"]

_ROOT = Path(__file__).parents[2]
_AWAY = 3.0
_RECOVERY = 10.0
"""Seconds after a start of Redis until it is asked again: its pause, and the slowest request."""


@dataclass
class Report:
    """What a soak has found.

    Attributes:
        seconds: How long it took.
        statuses: How many responses had each status.
        names: How many requests of each kind were sent.
        memory: The resident memory of all processes of the server in MB, in order of time.
        wrong: Responses with a status that they must not have, and broken connections.
        without_redis: How many 503 there were while Redis was away.
    """

    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    without_redis: int = 0

    def thirds(self) -> tuple[float, float, float]:
        """Return the mean memory of each third of the time, in MB."""
        third = max(1, len(self.memory) // 3)
        parts = self.memory[:third], self.memory[third : 2 * third], self.memory[2 * third :]
        first, middle, last = (fmean(each or [0]) for each in parts)
        return first, middle, last

    def __str__(self) -> str:
        statuses = ", ".join(f"{each}: {count}" for each, count in sorted(self.statuses.items()))
        names = ", ".join(f"{each}: {count}" for each, count in self.names.most_common())
        first, middle, last = self.thirds()
        rate = self.names.total() / max(self.seconds, 1)
        return (
            f"{self.seconds / 60:.1f} minutes, {self.names.total()} requests ({names}), "
            f"{rate:.0f} a second, {len(self.wrong)} wrong; statuses: {statuses}; "
            f"503 while Redis was away: {self.without_redis}; memory by thirds: "
            f"{first:.1f}, {middle:.1f}, {last:.1f} MB"
        )


def soak(database: str, folder: Path, *, seconds: float, seed: int, rate: float = 50) -> Report:
    """Serve the notes, and send a mixed load.

    Args:
        database: SQLAlchemy's URL of an empty database.
        folder: Where Redis stands.
        seconds: How long.
        seed: Decides what is sent.
        rate: About how many requests a second are sent.
    """
    report = Report()
    store = _Redis(folder)
    with store, _serving(database, store.url, folder) as (url, process):
        began = time.monotonic()
        end = began + seconds
        threads = [
            threading.Thread(
                target=_visit, args=(url, Random(f"{seed}/{each}"), end, rate / 4, store, report)
            )
            for each in range(4)
        ]
        for each in threads:
            each.start()
        restarts = [began + seconds / 3, began + seconds * 2 / 3]
        while (now := time.monotonic()) < end:
            report.memory.append(_resident(process))
            if restarts and now > restarts[0]:
                restarts.pop(0)
                store.restart(min(_AWAY, seconds / 5))
            time.sleep(min(2.0, seconds / 30))
        for each in threads:
            each.join(60)
        report.seconds = time.monotonic() - began
    return report


def _visit(
    url: str, random: Random, end: float, rate: float, store: _Redis, report: Report
) -> None:
    visitor = Visitor(url, random)
    ended = time.monotonic()
    while (now := time.monotonic()) < end:
        try:
            sent, status = visitor.send()
        except (http.client.HTTPException, OSError) as error:
            after = f"{time.monotonic() - now:.1f} s, idle for {now - ended:.1f} s"
            report.wrong.append(f"{error!r} after {after}, of {visitor.last}"[:300])
            continue
        ended = time.monotonic()
        _judge(sent, status, store.is_away(now), report)
        time.sleep(random.uniform(0, 2 / rate))
    visitor.close()


def _judge(sent: Sent, status: int, is_away: bool, report: Report) -> None:
    with _judging:
        report.statuses[status] += 1
        report.names[sent.name] += 1
        if status == 503 and is_away:
            report.without_redis += 1
        elif status not in sent.statuses:
            report.wrong.append(f"{status} to {sent.name} {sent.method} {sent.path[:80]}")


_judging = threading.Lock()


class _Redis:
    """A Redis of our own, which is ended and started again by its process id."""

    def __init__(self, folder: Path) -> None:
        self._port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self._away_since = float("inf")
        self._back_at = float("inf")

    def __enter__(self) -> Self:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--dir", str(self._folder)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=quiet, stdin=quiet)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)

    def restart(self, seconds: float) -> None:
        """End the process, and start another one after some seconds."""
        self._away_since, self._back_at = time.monotonic(), float("inf")
        self.__exit__()
        time.sleep(seconds)
        self.__enter__()
        self._back_at = time.monotonic() + _RECOVERY

    def is_away(self, sent_at: float) -> bool:
        """Whether a request of this time may have met no Redis."""
        return self._away_since - 5 <= sent_at <= self._back_at


@contextmanager
def _serving(database: str, redis: str, folder: Path) -> Generator[tuple[str, int]]:
    """Serve the notes in one process with threads.

    Yields:
        The base URL, and the id of the first process.
    """
    port = free_port()
    pid = folder / "gunicorn.pid"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--no-control-socket",
        "examples.notes.app:create_app()",
    ]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
    # gunicorn ends idle connections after two seconds unless told otherwise, and on a busy machine
    # a client may just then send its next request on one.
    command += ["--keep-alive", "75", "--pid", str(pid), "--log-level", "error"]
    environment = {
        "RESTKIT_DATABASE_URL": database,
        "RESTKIT_REDIS_URL": redis,
        "RESTKIT_JWT_KEY": SECRET,
        "RESTKIT_ARCHIVE_KEY": KEY,
        "RESTKIT_SECRET_KEY": "a secret of the soak, which is long enough",
        "RESTKIT_REQUESTS_PER_MINUTE": "1000000",
        "RESTKIT_FAILURES_PER_MINUTE": "1000000",
        "PYTHONPATH": str(_ROOT),
    }
    with serve_process(command, port=port, cwd=_ROOT, environment=environment, seconds=90) as url:
        yield url, int(pid.read_text())


def _resident(first: int) -> float:
    """Return the resident memory of a process and its children in MB."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    found = 0
    for each in (str(first), *children):
        fields = Path(f"/proc/{each}/statm").read_text().split()
        found += int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
    return found / 1e6
