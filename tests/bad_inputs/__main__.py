"""Send bad inputs to the bookstore: ``python -m tests.bad_inputs --each 100 --seed 7``.

Exits 1 if a response is wrong.
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
    """Run on each database, and print the reports."""
    from .run import KINDS, run

    parser = argparse.ArgumentParser(prog="python -m tests.bad_inputs")
    parser.add_argument("--each", type=int, default=100, help="how many inputs of each kind")
    parser.add_argument("--seed", type=int, default=None, help="which ones; random without it")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--kind", action="append", choices=sorted(KINDS))
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    failed = False
    for database in options.database or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory(prefix="restkit-bad-inputs-") as name:
            folder = Path(name)
            with database_url(database, folder) as url:
                kinds = options.kind or tuple(KINDS)
                report = run(url, folder, each=options.each, seed=seed, kinds=kinds)
        for each in report.wrong:
            print(each)
        print(f"{dt.date.today()}, {database}, seed {seed}: {report}", flush=True)
        failed = failed or bool(report.wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
