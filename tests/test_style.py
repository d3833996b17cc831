"""The package keeps to its ceilings of size and density, and its docstrings open as they should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import style
from vacuous import vacuous_tests

FOLDER = Path(__file__).parent
TESTS = sorted(FOLDER.rglob("test_*.py"))
_COMMAND = "python -m tests.style --record"


@pytest.fixture(scope="module")
def found() -> list[style.Finding]:
    """Measure the tree once."""
    return style.findings()


@pytest.mark.parametrize("ceiling", style.CEILINGS)
def test_ceilings(ceiling: str, found: list[style.Finding]) -> None:
    """No file has more findings of a ceiling than the recorded exceptions allow it."""
    allowed = style.recorded()["files"]
    here = [finding for finding in found if finding.ceiling == ceiling]
    counts = Counter(finding.path for finding in here)
    over = {path for path, count in counts.items() if count > allowed.get(path, {}).get(ceiling, 0)}
    assert not over, "\n".join(str(finding) for finding in here if finding.path in over)


def test_exceptions_only_shrink(found: list[style.Finding]) -> None:
    """An exception that nothing needs is removed, so that no later change can use it."""
    counts = Counter((finding.path, finding.ceiling) for finding in found)
    files = style.recorded()["files"]
    listed = {(path, ceiling) for path, limits in files.items() for ceiling in limits}
    unneeded = sorted(listed - counts.keys())
    assert not unneeded, f"run `{_COMMAND}`: {unneeded}"


def test_any_is_counted() -> None:
    """`Any` becomes rarer: the package says it no more often than recorded."""
    assert style.count_any() <= style.recorded()["any"], (
        "write a Protocol, a type parameter or object"
    )


def test_the_measure_itself() -> None:
    """Each ceiling is seen where a small module is over it."""
    text = (
        'class Shop:\n    """Is a shop."""\n'
        'class Full(ValueError):\n    """Is raised if full."""\n'
        'def sell(goods):\n    """Sells goods."""\n'
        "    return [good if good else 0 for good in goods]\n"
    )
    seen = {finding.ceiling for finding in style.tree_findings("shop.py", text)}
    assert seen == {
        "class docstring",
        "density",
        "exception docstring",
        "function docstring",
    }


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_no_test_is_vacuous(file: Path) -> None:
    """A test that asserts in a loop fails, by an assertion outside it, if the loop is empty."""
    assert list(vacuous_tests(file.read_text("utf-8"))) == []


def test_vacuous_tests_are_seen() -> None:
    """A loop over a call may be empty; one over written-out cases, or beside an assert, may not."""
    loop = "def test_{}():\n    for each in {}:\n        assert each\n"
    seen = loop.format("call", "cases()")
    fine = loop.format("cases", "(1, 2)") + loop.format("held", "cases()") + "    assert cases()\n"
    assert [name for _, name in vacuous_tests(seen + fine)] == ["test_call"]


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two files of one name cannot be collected together, unless their folders are packages."""
    folders = [
        each for each in Path(__file__).parent.rglob("**/") if not (each / "__init__.py").exists()
    ]
    names = Counter(file.name for folder in folders for file in folder.glob("test_*.py"))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []
