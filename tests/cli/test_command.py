"""``restkit command``: the commands of an App, and those of other packages."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest

from restkit import App, DeclarationError
from restkit.cli import group

from .shops import invoke

PROGRAM = '''
from __future__ import annotations
import enum
from pathlib import Path
from typing import Literal
import click
from restkit import App

app = App("Shop")
ran = []
app.on_start(lambda: print("start"))
app.on_stop(lambda: print("stop"))

class Colour(enum.Enum):
    RED = 1

@app.command
def seed(file: Path, count: int = 3, *, dry_run: bool = False, owner: str | None = None) -> None:
    """Fill the shelf.

    More."""
    print(type(file).__name__, count, dry_run, owner)

@app.command("send:mails")
@click.option("--to", help="Who gets them.")
@click.argument("names", nargs=-1)
def send(to, names):
    print(to, names)

@app.command
def paint(colours: list[str], tone: Colour = Colour.RED, way: Literal["up", "down"] = "up"):
    print(colours, tone, way)

@app.command
@click.command("own")
def own():
    """A command of Click."""
    print("own")

@app.command
@click.command("helped", help="What it is for.")
def helped(): ...

@app.command
def odd(value: dict): ...

@app.command
def star(*values: str): ...

@app.command
def fail():
    raise click.ClickException("Nothing to do.")
'''


@pytest.fixture
def program(shop: Path) -> Path:
    (shop / "store.py").write_text(PROGRAM, "utf-8")
    return shop


def test_a_function_is_a_command(program: Path) -> None:
    done = invoke("command", "store", "seed", "a.txt", "--count", "5", "--dry-run")
    assert done.output == "start\nPosixPath 5 True None\nstop\n"
    done = invoke("command", "store", "seed", "a.txt", "--owner", "Ann")
    assert done.output == "start\nPosixPath 3 False Ann\nstop\n"


def test_clicks_decorators_say_more(program: Path) -> None:
    done = invoke("command", "store", "send:mails", "a", "b", "--to", "ann")
    assert done.output == "start\nann ('a', 'b')\nstop\n"
    assert "Who gets them." in invoke("command", "store", "send:mails", "--help").output
    assert "own" in invoke("command", "store", "own").output


def test_types_become_choices(program: Path) -> None:
    done = invoke("command", "store", "paint", "a", "b", "--tone", "RED", "--way", "down")
    assert "('a', 'b') Colour.RED down" in done.output
    wrong = invoke("command", "store", "paint", "--way", "left")
    assert wrong.exit_code == 2
    assert "'left' is not one of 'up', 'down'" in wrong.output


def test_commands_are_listed_and_explained(program: Path) -> None:
    listed = invoke("command", "store").output
    assert "seed        Fill the shelf.\n" in listed
    assert "own         A command of Click.\n" in listed
    assert "helped      What it is for.\n" in listed
    assert "\nodd\n" in listed
    help = invoke("command", "store", "seed", "--help").output
    assert "Fill the shelf." in help
    assert "--count INTEGER" in help
    assert "[default: 3]" in help
    assert "declares no commands" in invoke("command", "shop").output
    assert "Run a command that an App declares" in invoke("command", "--help").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("store", "nothing"), "Its commands: fail, helped, odd, own, paint"),
        (("store", "odd"), "no form on a command line"),
        (("store", "star"), "list[str]"),
        (("store", "fail"), "Nothing to do."),
        (("store", "seed"), "Missing argument 'FILE'"),
        (("nowhere", "seed"), "no module nowhere"),
    ],
)
def test_mistakes_are_one_sentence(program: Path, words: tuple[str, ...], message: str) -> None:
    done = invoke("command", *words)
    assert done.exit_code in (1, 2)
    assert message in done.output


def test_names_are_checked() -> None:
    app = App("Names")
    with pytest.raises(DeclarationError, match="small letters"):
        app.command("Send Mails")(lambda: None)
    app.command("a")(lambda: None)
    with pytest.raises(DeclarationError, match="has a command 'a' already"):
        app.command("a")(lambda: None)
    wrong: Any = 5
    with pytest.raises(DeclarationError, match="expects a function"):
        app.command(wrong)


def test_commands_of_mounted_apps_are_found() -> None:
    outer, inner = App("Outer"), App("Inner")
    inner.command("both")(lambda: "inner")
    inner.command("inner")(lambda: None)
    outer.command("both")(lambda: "outer")
    outer.mount("/inner", inner)
    assert sorted(outer.commands()) == ["both", "inner"]
    assert outer.commands()["both"]() == "outer"


@click.command
def extra() -> None:
    """Do something else."""
    click.echo("extra ran")


def points(**_: object) -> tuple[EntryPoint, ...]:
    here = __name__
    return (
        EntryPoint("extra", f"{here}:extra", "restkit.commands"),
        EntryPoint("broken", f"{here}:nothing", "restkit.commands"),
        EntryPoint("function", f"{here}:points", "restkit.commands"),
        EntryPoint("run", f"{here}:extra", "restkit.commands"),
    )


def test_other_packages_add_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert group.entry_points is importlib.metadata.entry_points
    monkeypatch.setattr(group, "entry_points", points)
    monkeypatch.setattr(group.main, "commands", {})

    assert invoke("extra").output == "extra ran\n"
    assert "AttributeError" in invoke("broken").output
    assert "not a command of Click" in invoke("function").output
    assert "Serve an App" in invoke("run", "--help").output
