"""The mutants of the package: where each operator applies, and a sample of them by a seed."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .operators import OPERATORS

__all__ = ["Mutant", "sample"]

# The conformance suites are tests themselves, of other people's stores.
_LEFT_OUT = "restkit/testing/conformance/"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: The file, from the repository's root.
        line: The line, counted from 1.
        operator: The name of the kind of change.
        occurrence: Which of the file's places for this operator.
        before: The line as it is.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    before: str

    def text(self, source: str) -> str:
        """Return the changed file."""
        changed = mutate_code(source, OPERATORS[self.operator], self.occurrence)
        if changed is None or changed == source:
            raise ValueError(f"{self} changes nothing")
        return str(changed)

    def __str__(self) -> str:
        """Return the place as an editor's link, the kind of change and the line."""
        return f"{self.path}:{self.line} {self.operator}#{self.occurrence} `{self.before}`"


def sample(root: Path, size: int, seed: int, only: Sequence[str] = ("",)) -> list[Mutant]:
    """Draw mutants: first a place of the package, each alike, then one of the changes there.

    Args:
        root: The folder of the repository.
        size: How many to draw.
        seed: The seed of the draw.
        only: The beginnings of the paths to draw from.
    """
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for file in sorted((root / "restkit").rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if path.startswith(tuple(only)) and not path.startswith(_LEFT_OUT):
            for column, mutant in _mutants(path, file.read_text("utf-8")):
                places.setdefault((path, mutant.line, column), []).append(mutant)
    draw = random.Random(seed)
    sources: dict[str, str] = {}
    found: list[Mutant] = []
    for place in draw.sample(sorted(places), len(places)):
        mutant = draw.choice(places[place])
        source = sources.setdefault(mutant.path, (root / mutant.path).read_text("utf-8"))
        if len(found) < size and _is_program(mutant, source):
            found.append(mutant)
        if len(found) == size:
            break
    return found


def _is_program(mutant: Mutant, source: str) -> bool:
    """Return whether the change makes a program: ``not x := 1`` is none."""
    try:
        ast.parse(mutant.text(source))
    except SyntaxError:
        return False
    except AttributeError:  # of the library, for an exception with a dotted name
        return False
    return True


def _mutants(path: str, source: str) -> Iterator[tuple[int, Mutant]]:
    lines, nodes = source.split("\n"), list(ast_nodes(get_ast(source)))
    silent = _silent_ranges(ast.parse(source))
    for name, operator in OPERATORS.items():
        occurrence = -1
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                occurrence += 1
                if _is_marker(node):
                    continue
                if not any(begin <= start < end for begin, end in silent):
                    before = lines[start[0] - 1].strip()
                    yield start[1], Mutant(path, start[0], name, occurrence, before)


def _is_marker(node: Any) -> bool:
    """Return whether a node is the `*` or `/` of a signature, no arithmetic."""
    return node.type == "operator" and node.parent.type in ("parameters", "param", "lambdef")


def _silent_ranges(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the ranges that do not run: annotations, type checkers' blocks, lists of exports."""
    nodes: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            nodes.append(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns:
            nodes.append(node.returns)
        elif ast.unparse(node).startswith(("if TYPE_CHECKING:", "__all__ = ")):
            nodes.append(node)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in nodes
        if isinstance(node, ast.expr | ast.stmt)
    ]
