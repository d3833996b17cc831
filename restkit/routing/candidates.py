"""The few targets that may have a path which the quick matcher leaves to Werkzeug.

Werkzeug tries the regular expression of each pattern that goes on from the same segment. Where many
patterns do, they are found by the fixed text at both ends of their rest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from .nodes import Node

__all__ = ["candidates"]

T = TypeVar("T")


def candidates(root: Node[T], path: str) -> dict[int, T]:
    """Return every target whose pattern may match a path, or one that differs by its slashes.

    Args:
        root: The root of the matcher's tree.
        path: A path that begins with a slash.

    Returns:
        The targets by their id: all that Werkzeug would find, and perhaps some more.
    """
    merged = re.sub("/{2,}", "/", path)
    spellings = dict.fromkeys((path, merged, merged.rstrip("/")))
    found: dict[int, T] = {}
    for each in spellings:
        for target in _walk(root, each.split("/")[1:]):
            found[id(target)] = target
    return found


def _walk(root: Node[T], parts: list[str]) -> Iterator[T]:
    """Yield the targets at the end of each way through the tree, and those that leave it."""
    nodes = [root]
    for index, part in enumerate(parts):
        following: list[Node[T]] = []
        for node in nodes:
            if node.rest is not None:
                yield from node.rest.matching("/".join(parts[index:]))
            if part in node.fixed:
                following.append(node.fixed[part])
            following += [child for accepts, child in node.ways if accepts(part)]
        nodes = following
    for node in nodes:
        yield from node.targets
        if "" in node.fixed:
            yield from node.fixed[""].targets
