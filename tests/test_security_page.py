"""The page on security: each of its lines names a test that exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (?!Vulnerability|---)(.+) \| (.+) \| `(tests/[\w/]+\.py)::(\w+)` \|$")


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef))


def test_every_line_names_a_test_that_exists() -> None:
    """A test that is renamed or removed is renamed or replaced on the page too."""
    lines = PAGE.read_text("utf-8").splitlines()
    rows = [each for each in lines if each.startswith("| ") and "Vulnerability |" not in each]
    found = [ROW.match(each) for each in rows]
    assert [row for row, match in zip(rows, found, strict=True) if match is None] == []
    named = [(match[3], match[4]) for match in found if match is not None]
    assert len(named) >= 40
    assert [pair for pair in named if pair[1] not in _functions(pair[0])] == []


def test_the_page_is_linked() -> None:
    for page, link in (
        (ROOT / "README.md", "docs/security.md"),
        (ROOT / "docs" / "index.md", "security.md"),
        (ROOT / ".github" / "SECURITY.md", "../docs/security.md"),
    ):
        assert f"]({link})" in page.read_text("utf-8")


def test_ci_audits_dependencies() -> None:
    """The step asks the tools of the extra `audit` about the environment of the tests."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.search(r'^step ".*" supply_chain$', script, re.MULTILINE)
    assert "-m tests.supply_chain" in script
