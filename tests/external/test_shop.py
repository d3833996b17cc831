"""Drawn requests of Schemathesis against the shop, by the command that its readers type."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from examples.shop.__main__ import environment

pytestmark = pytest.mark.external

_ROOT = Path(__file__).parents[2]


def test_drawn_requests_find_no_fault(tmp_path: Path) -> None:
    """Each operation of the three services responds as the document of the monolith says."""
    command = [sys.executable, "-m", "restkit", "verify", "examples.shop", "--format", "json"]
    command += ["--examples", "2", "--seconds", "30", "--seed", "7"]
    ran = subprocess.run(
        command,
        env=environment(8000, tmp_path),
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert ran.stdout, ran.stderr[-2000:]
    report = json.loads(ran.stdout)
    assert report["faults"] == []
    assert ran.returncode == 0
    assert report["operations"] == 20
    assert report["withoutRequests"] == []
    assert report["requests"] > 100
