"""One mutant against the suite, stage by stage, until a test fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .choice import Stage, covering, files, near
from .coverage_map import CoverageMap
from .mutants import Mutant
from .suite import NEVER, PYTEST, copy_repository, environment
from .watched_map import WatchedMap

__all__ = ["Trial", "timed"]

# A mutant that never ends is noticed by the test that it holds up.
_ENDLESS = ["-o", "faulthandler_timeout=90", "-o", "faulthandler_exit_on_timeout=true"]
_NO_TESTS = 5
_FINDING = re.compile(r"(?:FAILED|ERROR) tests/(\S+?\.py(?:::[^\[\s]+(?:\[.*?\](?= - |$))?)?)")


class Trial:
    """A copy of the repository in which mutants are tried one after the other."""

    def __init__(
        self, root: Path, folder: Path, known: CoverageMap | WatchedMap | None, *, whole: bool
    ) -> None:
        """Copy the repository.

        Args:
            root: The repository.
            folder: An empty folder for the copy.
            known: Which tests run which line; without it, those of near files are asked.
            whole: Whether the rest of the suite is asked about what the near tests let pass.
        """
        self.root = folder / "copy"
        self._chosen = folder / "chosen"
        self._known = known
        self._server: subprocess.Popen[str] | None = None
        self._whole = whole
        self._unsound: set[str] = set()
        copy_repository(root, self.root)

    def notice(self, mutant: Mutant) -> str | None:
        """Return the test, or the end, by which a mutant is noticed; None if it is not."""
        for stage in self._stages(mutant):
            with self._changed(mutant):
                found = self._failure(stage)
            if found and not _test_in(found) and self._failure(["tests/test_errors.py"]):
                raise RuntimeError(f"The tests cannot run: {found}")
            if found:
                return found
        return None

    def unsound(self, found: Iterable[str]) -> set[str]:
        """Return which findings are of tests that fail unchanged; they are left out from then on.

        Args:
            found: What `notice` returned.
        """
        asked = {each: _test_in(each) for each in found}
        left = {test for test in asked.values() if test}
        failing: set[str] = set()
        while left and (first := _test_in(self._failure([f"tests/{each}" for each in left]))):
            if first not in left:
                raise RuntimeError(f"The tests cannot run: {first}")
            failing.add(first)
            left.discard(first)
            self._unsound.add(first)
        return {each for each, test in asked.items() if test in failing}

    def _stages(self, mutant: Mutant) -> Iterator[Stage]:
        if self._known is None:
            return near(self.root, mutant.path, whole=self._whole)
        source = (self.root / mutant.path).read_text("utf-8")
        return covering(self.root, self._known, mutant, source)

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        file = self.root / mutant.path
        source = file.read_text("utf-8")
        self._write(file, mutant.text(source))
        try:
            yield
        finally:
            self._write(file, source)

    @staticmethod
    def _write(file: Path, text: str) -> None:
        # NOTE: byte code is kept by size and second; two mutants may have both in common.
        for cached in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            cached.unlink()
        file.write_text(text, "utf-8")

    def _failure(self, stage: Stage) -> str:
        """Return the first failing test of a stage, "" if none fails."""
        left_out = [f"--ignore=tests/{name}" for name in NEVER]
        left_out += [f"--deselect=tests/{test}" for test in self._unsound if "::" in test]
        left_out += [f"--ignore=tests/{test}" for test in self._unsound if "::" not in test]
        self._chosen.write_text("\n".join(stage), "utf-8")
        if any("::" in each for each in stage):
            left_out += ["-p", "tests.mutation.selection"]
        status, output = self._pytest([*PYTEST[1:], "-x", *_ENDLESS, *left_out, *files(stage)])
        if status in (0, _NO_TESTS):
            return ""
        lines = output.splitlines()
        named = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        return (named or lines or [f"exit status {status}"])[0]

    def _pytest(self, arguments: Sequence[str]) -> tuple[int, str]:
        """Run pytest in the copy; return its exit status and output."""
        if self._server is None:
            chosen = {"RESTKIT_CHOSEN": str(self._chosen)}
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.mutation.server"],
                cwd=self.root,
                env=environment(self.root) | chosen,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(arguments), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        if not answer:
            raise RuntimeError("the process that runs the tests ended")
        status, output = json.loads(answer)
        return status, output


def _test_in(found: str) -> str:
    """Return the test of a finding, "" if the process ended before a test failed."""
    matched = _FINDING.match(found)
    return matched[1] if matched else ""


def timed(trial: Trial, mutant: Mutant) -> tuple[str | None, float]:
    """Return what noticed a mutant, and after how many seconds."""
    began = time.monotonic()
    return trial.notice(mutant), time.monotonic() - began
