"""A soak of some seconds; `python -m tests.soak` runs as long as one likes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from databases import database_url
from programs import program_missing

from .run import Report, soak

SEED = 20261129


@pytest.mark.external
@pytest.mark.postgresql
def test_a_short_soak(tmp_path: Path) -> None:
    """No status is wrong, whether Redis is there or restarts, and the memory is measured."""
    if shutil.which("redis-server") is None:
        program_missing("Redis is not installed", "redis-server")
    with database_url("postgresql", tmp_path) as url:
        report = soak(url, tmp_path, seconds=6, seed=SEED)
    assert report.wrong == []
    assert report.names.total() == report.statuses.total() > 0
    assert min(report.memory) > 1


def test_thirds_of_the_memory() -> None:
    assert Report(memory=[1, 3, 5, 5, 8, 9]).thirds() == (2, 5, 8.5)
