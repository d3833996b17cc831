"""``restkit diff``: the changes between two OpenAPI documents, and whether they break clients."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..evolution.changes import Change
from ..evolution.comparison import compare
from ..evolution.report import as_json, as_markdown, as_text
from .documents import document_of
from .target import Mistake

__all__ = ["command"]

_FORMATS = ("text", "json", "markdown")
_FAILING = {"breaking": ("breaking",), "warning": ("breaking", "warning"), "never": ()}


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILING)),
    default="breaking",
    help="The changes that make the exit status 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    help="The format of the report.",
)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(old: str, new: str, fail_on: str, form: str, shown: bool) -> None:
    """Compare two OpenAPI documents: changes that break clients of OLD that call NEW.

    OLD and NEW are files (.json, .yaml, .yml), a TARGET of an App, or - for the standard input.
    """
    if old == new == "-":
        raise Mistake("Only one of OLD and NEW can be the standard input.")
    changes = compare(document_of(old, shown), document_of(new, shown))
    click.echo(_report(changes, form))
    if any(each.level in _FAILING[fail_on] for each in changes):
        raise click.exceptions.Exit(1)


def _report(changes: Sequence[Change], form: str) -> str:
    if form == "json":
        return as_json(changes)
    return as_markdown(changes) if form == "markdown" else as_text(changes)
