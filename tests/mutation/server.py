"""A process that has imported what tests import from elsewhere, and forks one for each run.

It reads pytest's arguments, one JSON array a line, and writes the exit status of the run and its
output as one JSON array a line.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

import pytest

__all__ = ["serve"]

# Nothing of the package, which changes from run to run, and no plugins: pytest rewrites them.
_IMPORTED = [
    *("alembic", "apispec", "click.testing", "execnet", "hypothesis", "jinja2", "jsonschema"),
    *("marshmallow", "psycopg", "redis", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm"),
    *("werkzeug.routing", "werkzeug.test", "yaml"),
]


def serve() -> None:
    """Answer until the input ends."""
    for name in _IMPORTED:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        with tempfile.TemporaryFile() as output:
            status = _forked(json.loads(line), output.fileno())
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
        print(json.dumps([status, said]), file=answers, flush=True)


def _forked(arguments: Sequence[str], output: int) -> int:
    """Run pytest in a fork, and return its exit status."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        status = int(pytest.main(list(arguments)))
    except BaseException:  # as the interpreter does at its end
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
