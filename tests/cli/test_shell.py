"""``restkit shell``."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .shops import ROOT, command, invoke

PROGRAM = """\
print(app.name, url_for("Books"), client.get("/books").json)
for each in (1, 2):
    print(each)

def twice(x):
    return each * x
print(twice(4))
"""


def test_piped_program(shop: Path) -> None:
    """A program on standard input runs with app, client and url_for, its functions too."""
    done = command("shell", "shop", cwd=shop, input=PROGRAM)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["Shop /books [{'id': 1, 'title': 'Émma'}]", "1", "2", "8"]
    assert invoke("shell", "shop", input="print(app.version)").output == "2.0\n"


def test_failing_program(shop: Path) -> None:
    """An exception of the program ends it with a traceback, as python itself does."""
    done = command("shell", "shop", cwd=shop, input="x = 1\n1 / 0\n")
    assert done.returncode == 1
    assert 'File "<stdin>", line 2, in <module>' in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_terminal(shop: Path) -> None:
    """On a terminal it is an interactive shell that lists its names."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "restkit", "shell", "shop"],
        cwd=shop,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    os.write(master, b"app.name * 2\nexit()\n")
    shown = b""
    try:
        while chunk := os.read(master, 1000):
            shown += chunk
    except OSError:
        pass  # the terminal is closed when the shell ends
    finally:
        os.close(master)
    assert process.wait(timeout=30) == 0
    assert b"Available: app, client, url_for, request_context." in shown
    assert b"'ShopShop'" in shown


NOTES = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database


class Base(DeclarativeBase): ...


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(default="")


class Notes(CRUDResource[Note]):
    model = Note


app = App("Notes")
app.install(Database("sqlite:///notes.db", create=Base.metadata))
app.add("/notes", Notes)
"""
WRITTEN = """\
from notes import Note
session.add(Note(text="kept"))
session.commit()
session.add(Note(text="given up"))
print([each["text"] for each in client.get("/notes").json["items"]], database.engine.dialect.name)
"""


def test_session(tmp_path: Path) -> None:
    """With a Database installed, the shell has its session; what is not committed is not kept."""
    (tmp_path / "notes.py").write_text(NOTES)
    done = command("shell", "notes", cwd=tmp_path, input=WRITTEN)
    assert done.stderr == ""
    assert done.stdout == "['kept'] sqlite\n"
    done = command(
        "shell", "notes", cwd=tmp_path, input="print(len(client.get('/notes').json['items']))"
    )
    assert done.stdout == "1\n"


def test_an_interactive_shell(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its banner and its names are those of the App and of its extensions."""
    (shop / "offers.py").write_text(
        "from contextlib import contextmanager\n"
        "from shop import app\n"
        "class Offering:\n"
        "    def install(self, app):\n"
        "        pass\n"
        "    @contextmanager\n"
        "    def shell_context(self):\n"
        "        yield {'offer': 7}\n"
        "app.install(Offering())\n"
    )
    seen: dict[str, Any] = {}
    monkeypatch.setattr("code.interact", lambda **given: seen.update(given))
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    result = invoke("shell", "offers")
    assert result.exit_code == 0
    first, second = seen["banner"].splitlines()
    assert first == f"Python {sys.version.split()[0]}, Shop 2.0"
    assert second == "Available: app, client, url_for, request_context, offer."
    assert seen["local"]["offer"] == 7
    assert seen["exitmsg"] == ""
