"""The quick matcher: a tree of the segments of URL patterns.

Every segment is fixed text or one variable. The tree finds what Werkzeug's matcher finds, in its
order: fixed text before variables, variables by the weight of their converters. Patterns of another
kind stay with Werkzeug: the tree knows only where they begin, and a walk that comes by such a
place, and does not go on along fixed text, decides nothing. Private names of Werkzeug that are used
here: ``Rule._trace`` and ``Rule._converters``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from werkzeug.routing import BaseConverter, Rule

__all__ = ["Matcher", "Node"]

_ASCII_DIGITS = r"\(\?:0\|\[1-9\]\[0-9\]\{0,(\d+)\}\)"


_Convert = Callable[[str], Any]
_Make = Callable[[list[str]], dict[str, Any]]


class Node:
    """A place in the tree, behind one segment.

    Attributes:
        fixed: The nodes behind fixed text.
        ways: The nodes behind a variable, the lightest first: (the test of a segment, the number of
            digits it may have if it is of digits alone, the node).
        forms: The weight and the regular expression of each of the ways.
        others: Whether a pattern that is not in the tree goes on from here.
        more: The number of ways besides fixed text.
        route: The target that is found here, and the function that makes the values of its
            variables.
        targets: Every target whose pattern ends here.
        rest: The targets of the patterns that are not in the tree and go on from here.
    """

    __slots__ = ("fixed", "forms", "more", "others", "rest", "route", "targets", "ways")

    def __init__(self) -> None:
        self.fixed: dict[str, Node] = {}
        self.ways: list[tuple[Callable[[str], Any], int, Node]] = []
        self.forms: list[tuple[int, str]] = []
        self.others = False
        self.more = 0
        self.route: tuple[Any, _Make] | None = None
        self.targets: list[Any] = []
        self.rest: list[Any] = []


class Matcher:
    """Finds what stands at a path."""

    def __init__(self) -> None:
        """Make an empty matcher."""
        self.root = Node()

    def add(self, rule: Rule, target: Any) -> None:
        """Add a bound rule; of one with a segment of another kind, only where that segment stands.

        Args:
            rule: Werkzeug's, bound to a Map without host matching.
            target: What stands there.
        """
        segments, whole = _segments(rule)
        node = self.root
        names: list[tuple[str, _Convert]] = []
        for text, variable in segments:
            if variable is None:
                node = node.fixed.setdefault(text, Node())
            else:
                converter = rule._converters[variable]
                names.append((variable, converter.to_python))
                node = _child(node, converter)
        if not whole:
            node.others = True
            node.more += 1
            node.rest.append(target)
            return
        node.targets.append(target)
        if node.route is None:
            node.route = (target, _maker(names))

    def find(self, path: str) -> tuple[Any, dict[str, Any]] | Literal[False] | None:
        """Return what stands at a path, with the variables' values.

        Args:
            path: Begins with one slash.

        Returns:
            The target and the values; False where neither this path nor one that differs by its
            slashes is anywhere; None where Werkzeug has to decide.
        """
        # PERF: takes the first way at each fork, without calls; most trees have no path for which
        # that is wrong.
        parts = path.split("/")
        del parts[0]
        node, values, forked = self.root, [], False
        for part in parts:
            child = node.fixed.get(part)
            if child is not None:
                if node.more:
                    forked = True
                node = child
                continue
            if node.others:
                return self._search(path, parts) if forked else None
            for accepts, digits, child in node.ways:  # noqa: B007  # it is what the loop ends with
                if (
                    part.isdigit()
                    and len(part) <= digits
                    and part.isascii()
                    and (part[0] != "0" or part == "0")
                    if digits
                    else accepts(part)
                ):
                    break
            else:
                # NOTE: with another slash behind it the path would end at the same place.
                # PERF: to ask path.endswith("/") costs a thousand instructions.
                surely = parts[-1] and not forked and "//" not in path
                return False if surely else self._search(path, parts)
            if node.more > 1:
                forked = True
            values.append(part)
            node = child
        if node.route is None:
            return self._search(path, parts)
        target, make = node.route  # PERF: as in `_made`, without its call
        try:
            return target, make(values)
        except ValueError:
            return None

    def _search(
        self, path: str, parts: list[str]
    ) -> tuple[Any, dict[str, Any]] | Literal[False] | None:
        """Look at every way, in Werkzeug's order."""
        values: list[str] = []
        route = _walk(self.root, parts, 0, values)
        if route is not None:
            return None if route is _UNDECIDED else _made(route, values)
        if "//" in path or path.endswith("/"):
            return None
        # NOTE: this walk goes through every node that the one before went through.
        return False if _walk(self.root, [*parts, ""], 0, []) is None else None


_UNDECIDED: Any = object()


def _made(route: tuple[Any, _Make], values: list[str]) -> tuple[Any, dict[str, Any]] | None:
    target, make = route
    try:
        return target, make(values)
    except ValueError:
        # Werkzeug's ValidationError is one: the pattern was this one, and its converter refuses the
        # value.
        return None


def _maker(names: list[tuple[str, _Convert]]) -> _Make:
    """Return what makes the values of the variables."""
    # PERF: most patterns have one variable or two; a loop costs a thousand instructions more.
    if len(names) == 1:
        ((name, convert),) = names
        return lambda values: {name: convert(values[0])}
    if len(names) == 2:
        (name, convert), (second, convert_second) = names
        return lambda values: {name: convert(values[0]), second: convert_second(values[1])}
    return lambda values: {
        name: convert(value) for (name, convert), value in zip(names, values, strict=True)
    }


def _has_slash(node: Node) -> bool:
    child = node.fixed.get("")
    return child is not None and child.route is not None


def _walk(node: Node, parts: list[str], index: int, values: list[str]) -> Any:
    if index == len(parts):
        # NOTE: where only a slash is missing Werkzeug looks no further, so neither does this.
        return _UNDECIDED if node.route is None and _has_slash(node) else node.route
    part = parts[index]
    child = node.fixed.get(part)
    if child is not None:
        found = _walk(child, parts, index + 1, values)
        if found is not None:
            return found
    if node.others:
        # NOTE: fixed text goes first at Werkzeug's too; between variables and other patterns their
        # weights decide.
        return _UNDECIDED
    for accepts, _, child in node.ways:
        if accepts(part):
            values.append(part)
            found = _walk(child, parts, index + 1, values)
            if found is not None:
                return found
            values.pop()
    return None


def _segments(rule: Rule) -> tuple[list[tuple[str, str | None]], bool]:
    """Return a rule's segments as (fixed text, None) or ("", variable), and whether these are all.

    They end before the first segment of another kind.
    """
    segments: list[list[tuple[bool, str]]] = [[]]
    for dynamic, data in rule._trace[rule._trace.index((False, "|")) + 1 :]:
        if dynamic:
            segments[-1].append((True, data))
            continue
        first, *others = data.split("/")
        segments[-1] += [(False, first)] if first else []
        segments += [[(False, each)] if each else [] for each in others]
    out: list[tuple[str, str | None]] = []
    for segment in segments[1:]:
        if not segment:
            out.append(("", None))
        elif all(not dynamic for dynamic, _ in segment):
            out.append(("".join(text for _, text in segment), None))
        elif len(segment) == 1 and rule._converters[segment[0][1]].part_isolating:
            out.append(("", segment[0][1]))
        else:
            return out, False
    return out, True


def _child(node: Node, converter: BaseConverter) -> Node:
    """Return the node behind a variable; converters of one form and weight share it."""
    form = (converter.weight, converter.regex)
    if form in node.forms:
        return node.ways[node.forms.index(form)][2]
    digits = re.fullmatch(_ASCII_DIGITS, converter.regex)
    place = bisect_right(node.forms, converter.weight, key=lambda each: each[0])
    child = Node()
    node.more += 1
    node.forms.insert(place, form)
    node.ways.insert(place, (_accepts(converter.regex), int(digits[1]) + 1 if digits else 0, child))
    return child


@lru_cache(maxsize=64)
def _accepts(regex: str) -> Callable[[str], Any]:
    return re.compile(f"(?:{regex})").fullmatch
