"""Which tests run the lines of some mutants: one run of the suite that watches these lines alone.

A run costs little more than the suite, where a map of all lines costs several times as much.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from .coverage_map import function_of, statement_of, uses
from .mutants import Mutant
from .suite import NEVER, PYTEST, copy_repository, environment

__all__ = ["WatchedMap"]


class WatchedMap:
    """The tests of the lines around some mutants.

    Attributes:
        copy: The copy of the repository that the suite ran in.
        seconds: The seconds of each test.
    """

    def __init__(self, folder: Path) -> None:
        """Read what the processes of a run have recorded."""
        self.copy = folder / "copy"
        self.seconds: dict[str, float] = {}
        self._hits: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for file in sorted(folder.glob("*.hits.json")):
            found = json.loads(file.read_text("utf-8"))
            self.seconds |= found["seconds"]
            for path, lines in found["hits"].items():
                for line, tests in lines.items():
                    self._hits[path][int(line)].update(tests)

    @classmethod
    def make(cls, root: Path, folder: Path, mutants: Iterable[Mutant], jobs: int) -> WatchedMap:
        """Run the suite once, unless the folder has its record, and return the map.

        Args:
            root: The repository.
            folder: Where the record is kept.
            mutants: The mutants.
            jobs: How many processes run tests at the same time.
        """
        if not [*folder.glob("*.hits.json")]:
            folder.mkdir(parents=True, exist_ok=True)
            copy_repository(root, folder / "copy")
            lines = {path: sorted(found) for path, found in _watched(root, mutants).items()}
            (folder / "watched.json").write_text(json.dumps(lines), "utf-8")
            command = [each for each in PYTEST if each != "-n0"]
            command += [f"-n{jobs}", "-p", "tests.mutation.watching"]
            left_out = [f"--ignore=tests/{name}" for name in NEVER]
            subprocess.run(
                [sys.executable, "-m", *command, *left_out, "tests"],
                cwd=folder / "copy",
                env=environment(folder / "copy") | {"RESTKIT_WATCHED": str(folder)},
                stdin=subprocess.DEVNULL,
                check=False,
            )
        return cls(folder)

    def tests(self, path: str, source: str, line: int) -> set[str] | None:
        """Return the tests that run a line; None if none of them was seen to.

        For a line outside of functions these are the tests that run a line with what it makes.
        """
        lines = self._hits[path]
        found = set(lines.get(line, ()))
        if not found and function_of(source, line):
            begin, end = statement_of(source, line)
            found = set().union(*(lines.get(each, ()) for each in range(begin, end + 1)))
        elif not found:
            for used, places in uses(self.copy, path, source, line):
                found.update(*(self._hits[used].get(each, ()) for each in places))
        return found or None

    def rarity(self, path: str, source: str, line: int) -> dict[str, float]:
        """Return how much tests have to do with the function around a line, as `CoverageMap`."""
        found: dict[str, float] = {}
        for each in function_of(source, line):
            tests = self._hits[path].get(each, set())
            for test in tests:
                found[test] = max(found.get(test, 0.0), 1 / len(tests))
        return found


def _watched(root: Path, mutants: Iterable[Mutant]) -> dict[str, set[int]]:
    """Return the lines to watch by file: those of mutants, or of what they make."""
    found: dict[str, set[int]] = defaultdict(set)
    for mutant in mutants:
        source = (root / mutant.path).read_text("utf-8")
        if function_of(source, mutant.line):
            found[mutant.path].update(range(*_lines(source, mutant.line)))
        else:
            for used, lines in uses(root, mutant.path, source, mutant.line):
                found[used].update(lines)
    return found


def _lines(source: str, line: int) -> tuple[int, int]:
    begin, end = statement_of(source, line)
    return min(begin, line), max(end, line) + 1
