"""``restkit routes``: the Operations of an App as a table."""

from __future__ import annotations

import json

import click

from ..app import App
from ..contract import Operation
from .target import takes_target

__all__ = ["command"]

_TITLES = ("METHOD", "PATH", "OPERATION", "PLACE")


@click.command()
@takes_target
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(app: App, as_json: bool) -> None:
    """List the routes of an App."""
    operations = app.operations()
    if as_json:
        click.echo(json.dumps([_record(each) for each in operations], indent=2, ensure_ascii=False))
    elif not operations:
        click.echo(f"{app.name} has no routes.", err=True)
    else:
        click.echo(_table([_TITLES, *(_row(each) for each in operations)]))


def _row(operation: Operation) -> tuple[str, ...]:
    return (
        operation.method,
        operation.host + operation.rule,
        _id(operation) or "-",
        operation.declared_at,
    )


def _id(operation: Operation) -> str | None:
    return operation.operation_id if operation.documented else None


def _record(operation: Operation) -> dict[str, object]:
    return {
        "method": operation.method,
        "path": operation.path,
        "rule": operation.rule,
        "host": operation.host or None,
        "operationId": _id(operation),
        "summary": operation.summary,
        "declared_at": operation.declared_at,
        "statuses": sorted(operation.statuses),
        "deprecated": operation.deprecated,
    }


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
