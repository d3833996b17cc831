"""What the tables of the report are made of: Markdown, counts in thousands, ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Figures", "markdown", "ratio", "said", "thousands"]

Figures = Mapping[str, Any]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table, whose columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (head, rule, *rows)]


def thousands(count: float | None) -> str:
    """Return a count in thousands, "-" where there is none."""
    if count is None:
        return "-"
    return f"{count / 1000:,.0f}" if count >= 10_000 else f"{count / 1000:.1f}"


def said(figures: Figures, module: str) -> str:
    """Return the date, commit and versions of figures, and the command that records them."""
    about = figures["about"]
    named = ", ".join(f"{name} {version}" for name, version in sorted(about["versions"].items()))
    return (
        f"{about['date']}, restkit at commit {about['commit']}, {named}: `python -m "
        f"tests.benchmarks.{module} --record`."
    )


def ratio(each: Figures | None) -> str:
    """Return the median of ratios and their range, "-" where nothing was measured."""
    return "-" if not each else f"{each['median']:.2f} ({each['low']:.2f} to {each['high']:.2f})"
