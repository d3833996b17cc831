"""The models of other packages: each works as a collection, or is refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from programs import program_missing

from .places import ROOT

pytestmark = pytest.mark.external

_WANTED = Path(__file__).with_name("foreign_packages.txt")
_HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_OWN_FIELD = r"Declare a schema for the collection, with a field of your own for the attribute"
REFUSED = {
    "sqlalchemy-utils": {
        "Choice": "returns a value of Choice in place of a value of str",
        "Color": "has values of Color, which have no form in JSON",
        "Country": "has values of Country, which have no form in JSON",
        "Currency": "has values of Currency, which have no form in JSON",
        "IPAddress": "does not read back a value of str that it has stored",
        "Locale": "does not read back a value of str that it has stored",
        "Password": "does not store a value of bytes",
        "ScalarList": "does not read back a value of str that it has stored",
        "Timezone": "has values of ZoneInfo, which have no form in JSON",
        "Weekdays": "returns a value of WeekDays in place of a value of bytes",
    }
}
MODELS = {
    "optuna": 12,
    "jupyterhub": 14,
    "celery": 3,
    "fastapi-users": 2,
    "sqlmodel": 2,
    "flask-sqlalchemy": 2,
    "advanced-alchemy": 4,
    "sqlalchemy-utils": 16,
}


@pytest.fixture(scope="session")
def packages() -> Path:
    """Return a folder with the packages, of the versions in the list; pip fills it once."""
    version = hashlib.sha256(_WANTED.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = _HOME / "restkit-ci" / "models" / version
    if not (folder / "complete").is_file():
        # The packages ask for other versions of SQLAlchemy, so that none brings its dependencies.
        options = ["install", "--quiet", "--no-deps", "--upgrade", "--disable-pip-version-check"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *options, "--target", folder, "-r", _WANTED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=80,
        )
        if done.returncode != 0:
            reason = f"pip could not install the packages of {_WANTED.name}: {done.stderr}"
            program_missing(reason, "python3-pip")
        (folder / "complete").touch()
    return folder


@pytest.mark.parametrize("package", MODELS)
def test_models_of_packages(package: str, packages: Path) -> None:
    """Items are created, read, listed page by page, patched and deleted, or it is clear why not."""
    found = _results(package, packages)
    assert len(found) == MODELS[package], sorted(found)
    refused = {name: said["refused"] for name, said in found.items() if "refused" in said}
    faults = {name: said["faults"] for name, said in found.items() if said.get("faults")}
    assert not faults
    wanted = REFUSED.get(package, {})
    assert refused.keys() == wanted.keys()
    for name, said in wanted.items():
        assert said in refused[name]
        assert _OWN_FIELD in refused[name]


def _results(package: str, packages: Path) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.external.foreign_models", package],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(packages)))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return results
