"""Reports of pip-audit: vulnerabilities fail, an unreachable database does not."""

from __future__ import annotations

from typing import Any

import pytest
from supply_chain import judge

CLEAN = {"name": "a", "version": "1.0", "vulns": []}
BAD = {
    "name": "b",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize("report", [None, {"dependencies": []}, {"dependencies": [UNKNOWN]}])
def test_an_unreachable_database_is_said(report: dict[str, Any] | None) -> None:
    """Nothing was asked, which is neither good nor bad."""
    text, is_bad = judge(report)
    assert "not reachable" in text
    assert not is_bad


def test_packages_without_vulnerabilities() -> None:
    text, is_bad = judge({"dependencies": [CLEAN, UNKNOWN]})
    assert text == "pip-audit: 1 packages, 0 vulnerabilities, 1 unknown"
    assert not is_bad


def test_vulnerabilities_are_listed_with_the_version_that_mends_them() -> None:
    text, is_bad = judge({"dependencies": [CLEAN, BAD]})
    assert is_bad
    assert text.splitlines() == [
        "b 2.0: PYSEC-1, mended in 2.1",
        "b 2.0: PYSEC-2, mended in no version yet",
        "pip-audit: 2 packages, 2 vulnerabilities, 0 unknown",
    ]
