"""Real databases for tests: a SQLite file, and PostgreSQL where one answers or else one that is
started here.

``RESTKIT_TEST_POSTGRESQL_URL`` names a server on which databases may be made, such as
``postgresql://postgres@127.0.0.1:5432/postgres``.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from programs import program_missing
from servers import free_port

__all__ = ["KINDS", "PostgreSQL", "database_url", "postgresql_server", "start_postgresql"]

KINDS = ("sqlite", pytest.param("postgresql", marks=[pytest.mark.external, pytest.mark.postgresql]))
_USUAL = "postgresql://postgres@127.0.0.1:5432/postgres"
_numbers = itertools.count()


@lru_cache(maxsize=1)
def postgresql_server() -> str:
    """Return the URL of a server on which databases may be made."""
    given = os.environ.get("RESTKIT_TEST_POSTGRESQL_URL")
    if given:
        return given
    try:
        psycopg.connect(_USUAL, connect_timeout=3).close()
    except psycopg.OperationalError:
        started = start_postgresql(Path(tempfile.mkdtemp(prefix="restkit-postgresql-")))
        url = next(started)
        atexit.register(lambda: next(started, None))
        return url
    return _USUAL


class PostgreSQL:
    """Is a server of our own in a folder.

    Attributes:
        url: Of its database ``postgres``.
        prefix: What a command begins with that runs as the server's user.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        """Make the server's files; it is started by `start`."""
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        found = str(programs[-1]) if programs else os.path.dirname(shutil.which("initdb") or "")
        if not found:
            program_missing(
                "PostgreSQL is not installed",
                "postgresql",
                otherwise="or name a server in RESTKIT_TEST_POSTGRESQL_URL",
            )
        # PostgreSQL refuses to run as root; Debian's package has made this user for it.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(folder, "postgres")
        port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._folder = folder
        self._arguments = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} " + " ".join(
            options
        )
        self._control = [
            *self.prefix,
            f"{found}/pg_ctl",
            "-D",
            str(folder / "data"),
            "-w",
            "-t",
            "60",
        ]
        self._run(
            [
                *self.prefix,
                f"{found}/initdb",
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
            ]
        )

    def _run(self, command: list[Any], *, check: bool = True) -> None:
        environ = {**os.environ, "LC_ALL": "C.UTF-8"}
        quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        subprocess.run(command, check=check, env=environ, cwd="/", **quiet)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._run([*self._control, "-o", self._arguments, "-l", self._folder / "log", "start"])

    def stop(self, *, check: bool = True) -> None:
        """End the server as a crash does: what it had not written is recovered from its log."""
        self._run([*self._control, "-m", "immediate", "stop"], check=check)


def start_postgresql(folder: Path, *options: str) -> Generator[str]:
    """Start a server of our own in a folder, and end it and remove the folder afterwards.

    Yields:
        The URL of its database ``postgres``.
    """
    server = PostgreSQL(folder, *options)
    server.start()
    try:
        yield server.url
    finally:
        server.stop(check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database_url(kind: str, folder: Path) -> Generator[str]:
    """Make an empty database, and remove it afterwards.

    Args:
        kind: ``"sqlite"`` or ``"postgresql"``.
        folder: Where the file of SQLite stands.

    Yields:
        SQLAlchemy's URL.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / f'test{next(_numbers)}.db'}"
        return
    server = postgresql_server()
    name = f"restkit_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
