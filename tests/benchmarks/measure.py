"""The parts of a run: each measures its cells one after the other and keeps every figure as soon as
it is there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from .cases import DATABASE, ROWS, SCALING, Case
from .cold import cold, large
from .database import shared_database
from .instructions import Failed, per_request
from .ratios import ratios
from .record import database_about
from .served import SERVERS, served

__all__ = ["PARTS", "SCALED", "Plan", "measure"]

SCALED = ("restkit", "fastapi", "flask")
_OVER_DATABASE = ("bare", "core", "fastapi", "restkit")
_SERVED_CASES = ("hello", "post")
# NOTE: Start-up is not counted, but it runs under valgrind; thousands of routes may take some
# programs very long.
_LIMIT = 300.0


@dataclass
class Plan:
    """Is what a run measures.

    Attributes:
        rows: The cases of the table.
        peers: The programs, restkit among them.
        plain: An interpreter without orjson and msgspec; ``""`` for none.
        lean: An interpreter with restkit and these two, and no other extra; ``""`` for none.
        quick: Whether fewer and shorter measurements do.
        resume: Whether figures that are there already are kept.
        figures: What was measured.
        keep: Called after each figure.
    """

    rows: list[str]
    peers: list[str]
    plain: str = ""
    lean: str = ""
    quick: bool = False
    resume: bool = False
    figures: dict[str, Any] = field(default_factory=dict)
    keep: Callable[[], None] = lambda: None

    def put(self, path: tuple[str, ...], make: Callable[[], Any]) -> None:
        """Measure one figure, say it, and keep it."""
        place = self.figures
        for name in path[:-1]:
            place = place.setdefault(name, {})
        if self.resume and place.get(path[-1]) is not None:
            return
        try:
            place[path[-1]] = make()
        except Failed as failed:
            place[path[-1]] = None
            print(f"not measured: {failed}", file=sys.stderr, flush=True)
        print(" ".join(path), place[path[-1]], file=sys.stderr, flush=True)
        self.keep()


def _instructions(plan: Plan) -> None:
    for row in plan.rows:
        for name in plan.peers:
            plan.put(
                ("instructions", row, name), lambda name=name, row=row: per_request(name, ROWS[row])
            )


def _plain(plan: Plan) -> None:
    if plan.plain:
        for row in plan.rows:
            plan.put(
                ("plain", row), lambda row=row: per_request("restkit", ROWS[row], python=plan.plain)
            )


def _lean(plan: Plan) -> None:
    if plan.lean:
        for row in plan.rows:
            plan.put(
                ("lean", row), lambda row=row: per_request("restkit", ROWS[row], python=plan.lean)
            )


def _scaled(plan: Plan) -> Iterator[tuple[str, int, Case, str]]:
    for group, cases in SCALING.items():
        for size, case in cases.items():
            yield from ((group, size, case, name) for name in SCALED if name in plan.peers)


def _scaling(plan: Plan) -> None:
    for group, size, case, name in _scaled(plan):
        path = ("scaling", group, str(size), name)
        plan.put(path, lambda name=name, case=case: per_request(name, case, limit=_LIMIT))


def _ratio(plan: Plan, case: Case, name: str) -> None:
    generations, turns = (1, 3) if plan.quick else (2, 6)
    plan.put(
        ("ratios", case.name, name),
        lambda: ratios(name, case, generations=generations, turns=turns),
    )


def _ratios(plan: Plan) -> None:
    for row in plan.rows:
        for name in plan.peers:
            if name != "restkit":
                _ratio(plan, ROWS[row], name)


def _database(plan: Plan) -> None:
    names = [name for name in _OVER_DATABASE if name == "core" or name in plan.peers]
    for row, case in DATABASE.items():
        # What a write leaves behind would be another file for whoever comes next.
        with shared_database() if case.method == "GET" else nullcontext():
            for name in names:
                plan.put(
                    ("instructions", row, name),
                    lambda name=name, case=case: per_request(name, case),
                )
            for name in names:
                if name != "restkit":
                    _ratio(plan, case, name)
    plan.put(("database",), database_about)


def _served(plan: Plan) -> None:
    cases = [ROWS[name] for name in _SERVED_CASES]
    for server in SERVERS:
        plan.put(
            ("served", server),
            lambda server=server: served(server, plan.peers, cases, rounds=2 if plan.quick else 7),
        )


def _cold(plan: Plan) -> None:
    rounds = 3 if plan.quick else 9
    plan.put(("cold",), lambda: cold(plan.peers, rounds=rounds))
    if {"restkit", "smorest"} <= set(plan.peers):
        plan.put(("large",), lambda: large(rounds=1 if plan.quick else 3))


PARTS: dict[str, Callable[[Plan], None]] = {
    "instructions": _instructions,
    "plain": _plain,
    "lean": _lean,
    "ratios": _ratios,
    "database": _database,
    "cold": _cold,
    "served": _served,
    "scaling": _scaling,
}


def measure(plan: Plan, parts: list[str]) -> None:
    """Measure the parts, in their order."""
    for part in parts:
        PARTS[part](plan)
