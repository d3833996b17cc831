"""What the tables of the report are made of: Markdown, counts in thousands, ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Figures", "markdown", "ratio", "thousands"]

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


def ratio(each: Figures | None) -> str:
    """Return the median of ratios and their range, "-" where nothing was measured."""
    return "-" if not each else f"{each['median']:.2f} ({each['low']:.2f} to {each['high']:.2f})"
