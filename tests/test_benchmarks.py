"""The benchmarks cannot rot: programs that need no peer answer every case,
and the report is of what is recorded.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.cases import (
    CASES,
    DATABASE,
    EVERYDAY,
    GUARDS,
    LEDGER,
    ROWS,
    SCALING,
    Mismatch,
    verify,
)
from benchmarks.driver import driver_of
from benchmarks.further_report import growth_svg
from benchmarks.gate import compare, main
from benchmarks.growth import CELLS, driver_of_list, measured
from benchmarks.growth_programs import PROGRAMS, SIZES, fill
from benchmarks.programs import PEERS, installed
from benchmarks.record import RECORDED, load
from benchmarks.report import scaling_svg, svg, table, text
from benchmarks.start_report import demands, unmet
from benchmarks.starting import NAMES as STARTING

# What takes long to make, and is no other code than the smaller sizes.
LONG = {"list-10000", "routes-5000"}


def _answered() -> list[tuple[str, str]]:
    """Return the programs and cases; bare WSGI has no guards and no table of payments."""
    names = [name for name in CASES if name not in LONG]
    without = {*GUARDS, *LEDGER, *EVERYDAY}
    bare = [("bare", name) for name in names if name not in without]
    core = [("core", name) for name in LEDGER]
    return [("restkit", name) for name in names] + bare + core


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """A program that is measured may write a log: the handlers of the tests come back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("log_as_before")
@pytest.mark.parametrize(("name", "key"), _answered())
def test_answers(name: str, key: str) -> None:
    """Both programs answer each case as it says, again and again."""
    case = CASES[key]
    driver = driver_of(name, case)
    driver.run(2)
    content = driver.once()
    verify(case, driver.status, content)


def test_mismatch() -> None:
    """Another status, other content, or a fault that is not named is an error."""
    post, errors = ROWS["post"], ROWS["errors"]
    verify(post, 201, json.dumps(post.expected).encode())
    verify(errors, 400, b'["reference", "weight", "quantity"]')
    verify(errors, 422, b'["reference"]', names_all=False)
    wrong = [
        (post, 200, json.dumps(post.expected)),
        (post, 201, "{}"),
        (post, 201, "?"),
        (errors, 422, '["weight"]'),
    ]
    for case, status, content in wrong:
        with pytest.raises(Mismatch):
            verify(case, status, content.encode())
    with pytest.raises(Mismatch):
        verify(errors, 422, b"[]", names_all=False)


def test_sizes() -> None:
    """The table's rows are sizes of the scaling too, so that both tell of one thing."""
    assert SCALING["list"][100].body == ROWS["list-100"].body
    assert {"list-100", "routes-500"} <= set(ROWS) & set(CASES)
    assert [case.target for case in ROWS.values()] == [40, 80, 320, 450, 2000, 60, 80]


def test_gate() -> None:
    """The gate lets through what costs up to its limit more, and says which row is beyond."""
    lines, good = compare({"hello": 104.0, "post": 90.0}, {"hello": 100.0, "post": 100.0}, 0.05)
    assert good
    assert "cheaper" in lines[2]
    lines, good = compare({"hello": 106.0, "new": 1.0}, {"hello": 100.0}, 0.05)
    assert not good
    assert "+6.0%  too much" in lines[1]
    assert "new" in lines[2]


def test_gate_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without figures there is nothing to compare with, which is no success;
    a row that there is not is refused.
    """
    assert main(["--recorded", str(tmp_path / "none.json")]) == 2
    assert "Nothing is recorded" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--rows", "hello,other"])
    assert "other is unknown" in capsys.readouterr().err


def test_report() -> None:
    """The recorded figures have every row of restkit,
    and the page and the chart in the repository are made of them.
    """
    figures = load(RECORDED)
    assert {name for name, row in figures["instructions"].items() if row.get("restkit")} == {
        *ROWS,
        *DATABASE,
    }
    docs = Path(__file__).parents[1] / "docs"
    assert (docs / "benchmarks.md").read_text("utf-8") == text(figures)
    assert (docs / "images" / "benchmarks.svg").read_text("utf-8") == svg(figures)
    assert (docs / "images" / "scaling.svg").read_text("utf-8") == scaling_svg(figures)
    assert (docs / "images" / "database-growth.svg").read_text("utf-8") == growth_svg()
    assert len(table(figures)) == 2 + len(ROWS)
    assert ElementTree.fromstring(svg(figures)).tag.endswith("svg")


@pytest.mark.parametrize("name", ["restkit", "core"])
def test_growth(name: str, tmp_path: Path) -> None:
    """Each program returns lists of every size, with all columns and relations."""
    url = f"sqlite:///{tmp_path}/growth.db"
    fill(url)
    found = [driver_of_list(name, url, size, 10).status for size in SIZES]
    assert found == [200] * 7
    seconds = measured({name: PROGRAMS[name][1](url)}, url, SIZES[0], 10, turns=1)
    assert 0 < seconds[name] < 10
    assert {size for group in CELLS.values() for size, _ in group.values()} == {*SIZES}


def test_no_figures() -> None:
    """A record with only some figures is reported without the parts that it has not."""
    page = text({"instructions": {"hello": {"restkit": 40_001, "falcon": 77_000}}})
    assert "| hello JSON | 77 | 40 | 40 | **no** |" in page
    assert "## Served" not in page


@pytest.mark.parametrize("name", ["restkit", "bare"])
def test_first(name: str) -> None:
    """The smallest programs start in a fresh process and answer there."""
    command = [sys.executable, "-m", "tests.benchmarks.first", name, PEERS[name].kind]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 1000


@pytest.mark.parametrize("name", STARTING)
def test_first_order(name: str) -> None:
    """The programs with one schema start in a fresh process and take an order there."""
    command = [sys.executable, "-m", "tests.benchmarks.first", name, "wsgi", "order"]
    if not installed(PEERS[name]):
        pytest.skip(f"{PEERS[name].title} is not installed")
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 1000


def test_demands_that_are_not_met() -> None:
    """Every figure that is worse than its demand is in the section, and no other one."""
    ratios = [
        ("Falcon / restkit", "0.90", ">= 1", False),
        ("Flask / restkit", "2.00", ">= 1", True),
    ]
    lines = unmet(load(RECORDED), ratios)
    found = [*demands(load(RECORDED)), *ratios]

    assert lines[0] == "## Demands that are not met"
    assert len(found) > 10
    for what, figure, wanted, met in found:
        assert (f"| {what} | {figure} | {wanted} |" in lines) is not met


def test_the_page_begins_with_what_is_not_met() -> None:
    page = text(load(RECORDED))
    assert page.index("## Demands that are not met") < page.index("## Where restkit loses")
