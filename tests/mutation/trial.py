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

__all__ = ["Trial", "timed"]

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
}
_CORE = [
    *("dispatch", "operations", "routing", "rendering", "parsing", "http", "limits", "testing"),
    *("test_app.py", "test_resource.py", "test_media.py", "test_request.py", "test_hostile.py"),
]
# These say nothing about behaviour, or need a quiet machine.
_NEVER = ["test_style.py", "test_benchmarks.py", "test_typing.py", "external", "mutation"]
_MARKS = "not external or postgresql or redis"
# A mutant that never ends is noticed by the test that it holds up; the whole run has time enough.
_ENDLESS = ["-o", "faulthandler_timeout=90", "-o", "faulthandler_exit_on_timeout=true"]
_SECONDS = 3600
# Plugins that the suite does not use would take longer to import than most files of tests to run.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_PLUGINS = ["-p", "xdist", "-p", "restkit.testing.plugin", "-p", "_hypothesis_pytestplugin"]


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
        self._sound: set[str] = set()
        self._unsound: set[str] = set()
        ignored = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.db", "results")
        shutil.copytree(root, self.root, ignore=ignored)
        results = Path("tests", "benchmarks", "results")
        shutil.copytree(root / results, self.root / results, dirs_exist_ok=True)

    def notice(self, mutant: Mutant) -> str | None:
        """Return the test, or the end, by which a mutant is noticed; None if it is not."""
        for paths in self._stages(mutant.path):
            with self._changed(mutant):
                found = self._failure(paths)
            while found and not self._is_sound(found):
                with self._changed(mutant):
                    found = self._failure(paths)
            if found:
                return found
        return None

    def _is_sound(self, found: str) -> bool:
        """Return whether what failed passes unchanged; what does not is left out from then on."""
        test = found.partition(" - ")[0].rpartition(" tests/")[2]
        named = found.startswith(("FAILED", "ERROR"))
        if not named or test in self._sound | self._unsound:  # without a name, the process ended
            return True
        if self._failure([f"tests/{test}"]):
            self._unsound.add(test)
            return False
        self._sound.add(test)
        return True

    def _stages(self, path: str) -> Iterator[list[str]]:
        """Yield paths of tests: of the file, of its package, of what is near, and of everything."""
        inner = Path(path).relative_to("restkit")
        own = (inner.parent / f"test_{inner.name}").as_posix()
        package = inner.parts[0] if len(inner.parts) > 1 else own
        near = [name for name in _NEAR.get(package, [*_CORE, "crud"]) if name != package]
        for names in ([own], [package] if package != own else [], near):
            found = [f"tests/{name}" for name in names if (self.root / "tests" / name).exists()]
            if found:
                yield found
        if self._whole:
            yield ["tests"]

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

    def _failure(self, paths: list[str]) -> str:
        """Return the first failing test of some paths, "" if none fails."""
        left_out = [f"--ignore=tests/{name}" for name in _NEVER]
        left_out += [f"--deselect=tests/{test}" for test in self._unsound if "::" in test]
        left_out += [f"--ignore=tests/{test}" for test in self._unsound if "::" not in test]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
        command += [*_PLUGINS, *_ENDLESS, "-n0", "-m", _MARKS, "--hypothesis-seed=0"]
        environment = {**os.environ, "PYTHONPATH": str(self.root), **_ENVIRONMENT}
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
        return (named or lines or [f"exit status {done.returncode}"])[0][:200]


def timed(trial: Trial, mutant: Mutant) -> tuple[str | None, float]:
    """Return what noticed a mutant, and after how many seconds."""
    began = time.monotonic()
    return trial.notice(mutant), time.monotonic() - began
