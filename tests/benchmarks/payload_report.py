"""The first sections of the page: where restkit loses, what other payloads cost, what is demanded.

Every row counts in which a program validates what restkit validates: a list that goes out without a
schema, and what is written by hand, are shown and not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .cases import CASES, DATABASE, LEDGER, PAYLOADS
from .programs import OF_PAYLOADS, PEERS, PROGRAMS
from .record import RECORDED
from .tables import Figures, markdown, said, thousands

__all__ = ["DEMANDED", "RECORD", "ROWS", "Losses", "demanded", "losses", "payload_parts"]

RECORD = RECORDED.with_name("payloads.json")
ROWS = (*PAYLOADS, "hello", "converters", "middleware-3", *LEDGER)
"""The names of the cases that are measured for these sections."""

DEMANDED: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "hello": (25, ("hello",)),
    "int and uuid converters": (55, ("converters",)),
    "POST of an order with 6 decimals": (270, ("order", "post")),
    "the order with 3 errors": (350, ("order-errors", "errors")),
    "list of 100 with decimals, enums and times": (1_900, ("payments", "list-100")),
    "hello behind three middlewares": (50, ("middleware-3",)),
    "query of 5 typed parameters": (60, ("search",)),
}
"""By what is demanded: thousand instructions, and the cases of which the worst is judged."""

_UNCOMPARED = {"bare", "core", "litestar_plain"}
# By program, the rows that go out without a schema.
_UNFILTERED = {"litestar": {"list-100"}}

Losses = list[tuple[str, float, list[str]]]


def _counts(figures: Figures, recorded: Figures) -> dict[str, dict[str, int]]:
    """Return the counts of all rows that are there, those of payloads first."""
    own: Figures = figures.get("instructions", {})
    others: Figures = recorded.get("instructions", {})
    found = {}
    for row in dict.fromkeys([*ROWS, *others]):
        counts: dict[str, Any] = {**others.get(row, {}), **own.get(row, {})}
        if measured := {name: count for name, count in counts.items() if count}:
            found[row] = measured
    return found


def losses(figures: Figures, recorded: Figures) -> Losses:
    """Return the rows in which a program that validates costs less than restkit, the worst first.

    Args:
        figures: Those of the payloads.
        recorded: Those of the other rows.

    Returns:
        The name of the row, how many times the cheapest program's instructions restkit takes, and
        the programs that cost less, the cheapest first.
    """
    found = []
    for row, counts in _counts(figures, recorded).items():
        ours = counts.get("restkit", 0)
        cheaper = sorted((count, name) for name, count in _compared(row, counts) if count < ours)
        if cheaper:
            found.append((row, ours / cheaper[0][0], [name for _, name in cheaper]))
    return sorted(found, key=lambda loss: -loss[1])


def _compared(row: str, counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for name, count in counts.items():
        if name not in _UNCOMPARED and row not in _UNFILTERED.get(name, ()) and name != "restkit":
            yield name, count


def demanded(figures: Figures, recorded: Figures) -> list[tuple[str, str, int | None, int]]:
    """Return what is demanded: the title, the worst case, its count, and the count demanded."""
    counts = _counts(figures, recorded)
    found: list[tuple[str, str, int | None, int]] = []
    for title, (most, rows) in DEMANDED.items():
        measured = {row: counts[row]["restkit"] for row in rows if "restkit" in counts.get(row, {})}
        row = max(measured, key=lambda each: measured[each], default=rows[0])
        found.append((title, row, measured.get(row), most * 1000))
    return found


def payload_parts(figures: Figures, recorded: Figures) -> list[str]:
    """Return the sections, [] where nothing of payloads was measured."""
    if not figures.get("instructions"):
        return []
    lost = losses(figures, recorded)
    counts = _counts(figures, recorded)
    lost_rows = {row for row, _, _ in lost}
    shown = [row for row in ROWS if row in figures["instructions"]]
    return [
        "## Where restkit loses",
        "",
        _LOSING if lost else "In no row does a program that validates cost less than restkit.",
        "",
        *(_losing(lost, counts) if lost else []),
        "",
        "## Other payloads",
        "",
        _OTHERS,
        "",
        *_table([row for row in shown if row not in lost_rows], counts),
        "",
        "The same programs in the rows that restkit loses:",
        "",
        *_table([row for row in shown if row in lost_rows], counts),
        "",
        *([said(figures, "payload_costs"), ""] if "about" in figures else []),
        "### Demands on the worst payload",
        "",
        "Thousand instructions of restkit; of several payloads the most expensive one is judged:",
        "",
        *_demands(figures, recorded),
        "",
    ]


def _losing(lost: Losses, counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = []
    for row, factor, cheaper in lost:
        ours = counts[row]["restkit"]
        shares = [f"{_title(name, row)} {ours / counts[row][name]:.2f}" for name in cheaper]
        rows.append([_row_title(row), thousands(ours), f"**{factor:.2f}**", ", ".join(shares)])
    return markdown(["request", "restkit", "factor", "restkit divided by each cheaper one"], rows)


def _row_title(row: str) -> str:
    over = ", over a database" if row in DATABASE or row in LEDGER else ""
    return f"{CASES[row].title}{over}"


def _title(name: str, row: str) -> str:
    with_models = name == "fastapi" and (row in DATABASE or row in LEDGER)
    return "FastAPI + SQLModel" if with_models else PROGRAMS[name].title


def _table(rows: list[str], counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    order = [*PEERS, *OF_PAYLOADS, "core"]
    measured = {name for row in rows for name in counts[row]}
    names = sorted(measured, key=order.index)
    lines = [
        [_row_title(row), *(thousands(counts[row].get(name)) for name in names)] for row in rows
    ]
    return markdown(["request", *(PROGRAMS[name].title for name in names)], lines) if rows else []


def _demands(figures: Figures, recorded: Figures) -> list[str]:
    rows = []
    for title, row, count, most in demanded(figures, recorded):
        met = "-" if count is None else "**no**"
        if count is not None and count <= most:
            met = "yes"
        rows.append([title, CASES[row].title, thousands(count), f"{most // 1000:,}", met])
    return markdown(["request", "worst payload", "measured", "at most", "met"], rows)


_LOSING = (
    "Every row of this page in which a program that validates costs less than restkit, the worst "
    "first: thousand instructions of restkit, and how many times the instructions of the others "
    "that is."
)
_OTHERS = (
    "Payloads that nobody chose for speed: an order with decimals and times, issues as those of "
    "GitHub, an event of a calendar, payments, and an object with every field type of marshmallow; "
    "each valid, with faults, and hostile, which is at most 64 KiB. Every program refuses unknown "
    "members and checks the same bounds; emails are checked by marshmallow's field or by a regular "
    "expression. With msgspec, Litestar and django-modern-rest name the first fault, and convert "
    "the objects of a list to structs by their attributes; Litestar, unfiltered, writes the "
    "objects of a list as they are. FastAPI, blacksheep and django-modern-rest with pydantic "
    "validate lists on the way out. Thousand instructions a request:"
)
