"""The quick matcher: a tree of the segments of URL patterns.

Every segment is fixed text or one variable. The tree finds the same rules as Werkzeug's, in its
order: fixed text before variables, variables by the weight of their converters. Other patterns stay
with Werkzeug: the tree knows only where they begin, and a walk that reaches such a node, and does
not go on along fixed text, decides nothing. Private names of Werkzeug that are used here:
``Rule._trace`` and ``Rule._converters``.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter, Rule

from ..http.uris import DOT_SEGMENTS
from .nodes import Node

__all__ = ["Matcher"]

T = TypeVar("T")
_Accepts = Callable[[str], object]
_Convert = Callable[[str], object]
_Values = dict[str, object]
_Make = Callable[[Sequence[str]], _Values]
_CROWD = 8
# A segment: fixed text and None, or "" and the name of a variable.
_Segment = tuple[str, "str | None"]


class _Result(Enum):
    """The result of a walk that only Werkzeug can decide."""

    UNDECIDED = 0


class Matcher(Generic[T]):
    """A matcher from paths to the targets of their patterns.

    Attributes:
        root: The root of the tree.
        is_crowded: Whether many patterns outside the tree go on from one node.
    """

    def __init__(self) -> None:
        """Make an empty matcher."""
        self.root: Node[T] = Node()
        self.is_crowded = False

    def add(self, rule: Rule, target: T) -> None:
        """Add a bound rule; of a rule with a segment of another kind, only the segments before it.

        Args:
            rule: A rule of Werkzeug's, bound to a Map without host matching.
            target: The target of the rule.
        """
        segments, ends = _segments(rule)
        node = self.root
        names: list[tuple[str, _Convert]] = []
        for text, variable in segments:
            if variable is None:
                node = node.fixed.setdefault(text, Node())
            else:
                converter = rule._converters[variable]
                names.append((variable, _conversion(converter)))
                node = _child(node, converter)
        if ends is not None:
            node.others = True
            node.more += 1
            from .fixed_ends import FixedEnds  # cold start: few patterns begin with variables

            rest = node.rest = node.rest or FixedEnds()
            rest.add(*ends, target)
            self.is_crowded = self.is_crowded or len(rest) > _CROWD
            return
        _end(node, target, _maker(names))

    def add_path(self, path: str, target: T) -> None:
        """Add a path without variables."""
        node = self.root
        for text in path.split("/")[1:]:
            node = node.fixed.setdefault(text, Node())
        _end(node, target, _maker([]))

    def find(self, path: str) -> tuple[T, _Values] | Literal[False] | None:
        """Return the target of a path, with the variables' values.

        Args:
            path: A path that begins with one slash.

        Returns:
            The target and the values; False if neither this path nor one that differs by its
            slashes has a target; None if Werkzeug has to decide.
        """
        # PERF: takes the first way at each fork; most trees have no path for which that is wrong.
        parts = path.split("/")
        del parts[0]
        passed: list[str] = []
        values: Sequence[str] = passed
        node, forks = self.root, 0
        for part in parts:
            child = node.fixed.get(part)
            if child is not None:
                if child.end is not None:
                    match = (child.whole or _compiled(child))(path)
                    if match is not None:
                        node, values = child.end, match.groups()
                        break
                forks += node.more
                node = child
                continue
            if node.others:
                return None
            for accepts, child in node.ways:  # noqa: B007  # it is what the loop ends with
                if accepts(part):
                    break
            else:
                return self._missed(path, parts, forks)
            forks += node.more - 1
            passed.append(part)
            node = child
        if node.route is None:
            return self._search(path, parts)
        target, make = node.route  # PERF: as in `_made`, without its call
        try:
            return target, make(values)
        except ValueError:
            return None

    def _missed(
        self, path: str, parts: list[str], forks: int
    ) -> tuple[T, _Values] | Literal[False] | None:
        """Return the result for a path whose first ways end before the path does."""
        # NOTE: with another slash behind it the path would end at the same node.
        # PERF: to ask path.endswith("/") costs a thousand instructions.
        is_decided = parts[-1] and not forks and "//" not in path
        return False if is_decided else self._search(path, parts)

    def _search(self, path: str, parts: list[str]) -> tuple[T, _Values] | Literal[False] | None:
        """Try every way, in Werkzeug's order."""
        values: list[str] = []
        route = _walk(self.root, parts, 0, values)
        if route is _Result.UNDECIDED:
            return None
        if route is not None:
            return _made(route, values)
        if "//" in path or path.endswith("/"):
            return None
        # NOTE: this walk goes through every node that the one before went through.
        return False if _walk(self.root, [*parts, ""], 0, []) is None else None


def _end(node: Node[T], target: T, make: _Make) -> None:
    """Let a target's pattern end at a node."""
    node.targets.append(target)
    if node.route is None:
        node.route = (target, make)


def _made(route: tuple[T, _Make], values: Sequence[str]) -> tuple[T, _Values] | None:
    target, make = route
    try:
        return target, make(values)
    except ValueError:
        # Werkzeug's ValidationError is one: the pattern matches, but its converter rejects the
        # value.
        return None


def _maker(names: list[tuple[str, _Convert]]) -> _Make:
    """Return the function from the segments of the variables to their values."""
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


def _walk(
    node: Node[T], parts: list[str], index: int, values: list[str]
) -> tuple[T, _Make] | Literal[_Result.UNDECIDED] | None:
    if index == len(parts):
        # NOTE: if only a slash is missing Werkzeug looks no further, so neither does this.
        is_undecided = node.route is None and "" in node.fixed
        return _Result.UNDECIDED if is_undecided else node.route
    part = parts[index]
    child = node.fixed.get(part)
    if child is not None:
        found = _walk(child, parts, index + 1, values)
        if found is not None:
            return found
    if node.others:
        # NOTE: fixed text goes first in Werkzeug's order too; between variables and other patterns
        # their weights decide.
        return _Result.UNDECIDED
    for accepts, child in node.ways:
        if accepts(part):
            values.append(part)
            found = _walk(child, parts, index + 1, values)
            if found is not None:
                return found
            values.pop()
    return None


def _segments(rule: Rule) -> tuple[list[_Segment], tuple[str, str] | None]:
    """Return a rule's segments up to the first of another kind.

    Returns:
        The segments, and the fixed text at both ends of the others; None if these are all.
    """
    segments: list[_Segment] = []
    split = list(_split(rule))
    for index, parts in enumerate(split):
        if all(not dynamic for dynamic, _ in parts):
            segments.append(("".join(text for _, text in parts), None))
        elif len(parts) == 1 and rule._converters[parts[0][1]].part_isolating:
            segments.append(("", parts[0][1]))
        else:
            return segments, (_fixed_start(parts), _fixed_end(split[index:]))
    return segments, None


def _fixed_start(parts: list[tuple[bool, str]]) -> str:
    """Return the text before the first variable of a segment."""
    return "".join(text for _, text in itertools.takewhile(lambda each: not each[0], parts))


def _fixed_end(split: list[list[tuple[bool, str]]]) -> str:
    """Return the text behind the last variable of segments."""
    texts: list[str] = []
    for parts in reversed(split):
        last = list(itertools.takewhile(lambda each: not each[0], reversed(parts)))
        texts.insert(0, "".join(text for _, text in reversed(last)))
        if len(last) < len(parts):
            break
    return "/".join(texts)


def _split(rule: Rule) -> Iterator[list[tuple[bool, str]]]:
    """Yield the parts of each segment of a rule: (whether it is a variable, its text or name)."""
    segments: list[list[tuple[bool, str]]] = [[]]
    for dynamic, data in rule._trace[rule._trace.index((False, "|")) + 1 :]:
        first, *others = [data] if dynamic else data.split("/")
        segments[-1].append((dynamic, first))
        segments += [[(False, each)] for each in others]
    for parts in segments[1:]:
        yield [each for each in parts if each[1]]


def _child(node: Node[T], converter: BaseConverter) -> Node[T]:
    """Return the node behind a variable; converters of one form and weight share it."""
    from .converters import CONVERTERS  # cold start, as in `patterns`

    form = (converter.weight, converter.regex)
    if form in node.forms:
        return node.ways[node.forms.index(form)][1]
    place = bisect_right(node.forms, converter.weight, key=lambda each: each[0])
    child: Node[T] = Node()
    node.more += 1
    node.forms.insert(place, form)
    node.ways.insert(place, (_accepts(converter.regex), child))
    node.isolates = node.isolates and type(converter) in CONVERTERS.values()
    return child


def _conversion(converter: BaseConverter) -> _Convert:
    """Return the function from a segment to its value; it rejects segments that clients remove."""
    from werkzeug.routing import BaseConverter  # cold start, as in `patterns`

    # PERF: a converter of numbers or UUIDs accepts no such segment, and needs no test.
    convert, accepts = converter.to_python, _accepts(converter.regex)
    if not any(map(accepts, DOT_SEGMENTS)):
        return convert
    if type(converter).to_python is not BaseConverter.to_python:
        return lambda value: convert(_undotted(value))
    return _undotted


def _undotted(value: str) -> str:
    if value in DOT_SEGMENTS:
        raise ValueError(value)  # Werkzeug's matcher then decides
    return value


@lru_cache(maxsize=64)
def _accepts(regex: str) -> _Accepts:
    return re.compile(f"(?:{regex})").fullmatch


def _compiled(node: Node[T]) -> Callable[[str], re.Match[str] | None]:
    """Compile the expression of a node's only way, for the first path that may be on it."""
    # Cold start: a program's first requests need few of its expressions.
    match = node.whole = re.compile(node.expression).fullmatch
    return match
