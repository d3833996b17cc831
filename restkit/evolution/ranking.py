"""Which of several differences is the smallest, and which shape of a union is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .findings import Finding, Level
from .shapes import Node, Objects, Shape, Source, Values, value_key

__all__ = ["distinction", "failing", "is_serious", "likeness", "severity", "weight"]

_WEIGHT: Mapping[Level, int] = {"breaking": 1000, "warning": 1, "compatible": 0}


def is_serious(findings: Iterable[Finding]) -> bool:
    """Return whether one of the differences breaks clients."""
    return any(each.level == "breaking" for each in findings)


def failing(tries: Iterable[Sequence[Finding]]) -> set[str]:
    """Return the members at which shapes do not fit."""
    return {each.steps[0] for found in tries for each in found if each.steps}


def likeness(shape: Shape, other: Shape) -> float:
    """Return how many members two objects have in common, those with equal constants counted more.

    The alternative of a large union that a shape fits is among those that look like it.
    """
    if not (isinstance(shape, Objects) and isinstance(other, Objects)):
        return 0
    names = shape.members.keys() & other.members.keys()
    equal = [each for each in names if _same_constant(shape.members[each], other.members[each])]
    return len(names) + 100 * len(equal) - 0.5 * len(shape.members.keys() ^ other.members.keys())


def _same_constant(first: Node, second: Node) -> bool:
    constants = [_constant(first), _constant(second)]
    return constants[0] == constants[1] and constants[0] is not None


def _constant(node: Node) -> str | None:
    for each in node:
        if isinstance(each, Values):
            return ", ".join(sorted(map(value_key, each.values)))
        schema = each.schema if isinstance(each, Source) else None
        if isinstance(schema, Mapping) and ("const" in schema or "enum" in schema):
            return value_key([schema.get("const"), schema.get("enum")])
    return None


def severity(finding: Finding) -> int:
    """Return a key that sorts the differences which break clients first."""
    return -_WEIGHT[finding.level]


def distinction(findings: Iterable[Finding]) -> str:
    """Return the member whose values tell an alternative from all others, "" without one."""
    for each in findings:
        is_told = each.kind == "enum" and len(each.steps) == 1 and each.level == "breaking"
        if is_told and isinstance(each.narrow, tuple) and each.wide:
            return f"`{each.steps[0]}` {', '.join(map(value_key, each.narrow))}"
    return ""


def weight(findings: Iterable[Finding]) -> int:
    """Return how far a shape is from another one; that of another alternative is farthest."""
    found = list(findings)
    return sum(_WEIGHT[each.level] for each in found) + 100_000 * bool(distinction(found))
