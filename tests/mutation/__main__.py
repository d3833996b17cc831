"""Change the package in small ways, and run its tests: ``python -m tests.mutation --seed 7``.

Exits 1 if fewer than ``--least`` per cent of the mutants are noticed, unless so few were tried in
the given time that they say nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import secrets
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from .coverage_map import CoverageMap
from .mutants import Mutant, sample
from .trial import Trial, timed
from .watched_map import WatchedMap

_ROOT = Path(__file__).parents[2]
_EQUIVALENT = Path(__file__).with_name("equivalent.json")
# The time may end before so many are tried: a share of one or two mutants is chance.
_TELLING = 5


def main() -> int:
    """Run the trials and print their result."""
    options = _options()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    known = {
        (each["path"], each["before"], each["operator"]): each["reason"]
        for each in json.loads(_EQUIVALENT.read_text("utf-8"))
    }
    mutants = sample(_ROOT, options.sample, seed, options.only)
    print(f"{len(mutants)} mutants, seed {seed}", flush=True)
    tried = []
    for mutant in mutants:
        if reason := known.get((mutant.path, mutant.before, mutant.operator)):
            print(f"equivalent    {mutant}: {reason}", flush=True)
        else:
            tried.append(mutant)
    skipped = len(mutants) - len(tried)
    found = _tried(tried, options)
    survivors = [mutant for mutant in found if not found[mutant]]
    count = len(found)
    share = 100 * (count - len(survivors)) / max(count, 1)
    print(
        f"seed {seed}: {count - len(survivors)} of {count} noticed ({share:.1f} %), "
        f"{skipped} equivalent"
    )
    for mutant in survivors:
        print(f"not noticed: {mutant}")
    if not count or count < min(_TELLING, len(tried)):
        print(f"too few were tried to judge by: {count}")
        return int(not count)
    return int(share < options.least)


def _tried(mutants: Sequence[Mutant], options: argparse.Namespace) -> dict[Mutant, str | None]:
    """Return what noticed each mutant that there was time for."""
    lines: CoverageMap | WatchedMap | None = None
    if options.watch:
        lines = WatchedMap.make(_ROOT, options.watch.absolute(), mutants, options.jobs)
    elif options.map:
        lines = CoverageMap.make(_ROOT, options.map)
    found: dict[Mutant, str | None] = {}
    left = deque(mutants)
    end = time.monotonic() + (options.minutes or math.inf) * 60
    with tempfile.TemporaryDirectory(prefix="restkit-mutation-") as name:
        folders = [Path(name, str(number)) for number in range(options.jobs)]
        for each in folders:
            each.mkdir()
        trials = [Trial(_ROOT, each, lines, whole=not options.near) for each in folders]

        def work(trial: Trial) -> None:
            while left and time.monotonic() < end:
                with suppress(IndexError):  # another thread took the last one
                    mutant = left.popleft()
                    found[mutant] = _try(trial, mutant)

        with ThreadPoolExecutor(options.jobs) as pool:
            for _ in pool.map(work, trials):
                pass
        if left:
            print(f"{options.minutes} minutes are over")
        while unsound := trials[0].unsound(filter(None, found.values())):
            for mutant in [each for each in found if found[each] in unsound]:
                found[mutant] = _try(trials[0], mutant)
    return found


def _try(trial: Trial, mutant: Mutant) -> str | None:
    found, seconds = timed(trial, mutant)
    word = "noticed" if found else "NOT NOTICED"
    print(f"{word:12} {seconds:4.0f} s {mutant}: {found and found[:200]}", flush=True)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=20, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, help="the seed of the draw; a random one without it")
    parser.add_argument(
        "--only", nargs="*", default=[""], help="draw from paths that begin so: restkit/http"
    )
    parser.add_argument("--minutes", type=float, help="try no further mutant after so long")
    parser.add_argument("--least", type=float, default=0, help="per cent that must be noticed")
    parser.add_argument("--near", action="store_true", help="ask only the tests near the mutant")
    parser.add_argument(
        "--map", type=Path, help="ask the tests that run the line; made in this folder if missing"
    )
    parser.add_argument(
        "--watch",
        type=Path,
        help="ask the tests that run the line; found by one run of the suite for this sample, "
        "whose record is kept in this folder (Python 3.12 and later)",
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants at the same time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
