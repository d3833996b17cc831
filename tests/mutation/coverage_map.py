"""Which tests run which line: one run of the suite under coverage, kept in a folder.

The folder holds a copy of the repository, and of each part of the suite the lines and the seconds
of its tests. Delete a part's two files to record it again, the folder to start anew.
"""

from __future__ import annotations

import ast
import difflib
import functools
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from coverage import CoverageData

from .suite import NEVER, PYTEST, copy_repository, environment

__all__ = ["CoverageMap", "function_of", "statement_of", "uses"]

_OPTIONS = "[run]\nrelative_files = true\nsource = restkit\n"


class CoverageMap:
    """The tests of each line."""

    def __init__(self, folder: Path) -> None:
        """Read what a folder has of a map."""
        self.copy = folder / "copy"
        self.seconds: dict[str, float] = {}
        self._data: list[CoverageData] = []
        self._lines: dict[str, dict[int, set[str]]] = {}
        for part in _parts(self.copy):
            if (folder / f"{part}.coverage").exists():
                self.seconds |= json.loads((folder / f"{part}.json").read_text("utf-8"))
                self._data.append(CoverageData(str(folder / f"{part}.coverage")))
                self._data[-1].read()

    @classmethod
    def make(cls, root: Path, folder: Path) -> CoverageMap:
        """Record the parts of the suite that a folder lacks, and return the map."""
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "copy").exists():
            copy_repository(root, folder / "copy")
        (folder / "coveragerc").write_text(_OPTIONS, "utf-8")
        for part in _parts(folder / "copy"):
            if not (folder / f"{part}.coverage").exists():
                print(f"recording tests/{part}", flush=True)
                _record(folder, part)
        return cls(folder)

    def _tests(self, path: str) -> dict[int, set[str]]:
        if path not in self._lines:
            found = self._lines[path] = defaultdict(set)
            for data in self._data:
                for line, contexts in data.contexts_by_lineno(path).items():
                    found[line].update(contexts)
        return self._lines[path]

    def tests(self, path: str, source: str, line: int) -> set[str] | None:
        """Return the tests that run a line, None where the map does not know the line.

        Args:
            path: The file, from the repository's root.
            source: The text of the file, which may have changed since the map was made.
            line: The line, counted from 1.
        """
        recorded = self._recorded_line(path, source, line)
        if recorded is None:
            return None
        begin, end = statement_of(source, line)
        found = self._run(path, [recorded])
        if found is None:  # a line within a statement, of which Python kept only the first
            known = (self._recorded_line(path, source, each) for each in range(begin, end + 1))
            found = self._run(path, [each for each in known if each])
        if found is None:
            return set()
        return found or self._of_what_is_made(path, source, line)

    def rarity(self, path: str, source: str, line: int) -> dict[str, float]:
        """Return how much tests have to do with the function around a line.

        A test that alone runs some line of the function has 1, one of two tests 1/2.

        Args:
            path: The file, from the repository's root.
            source: The text of the file.
            line: The line, counted from 1.
        """
        found: dict[str, float] = {}
        for each in function_of(source, line):
            recorded = self._recorded_line(path, source, each)
            tests = self._tests(path).get(recorded or 0, set()) - {""}
            for test in tests:
                found[test] = max(found.get(test, 0.0), 1 / len(tests))
        return found

    def _run(self, path: str, lines: list[int]) -> set[str] | None:
        """Return what ran some lines, without imports of the package; None if nothing did."""
        known = self._tests(path)
        found = set().union(*(known[line] for line in lines if line in known))
        return found - {""} if found else None

    def _recorded_line(self, path: str, source: str, line: int) -> int | None:
        for block in _same_lines(self.copy / path, source):
            if block.b < line <= block.b + block.size:
                return line - block.b + block.a
        return None

    def _of_what_is_made(self, path: str, source: str, line: int) -> set[str]:
        """Return the tests of what an imported line makes: a function, or the users of a name."""
        found: set[str] = set()
        for used, lines in uses(self.copy, path, source, line):
            for each in lines:
                found |= self._run(used, [each]) or set()
        return found


def _parts(root: Path) -> list[str]:
    return sorted(
        each.name
        for each in (root / "tests").iterdir()
        if each.name not in NEVER and (each.name.startswith("test_") or any(each.glob("test_*.py")))
    )


def _record(folder: Path, part: str) -> None:
    made = folder / f"{part}.part"
    variables = {
        "RESTKIT_SECONDS": str(folder / f"{part}.json"),
        "COVERAGE_FILE": str(made),
    }
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={folder / 'coveragerc'}", "-m"]
    subprocess.run(
        [*command, *PYTEST, "-p", "tests.mutation.recording", f"tests/{part}"],
        cwd=folder / "copy",
        env=environment(folder / "copy") | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    os.replace(made, folder / f"{part}.coverage")


@functools.cache
def _same_lines(recorded: Path, source: str) -> list[difflib.Match]:
    if not recorded.exists():
        return []
    before = recorded.read_text("utf-8").split("\n")
    return difflib.SequenceMatcher(None, before, source.split("\n"), False).get_matching_blocks()


def statement_of(source: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of the innermost statement, or head of one, of a line."""
    found = (line, line)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            if node.lineno <= line <= end:
                found = (node.lineno, end)
    return found


def function_of(source: str, line: int) -> range:
    """Return the lines of the innermost function around a line, none outside of functions."""
    found = range(0)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            found = range(node.lineno, (node.end_lineno or 0) + 1)
    return found


def uses(root: Path, path: str, source: str, line: int) -> Iterator[tuple[str, list[int]]]:
    """Yield where what a line of a module or class makes is used: files and lines, recorded."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or not _begin(node) <= line <= (node.end_lineno or 0):
            continue
        if isinstance(node, ast.FunctionDef):
            names = {node.name}
        elif isinstance(node, ast.ClassDef):
            names = names or {node.name}
        elif isinstance(node, ast.Assign):
            names = {each.id for each in ast.walk(node) if _is_stored(each)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = {node.target.id}
    for file in sorted((root / "restkit").rglob("*.py")):
        if lines := _lines_of(file, frozenset(names)):
            yield file.relative_to(root).as_posix(), lines


def _begin(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _lines_of(file: Path, names: frozenset[str]) -> list[int]:
    """Return the lines of a file that use names, or are the bodies of functions called so."""
    lines: list[int] = []
    for node in ast.walk(_tree(file)):
        used = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        if used in names:
            lines.append(getattr(node, "lineno", 0))
        elif isinstance(node, ast.FunctionDef) and node.name in names:
            lines += range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    return lines


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))
