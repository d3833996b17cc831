"""marshmallow's own test-suite, taken from its sdist when the test runs,
passes whole with compiled schemas.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from .subject import STANDIN

_HERE = Path(__file__).parent
_OLDEST = "4.1.2"  # that pyproject.toml admits
_REQUIREMENTS = ("simplejson",)  # what marshmallow's tests import beside pytest
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "restkit-tests"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["installed", _OLDEST])
def source(request: pytest.FixtureRequest) -> Path:
    """Return the unpacked sdist of a marshmallow, with what its tests need beside it,
    and itself.
    """
    number = version("marshmallow") if request.param == "installed" else request.param
    name = f"marshmallow-{number}"
    folder = _CACHE / name
    if not (folder / "requirements").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        exact = f"marshmallow=={number}"
        _pip("download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), exact)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        _pip("install", "--target", str(folder / "requirements"), exact, *_REQUIREMENTS)
    return folder / name


def _suite(source: Path, report: Path, *arguments: str) -> dict[str, int]:
    """Run the suite in a process of its own and return the counts of its last line,
    such as ``{"passed": 1192}``.
    """
    places = [
        source.parent / "requirements",
        _HERE,
        _HERE.parents[1],
        *os.environ.get("PYTHONPATH", "").split(os.pathsep),
    ]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(place) for place in places if str(place)),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "RESTKIT_COMPILED_REPORT": str(report),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        *arguments,
        "tests",
    ]
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    last = done.stdout.strip().rpartition("\n")[2]
    counts = {
        word: int(number)
        for number, word in re.findall(r"(\d+) ([a-z]+)", last.partition(" in ")[0])
    }
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    return counts


def test_the_suite_passes_whole_with_compiled_schemas(source: Path, tmp_path: Path) -> None:
    """Every test of the newest and of the oldest marshmallow passes when each load and dump is
    compiled.
    """
    report = tmp_path / "report.json"
    plain = _suite(source, report)
    assert not report.exists()
    compiled = _suite(source, report, "-p", "compiled_marshmallow")
    assert compiled == plain
    assert plain["passed"] >= 1000
    counts = json.loads(report.read_text())
    assert counts["load compiled"] >= 300
    assert counts["dump compiled"] >= 150
    if not STANDIN:
        taken = counts["load compiled"] + counts["dump compiled"]
        back = sum(
            count
            for name, count in counts.items()
            if not name.endswith(" compiled") or "within" in name
        )
        assert back < taken / 2, counts
