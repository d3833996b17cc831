"""One mutant against the suite: first the tests of its file, then those near it, then the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .mutants import Mutant

__all__ = ["BaselineFailed", "Trial"]

# Which further tests speak to a package, the nearest first; paths from tests/.
_NEAR = {
    "compiler": ["compiler", "schemas", "crud"],
    "schemas": ["schemas", "openapi", "parsing", "crud"],
    "openapi": ["openapi", "test_examples.py", "test_contract.py"],
    "crud": ["crud", "testing", "sqlalchemy", "openapi"],
    "sqlalchemy": ["sqlalchemy", "crud", "testing", "test_bookstore_migrations.py"],
    "limits": ["limits", "sqlalchemy", "test_hostile.py"],
    "idempotency": ["idempotency", "limits", "sqlalchemy", "test_hostile.py"],
    "cli": ["cli", "test_app_loading.py"],
    "testing": ["testing", "test_examples.py"],
    "": ["dispatch", "operations", "http", "rendering", "parsing", "crud"],
}
_CORE = ["dispatch", "operations", "routing", "rendering", "parsing", "http", "schemas"]
# These say nothing about behaviour, or need a quiet machine.
_NEVER = ["test_style.py", "test_benchmarks.py", "test_typing.py", "external", "mutation"]
_SECONDS = 420


class BaselineFailed(RuntimeError):
    """Raised when tests fail although nothing was changed."""


class Trial:
    """A copy of the repository in which mutants are tried one after the other."""

    def __init__(self, root: Path, folder: Path, *, whole: bool) -> None:
        """Copy the repository.

        Args:
            root: The repository.
            folder: An empty folder for the copy.
            whole: Whether the rest of the suite is asked about what the near tests let pass.
        """
        self.root = folder / "copy"
        self._whole = whole
        self._sound: set[tuple[str, ...]] = set()
        ignored = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.db", "results")
        shutil.copytree(root, self.root, ignore=ignored)
        results = Path("tests", "benchmarks", "results")
        shutil.copytree(root / results, self.root / results, dirs_exist_ok=True)

    def notice(self, mutant: Mutant) -> str | None:
        """Return the test, or the end, by which a mutant is noticed; None if it is not."""
        stages = list(self._stages(mutant.path))
        for stage in stages:
            self._hold_unchanged(stage)
        with self._changed(mutant):
            for stage in stages:
                if found := self._failure(stage):
                    return found
        return None

    def _stages(self, path: str) -> Iterator[tuple[str, ...]]:
        """Yield lists of paths from tests/: of the file, of what is near, and of everything."""
        inner = Path(path).relative_to("restkit")
        own = inner.parent / f"test_{inner.name}"
        package = inner.parts[0] if len(inner.parts) > 1 else ""
        near = _NEAR.get(package) or list(dict.fromkeys([package, *_CORE, "crud"]))
        tests = self.root / "tests"
        first = [own.as_posix()] if (tests / own).exists() else []
        if first:
            yield tuple(first)
        yield tuple(name for name in near if (tests / name).exists())
        if self._whole:
            yield ("",)

    def _hold_unchanged(self, stage: tuple[str, ...]) -> None:
        if stage in self._sound:
            return
        if found := self._failure(stage):
            raise BaselineFailed(f"{found}, although nothing was changed")
        self._sound.add(stage)

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

    def _failure(self, stage: tuple[str, ...]) -> str:
        """Return the first failing test of a stage, "" if none fails."""
        paths = [f"tests/{name}".rstrip("/") for name in stage]
        left_out = [f"--ignore=tests/{name}" for name in _NEVER]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
        command += ["-n0", "-p", "no:randomly", "-m", "not external", "--hypothesis-seed=0"]
        environment = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONHASHSEED": "0"}
        try:
            done = subprocess.run(
                [*command, *left_out, *paths],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {_SECONDS} s"
        if done.returncode == 0:
            return ""
        lines = (done.stdout + done.stderr).splitlines()
        named = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        return (named or lines or [f"exit status {done.returncode}"])[-1][:160]


def timed(trial: Trial, mutant: Mutant) -> tuple[str | None, float]:
    """Return what noticed a mutant, and after how many seconds."""
    began = time.monotonic()
    return trial.notice(mutant), time.monotonic() - began
