"""The message of `App.url_for` about a target that has no URL."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .operations.entries import Entry

__all__ = ["no_url"]

_LONGEST_NAME = 100


def no_url(target: object, values: Iterable[str], entries: Collection[Entry]) -> str:
    """Return the message about a target without a URL for some values.

    Args:
        target: The class, function or name.
        values: The names of the values.
        entries: The entries of the outermost App.
    """
    if isinstance(target, str) and target not in (known := _names(entries)):
        return _unknown_name(target, known)
    return (
        f"There is no URL for {target!r:.200} with {', '.join(values) or 'no values'}. The values "
        "must be the variables of its URL pattern; query parameters are given as _query={...}."
    )


def _names(entries: Iterable[Entry]) -> set[str]:
    """Return the names of entries for `App.url_for`, operationIds too."""
    found: set[str] = set()
    for entry in entries:
        found.update(each.operation_id for each in entry.operations)
        found.add(entry.name)
    return found


def _unknown_name(target: str, known: Collection[str]) -> str:
    """Return the message about a name that no resource has."""
    from difflib import get_close_matches  # cold start

    # SECURITY: a target may be what a client sent, and comparing long texts costs much.
    close = get_close_matches(target, known, n=1) if len(target) <= _LONGEST_NAME else []
    hint = f"Did you mean {close[0]!r}?" if close else "Pass the class, its name or an operationId."
    if target == "static":
        hint = "Write app.static('/static', 'static'), and static('style.css') in templates."
    return f"There is no URL for {target!r:.200}: no resource or operation has this name. {hint}"
