"""The differences of two documents, in a few lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .shared_components import expanded

__all__ = ["diff"]

MAX_LINES = 20
_METHODS = (
    *("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"),
    "x-query",  # before OpenAPI 3.2
)


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the changes from one document to another: at most 20 lines, none if they are equal.

    Args:
        old: The document as it was.
        new: The document as it is.
    """
    if old == new:
        return []
    # A part that becomes shared is no change, and a shared one that changes is one of its users.
    old, new = expanded(old), expanded(new)
    if old == new:
        return ["changed: which parts the operations share"]
    lines = [*_operations(old, new), *_components(old, new), *_rest(old, new)]
    if not lines:  # such as a word on a path, which is of no operation
        lines = ["changed: the document"]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], f"... and {len(lines) - MAX_LINES + 1} more changes"]
    return lines


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _by_name(old), _by_name(new)
    yield from _names("operation", before, after)
    for name, operation in after.items():
        if name in before and before[name] != operation:
            yield from _operation(name, before[name], operation)


def _by_name(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in document.get("paths", {}).items()
        for method in _METHODS
        if method in item
    }


def _changed(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for each in after:
        if each in before and after[each] != before[each]:
            yield f"changed {name}: parameter {each}"


def _order(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    if before.keys() == after.keys() and list(before) != list(after):
        yield f"changed {name}: order of parameters"


def _operation(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _parameters(old), _parameters(new)
    parts = [
        *_names(f"{name}: parameter", before, after),
        *_changed(name, before, after),
        *_order(name, before, after),
        *_names(f"{name}: response", old.get("responses", {}), new.get("responses", {})),
        *(
            f"changed {name}: response {each}"
            for each, response in new.get("responses", {}).items()
            if old.get("responses", {}).get(each, response) != response
        ),
    ]
    known = {"parameters", "responses"}
    members = [
        each for each in {**old, **new} if each not in known and old.get(each) != new.get(each)
    ]
    if members:
        parts.append(f"changed {name}: {', '.join(members)}")
    yield from parts


def _parameters(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{each.get('name')} in {each.get('in')}": each for each in operation.get("parameters", ())
    }


def _components(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get("components", {}), new.get("components", {})
    for kind in {**before, **after}:
        noun = kind.removesuffix("s")
        mine, theirs = before.get(kind, {}), after.get(kind, {})
        yield from _names(noun, mine, theirs)
        for name, component in theirs.items():
            if name in mine and mine[name] != component:
                yield f"changed {noun} {name}{_properties(mine[name], component)}"


def _properties_of(component: object) -> Mapping[str, object]:
    return component.get("properties", {}) if isinstance(component, Mapping) else {}


def _properties(old: object, new: object) -> str:
    before, after = _properties_of(old), _properties_of(new)
    changed = [f"+{name}" for name in after if name not in before]
    changed += [f"-{name}" for name in before if name not in after]
    changed += [name for name in after if name in before and after[name] != before[name]]
    return f": {', '.join(changed)}" if changed else ""


def _rest(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in {**old, **new}:
        if name not in ("paths", "components") and old.get(name) != new.get(name):
            if name not in old or name not in new:
                yield f"{'added' if name in new else 'removed'} {name}"
            else:
                yield f"changed {name}"


def _names(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"removed {what} {name}" for name in before if name not in after)
    yield from (f"added {what} {name}" for name in after if name not in before)
