"""CPU time of FastAPI with SQLModel over PostgreSQL, divided by restkit's.

``python -m tests.benchmarks.postgresql`` lets two processes take turns on each request, A B A B,
over one database of PostgreSQL; ``--record`` writes results/postgresql.json, from which the page is
made. The time is that of the processes that answer, not that of PostgreSQL.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from .cases import DATABASE
from .database import URL, fill_postgresql
from .ratios import ratios
from .record import database_about, save

__all__ = ["RECORD", "main"]

RECORD = Path(__file__).parent / "results" / "postgresql.json"


def main(arguments: list[str]) -> None:
    """Measure, print, and perhaps record."""
    sys.path.append(str(Path(__file__).parents[1]))
    from databases import database_url

    figures: dict[str, Any] = {"about": database_about(), "ratios": {}}
    for name, case in DATABASE.items():
        # A database for each request: what a write leaves behind would be another one for the next.
        with (
            tempfile.TemporaryDirectory() as folder,
            database_url("postgresql", Path(folder)) as url,
        ):
            fill_postgresql(url)
            os.environ[URL] = url
            found = ratios("fastapi", case)
        figures["ratios"][name] = found
        print(f"{case.title}: {found['median']:.2f} ({found['low']:.2f} to {found['high']:.2f})")
    if "--record" in arguments:
        save(RECORD, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
