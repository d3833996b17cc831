"""A problem as an HTML page, for browsers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from string import Template

from .problems import Problem

__all__ = ["error_page"]

_SHOWN = frozenset({"type", "title", "status", "detail", "errors", "traceback"})
_PAGE = Template(
    """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<link rel="icon" href="data:,">
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem;
  color: #222; background: #fff; }
small { color: #595959; font-weight: normal; }
pre { overflow-x: auto; padding: 1rem; background: #f4f4f4; }
dt { font-weight: bold; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1b; }
  small { color: #b0b0b0; } pre { background: #2a2a2a; } }
</style>
</head>
<body>
<main>
<h1><small>$status</small> $title</h1>
$content
</main>
</body>
</html>
"""
)


def error_page(problem: Problem) -> str:
    """Return a problem as an HTML page. Every value is escaped, and the page runs no script.

    Args:
        problem: The problem.
    """
    members = problem.to_dict()
    parts: list[str] = []
    if "detail" in members:
        parts.append(f"<p>{_text(members['detail'])}</p>")
    if problem.errors:
        parts.append(_errors(members["errors"]))
    others = [(name, value) for name, value in members.items() if name not in _SHOWN]
    if problem.type != "about:blank":
        others.insert(0, ("type", problem.type))
    if others:
        rows = (f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in others)
        parts.append(f"<dl>{''.join(rows)}</dl>")
    if "traceback" in members:
        parts.append(f"<pre>{_text(members['traceback'])}</pre>")
    return _PAGE.substitute(
        title=_text(problem.title), status=problem.status, content="\n".join(parts)
    )


def _errors(errors: object) -> str:
    found: Iterable[dict[str, str]] = errors if isinstance(errors, list) else ()
    rows = (
        f"<li><code>{_text(each.get('pointer') or each.get('parameter', ''))}</code> "
        f"{_text(each['detail'])}</li>"
        for each in found
    )
    return f"<ul>{''.join(rows)}</ul>"


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return escape(text)
