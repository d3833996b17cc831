"""The public types: programs that must type-check, and wrong ones that must not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from programs import find_program

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "tests" / "typing"
RIGHT = sorted(PROGRAMS.glob("ok_*.py"))
WRONG = sorted(PROGRAMS.glob("bad_*.py"))
EXPECTED = re.compile(r"# error: (.+)$")
MYPY = re.compile(
    r"^(?P<path>[^:]+):(?P<line>[0-9]+): error: .*\[(?P<code>[\w-]+)\]$", re.MULTILINE
)

Faults = dict[str, set[tuple[int, str]]]


def expected(programs: Sequence[Path], *, pyright: bool) -> Faults:
    """Return what the programs say of their own lines; a rule of pyright begins with "report"."""
    faults: Faults = {}
    for program in programs:
        found = faults.setdefault(program.name, set())
        for number, line in enumerate(program.read_text("utf-8").splitlines(), 1):
            if match := EXPECTED.search(line):
                codes = match[1].split(", ")
                found |= {(number, code) for code in codes if code.startswith("report") is pyright}
    return faults


def mypy(programs: Sequence[Path]) -> Faults:
    """Return what mypy finds in programs."""
    done = run("mypy", "--no-error-summary", "--no-pretty", *map(str, programs))
    faults: Faults = {program.name: set() for program in programs}
    for match in MYPY.finditer(done.stdout):
        faults.setdefault(Path(match["path"]).name, set()).add((int(match["line"]), match["code"]))
    assert bool(done.returncode) is any(faults.values()), done.stdout + done.stderr
    return faults


def pyright(programs: Sequence[Path], folder: Path) -> Faults:
    """Return what pyright finds in programs."""
    # NOTE: the project's own configuration leaves the wrong ones out, also where they are named on
    # the command line.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pyright"]
    options = {name: value for name, value in project.items() if name not in ("include", "exclude")}
    config = folder / "pyrightconfig.json"
    config.write_text(
        json.dumps({**options, "include": ["*.py"], "extraPaths": [str(ROOT)]}), "utf-8"
    )
    for program in programs:
        shutil.copy(program, folder)
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(config))
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(programs), done.stdout + done.stderr
    faults: Faults = {program.name: set() for program in programs}
    for each in report["generalDiagnostics"]:
        line = each["range"]["start"]["line"] + 1
        faults.setdefault(Path(each["file"]).name, set()).add(
            (line, each.get("rule", each["message"]))
        )
    return faults


def run(checker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker with the project's configuration."""
    command = [sys.executable, "-m", checker, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_each_program_is_one_of_the_two() -> None:
    """Every program is a right one or a wrong one,
    and every wrong one expects errors of both checkers.
    """
    assert {*RIGHT, *WRONG} == set(PROGRAMS.glob("*.py"))
    for program in WRONG:
        assert expected([program], pyright=False)[program.name]
        assert expected([program], pyright=True)[program.name]


def test_mypy() -> None:
    """Under mypy --strict the right programs have no error,
    and the wrong ones just those that they expect.
    """
    assert mypy([*RIGHT, *WRONG]) == expected([*RIGHT, *WRONG], pyright=False)


@pytest.mark.external
def test_pyright(tmp_path: Path) -> None:
    """Under pyright's strict mode the right programs have no error,
    and the wrong ones just those that they expect.
    """
    find_program("node", "nodejs", packages="nodejs npm")
    assert pyright([*RIGHT, *WRONG], tmp_path) == expected([*RIGHT, *WRONG], pyright=True)
