"""Patterns that are alone behind their fixed beginning: one expression matches the whole path.

Behind ``/items`` in ``/items/<int:item>/parts/<uuid:part>`` the tree of the matcher has one way
only. A path on this way needs no walk; every other path is left to the walk.
"""

from __future__ import annotations

import re
from typing import TypeVar

from .nodes import Node

__all__ = ["find_whole_paths"]

T = TypeVar("T")


def find_whole_paths(node: Node[T], path: str = "") -> None:
    """Give the first nodes behind fixed text, from which one way goes on, the expression of it.

    Args:
        node: The node to begin behind.
        path: The regular expression of the path to it.
    """
    for text, child in node.fixed.items():
        way = f"{path}/{re.escape(text)}"
        leaf = _only_end(child, way)
        if leaf is None:
            find_whole_paths(child, way)
        else:
            child.expression, child.end = leaf


def _only_end(node: Node[T], path: str) -> tuple[str, Node[T]] | None:
    """Return the expression of the one way from a node, and its end; None if there are others."""
    begin = path
    while (step := _only_step(node)) is not None:
        segment, node = step
        path += segment
        if node.route is not None:
            break
    is_end = not (node.fixed or node.ways or node.others) and node.route is not None
    return (path, node) if is_end and "(" in path[len(begin) :] else None


def _only_step(node: Node[T]) -> tuple[str, Node[T]] | None:
    """Return the expression of the one segment that may follow a node, and the node behind it."""
    if node.others or len(node.fixed) + len(node.ways) != 1 or not node.isolates:
        return None
    if node.fixed:
        ((text, child),) = node.fixed.items()
        return f"/{re.escape(text)}", child
    ((_, regex),), ((_, child),) = node.forms, node.ways
    return f"/({regex})", child
