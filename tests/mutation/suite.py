"""The suite on a copy of the repository: what is copied, and how pytest is called."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

__all__ = ["NEVER", "PYTEST", "copy_repository", "environment"]

# These say nothing about behaviour, or need a quiet machine.
NEVER = ["test_style.py", "test_benchmarks.py", "test_typing.py", "external", "mutation"]
# Plugins that the suite does not use would take longer to import than most files of tests to run.
_PLUGINS = ["-p", "xdist", "-p", "restkit.testing.plugin", "-p", "_hypothesis_pytestplugin"]
PYTEST = [
    *("pytest", "-q", "--tb=no", "-n0", "-p", "no:cacheprovider", *_PLUGINS),
    *("-m", "not external or postgresql or redis", "--hypothesis-seed=0"),
]


def copy_repository(root: Path, copy: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.db", "results")
    shutil.copytree(root, copy, ignore=ignored)
    results = Path("tests", "benchmarks", "results")
    shutil.copytree(root / results, copy / results, dirs_exist_ok=True)


def environment(copy: Path) -> dict[str, str]:
    """Return the environment of a process that tests a copy."""
    own = {"PYTHONPATH": str(copy), "PYTHONHASHSEED": "0", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, **own, "PATH": path}
