"""``restkit diff``: the changes between two OpenAPI documents, and whether they break clients."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import yaml

from ..errors import RestkitError
from ..evolution.changes import Change
from ..evolution.comparison import compare
from ..evolution.report import as_json, as_markdown, as_text
from ..openapi.document import build
from .target import Mistake, target_of

__all__ = ["command"]

_SUFFIXES = (".json", ".yaml", ".yml")
_FORMATS = ("text", "json", "markdown")
_FAILING = {"breaking": ("breaking",), "warning": ("breaking", "warning"), "never": ()}
# PERF: libyaml reads a document of 500 operations ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    """Compare two OpenAPI documents: what breaks clients of OLD that call NEW.

    OLD and NEW are files (.json, .yaml, .yml), a TARGET of an App, or - for the standard input.
    """
    if old == new == "-":
        raise Mistake("Only one of OLD and NEW can be the standard input.")
    changes = compare(_document(old, shown), _document(new, shown))
    click.echo(_report(changes, form))
    if any(each.level in _FAILING[fail_on] for each in changes):
        raise click.exceptions.Exit(1)


def _report(changes: Sequence[Change], form: str) -> str:
    if form == "json":
        return as_json(changes)
    return as_markdown(changes) if form == "markdown" else as_text(changes)


def _document(name: str, shown: bool) -> Mapping[str, object]:
    """Return the document of a file, of the standard input or of an App."""
    if name == "-":
        return _parsed(sys.stdin.read(), "The standard input")
    path = Path(name)
    if path.suffix.lower() in _SUFFIXES:
        try:
            return _parsed(path.read_text("utf-8"), name)
        except OSError as error:
            raise Mistake(f"{name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise Mistake(f"{name} is not UTF-8: {error.reason}.") from error
    try:
        return build(target_of(name, shown))
    except RestkitError as error:
        raise Mistake(str(error)) from error


def _parsed(text: str, name: str) -> Mapping[str, object]:
    """Return a document as JSON values; YAML has dates and numbers as names besides."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Mistake(f"{name} is not an OpenAPI document: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("openapi"), str):
        raise Mistake(
            f"{name} is not an OpenAPI document: its root must be an object with openapi: 3.x.x."
        )
    return found


def _yaml(text: str) -> object:
    read: object = yaml.load(text, Loader=_LOADER)  # noqa: S506  # it is a safe loader
    found: object = json.loads(json.dumps(read, default=str))
    return found
