"""Count the instructions of a request under callgrind, start-up excluded.

``python -m tests.benchmarks.instructions restkit [flask falcon ...] [--rows hello,post]`` prints
them. Each program
and row is a process of its own with a fixed hash seed. Needs valgrind.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .cases import CASES, Case
from .programs import PROGRAMS
from .switch import AVAILABLE

__all__ = ["ROOT", "Failed", "counts", "environment", "per_request", "valgrind_version"]

ROOT = Path(__file__).parents[2]
_SUMMARY = re.compile(r"^summary: (\d+)$", re.MULTILINE)
_TOTAL = re.compile(r"Collected\s*:\s*(\d+)")


class Failed(Exception):
    """Is raised where a program cannot be measured; says why."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of every measured process."""
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", **more}


def valgrind_version() -> str:
    """Return what valgrind says it is."""
    done = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip().removeprefix("valgrind-")


def per_request(name: str, case: Case, *, python: str = sys.executable, limit: float = 600) -> int:
    """Return the instructions of one request.

    Args:
        name: Of the program.
        case: What is asked.
        python: The interpreter.
        limit: The seconds after which the process is given up.

    Raises:
        Failed: The program answers wrongly, fails or takes too long.
    """
    requests = case.requests
    if AVAILABLE:
        return _count(name, case, requests, python, limit) // requests
    # Without the switch everything is counted: the difference of two runs leaves start-up out.
    more = _count(name, case, 3 * requests, python, limit)
    return (more - _count(name, case, requests, python, limit)) // (2 * requests)


def _count(name: str, case: Case, requests: int, python: str, limit: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--instr-atstart={'no' if AVAILABLE else 'yes'}",
            f"--callgrind-out-file={folder}/out",
            python,
            *("-m", "tests.benchmarks.worker", "count", name, case.name, str(requests)),
        ]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            raise Failed(
                f"{name}, {case.name}: not done after {limit:.0f} s under valgrind"
            ) from None
    found = _TOTAL.search(done.stderr)
    if done.returncode or not found:
        raise Failed(f"{name}, {case.name}: {done.stderr.strip()[-1500:]}")
    return int(found[1])


def counts(module: str, *arguments: str, limit: float = 1_800) -> list[int]:
    """Return each count that a module writes by `Switch.dump` when it is run under callgrind.

    Args:
        module: The module's name; its process switches the counting on.
        arguments: Of its command.
        limit: The seconds after which the process is given up.

    Raises:
        Failed: The process fails or takes too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--callgrind-out-file={out}", sys.executable, "-m", module, *arguments]
        try:
            subprocess.run(
                command,
                cwd=ROOT,
                env=environment(),
                capture_output=True,
                text=True,
                check=True,
                timeout=limit,
            )
        except subprocess.SubprocessError as error:
            said = str(getattr(error, "stderr", "") or error)[-1500:]
            raise Failed(f"{module} {' '.join(arguments)}: {said}") from None
        found = sorted(out.parent.glob("out.*"), key=lambda each: int(each.suffix[1:]))
        return [int(_SUMMARY.findall(each.read_text())[0]) for each in found]


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.instructions", description=__doc__
    )
    parser.add_argument("programs", nargs="*", default=["restkit"], help=", ".join(PROGRAMS))
    parser.add_argument("--rows", default="hello", help="names of cases, with commas between them")
    options = parser.parse_args()
    for row in options.rows.split(","):
        for name in options.programs:
            print(
                f"{name:10} {row:12} {per_request(name, CASES[row]):>12,} instructions a request",
                flush=True,
            )


if __name__ == "__main__":
    _main()
