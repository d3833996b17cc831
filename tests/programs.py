"""Outside programs that pip does not install: Chromium, Node, PostgreSQL, Redis and the like;
and packages of other frameworks.

A test whose program is missing is skipped, with the reason and the line that installs it. Where
``CI`` is set it fails instead, so that CI runs every test, but for the programs that
``RESTKIT_TEST_WITHOUT`` names, such as ``nginx,apache``: they cannot be installed there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest

__all__ = ["ProgramMissingError", "find_package", "find_program", "program_missing"]


class ProgramMissingError(RuntimeError):
    """Raised when a test misses an outside program and ``CI`` is set."""


def find_program(*names: str, packages: str) -> str:
    """Return the path of the first program that is on the PATH, or skip the test.

    Args:
        names: The program's names, the usual one first.
        packages: Debian's packages of the program.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        program_missing(f"{names[0]} is not on the PATH", packages)
    return found


def find_package(module: str, package: str) -> None:
    """Skip the test if a Python package is not installed; raise where ``CI`` is set.

    Args:
        module: The module of the package.
        package: Its name for pip.
    """
    if importlib.util.find_spec(module) is None:
        message = f"{module} is not installed; python -m pip install {package}"
        if os.environ.get("CI"):
            raise ProgramMissingError(message)
        pytest.skip(message)


def program_missing(reason: str, packages: str, *, otherwise: str = "") -> NoReturn:
    """Skip the test, or raise where ``CI`` is set.

    Args:
        reason: What is missing.
        packages: Debian's packages that bring it.
        otherwise: Another way to provide it.
    """
    command = f"on Debian: apt-get install {packages}"
    message = "; ".join(part for part in (reason, command, otherwise) if part)
    known = os.environ.get("RESTKIT_TEST_WITHOUT", "").split(",")
    if os.environ.get("CI") and not any(each and each in packages for each in known):
        raise ProgramMissingError(message)
    pytest.skip(message)
