"""The library for WSGI servers:
``gunicorn library_service:app``, on the database that the environment names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from library import AuthorBooks, Authors, Base, Books, Shelves
from servers import free_port, serve_process

from restkit import App
from restkit.sqlalchemy import Database

__all__ = ["app", "serving"]

VARIABLE = "RESTKIT_TEST_LIBRARY_URL"


def _app(url: str) -> App:
    app = App("Library")
    app.install(Database(url, create=Base.metadata))
    app.add("/authors", Authors)
    app.add("/books", Books)
    app.add("/authors/<int:author_id>/books", AuthorBooks)
    app.add("/shelves", Shelves)
    return app


@contextmanager
def serving(url: str, *options: str, workers: int = 2, threads: int = 4) -> Generator[str]:
    """Serve the library under gunicorn, in processes of its own.

    Args:
        url: Of the database.
        options: More of gunicorn's.
        workers: How many processes.
        threads: How many threads each.

    Yields:
        The base URL.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "library_service:app"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", str(threads)]
    command += ["--log-level", "warning", "--keep-alive", "300", "--timeout", "300"]
    command += options
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    environment = {VARIABLE: url, "PYTHONPATH": path}
    with serve_process(
        command, port=port, cwd=Path(__file__).parent, environment=environment
    ) as base:
        yield base


app = _app(os.environ[VARIABLE]) if VARIABLE in os.environ else App("Nothing")
