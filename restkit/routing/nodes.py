"""The nodes of the tree that the quick matcher walks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from .fixed_ends import FixedEnds

__all__ = ["Node"]

T = TypeVar("T")
_Accepts = Callable[[str], object]
_Make = Callable[[Sequence[str]], "dict[str, object]"]


class Node(Generic[T]):
    """A node of the tree, behind one segment.

    Attributes:
        fixed: The nodes behind fixed text.
        ways: The nodes behind a variable, the lightest first: (the test of a segment, the node).
        forms: The weight and the regular expression of each of the ways.
        others: Whether a pattern that is not in the tree goes on from here.
        more: The number of ways besides fixed text.
        route: The target that is found here, and the function that makes the values of its
            variables.
        targets: Every target whose pattern ends here.
        rest: The targets of the patterns that are not in the tree and go on from here; None without
            any.
        isolates: Whether no variable of the ways can have a slash or a group of its own.
        end: The node at the end of the way, if only one goes on from here; see `whole_paths`.
        expression: The regular expression of the paths to that end.
        whole: The function that matches it, None until the first path.
    """

    __slots__ = (
        "end",
        "expression",
        "fixed",
        "forms",
        "isolates",
        "more",
        "others",
        "rest",
        "route",
        "targets",
        "ways",
        "whole",
    )

    def __init__(self) -> None:
        self.fixed: dict[str, Node[T]] = {}
        self.ways: list[tuple[_Accepts, Node[T]]] = []
        self.forms: list[tuple[int, str]] = []
        self.others = False
        self.more = 0
        self.route: tuple[T, _Make] | None = None
        self.targets: list[T] = []
        self.rest: FixedEnds[T] | None = None
        self.isolates = True
        self.whole: Callable[[str], re.Match[str] | None] | None = None
        self.end: Node[T] | None = None
        self.expression = ""
