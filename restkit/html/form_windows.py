"""The part of a long list that a form shows; hidden inputs keep the rest.

A client decides how many items it sends, and each would cost some hundred bytes of markup. Hidden
inputs cost fifty, so that nothing is lost and no page is much larger than the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..parsing.form_members import Tree, leaves_of
from .field_plans import FieldPlan

if TYPE_CHECKING:
    from ..problems import Problem

__all__ = ["MOST_ERRORS", "MOST_ITEMS", "Budget", "hidden_of", "places_of", "window_of"]

MOST_ITEMS = 25
"""How many items of a list a form shows."""
MOST_ERRORS = 10
"""How many sentences stand at one field, and above the form."""

_MOST_PLAIN, _FEWEST, _MOST_UNSENT, _MOST_IN_ROWS = 60, 5, 40, 100
_BEFORE = 10
_HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
_SECRET = ("password", "file")


class Budget:
    """The controls that a form may show besides one for each value that was sent."""

    def __init__(self) -> None:
        """Start with nothing shown."""
        self._plain = _MOST_PLAIN
        self._in_rows = _MOST_IN_ROWS
        self._unsent = _MOST_UNSENT

    def take_items(self, count: int) -> int:
        """Return how many of the inputs of a list may be shown."""
        most = max(_FEWEST, min(MOST_ITEMS, self._plain))
        self._plain -= min(count, most)
        return most

    def take_rows(self, plan: FieldPlan, rows: Sequence[Tree]) -> int:
        """Return how many of the rows of a list may be shown.

        A browser sends a value for each control, but for checkboxes. Rows with fewer would be much
        larger on the page than in the request. A control with an error is 15 times as large as its
        value, so that there is a limit for all rows together.
        """
        size = max(1, _controls(plan.parts))
        sent = [len(list(leaves_of(row))) for row in rows[:MOST_ITEMS]]
        unsent = sum(max(0, size - count) for count in sent)
        most = min(MOST_ITEMS, max(_FEWEST, self._in_rows // size))
        self._in_rows -= size * min(len(rows), most)
        if unsent > self._unsent:
            fitting = self._unsent * min(len(rows), MOST_ITEMS) // unsent
            most = min(most, max(_FEWEST, fitting))
        self._unsent = max(0, self._unsent - unsent)
        return most


def _controls(parts: Sequence[FieldPlan]) -> int:
    """Return the number of controls of an object, each list with an empty item."""
    return sum(max(1, _controls(each.parts)) for each in parts)


def window_of(total: int, most: int, wrong: int | None) -> range:
    """Return the numbers of the items to show, those around the first wrong one."""
    if total <= most or wrong is None or wrong < most:
        return range(min(total, most))
    start = min(wrong - min(_BEFORE, most // 2), total - most)
    return range(start, start + most)


def places_of(problem: Problem) -> dict[str, int]:
    """Return the number of the first wrong item of each list, by the name of the list."""
    found: dict[str, int] = {}
    for item in problem.errors or ():
        name, *tokens = str(item.get("pointer", "")).split("/")[1:] or [""]
        for token in tokens[:12]:
            if token.isascii() and token.isdecimal() and len(token) < 7:
                found.setdefault(name, int(token))
            name = f"{name}[{token}]"
    return found


def hidden_of(plan: FieldPlan, name: str, node: Tree | Sequence[str]) -> Iterator[Markup]:
    """Yield the hidden inputs that keep the values of a field, but for secret ones."""
    if plan.control in _SECRET:
        return
    if not isinstance(node, Mapping):
        for text in node:
            yield _HIDDEN.format(name, text)
        return
    parts = {each.name: each for each in plan.parts}
    for member, below in node.items():
        inner = parts.get(member)
        if plan.control == "rows":
            yield from _hidden_row(parts, f"{name}[{member}]", below)
        elif inner is not None or member == "":
            yield from hidden_of(inner or plan, f"{name}[{member}]", below)


def _hidden_row(
    parts: Mapping[str, FieldPlan], name: str, row: Tree | list[str]
) -> Iterator[Markup]:
    for member, below in row.items() if isinstance(row, dict) else ():
        if member in parts:
            yield from hidden_of(parts[member], f"{name}[{member}]", below)
