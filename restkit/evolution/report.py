"""The changes between two documents as text, JSON or Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from ..records import Record
from .changes import Change, Place
from .findings import Level

__all__ = ["as_json", "as_markdown", "as_text"]

_LEVELS: Sequence[Level] = ("breaking", "warning", "compatible")
_TITLES: Mapping[Level, str] = {
    "breaking": "Breaking changes",
    "warning": "Warnings",
    "compatible": "Compatible changes",
}
_NOTHING = "No changes that concern clients."
_Key = tuple[str, ...]


class _Group(Record):
    """One change of a shared schema, with all its places."""

    change: Change
    places: tuple[Place, ...]

    @property
    def others(self) -> str:
        """The number of further places, in words."""
        more = len(self.places) - 1
        return "" if not more else f", and in {more} more place{'s' * (more > 1)}"


def _groups(changes: Iterable[Change]) -> list[_Group]:
    """Return the changes; a component that several operations use changes once."""
    found: dict[_Key, list[Change]] = {}
    for each in changes:
        key: _Key = (each.level, each.pointer, each.message, *map(str, each.place))
        if each.pointer.startswith("#/components/"):
            last = each.message.rpartition("`")[2]
            key = each.level, each.pointer, last, each.place.direction
        found.setdefault(key, []).append(each)
    return [_Group(each[0], tuple(map(_place, each))) for each in found.values()]


def _place(change: Change) -> Place:
    return change.place


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    levels = [each.level for each in changes]
    return {level: levels.count(level) for level in _LEVELS}


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes for programs, each place by itself."""
    printed = {"summary": _counts(changes), "changes": [_record(each) for each in changes]}
    return json.dumps(printed, indent=2, ensure_ascii=False)


def _record(change: Change) -> dict[str, str]:
    return {
        "level": change.level,
        "kind": change.kind,
        **change.place._asdict(),
        "pointer": change.pointer,
        "message": change.message,
    }


def as_text(changes: Sequence[Change]) -> str:
    """Return one line for each change, those that break clients first."""
    if not changes:
        return _NOTHING
    groups = _groups(changes)
    lines = [_line(each) for each in groups]
    counts = _counts([each.change for each in groups])
    total = ", ".join(f"{number} {level}" for level, number in counts.items())
    return "\n".join([*lines, "", f"{total}"])


def _line(group: _Group) -> str:
    change = group.change
    return f"{change.level:<10} {_where(change.place)}: {change.message} {_source(group)}".rstrip()


def _where(place: Place) -> str:
    """Return a place in words: "PUT /books/{id}, request body application/json"."""
    part = place.part
    if place.direction and not part.startswith((place.direction, "security")):
        part = f"{place.direction} {part}"
    return f"{place.method} {place.path}, {part}" if part else f"{place.method} {place.path}"


def _source(group: _Group) -> str:
    pointer = f"[{group.change.pointer}]" if group.change.pointer else ""
    return f"{pointer}{group.others}"


def as_markdown(changes: Sequence[Change]) -> str:
    """Return the changes for a pull request, compatible ones folded."""
    groups = _groups(changes)
    parts = ["## Changes of the API"]
    if not groups:
        return f"{parts[0]}\n\n{_NOTHING}"
    for level in _LEVELS:
        items = [_item(each) for each in groups if each.change.level == level]
        if not items:
            continue
        title = f"{_TITLES[level]} ({len(items)})"
        listed = "\n".join(items)
        if level == "compatible":
            text = f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"
            parts.append(text)
        else:
            parts.append(f"### {title}\n\n{listed}")
    return "\n\n".join(parts)


def _item(group: _Group) -> str:
    change = group.change
    place = change.place
    words = f" {_where(place._replace(method='', path='')).lstrip(' ,')}" if place.part else ""
    return f"- **`{place.method} {place.path}`**{words}: {change.message}{group.others}"
