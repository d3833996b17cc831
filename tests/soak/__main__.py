"""Run a long soak: ``python -m tests.soak --minutes 30 --seed 7``.

Exits 1 if a response is wrong, or the memory of the last third of the time is more than 5 % above
that of the middle third.
"""

from __future__ import annotations

import argparse
import datetime as dt
import secrets
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from databases import database_url  # of the folder above


def main() -> int:
    """Run on PostgreSQL, and print the report."""
    from .run import soak

    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=30, help="how long")
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    parser.add_argument("--seed", type=int, default=None, help="what is sent; random without it")
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="restkit-soak-") as name:
        folder = Path(name)
        with database_url("postgresql", folder) as url:
            report = soak(url, folder, seconds=options.minutes * 60, seed=seed, rate=options.rate)
    for each in report.wrong[:50]:
        print(each)
    print(f"{dt.date.today()}, seed {seed}: {report}", flush=True)
    _, middle, last = report.thirds()
    return int(bool(report.wrong) or last > middle * 1.05)


if __name__ == "__main__":
    sys.exit(main())
