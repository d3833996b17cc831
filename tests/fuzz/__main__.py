"""Run every fuzzer for some minutes: ``python -m tests.fuzz --minutes 20 --seed 7``.

Exits 1 if there is a fault, which hypothesis has made small. The fuzzer that found it stops, the
others go on.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import secrets
import sys
import time
import traceback
import warnings
from pathlib import Path

from .fuzzing import COUNTS, TARGETS, fuzzer


def main() -> int:
    """Run rounds until the time is over, each with another seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; else random")
    parser.add_argument("--examples", type=int, default=200, help="of each fuzzer in a round")
    parser.add_argument("--only", default="", help="a part of the names of the fuzzers")
    options = parser.parse_args()
    warnings.simplefilter("error", ResourceWarning)
    for path in sorted(Path(__file__).parent.glob("test_fuzz_*.py")):
        importlib.import_module(f"{__package__}.{path.stem}")
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    names = [each for each in TARGETS if options.only in each]
    began, rounds = time.monotonic(), 0
    failed: set[str] = set()
    while time.monotonic() - began < options.minutes * 60:
        for name in names:
            if name not in failed and not _passes(name, options.examples, seed + rounds):
                failed.add(name)
        rounds += 1
    for name in names:
        print(f"{COUNTS[name]:>9,}  {name}")
    minutes = (time.monotonic() - began) / 60
    print(
        f"{dt.date.today()}, seed {seed}: {COUNTS.total():,} examples of {len(names)} fuzzers in "
        f"{rounds} rounds and {minutes:.0f} minutes; {len(failed)} with a fault {sorted(failed)}"
    )
    return int(bool(failed))


def _passes(name: str, examples: int, seed: int) -> bool:
    try:
        fuzzer(name, examples, seed)()
    except Exception:
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
