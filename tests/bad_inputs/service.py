"""The served bookstore with the desk, and what it needs of the processor."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import free_port, serve_process

__all__ = ["Service", "serving"]

_ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Service:
    """A served App.

    Attributes:
        url: The base URL.
        log: The file of the log, which has errors only.
        pid: The file with the id of gunicorn's first process.
    """

    url: str
    log: Path
    pid: Path

    def cpu_seconds(self) -> float:
        """Return the processor time of the workers, 0 where there is no ``/proc``."""
        first = self.pid.read_text().strip()
        children = Path(f"/proc/{first}/task/{first}/children")
        if not children.exists():
            return 0
        found = 0
        for worker in children.read_text().split():
            fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
            found += int(fields[11]) + int(fields[12])
        return found / _TICKS


@contextmanager
def serving(database_url: str, folder: Path) -> Generator[Service]:
    """Serve the App under gunicorn, in one process with threads.

    Args:
        database_url: SQLAlchemy's URL of an empty database.
        folder: Where the log stands.

    Yields:
        The service.
    """
    port, log, pid = free_port(), folder / "gunicorn.log", folder / "gunicorn.pid"
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "bad_inputs.served:app"]
    command += [
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
        "--threads",
        "8",
        "--pid",
        str(pid),
    ]
    command += ["--log-level", "error", "--error-logfile", str(log), "--capture-output"]
    environment = {
        "RESTKIT_DATABASE_URL": database_url,
        "RESTKIT_SECRET_KEY": "a secret of the harness, which is long enough",
        "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "tests")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log.touch()
    with serve_process(command, port=port, cwd=folder, environment=environment, seconds=90) as url:
        yield Service(url, log, pid)
