"""Many bad inputs at a served bookstore, and what came of them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from . import (
    collection_attacks,
    connection_attacks,
    content_attacks,
    header_attacks,
    request_attacks,
)
from .attack import Attack, message
from .oracle import Document, faults_of, is_of_the_server
from .service import Service, serving
from .stored import Stored
from .subjects import SEED, encoded
from .wire import Malformed, read_responses, talk

__all__ = ["KINDS", "Report", "make", "run"]

KINDS: Mapping[str, Callable[[Random], Attack]] = {
    **request_attacks.KINDS,
    **header_attacks.KINDS,
    **content_attacks.KINDS,
    **collection_attacks.KINDS,
    **connection_attacks.KINDS,
}
_SECONDS = 60
"""No response takes longer, on a machine that has much else to do."""
_CPU_SECONDS = 3
"""No attack costs more processor time of the server, which does not depend on that."""


@dataclass
class Report:
    """What a run has found.

    Attributes:
        sent: How many attacks were made of each kind.
        statuses: How many responses of the application had each status.
        refused_by_server: How many gunicorn refused itself.
        unanswered: How many connections ended without a response.
        wrong: The faults, each with its kind, its number and its bytes.
        dearest: The most processor time of the server that an attack took, in seconds.
    """

    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    refused_by_server: int = 0
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)
    dearest: float = 0

    def __str__(self) -> str:
        statuses = ", ".join(f"{each}: {count}" for each, count in sorted(self.statuses.items()))
        return (
            f"{self.sent.total()} bad inputs of {len(self.sent)} kinds, {len(self.wrong)} wrong; "
            f"responses of the application by status: {statuses}; refused by gunicorn: "
            f"{self.refused_by_server}; no response: {self.unanswered}; "
            f"dearest: {self.dearest:.2f} s of processor time"
        )


def make(kind: str, number: int, seed: int) -> Attack:
    """Return one attack: always the same one for the same arguments."""
    return KINDS[kind](Random(f"{seed}/{kind}/{number}"))


def run(
    database_url: str,
    folder: Path,
    *,
    each: int,
    seed: int,
    kinds: Collection[str] = tuple(KINDS),
) -> Report:
    """Serve the bookstore, and send attacks of every kind.

    Args:
        database_url: SQLAlchemy's URL of an empty database.
        folder: Where the log of the server stands.
        each: How many attacks of each kind.
        seed: Decides which ones.
        kinds: The kinds.
    """
    report = Report()
    with serving(database_url, folder) as service:
        _seed(service.url)
        with Stored(database_url) as stored:
            trial = _Trial(service, stored, report)
            for kind in kinds:
                for number in range(each):
                    trial.attack(kind, number, make(kind, number, seed))
    return report


def _seed(url: str) -> None:
    for method, path, value in SEED:
        data = talk(url, [message(method, path, body=encoded(value))])
        (response,) = read_responses(data, [method])
        assert response.status == 201, response


class _Trial:
    """A served bookstore under attack."""

    def __init__(self, service: Service, stored: Stored, report: Report) -> None:
        self._service = service
        self._url = service.url
        self._log = service.log
        self._stored = stored
        self._report = report
        self._checksum = stored.checksum()
        self._logged = service.log.stat().st_size
        (response,) = read_responses(talk(self._url, [message("GET", "/openapi.json")]), ["GET"])
        self._document = Document(json.loads(response.body))

    def attack(self, kind: str, number: int, attack: Attack) -> None:
        """Send one attack, and judge what comes of it."""
        self._report.sent[kind] += 1
        began, cpu = time.monotonic(), self._service.cpu_seconds()
        found = [*self._responses(attack)]
        took, cost = time.monotonic() - began, self._service.cpu_seconds() - cpu
        self._report.dearest = max(self._report.dearest, cost)
        if took > _SECONDS or cost > _CPU_SECONDS:
            found.append(f"took {took:.1f} s, {cost:.1f} s of processor time")
        found += self._logged_faults()
        where = f"{kind} {number}"
        sent = b"".join(attack.parts)[:400]
        self._report.wrong += [f"{where}: {fault}\n    {sent!r}" for fault in found]

    def _responses(self, attack: Attack) -> list[str]:
        """Return the faults of the responses and of what is stored."""
        options = {"end": attack.end, "pause": attack.pause, "abort": attack.abort}
        try:
            data = talk(self._url, attack.parts, **options)  # type: ignore[arg-type]  # of its own
            responses = read_responses(data, attack.methods)
        except (Malformed, TimeoutError) as error:
            return [f"{type(error).__name__}: {error}"]
        self._report.unanswered += not responses
        found, changed = [], False
        if not responses and not (attack.abort or attack.end):
            found.append("no response")
        for method, response in zip(attack.methods, responses, strict=False):
            if is_of_the_server(response):
                self._report.refused_by_server += 1
                found += [f"gunicorn: {response}"] if response.status == 500 else []
                continue
            self._report.statuses[response.status] += 1
            found += faults_of(attack, method, response, self._document)
            is_safe = method in ("GET", "HEAD", "OPTIONS", "TRACE")
            changed = changed or (response.status < 300 and not is_safe)
        checksum = self._stored.checksum()
        if checksum != self._checksum and (attack.refused or not changed):
            found.append("what is stored has changed")
        self._checksum = checksum
        return found

    def _logged_faults(self) -> list[str]:
        """Return what the server has logged since the last attack: errors."""
        size = self._log.stat().st_size
        if size == self._logged:
            return []
        with self._log.open("rb") as log:
            log.seek(self._logged)
            text = log.read()
        self._logged = size
        return [f"logged: {text[-1500:].decode(errors='replace')}"]
