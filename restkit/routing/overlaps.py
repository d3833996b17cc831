"""URL patterns that match one path: found at start-up, so that other paths need no second look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from .nodes import Node

__all__ = ["overlapping"]

T = TypeVar("T")
_Nodes = dict[int, Node[T]]


def overlapping(root: Node[T]) -> set[int]:
    """Return the `id` of every target that may share a path with another one.

    Paths that differ by their last slash count as one. The result may have a target too many
    (two variables count as overlapping whatever they accept), never one too few.

    Args:
        root: The root of the matcher's tree.
    """
    found: set[int] = set()
    seen: set[frozenset[int]] = set()
    open_ends: list[_Nodes[T]] = [{id(root): root}]
    while open_ends:
        nodes = open_ends.pop()
        key = frozenset(nodes)
        if key in seen:
            continue
        seen.add(key)
        if any(node.others for node in nodes.values()):
            # Patterns of another kind go on from here: any path further in may be theirs too.
            found.update(_shared(target for node in nodes.values() for target in _below(node)))
            continue
        found.update(_shared(target for node in nodes.values() for target in _at(node)))
        open_ends += _steps(nodes)
    return found


def _shared(targets: Iterable[object]) -> set[int]:
    """Return the targets if there are two or more."""
    known = {id(target) for target in targets}
    return known if len(known) > 1 else set()


def _at(node: Node[T]) -> Iterator[object]:
    """Yield the targets at a node, with or without a slash behind."""
    yield from node.targets
    slash = node.fixed.get("")
    if slash is not None:
        yield from slash.targets


def _below(node: Node[T]) -> Iterator[object]:
    yield from node.targets
    yield from node.rest or ()
    for child in [*node.fixed.values(), *(child for _, child in node.ways)]:
        yield from _below(child)


def _steps(nodes: _Nodes[T]) -> Iterator[_Nodes[T]]:
    """Yield the nodes that one more segment leads to at the same time."""
    ways = [way for node in nodes.values() for way in node.ways]
    if ways:
        yield {id(child): child for _, child in ways}
    by_text: dict[str, list[Node[T]]] = {}
    for node in nodes.values():
        for text, child in node.fixed.items():
            by_text.setdefault(text, []).append(child)
    for text, children in by_text.items():
        children += [child for accepts, child in ways if accepts(text)]
        yield {id(child): child for child in children}
