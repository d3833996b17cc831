"""Instructions of whole processes: import, a program with one schema, the response to one POST.

``python -m tests.benchmarks.starting`` counts them by callgrind for the programs that validate with
marshmallow, byte code written, beside the smallest program of each. ``--record`` writes
results/starting.json, from which the page is made. Needs valgrind.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from .instructions import ROOT, Failed, environment
from .programs import PEERS, installed
from .record import RECORDED, part_about, save

__all__ = ["NAMES", "RECORD", "first_response", "main"]

RECORD = RECORDED.with_name("starting.json")
NAMES = ("restkit", "falcon", "flask", "smorest")
_KINDS: Mapping[str, tuple[str, ...]] = {"smallest": (), "schema": ("order",)}
_TOTAL = re.compile(r"Collected\s*:\s*(\d+)")


def first_response(name: str, kind: str, cache: str) -> int:
    """Return the instructions of a process up to its end.

    Args:
        name: Of the program.
        kind: ``"smallest"`` or ``"schema"``.
        cache: The folder of the byte code, which a process before has written.

    Raises:
        Failed: The program answers wrongly or fails.
    """
    variables = environment(PYTHONPYCACHEPREFIX=cache)
    del variables["PYTHONDONTWRITEBYTECODE"]
    run = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.first", name, "wsgi"]
    run += _KINDS[kind]
    counted = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={cache}/out", *run]
    done = None
    for command in (run, counted):
        done = subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{name}: {done.stderr[-1500:]}")
    assert done is not None
    return int(_TOTAL.findall(done.stderr)[0])


def main(arguments: list[str]) -> None:
    """Print the figures, and perhaps record them."""
    names = [name for name in NAMES if installed(PEERS[name])]
    found: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as cache:
        for name in names:
            found[name] = {kind: first_response(name, kind, cache) for kind in _KINDS}
            said = ", ".join(f"{kind} {each / 1e6:,.0f}" for kind, each in found[name].items())
            print(f"{PEERS[name].title}: {said} million instructions", flush=True)
    if "--record" in arguments:
        used = [each for name in names for each in PEERS[name].distributions]
        about: dict[str, Any] = part_about(dict.fromkeys([*used, "marshmallow"]))
        save(RECORD, {"about": about, "instructions": found})


if __name__ == "__main__":
    main(sys.argv[1:])
