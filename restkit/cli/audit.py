"""``restkit routes --audit``: who may call each Operation, and which of them nobody has guarded."""

from __future__ import annotations

import inspect
import os
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from ..app import App
from ..contract import LimitRule, Operation
from ..http.methods import SAFE_METHODS
from ..limits import Rate
from ..operations.entries import Entry
from ..records import Record

__all__ = ["Audited", "Finding", "audit", "sarif"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_RULES = {
    "undeclared-public": (
        "Anyone may call the operation, and nothing says that this is meant.",
        "Declare security on the App, or write public=True.",
    ),
    "missing-limit": (
        "The operation changes something, and no limit says how often a client may send it.",
        "Write limits=[Rate(100, per='minute')] on the App, or on the operation.",
    ),
    "missing-row-rule": (
        "The operation reaches every row of a model, whoever calls.",
        "Write database.rows(Model, read=...) or a scope() in the class.",
    ),
}


class Finding(Record):
    """One reason why an Operation may be less guarded than somebody thinks."""

    rule: str
    message: str


class Audited(Record):
    """The guards of an Operation.

    Attributes:
        operation: The Operation.
        security: Its security schemes, "public" or "nothing".
        permission: The description of its permission, "" without one.
        rows: Which rows it reaches: "rule", "scope", "all", or "" if it has no collection.
        masks: Its masked fields, each with the class that declares the mask.
        limits: Its limits, as ``x-rate-limits`` has them in the document.
        body: The largest content that it reads in bytes, None if it takes none.
        cache: How its responses are stored, as ``x-cache`` has it in the document; None if they
            are not.
        findings: The missing guards.
    """

    operation: Operation
    security: str
    permission: str
    rows: str
    masks: tuple[str, ...]
    limits: tuple[Mapping[str, object], ...]
    body: int | None
    cache: Mapping[str, object] | None
    findings: tuple[Finding, ...]


@runtime_checkable
class _Binding(Protocol):
    @property
    def is_ruled(self) -> bool: ...


def audit(app: App) -> list[Audited]:
    """Return the guards of each Operation of an App and of mounted Apps."""
    return [_audited(entry, each) for entry in app.entries() for each in entry.operations]


def _audited(entry: Entry, operation: Operation) -> Audited:
    is_decided = operation.method not in entry.undecided
    permission = operation.permission
    masked = () if operation.masks is None else tuple(operation.masks.document)
    limits = [each.document for each in operation.limits if isinstance(each, LimitRule)]
    audited = Audited(
        operation,
        _security(operation, is_decided),
        "" if permission is None else permission.description,
        _rows(operation.resource),
        masked,
        tuple(limits),
        _largest(entry, operation),
        _cache(operation),
        (),
    )
    return audited._replace(findings=tuple(_findings(audited)))


def _security(operation: Operation, is_decided: bool) -> str:
    if not operation.security:
        return "public" if is_decided else "nothing"
    alternatives: list[str] = []
    for combination in operation.security:
        names = [scheme.name for scheme, _ in combination]
        alternatives.append(" & ".join(names) or "anonymous")
    return " | ".join(alternatives)


def _rows(resource: type) -> str:
    binding: object = getattr(resource, "binding", None)
    if not isinstance(binding, _Binding):
        return ""
    if binding.is_ruled:
        return "rule"
    declared: type = getattr(resource, "declared", resource)
    return "scope" if _overrides_scope(declared) else "all"


def _overrides_scope(declared: type) -> bool:
    written = inspect.getattr_static(declared, "scope", None)
    return not str(getattr(written, "__module__", "")).startswith("restkit.")


def _largest(entry: Entry, operation: Operation) -> int | None:
    """Return the largest content of an Operation, None if it takes none."""
    settings = entry.owner.settings
    sizes: list[int] = []
    for each in operation.inputs:
        if each.location == "body":
            usual = settings.max_body_size if each.raw is None else settings.max_upload_size
            sizes.append(each.max_size or usual)
        elif each.location in ("form", "files"):
            sizes.append(each.max_size or settings.max_upload_size)
    return max(sizes, default=None)


def _cache(operation: Operation) -> Mapping[str, object] | None:
    use = operation.cache
    return use.rule.document if use and use.rule else None


def _findings(audited: Audited) -> Iterator[Finding]:
    if audited.security == "nothing":
        yield _finding("undeclared-public")
    has_rate = any(isinstance(each, Rate) for each in audited.operation.limits)
    if audited.operation.method not in SAFE_METHODS and not has_rate:
        yield _finding("missing-limit")
    if audited.rows == "all":
        yield _finding("missing-row-rule")


def _finding(rule: str) -> Finding:
    return Finding(rule, " ".join(_RULES[rule]))


def sarif(audited: Sequence[Audited]) -> dict[str, object]:
    """Return the findings as a SARIF 2.1.0 log, which code hosts show beside the lines."""
    rules = [
        {"id": rule, "shortDescription": {"text": found}, "help": {"text": remedy}}
        for rule, (found, remedy) in _RULES.items()
    ]
    results = [_result(each, finding) for each in audited for finding in each.findings]
    driver = {"name": "restkit routes --audit", "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _result(audited: Audited, finding: Finding) -> dict[str, object]:
    operation = audited.operation
    text = f"{operation.method} {operation.host}{operation.rule}: {finding.message}"
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": text},
    }
    location: dict[str, object] = {
        "logicalLocations": [{"fullyQualifiedName": operation.declared_at}]
    }
    place = _place(operation)
    if place is not None:
        file, line = place
        physical = {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
        location["physicalLocation"] = physical
    return {**result, "locations": [location]}


def _place(operation: Operation) -> tuple[str, int] | None:
    """Return the file, from the current folder, and the line where an Operation is declared."""
    function = inspect.unwrap(operation.function)
    code: types.CodeType | None = getattr(function, "__code__", None)
    is_derived = code is None or code.co_filename.startswith(_PACKAGE)
    declared: type = getattr(operation.resource, "declared", operation.resource)
    try:
        file = inspect.getsourcefile(declared if is_derived else function)
        line = inspect.getsourcelines(declared if is_derived else function)[1]
    except (OSError, TypeError):  # a program without a file
        return None
    return (os.path.relpath(file).replace(os.sep, "/"), line) if file else None
