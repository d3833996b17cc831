"""Change the package in small ways, and run its tests: ``python -m tests.mutation --seed 7``.

Exits 1 if fewer than ``--least`` per cent of the mutants are noticed, unless so few were tried in
the given time that they say nothing.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from pathlib import Path

from .coverage_map import CoverageMap
from .mutants import Mutant, sample
from .trial import Trial, timed

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
    known_lines = CoverageMap.make(_ROOT, options.map) if options.map else None
    mutants = sample(_ROOT, options.sample, seed, options.only)
    print(f"{len(mutants)} mutants, seed {seed}", flush=True)
    found: dict[Mutant, str | None] = {}
    skipped = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restkit-mutation-") as folder:
        trial = Trial(_ROOT, Path(folder), known_lines, whole=not options.near)
        for mutant in mutants:
            if options.minutes and time.monotonic() - began > options.minutes * 60:
                print(f"{options.minutes} minutes are over")
                break
            if reason := known.get((mutant.path, mutant.before, mutant.operator)):
                skipped += 1
                print(f"equivalent    {mutant}: {reason}", flush=True)
                continue
            found[mutant] = _try(trial, mutant)
        while unsound := trial.unsound(filter(None, found.values())):
            for mutant in [each for each in found if found[each] in unsound]:
                found[mutant] = _try(trial, mutant)
    survivors = [mutant for mutant in found if not found[mutant]]
    tried = len(found)
    share = 100 * (tried - len(survivors)) / max(tried, 1)
    print(
        f"seed {seed}: {tried - len(survivors)} of {tried} noticed ({share:.1f} %), "
        f"{skipped} equivalent"
    )
    for mutant in survivors:
        print(f"not noticed: {mutant}")
    if not tried or tried < min(_TELLING, len(mutants) - skipped):
        print(f"too few were tried to judge by: {tried}")
        return int(not tried)
    return int(share < options.least)


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
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
