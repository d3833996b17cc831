"""``restkit client``: a module of a client with types, for one service."""

from __future__ import annotations

from pathlib import Path

import click

from ..client.python_module import python_module
from ..errors import RestkitError
from .documents import document_of
from .target import Mistake

__all__ = ["command"]


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Exit with 1 if this file is stale.",
)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(source: str, output: Path | None, check: Path | None, shown: bool) -> None:
    """Print a module that calls a service: a class with a method for each operation.

    SOURCE is its OpenAPI document (.json, .yaml, .yml), a TARGET of an App, or - for the standard
    input.
    """
    try:
        text = python_module(document_of(source, shown))
    except RestkitError as error:
        raise Mistake(str(error)) from error
    if check is not None:
        _check(check, text)
    if output is not None:
        try:
            output.write_text(text, "utf-8")
        except OSError as error:
            raise Mistake(f"{output} cannot be written: {error.strerror}.") from error
    elif check is None:
        click.echo(text, nl=False)


def _check(path: Path, text: str) -> None:
    try:
        found = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise Mistake(f"{path} cannot be read: {error}.") from error
    if found != text:
        click.echo(f"{path} is stale.", err=True)
        raise click.exceptions.Exit(1)
    click.echo(f"{path} is up to date.", err=True)
