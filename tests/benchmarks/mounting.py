"""The cost of start-up by size: many resources and many Apps, until the first response.

``python -m tests.benchmarks.mounting`` mounts 1,000 resources of five operations, each with a
schema of its own, and 250, 500 and 1,000 Apps, composes them and sends one request. It prints the
CPU seconds, the median of fresh processes, and the instructions, by callgrind; imports and what
the first resource loads are not counted. ``--record`` writes results/mounting.json, from which
the page is made. Needs valgrind.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from .instructions import ROOT, Failed, counts, environment
from .record import RECORDED, part_about, save
from .switch import Switch
from .untouched import asking

__all__ = ["BEFORE", "RECORD", "main"]

RECORD = RECORDED.with_name("mounting.json")
CASES = (("resources", 1_000), ("apps", 250), ("apps", 500), ("apps", 1_000))
BEFORE = {"resources 1000": 5_777_370_580}
"""The instructions at commit 8459013, of which half is demanded."""

_ROUNDS = 5


def resources(count: int) -> None:
    """Mount a number of resources with a schema each, compose, and ask one of them."""
    from .peers.restkit import large

    app, _ = large(count)
    asking(app, "/things-0/7")()


def apps(count: int) -> None:
    """Mount a number of Apps of one function route, compose, and ask one of them."""
    from restkit import App

    outer = App("Outer")
    for number in range(count):
        inner = App(f"Inner {number}")
        inner.get("/part")(lambda: {})
        outer.mount(f"/inner-{number}", inner)
    asking(outer, "/inner-0/part")()


KINDS: dict[str, Callable[[int], None]] = {"resources": resources, "apps": apps}


def seconds(kind: str, count: int) -> float:
    """Return the CPU seconds of a case, the median of fresh processes.

    Raises:
        Failed: A process fails.
    """
    command = [sys.executable, "-m", "tests.benchmarks.mounting", "time", kind, str(count)]
    found = []
    for _ in range(_ROUNDS):
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{kind} {count}: {done.stderr[-1500:]}")
        found.append(float(done.stdout))
    return statistics.median(found)


def _run(action: str, kind: str, count: int) -> None:
    """Run one case, either timed or under callgrind."""
    KINDS[kind](1)
    if action == "time":
        start = time.process_time()
        KINDS[kind](count)
        print(time.process_time() - start)
        return
    switch = Switch()
    switch.on()
    switch.zero()
    KINDS[kind](count)
    switch.dump()


def main(arguments: list[str]) -> None:
    """Print the table, and perhaps record it; or run one case."""
    if len(arguments) == 3:
        _run(arguments[0], arguments[1], int(arguments[2]))
        return
    figures: dict[str, Any] = {"about": part_about(["restkit"]), "cases": {}}
    for kind, count in CASES:
        instructions = counts("tests.benchmarks.mounting", "count", kind, str(count))[0]
        cpu = seconds(kind, count)
        figures["cases"][f"{kind} {count}"] = {"seconds": cpu, "instructions": instructions}
        print(f"{count} {kind}: {cpu:.2f} s, {instructions / 1e6:,.0f} million", flush=True)
    if "--record" in arguments:
        save(RECORD, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
