"""Real databases for tests: a SQLite file, and PostgreSQL where one answers or else one that is started here.

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

import psycopg
import pytest
from servers import free_port

__all__ = ["KINDS", "database_url", "postgresql_server", "start_postgresql"]

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


def start_postgresql(folder: Path, *options: str) -> Generator[str]:
    """Start a server of our own in a folder, and end it and remove the folder afterwards.

    Yields:
        The URL of its database ``postgres``.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = str(programs[-1]) if programs else os.path.dirname(shutil.which("initdb") or "")
    if not found:
        raise RuntimeError(
            "Tests need PostgreSQL: install it (on Debian: apt-get install postgresql), or name a server in "
            "RESTKIT_TEST_POSTGRESQL_URL."
        )
    # PostgreSQL refuses to run as root; Debian's package has made this user for it.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, "postgres")
    data, port = folder / "data", free_port()
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    run = {"check": True, "stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "env": environ, "cwd": "/"}
    subprocess.run([*prefix, f"{found}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], **run)
    arguments = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} " + " ".join(options)
    control = [*prefix, f"{found}/pg_ctl", "-D", data, "-w", "-t", "60"]
    subprocess.run([*control, "-o", arguments, "-l", folder / "log", "start"], **run)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **{**run, "check": False})
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
