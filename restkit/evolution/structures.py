"""Where arrays and objects of one shape do not fit another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from .findings import Finding, Level
from .scalars import opaque_differ
from .shapes import Arrays, Node, Objects, Strings, matches, member

__all__ = ["arrays_differ", "objects_differ"]

_ANY_STRING = Strings()
_MOST_ITEMS = 64


class _Comparison(Protocol):
    """The comparison of the schemas of items and members."""

    @property
    def is_request(self) -> bool: ...

    def compare(self, narrow: Node, wide: Node, /) -> tuple[Finding, ...]: ...

    def is_empty(self, node: Node, /) -> bool: ...

    def finding(
        self, narrow: Node, wide: Node, kind: str, old: object, new: object, level: Level, /
    ) -> Finding: ...


def _below(findings: Iterable[Finding], step: str) -> Iterator[Finding]:
    for each in findings:
        yield each.below(step)


# arrays


def arrays_differ(
    comparison: _Comparison, ours: Arrays, theirs: Arrays, narrow: Node, wide: Node
) -> list[Finding]:
    """Return where not all arrays of one shape are in another one."""
    found = [
        comparison.finding(narrow, wide, *each, "breaking")
        for each in _lengths(comparison, ours, theirs)
    ]
    found += [
        comparison.finding(narrow, wide, *each)
        for each in opaque_differ(ours.opaque, theirs.opaque)
    ]
    return [*found, *_items(comparison, ours, theirs)]


def _longest(comparison: _Comparison, shape: Arrays) -> int | None:
    if not comparison.is_empty(shape.rest):
        return shape.most
    return len(shape.first) if shape.most is None else min(shape.most, len(shape.first))


def _lengths(
    comparison: _Comparison, ours: Arrays, theirs: Arrays
) -> Iterator[tuple[str, object, object]]:
    most = _longest(comparison, ours)
    if theirs.least > ours.least:
        yield "minItems", str(ours.least), str(theirs.least)
    if theirs.most is not None and (most is None or most > theirs.most):
        yield "maxItems", ours.most, theirs.most
    if theirs.is_unique and not ours.is_unique and (most is None or most > 1):
        yield "uniqueItems", False, True


def _items(comparison: _Comparison, ours: Arrays, theirs: Arrays) -> Iterator[Finding]:
    most = _longest(comparison, ours)
    length = min(max(len(ours.first), len(theirs.first)), _MOST_ITEMS)
    for index in range(length if most is None else min(length, most)):
        found = comparison.compare(ours.item(index), theirs.item(index))
        yield from _below(found, f"[{index}]")
    if most is None or most > length:
        yield from _below(comparison.compare(ours.rest, theirs.rest), "[]")


# objects


def objects_differ(
    comparison: _Comparison, ours: Objects, theirs: Objects, narrow: Node, wide: Node
) -> list[Finding]:
    """Return where not all objects of one shape are in another one.

    Members that no schema names are free to come: a request whose old schema lets unknown members
    in is not held against a member that the new one adds, and a client has to ignore members of a
    response that it does not know.
    """
    objects = _Objects(comparison, ours, theirs, narrow, wide)
    found = [*objects.members(), *objects.others(), *objects.sizes()]
    found += [
        comparison.finding(narrow, wide, *each)
        for each in opaque_differ(ours.opaque, theirs.opaque)
    ]
    return found


class _Objects:
    """The comparison of two shapes of objects."""

    def __init__(
        self, comparison: _Comparison, ours: Objects, theirs: Objects, narrow: Node, wide: Node
    ) -> None:
        self.comparison = comparison
        self.ours, self.theirs = ours, theirs
        self.narrow, self.wide = narrow, wide
        self.is_request = comparison.is_request
        self.is_closed = comparison.is_empty(ours.others)
        self.closes = comparison.is_empty(theirs.others)

    def _finding(self, kind: str, old: object, new: object, level: Level = "breaking") -> Finding:
        return self.comparison.finding(self.narrow, self.wide, kind, old, new, level)

    # members with names

    def members(self) -> Iterator[Finding]:
        ours, theirs = self.ours, self.theirs
        names = (*ours.members, *theirs.members, *sorted(theirs.required))
        for name in dict.fromkeys(names):
            if name in theirs.required and name not in ours.required:
                yield self._member(name, "breaking")
            if self._is_known(ours, name) and self._is_known(theirs, name):
                yield from self._in_both(name)
            elif self._is_known(ours, name):
                yield from self._in_ours(name)
            elif ours.others and not self.is_closed and name in theirs.members:
                found = self.comparison.compare(ours.others, member(theirs, name))
                yield from _below(found, name)

    @staticmethod
    def _is_known(shape: Objects, name: str) -> bool:
        return name in shape.members or any(matches(each, name) for each in shape.patterns)

    def _in_both(self, name: str) -> Iterator[Finding]:
        if name in self.theirs.ignored and name not in self.ours.ignored:
            yield self._member(name, "warning", "present", "ignored")
        elif name in self.ours.ignored:
            return
        else:
            found = self.comparison.compare(member(self.ours, name), member(self.theirs, name))
            yield from _below(found, name)

    def _in_ours(self, name: str) -> Iterator[Finding]:
        """Yield the findings about a member that the wide shape does not name."""
        node = member(self.ours, name)
        if name in self.ours.ignored or self.comparison.is_empty(node):
            return
        if not self.theirs.others or self.closes:
            yield self._member(name, self._level_of_unknown())
        else:
            yield from _below(self.comparison.compare(node, self.theirs.others), name)

    def _level_of_unknown(self) -> Level:
        if not self.is_request:
            return "compatible"
        return "breaking" if self.closes else "warning"

    def _member(self, name: str, level: Level, old: str = "", new: str = "") -> Finding:
        narrow = (*self.ours.members.get(name, ()), *self.narrow)
        wide = (*self.theirs.members.get(name, ()), *self.wide)
        before, after = old or self._state(self.ours, name), new or self._state(self.theirs, name)
        found = self.comparison.finding(narrow, wide, "member", before, after, level)
        return found.below(name)

    @staticmethod
    def _state(shape: Objects, name: str) -> str:
        if name in shape.required:
            return "required"
        return "optional" if name in shape.members else "absent"

    # other members

    def others(self) -> Iterator[Finding]:
        if not self.is_closed and self.theirs.others:
            if not self.closes:
                found = self.comparison.compare(self.ours.others, self.theirs.others)
                yield from _below(found, "*")
            elif self.is_request:
                yield self._finding("others", "accepted", "refused")
        for pattern, node in self.ours.patterns.items():
            yield from self._pattern(pattern, node)
        for pattern, node in self.theirs.patterns.items():
            if pattern in self.ours.patterns or self.is_closed:
                continue
            if self.ours.others:
                yield from _below(self.comparison.compare(self.ours.others, node), pattern)
            else:
                yield self._finding("patternProperties", "", pattern, "warning")

    def _pattern(self, pattern: str, node: Node) -> Iterator[Finding]:
        other = self.theirs.patterns.get(pattern)
        if other is not None:
            yield from _below(self.comparison.compare(node, other), pattern)
        elif self.closes and self.is_request:
            has_names = self.theirs.patterns or self.theirs.members
            level: Level = "warning" if has_names else "breaking"
            yield self._finding("patternProperties", pattern, "", level)
        elif self.theirs.others and not self.closes:
            yield from _below(self.comparison.compare(node, self.theirs.others), pattern)

    # sizes, names, dependencies

    def sizes(self) -> Iterator[Finding]:
        ours, theirs = self.ours, self.theirs
        sizes = [] if ours.most is None else [ours.most]
        if self.is_closed and not ours.patterns:
            sizes.append(len(ours.members))
        most = min(sizes, default=None)
        if theirs.least > max(ours.least, len(ours.required)):
            yield self._finding("minProperties", str(ours.least), str(theirs.least))
        if theirs.most is not None and (most is None or most > theirs.most):
            yield self._finding("maxProperties", ours.most, theirs.most)
        yield from self._needs()
        if theirs.names:
            yield from self._names()

    def _needs(self) -> Iterator[Finding]:
        for name, needed in self.theirs.needs.items():
            known = self.ours.needs.get(name, frozenset())
            is_possible = name in self.ours.members or not self.is_closed
            if is_possible and needed - known - self.ours.required:
                yield self._finding(f"dependentRequired of {name}", known, needed)

    def _names(self) -> Iterator[Finding]:
        names: Node = (*self.ours.names, _ANY_STRING)
        if not (self.is_closed and not self.ours.patterns):
            yield from _below(self.comparison.compare(names, self.theirs.names), "(names)")
