"""The additions of a deprecation to an Operation: headers, the 410, words of the document."""

from __future__ import annotations

from collections.abc import Iterable

from ..contract import Failure, Header, Operation
from ..contributor import Contribution
from ..deprecation import Deprecation, text_of
from ..problems import Gone
from .contributions import add_contribution
from .entries import Entry

__all__ = ["add_deprecations"]

_SINCE = Header(
    "Deprecation",
    "``@`` and the Unix time since which the operation is deprecated (RFC 9745).",
    {"type": "string", "pattern": "^@-?[0-9]+$"},
    required=True,
)
_SUNSET = Header(
    "Sunset", "The time when the operation ends, an HTTP date (RFC 8594).", required=True
)


def add_deprecations(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries with the additions of deprecations to their operations."""
    return [entry.with_operations(_with_deprecation) for entry in entries]


def _with_deprecation(operation: Operation) -> Operation:
    rule = operation.deprecation
    if not rule:
        return operation
    more = Contribution(
        failures=_failures(rule),
        headers=tuple(_headers(rule)),
        extensions=_extensions(rule),
        description=_description(rule),
    )
    return add_contribution(operation._replace(deprecated=True), more, "extension")


def _failures(rule: Deprecation) -> tuple[Failure, ...]:
    if not rule.gone or rule.sunset is None:
        return ()
    return (Failure(Gone, "deprecation", f"It is {text_of(rule.sunset)} or later."),)


def _headers(rule: Deprecation) -> Iterable[Header]:
    yield _SINCE
    if rule.sunset is not None:
        yield _SUNSET
    relations = {"successor-version": rule.successor, "deprecation": rule.documentation}
    if found := [relation for relation, target in relations.items() if target]:
        said = " and ".join(f'`rel="{each}"`' for each in found)
        yield Header("Link", f"Links with {said} (RFC 8288).", required=True)


def _extensions(rule: Deprecation) -> dict[str, object]:
    found: dict[str, object] = {"x-deprecation": rule.document}
    if rule.sunset is not None:
        found["x-sunset"] = text_of(rule.sunset)
    return found


def _description(rule: Deprecation) -> str:
    said = f"Deprecated since {text_of(rule.since)}."
    if rule.sunset is not None:
        said += f" It ends on {text_of(rule.sunset)}."
    if rule.successor:
        said += f" Use `{rule.successor}` in its place."
    return f"{said} See {rule.documentation}" if rule.documentation else said
