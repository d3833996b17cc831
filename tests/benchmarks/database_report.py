"""The section of the page about programs over a database."""

from __future__ import annotations

from .cases import DATABASE
from .further_report import further
from .tables import Figures, markdown, ratio, thousands

__all__ = ["INTRO", "database"]

INTRO = (
    "The same rows of one SQLite file, or of one made alike for each program where it "
    "writes: a table of 1,000 rows "
    "with 10 columns, the model of an ORM in either framework. FastAPI with SQLModel is "
    "written as SQLModel's "
    "documentation has it, its functions in threads. restkit is one CRUDResource: its "
    "page has the link to the next "
    "one, its item an entity tag. By hand, sqlite3 or SQLAlchemy Core and orjson, nothing is "
    "validated, and there are no links, entity tags and preconditions. Thousand "
    "instructions a request, and CPU "
    "time divided by restkit's (smallest to largest):"
)


def database(figures: Figures) -> list[str]:
    """Return the table of the rows over a database, and what it was measured with."""
    found, ratios = figures.get("instructions", {}), figures.get("ratios", {})
    head = [
        "request",
        "sqlite3 by hand",
        "SQLAlchemy Core by hand",
        "FastAPI + SQLModel",
        "restkit",
        "restkit / FastAPI + SQLModel",
    ]
    rows = []
    for name, case in DATABASE.items():
        counts = found.get(name, {})
        ours, theirs = counts.get("restkit"), counts.get("fastapi")
        share = f"{ours / theirs:.2f}" if ours and theirs else "-"
        measured = [thousands(counts.get(each)) for each in ("bare", "core", "fastapi", "restkit")]
        rows.append([case.title, *measured, share, ratio(ratios.get(name, {}).get("fastapi"))])
    about = figures["database"]
    named = ", ".join(f"{name} {version}" for name, version in sorted(about["versions"].items()))
    said = (
        f"{about['date']}, restkit at commit {about['commit']}, {named}: `python -m "
        "tests.benchmarks --parts=database`."
    )
    table = markdown([*head, "CPU time, FastAPI + SQLModel / restkit"], rows)
    return [*table, "", said, *further()]
