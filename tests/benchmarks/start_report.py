"""The parts of the page on start-up and on hostile bodies, and the demands that are not met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .cases import GUARDS
from .guards import DEMANDED as DEMANDED_GUARDS
from .guards import RECORD as GUARDS_RECORD
from .hostile import RECORD as HOSTILE_RECORD
from .mounting import BEFORE
from .mounting import RECORD as MOUNTING_RECORD
from .payload_report import RECORD as PAYLOADS_RECORD
from .payload_report import demanded
from .programs import PEERS
from .record import load
from .starting import RECORD as STARTING_RECORD
from .tables import Figures, markdown, said, thousands
from .untouched import DEMANDED as DEMANDED_SMALL
from .untouched import RECORD as UNTOUCHED_RECORD

__all__ = ["Demand", "demands", "hostile_bodies", "starting", "unmet"]

Demand = tuple[str, str, str, bool]
"""What is demanded, the figure measured, the one demanded, and whether it is met."""

_UNMET = "Every figure that falls short of its demand: thousand instructions, but for ratios."
_STARTING = (
    "Million instructions of a whole process, byte code written: import, a program, its first "
    "response. The smallest program has no schema; the other one has the schema of an order, and "
    "an order is posted to it. flask-smorest, Flask and Falcon load and dump with marshmallow."
)
_MOUNTING = (
    "1,000 resources of five operations, each with a schema of its own, and Apps of one route, are "
    "mounted, composed and asked once; imports are not counted:"
)
_HOSTILE = (
    "Instructions of a byte of a body that is refused, by its kind and its size, beside bodies "
    "that are taken:"
)


def unmet(recorded: Figures, ratios: Iterable[Demand]) -> list[str]:
    """Return the section of the demands that are not met, [] if all are.

    Args:
        recorded: The record of the rows.
        ratios: The demands on its ratios.
    """
    rows = [
        [what, found, wanted]
        for what, found, wanted, met in [*ratios, *demands(recorded)]
        if not met
    ]
    if not rows:
        return []
    table = markdown(["demand", "measured", "demanded"], rows)
    return ["## Demands that are not met", "", _UNMET, "", *table, ""]


def demands(recorded: Figures) -> Iterator[Demand]:
    """Yield the demands on everything that commands of their own record."""
    for title, _, count, most in demanded(load(PAYLOADS_RECORD), recorded):
        if count is not None:
            yield title, thousands(count), f"at most {thousands(most)}", count <= most
    guards = load(GUARDS_RECORD).get("above", {})
    for name, most in DEMANDED_GUARDS.items():
        if name in guards:
            yield _above(GUARDS[name].title, guards[name], most)
    small = load(UNTOUCHED_RECORD).get("small", {})
    for name, most in DEMANDED_SMALL.items():
        if name in small:
            yield _above(name, small[name] - small["hello of a class"], most)
    started = load(STARTING_RECORD).get("instructions", {})
    if {"restkit", "falcon"} <= set(started):
        share = started["falcon"]["schema"] / started["restkit"]["schema"]
        what = "first response of a program with a schema: Falcon with marshmallow / restkit"
        yield what, f"{share:.2f}", ">= 1", share >= 1
    mounted = load(MOUNTING_RECORD).get("cases", {})
    for case, before in BEFORE.items():
        if case in mounted:
            share = mounted[case]["instructions"] / before
            what = f"{_case(case)}, mounted: today / before"
            yield what, f"{share:.2f}", "at most 0.5", share <= 0.5


def _above(title: str, count: int, most: int) -> Demand:
    what = f"{title}, above hello"
    return what, f"{count / 1000:.1f}", f"at most {most / 1000:.1f}", count <= most


def _case(case: str) -> str:
    kind, count = case.split()
    return f"{int(count):,} {kind.replace('apps', 'Apps')}"


def starting() -> list[str]:
    """Return the sections of start-up."""
    return [*_first_responses(), *_mounted()]


def _first_responses() -> list[str]:
    figures = load(STARTING_RECORD)
    if not figures:
        return []
    rows = [
        [PEERS[name].title, *(_millions(each[kind]) for kind in ("smallest", "schema"))]
        for name, each in figures["instructions"].items()
    ]
    table = markdown(["program", "the smallest program", "a program with a schema"], rows)
    return [
        "",
        "## Until the first response",
        "",
        _STARTING,
        "",
        *table,
        "",
        said(figures, "starting"),
    ]


def _mounted() -> list[str]:
    figures: dict[str, Any] = load(MOUNTING_RECORD)
    if not figures:
        return []
    rows = [
        [
            _case(case),
            _millions(each["instructions"]),
            _millions(BEFORE[case]) if case in BEFORE else "-",
            f"{each['seconds']:.2f}",
        ]
        for case, each in figures["cases"].items()
    ]
    heads = ["mounted", "million instructions", "before", "CPU seconds"]
    table = markdown(heads, rows)
    return ["", "### Mounting", "", _MOUNTING, "", *table, "", said(figures, "mounting")]


def _millions(count: int) -> str:
    return f"{count / 1e6:,.0f}"


def hostile_bodies() -> list[str]:
    """Return the section of hostile bodies."""
    figures = load(HOSTILE_RECORD)
    if not figures:
        return []
    found = figures["instructions"]
    sizes = sorted({size for each in found.values() for size in each}, key=int)
    rows = [[kind, *(f"{each[size]:,.0f}" for size in sizes)] for kind, each in found.items()]
    table = markdown(["body", *(f"{int(size):,} bytes" for size in sizes)], rows)
    return ["", "## Hostile bodies", "", _HOSTILE, "", *table, "", said(figures, "hostile")]
