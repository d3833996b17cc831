"""The command as a whole: help, version, commands imported when they are used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from .shops import ROOT, command, invoke


def test_help() -> None:
    """The help lists every command with its first line, and explains TARGET."""
    result = invoke("--help")
    assert result.exit_code == 0
    for name, text in [
        ("explain", "Explain how an App handles a request"),
        ("openapi", "Print the OpenAPI document of an App."),
        ("routes", "List the routes of an App."),
        ("run", "Serve an App for development"),
        ("shell", "Open a Python shell on an App"),
    ]:
        assert any(
            line.split(maxsplit=1)[:1] == [name] and text in line
            for line in result.output.splitlines()
        )
    assert "shop.api:app" in result.output


def test_version() -> None:
    """The version is that of the package."""
    try:
        expected = version("restkit")
    except PackageNotFoundError:
        expected = "(not installed, run from its source)"
    assert invoke("--version").output == f"restkit {expected}\n"


def test_unknown_command() -> None:
    """A command that there is not is a usage error."""
    result = invoke("fly")
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.output


def test_commands_are_lazy() -> None:
    """Asking for the version imports no command."""
    code = (
        "import sys; from restkit.cli import main; print([m for m in sys.modules if "
        "m.startswith('restkit.cli.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['restkit.cli.group']"


def test_module(tmp_path: Path) -> None:
    """The command is ``python -m restkit`` too."""
    done = command("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: python -m restkit ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "nowhere", "--port", "-1"], "-1 is not in the range 0<=x<=65535"),
        (["run", "nowhere", "--port", "65536"], "65536 is not in the range 0<=x<=65535"),
        (["run", "nowhere", "--port", "0"], "nowhere"),
        (["run", "nowhere", "--port", "65535", "--debugger"], "There is no module nowhere"),
        (["run", "nowhere", "--debugger", "yes"], "unexpected extra argument (yes)"),
        (["run", "nowhere", "--traceback", "yes"], "unexpected extra argument (yes)"),
        (["routes", "nowhere", "--json", "yes"], "unexpected extra argument (yes)"),
        (["routes", "nowhere", "--traceback", "yes"], "unexpected extra argument (yes)"),
        (["explain", "nowhere", "GET", "/", "--source", "yes"], "unexpected extra argument (yes)"),
        (["explain", "nowhere", "GET", "/", "--traceback", "yes"], "unexpected extra argument"),
        (["openapi", "nowhere", "--version", "2.0"], "'2.0' is not one of"),
        (["openapi", "nowhere", "-o", "."], "is a directory"),
    ],
)
def test_values_of_options(arguments: list[str], says: str) -> None:
    """A wrong value is an error of usage; flags have none."""
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


def test_the_help_has_the_defaults_of_options() -> None:
    """What holds without an option stands beside it."""
    text = " ".join(invoke("run", "--help").output.split())
    for default in ("127.0.0.1", "8000; 0<=x<=65535", "no-reload", "threads"):
        assert f"[default: {default}]" in text
    assert "[default: localhost]" in " ".join(invoke("explain", "--help").output.split())


def test_the_version_of_a_source_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an installation there is none."""

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("restkit.cli.group.version", missing)
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.output == "restkit (not installed, run from its source)\n"


_BARE = """
import sys

for name in sys.argv[1].split():
    sys.modules[name] = None  # as if it were not installed
import importlib
from restkit.cli.group import _COMMANDS, main
from restkit.testing import Client
from shop import app

assert len(_COMMANDS) > 5
for name in _COMMANDS:
    assert main.get_command(None, name) is not None
assert Client(app).get("/books").status == 200
main(["routes", "shop", "--audit"], standalone_mode=False)
"""


def test_every_command_needs_the_core_alone(shop: Path) -> None:
    """On a machine that has installed restkit without an extra, and no pytest."""
    extras = (
        "pytest _pytest sqlalchemy psycopg jwt argon2 redis babel blinker asgiref itsdangerous "
        "orjson msgspec jsonschema schemathesis swagger_ui hypothesis alembic"
    )
    done = subprocess.run(
        [sys.executable, "-c", _BARE, extras], cwd=shop, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "/books" in done.stdout
