"""The quick matcher: URL patterns whose every segment is fixed text or one variable, as a tree of segments.

It finds what Werkzeug's matcher finds, in its order: fixed text before variables, variables by the weight of
their converters. Patterns of another kind stay with Werkzeug: the tree knows only where they begin, and a walk that
comes by such a place, and does not go on along fixed text, decides nothing. Private names of Werkzeug that are used
here: ``Rule._trace`` and ``Rule._converters``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from werkzeug.routing import BaseConverter, Rule

__all__ = ["Matcher"]

_ASCII_DIGITS = re.compile(r"\[0-9\]\{1,(\d+)\}")


class _Node:
    """Is what may follow one segment; `others` where a pattern that is not in the tree goes on from here."""

    __slots__ = ("fixed", "others", "route", "variables")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.others = False
        self.variables: list[tuple[Callable[[str], Any], str, int, _Node]] = []
        self.route: tuple[Any, tuple[tuple[str, Callable[[str], Any]], ...]] | None = None


class Matcher:
    """Finds what stands at a path."""

    def __init__(self) -> None:
        """Make an empty matcher."""
        self._root = _Node()

    def add(self, rule: Rule, target: Any) -> None:
        """Add a bound rule; of one with a segment of another kind, only where that segment stands.

        Args:
            rule: Werkzeug's, bound to a Map without host matching.
            target: What stands there.
        """
        segments, whole = _segments(rule)
        node = self._root
        names: list[tuple[str, Callable[[str], Any]]] = []
        for text, variable in segments:
            if variable is None:
                node = node.fixed.setdefault(text, _Node())
            else:
                converter = rule._converters[variable]
                names.append((variable, converter.to_python))
                node = _child(node, converter)
        if not whole:
            node.others = True
        elif node.route is None:
            node.route = (target, tuple(names))

    def find(self, path: str) -> tuple[Any, dict[str, Any]] | None:
        """Return what stands at a path, with the variables' values.

        Args:
            path: Begins with one slash.

        Returns:
            The target and the values; None where nothing of the matcher's stands there, or Werkzeug may prefer a
            pattern of another kind.
        """
        values: list[str] = []
        route = _walk(self._root, path.split("/"), 1, values)
        if route is None or route is _UNDECIDED:
            return None
        target, names = route
        if not names:
            return target, {}
        try:
            return target, {name: convert(value) for (name, convert), value in zip(names, values, strict=True)}
        except ValueError:
            # Werkzeug's ValidationError is one: the pattern was this one, and its converter refuses the value.
            return None

    def is_absent(self, path: str) -> bool:
        """Whether neither this path nor one that differs by its slashes is anywhere: a 404 for sure."""
        # NOTE: this walk goes through every node that one of the path itself goes through.
        return "//" not in path and not path.endswith("/") and _walk(self._root, f"{path}/".split("/"), 1, []) is None


_UNDECIDED = object()


def _has_slash(node: _Node) -> bool:
    child = node.fixed.get("")
    return child is not None and child.route is not None


def _walk(node: _Node, parts: list[str], index: int, values: list[str]) -> Any:
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
        # NOTE: fixed text goes first at Werkzeug's too; between variables and other patterns their weights decide.
        return _UNDECIDED
    for accepts, _, _, child in node.variables:
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


def _child(node: _Node, converter: BaseConverter) -> _Node:
    """Return the node behind a variable; converters of one form and weight share it."""
    for _, regex, weight, child in node.variables:
        if regex == converter.regex and weight == converter.weight:
            return child
    child = _Node()
    node.variables.append((_accepts(converter.regex), converter.regex, converter.weight, child))
    node.variables.sort(key=lambda each: each[2])
    return child


def _accepts(regex: str) -> Callable[[str], Any]:
    digits = _ASCII_DIGITS.fullmatch(regex)
    if digits is not None:
        most = int(digits[1])
        return lambda part: part.isdigit() and part.isascii() and len(part) <= most
    return re.compile(f"(?:{regex})").fullmatch
