"""``restkit routes``: the Operations of an App as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click

from ..app import App
from ..contract import Operation
from ..deprecation import text_of
from .audit import Audited, audit, sarif
from .target import takes_target

__all__ = ["command"]

_TITLES = ("METHOD", "PATH", "OPERATION", "PLACE")
_DEPRECATED = "DEPRECATED"
_AUDIT_TITLES = (
    "METHOD",
    "PATH",
    "SECURITY",
    "PERMISSION",
    "ROWS",
    "MASKS",
    "LIMITS",
    "BODY",
    "CACHE",
    _DEPRECATED,
    "FINDINGS",
)


@click.command()
@takes_target
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--audit", "is_audit", is_flag=True, help="Show what guards each of them.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print the findings of --audit as SARIF.")
@click.pass_context
def command(
    context: click.Context, app: App, as_json: bool, is_audit: bool, as_sarif: bool
) -> None:
    """List the routes of an App.

    With --audit the exit status is 1 if an operation is not guarded, and nothing says so.
    """
    if is_audit or as_sarif:
        context.exit(_audit(app, as_json=as_json, as_sarif=as_sarif))
    operations = app.operations()
    if as_json:
        click.echo(json.dumps([_record(each) for each in operations], indent=2, ensure_ascii=False))
    elif not operations:
        click.echo(f"{app.name} has no routes.", err=True)
    else:
        click.echo(_table(_rows(operations)))


def _audit(app: App, *, as_json: bool, as_sarif: bool) -> int:
    """Print the guards of the operations; return the exit status."""
    audited = audit(app)
    if as_sarif:
        click.echo(json.dumps(sarif(audited), indent=2, ensure_ascii=False))
    elif as_json:
        records = [_audit_record(each) for each in audited]
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
    else:
        click.echo(_table([_AUDIT_TITLES, *(_audit_row(each) for each in audited)]))
        for each in audited:
            for finding in each.findings:
                where = f"{each.operation.method} {each.operation.host}{each.operation.rule}"
                click.echo(f"{where}: {finding.message}", err=True)
    return int(any(each.findings for each in audited))


def _audit_row(audited: Audited) -> tuple[str, ...]:
    operation = audited.operation
    cells = (
        operation.method,
        operation.host + operation.rule,
        audited.security,
        audited.permission,
        audited.rows,
        ", ".join(audited.masks),
        ", ".join(map(_limit, audited.limits)),
        str(audited.body or ""),
        _cache(audited),
        _deprecated(operation),
        ", ".join(each.rule for each in audited.findings),
    )
    return tuple(each or "-" for each in cells)


def _limit(document: Mapping[str, object]) -> str:
    """Return a limit in a word: its name, or its kind and the most that it lets in."""
    if "name" in document:
        return str(document["name"])
    ((kind, most),) = document.items()
    if isinstance(most, Mapping):
        return " ".join(f"{kind}-{part}-{size}" for part, size in most.items())
    return f"{kind}-{most}"


def _cache(audited: Audited) -> str:
    """Return how responses are stored in a word: ``60s-private``."""
    if audited.cache is None:
        return ""
    is_shared = not audited.operation.security or "shared" in audited.cache
    return f"{audited.cache['seconds']:g}s{'' if is_shared else '-private'}"


def _audit_record(audited: Audited) -> dict[str, object]:
    return {
        **_record(audited.operation),
        "security": audited.security,
        "permission": audited.permission or None,
        "rows": audited.rows or None,
        "masks": audited.masks,
        "limits": audited.limits,
        "maxBodySize": audited.body,
        "cache": audited.cache,
        "findings": [{"rule": each.rule, "message": each.message} for each in audited.findings],
    }


def _deprecated(operation: Operation) -> str:
    """Return since when and until when an operation is deprecated: ``2026-12-01..2027-06-01``."""
    rule = operation.deprecation
    if not rule:
        return "deprecated" * operation.deprecated
    if rule.sunset is None:
        return text_of(rule.since)
    return f"{text_of(rule.since)}..{text_of(rule.sunset)}{', then 410' * rule.gone}"


def _rows(operations: Sequence[Operation]) -> list[tuple[str, ...]]:
    """Return the rows of the table, with a column of deprecations if there are any."""
    rows = [_TITLES, *(_row(each) for each in operations)]
    if not any(each.deprecated for each in operations):
        return rows
    more = [_DEPRECATED, *(_deprecated(each) or "-" for each in operations)]
    return [(*row, cell) for row, cell in zip(rows, more, strict=True)]


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
        "deprecation": operation.deprecation.document if operation.deprecation else None,
    }


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
