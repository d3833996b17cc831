"""``restkit openapi``: the OpenAPI document of an App, written to a file or compared with one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import yaml

from ..app import App
from ..errors import RestkitError
from ..openapi.document import build, to_json, to_yaml
from ..openapi.document_diff import diff
from ..openapi.markdown import to_markdown
from .target import Mistake, takes_target

__all__ = ["command"]

_YAML = (".yaml", ".yml")
_MARKDOWN = ".md"
_VERSIONS = {"3.0": "3.0.4", "3.1": "3.1.1", "3.2": "3.2.0"}


@click.command()
@takes_target
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file; .yaml and .yml are YAML, .md is Markdown.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path),
    help="Exit with 1 and a short diff if this file is stale.",
)
@click.option(
    "--version",
    type=click.Choice(list(_VERSIONS)),
    help="The version of OpenAPI, the App's setting by default.",
)
def command(app: App, output: Path | None, check: Path | None, version: str | None) -> None:
    """Print the OpenAPI document of an App."""
    try:
        document = build(app, version=_VERSIONS[version] if version else None)
    except RestkitError as error:
        raise Mistake(str(error)) from error
    if check is not None:
        _check(check, document)
    if output is not None:
        try:
            output.write_text(_text(document, output), "utf-8")
        except OSError as error:
            raise Mistake(f"{output} cannot be written: {error.strerror}.") from error
    elif check is None:
        click.echo(_text(document, Path()), nl=False)


def _text(document: dict[str, object], path: Path) -> str:
    """Return a document as Markdown, YAML or JSON, depending on the file's suffix."""
    if path.suffix.lower() == _MARKDOWN:
        return to_markdown(document)
    return to_yaml(document) if path.suffix.lower() in _YAML else to_json(document).decode()


def _check(path: Path, document: dict[str, object]) -> None:
    try:
        text = path.read_text("utf-8")
        if path.suffix.lower() == _MARKDOWN:
            return _check_text(path, text, to_markdown(document))
        # NOTE: both are parsed from text, so that values with the same text do not differ.
        read = yaml.safe_load if path.suffix.lower() in _YAML else json.loads
        old, new = read(text), read(_text(document, path))
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, yaml.YAMLError) as error:
        raise Mistake(f"{path} is not an OpenAPI document: {error}") from error
    if not isinstance(old, dict):
        raise Mistake(f"{path} is not an OpenAPI document: its root must be an object.")
    if old == new:
        click.echo(f"{path} is up to date.", err=True)
        return None
    click.echo(f"{path} is stale:", err=True)
    for line in diff(old, new):
        click.echo(line)
    raise click.exceptions.Exit(1)


def _check_text(path: Path, old: str, new: str) -> None:
    if old == new:
        click.echo(f"{path} is up to date.", err=True)
        return
    click.echo(f"{path} is stale.", err=True)
    raise click.exceptions.Exit(1)
