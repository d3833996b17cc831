"""The program on which the commands are tested, and ways to call them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from restkit.cli import main

__all__ = ["ROOT", "SHOP", "command", "invoke"]

ROOT = Path(__file__).parents[2]

SHOP = '''
from marshmallow import Schema, fields
from restkit import App, NotFound, Resource, raises

class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)

app = App("Shop", version="2.0")

@app.route("/books")
class Books(Resource):
    """The shelf."""
    schema = BookSchema

    def get(self) -> list[dict]:
        """List the books."""
        return [{"id": 1, "title": "Émma"}]

    def post(self, body: dict) -> dict:
        """Add a book."""
        return {"id": 1, **body}

@app.route("/books/<int:book_id>")
class BookItem(Resource):
    schema = BookSchema

    @raises(NotFound)
    def get(self, book_id: int) -> dict:
        """Read a book."""
        if book_id == 2:
            return {"title": "no id"}
        if book_id == 3:
            raise RuntimeError("inside")
        return {"id": book_id, "title": "Emma"}
'''


def invoke(*arguments: str, input: str | None = None) -> Result:
    """Call the command in this process."""
    return CliRunner().invoke(main, list(arguments), input=input, prog_name="restkit")


def command(*arguments: str, cwd: Path, input: str = "") -> subprocess.CompletedProcess[str]:
    """Call the command as ``python -m restkit``."""
    return subprocess.run(
        [sys.executable, "-m", "restkit", *arguments],
        cwd=cwd,
        input=input,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
