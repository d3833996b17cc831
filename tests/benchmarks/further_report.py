"""The parts of the page that commands of their own record: PostgreSQL, growth, fields, guards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .cases import DATABASE, EVERYDAY, GUARDS
from .chart import Bar, Group, draw
from .field_kinds import KINDS
from .guards import DEMANDED
from .record import RECORDED, load
from .start_report import hostile_bodies, starting
from .tables import Figures, markdown, ratio, said, thousands
from .untouched import DEMANDED as DEMANDED_SMALL

__all__ = ["further", "growth_svg"]

_PROGRAMS = {
    "core": ("SQLAlchemy Core by hand", "floor"),
    "restkit": ("restkit", "own"),
    "fastapi": ("FastAPI + SQLModel", "bar"),
}
_GROWTH = {
    "length": ("rows of a list, each with 10 columns", "a list of {} rows"),
    "columns": ("columns of 100 rows", "100 rows of {} columns"),
    "relations": ("relations of 100 rows of 10 columns", "100 rows, relations: {}"),
}


def _recorded(name: str) -> dict[str, Any]:
    path: Path = RECORDED.with_name(f"{name}.json")
    return load(path)


def further() -> list[str]:
    """Return the parts, each below a title of its own."""
    further = [*_postgresql(), *_many(), *_one(), *_growth(), *_fields(), *_guards()]
    return [*further, *hostile_bodies(), *_untouched(), *starting()]


def _postgresql() -> list[str]:
    figures = _recorded("postgresql")
    if not figures:
        return []
    rows = [[case.title, ratio(figures["ratios"].get(name))] for name, case in DATABASE.items()]
    intro = (
        "The same programs over PostgreSQL, with psycopg: the CPU time of FastAPI + SQLModel "
        "divided by restkit's, median (smallest to largest). Two processes take turns on the same "
        "request, A B A B, twelve turns in two pairs of fresh processes; the time of PostgreSQL "
        "itself is in neither."
    )
    table = markdown(["request", "FastAPI + SQLModel / restkit"], rows)
    return ["", "### PostgreSQL", "", intro, "", *table, "", said(figures, "postgresql")]


def _many() -> list[str]:
    figures = _recorded("many")
    if not figures:
        return []
    rows = [[kind, thousands(count)] for kind, count in figures["instructions"].items()]
    intro = (
        "Requests that write many items of a model with a version and two stamps, on SQLite: "
        "thousand instructions an item, which is the difference of requests with 1,000 and with "
        "100 items, divided by 900."
    )
    table = markdown(["request", "restkit"], rows)
    return ["", "### Many items at once", "", intro, "", *table, "", said(figures, "many")]


def _one() -> list[str]:
    figures = _recorded("one_of_many")
    if not figures:
        return []
    found = figures["instructions"]
    sizes = sorted({size for each in found.values() for size in each}, key=int)
    rows = [[kind, *(thousands(each[size]) for size in sizes)] for kind, each in found.items()]
    intro = (
        "Requests for one item of an item that has many, on SQLite: thousand instructions a "
        "request, the client's own part included. A member is looked for and linked by itself; the "
        "others are not read."
    )
    table = markdown(["request", *(f"{int(size):,} members" for size in sizes)], rows)
    return [
        *("", "### One item among many", "", intro, "", *table, ""),
        said(figures, "one_of_many"),
    ]


def _fields() -> list[str]:
    figures = _recorded("fields")
    if not figures:
        return []
    found = figures["instructions"]
    names = [name for name in KINDS if name in found]
    names += [name for name in found if name not in KINDS]
    rows = [
        [name, _above(found[name].get("load")), _above(found[name].get("dump"))] for name in names
    ]
    intro = (
        "Thousand instructions of one more field: schemas with 1 and with 11 such fields, the "
        "difference divided by 10. A request's schema loads it from parsed JSON; a response's "
        "schema writes it from an object to JSON. Parameters are those of whole requests."
    )
    requests = (
        "Requests whose schemas have such fields (`tests/benchmarks/everyday.py`), thousand "
        "instructions:"
    )
    asked = [
        [case.title, thousands(figures["requests"].get(name)), _target(case.target)]
        for name, case in EVERYDAY.items()
    ]
    return [
        "",
        "## Fields",
        "",
        intro,
        "",
        *markdown(["field", "load", "dump"], rows),
        "",
        requests,
        "",
        *markdown(["request", "restkit", "target"], asked),
        "",
        said(figures, "fields"),
    ]


def _target(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _guards() -> list[str]:
    figures = _recorded("guards")
    if not figures:
        return []
    rows = [
        [case.title, _above(figures["above"].get(name)), _above(DEMANDED.get(name))]
        for name, case in GUARDS.items()
    ]
    intro = (
        f"Thousand instructions of a request above those of hello, {thousands(figures['hello'])}: "
        "the cost of the guards alone. The rate limits count in memory."
    )
    table = markdown(["request", "above hello", "at most"], rows)
    return ["", "## Guards", "", intro, "", *table, "", said(figures, "guards")]


def _untouched() -> list[str]:
    figures = _recorded("untouched")
    if not figures:
        return []
    growing, small = figures["growing"], figures["small"]
    sizes = sorted({size for each in growing.values() for size in each}, key=int)
    heads = ["asked", *(f"{int(size):,}" for size in sizes)]
    rows = [[name, *(_above(each.get(size)) for size in sizes)] for name, each in growing.items()]
    intro = (
        "Thousand instructions of a request to an App with so many routes or mounted Apps: they do "
        "not grow with the parts that a request does not touch."
    )
    lines = ["", "## Untouched routes and Apps", "", intro, "", *markdown(heads, rows)]
    base = small["hello of a class"]
    rows = [
        [name, _above(each - base), _above(DEMANDED_SMALL.get(name))]
        for name, each in small.items()
        if each != base
    ]
    intro = (
        f"Thousand instructions above hello of a class, {thousands(base)}; a 304 has a tag, too:"
    )
    lines += ["", intro, "", *markdown(["response", "above hello", "at most"], rows)]
    return [*lines, "", said(figures, "untouched")]


def _above(count: int | None) -> str:
    return "" if count is None else f"{count / 1000:.1f}"


def _growth() -> list[str]:
    figures = _recorded("growth")
    if not figures:
        return []
    intro = (
        "Lists of rows in one SQLite file; milliseconds of CPU time a request, medians of seven "
        "turns, in which the programs alternate. Relations are to one row each, of 3 columns, and "
        "nested in the items: by `expand` in restkit, by `selectinload` in FastAPI + SQLModel, by "
        "joins in SQLAlchemy Core."
    )
    chart = "![Milliseconds of CPU time a request over a database, by size, logarithmic]"
    lines = ["", "### Growth", "", intro, "", f"{chart}(images/database-growth.svg)"]
    for group, (title, _) in _GROWTH.items():
        rows = [
            [f"{int(size):,}", *(f"{each[name] * 1000:.2f}" for name in _PROGRAMS)]
            for size, each in _sizes(figures, group)
        ]
        heads = [head for head, _ in _PROGRAMS.values()]
        lines += ["", *markdown([title, *heads], rows)]
    return [*lines, "", said(figures, "growth")]


def _sizes(figures: Figures, group: str) -> list[tuple[str, Figures]]:
    found = figures["seconds"].get(group, {})
    return sorted(found.items(), key=lambda item: int(item[0]))


def growth_svg() -> str:
    """Return the chart of the growth: a group of bars for each size."""
    figures = _recorded("growth")
    groups = []
    for group, (_, title) in _GROWTH.items():
        for size, each in _sizes(figures, group):
            bars = [Bar(head, each[name] * 1000, kind) for name, (head, kind) in _PROGRAMS.items()]
            groups.append(Group(title.format(f"{int(size):,}"), bars))
    return draw(
        "The cost of a list over a database, by size",
        "milliseconds of CPU time a request, logarithmic scale",
        groups,
    )
