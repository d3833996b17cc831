"""Cold start: import and first answer of the smallest program,
and a large program with its document.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from typing import Any

from .instructions import ROOT, Failed, environment
from .programs import PEERS

__all__ = ["cold", "large"]

_RESOURCES, _OPERATIONS = 100, 500


def cold(names: Iterable[str], *, rounds: int = 7) -> dict[str, dict[str, float]]:
    """Measure CPU seconds and peak memory (MiB) of fresh processes, one program after the other,
    round by round.

    Args:
        names: Of the programs; the interpreter alone is measured with them as ``python``.
        rounds: How many processes each.

    Returns:
        The medians by program.

    Raises:
        Failed: A program answers wrongly or fails.
    """
    kinds = {"python": "", **{name: PEERS[name].kind for name in names}}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(rounds + 1):  # the first one writes the byte code
            for name, kind in kinds.items():
                measured = _first(name, kind, cache)
                if turn:
                    found[name].append(measured)
    return {
        name: {
            "cpu": round(statistics.median(cpu for cpu, _ in each), 4),
            "memory": round(statistics.median(memory for _, memory in each), 1),
        }
        for name, each in found.items()
    }


def _first(name: str, kind: str, cache: str) -> tuple[float, float]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.first", name, kind]
    variables = environment(PYTHONPYCACHEPREFIX=cache)
    del variables["PYTHONDONTWRITEBYTECODE"]
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as pipe:
        printed = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{name}: the smallest program failed")
    return usage.ru_utime + usage.ru_stime, int(printed) / 1024


def large(*, rounds: int = 3) -> dict[str, dict[str, float]]:
    """Measure the CPU seconds of mounting 100 resources with 500 operations and of making their
    document.

    Returns:
        The medians for restkit and for flask-smorest.

    Raises:
        Failed: A document lacks operations.
    """
    found: dict[str, list[dict[str, float]]] = {"restkit": [], "smorest": []}
    for _ in range(rounds):
        for name, each in found.items():
            command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.cold", name]
            done = subprocess.run(
                command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise Failed(f"{name}: {done.stderr[-1500:]}")
            each.append(json.loads(done.stdout))
    return {
        name: {key: round(statistics.median(one[key] for one in each), 4) for key in each[0]}
        for name, each in found.items()
    }


def _large(name: str) -> dict[str, float]:
    import importlib

    module: Any = importlib.import_module(f"{__package__}.peers.{name}")
    module.large(1)[
        1
    ]()  # what is loaded with the first resource and document is no work on the others
    start = time.process_time()
    _, document = module.large(_RESOURCES)
    mounted = time.process_time()
    made = document()
    written = json.dumps(made, default=str)
    done = time.process_time()
    verbs = ("get", "put", "post", "patch", "delete")
    count = sum(verb in path for path in made["paths"].values() for verb in verbs)
    if count != _OPERATIONS or len(made["components"]["schemas"]) < _RESOURCES or not written:
        raise SystemExit(f"the document of {name} has {count} operations")
    return {
        "mount": mounted - start,
        "document": done - mounted,
        "total": done - start,
        "process": done,
    }


if __name__ == "__main__":
    print(json.dumps(_large(sys.argv[1])))
