"""One difference between two schemas, and the sentence about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ..records import Record

__all__ = ["Finding", "Level", "sentence"]

Level = Literal["breaking", "warning", "compatible"]


class Finding(Record):
    """One difference between a narrow schema and a wide one, which should accept all its values.

    Attributes:
        steps: The way to the difference from the value as a whole: names of members, ``[]``.
        kind: The keyword that differs.
        narrow: Its value in the narrow schema.
        wide: Its value in the wide one.
        level: The effect on clients.
        narrow_pointer: Its place in the document of the narrow schema, or "".
        wide_pointer: The same for the wide one.
    """

    steps: tuple[str, ...]
    kind: str
    narrow: object
    wide: object
    level: Level
    narrow_pointer: str = ""
    wide_pointer: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """The place in the documents: a shared schema differs once, however it is reached."""
        places = self.narrow_pointer, self.wide_pointer
        return self.kind, *places, self.steps[-1:] if any(places) else self.steps

    @property
    def swapped_key(self) -> tuple[object, ...]:
        """The key of a finding at the same place when the schemas change sides."""
        return self._replace(narrow_pointer=self.wide_pointer, wide_pointer=self.narrow_pointer).key

    def below(self, step: str) -> Finding:
        """Return the finding of a member or an item."""
        return self._replace(steps=(step, *self.steps))


_MEMBER: Mapping[tuple[object, object], str] = {
    ("absent", "optional"): "is new and optional",
    ("absent", "required"): "is new and required",
    ("optional", "required"): "becomes required",
    ("required", "optional"): "becomes optional",
    ("optional", "absent"): "is removed",
    ("required", "absent"): "is removed",
    ("present", "ignored"): "becomes read-only or write-only",
    ("ignored", "present"): "is no longer read-only or write-only",
}
_ABSENT: Mapping[str, str] = {
    "minLength": "0",
    "minItems": "0",
    "minProperties": "0",
}


def sentence(finding: Finding, old: object, new: object) -> str:
    """Return a change in words, without a full stop: "`title`: maxLength changes from 10 to 5".

    Args:
        finding: The difference.
        old: The value before the change.
        new: The value after it.
    """
    subject = _subject(finding.steps)
    if finding.kind == "member":
        return f"{subject} {_MEMBER.get((old, new), f'changes from {old} to {new}')}"
    if finding.kind == "incomparable":
        return f"{subject}: the schemas cannot be compared: {_shown(new or old)}"
    if finding.kind == "compared":
        verb = "is new" if new else "is removed"
        reason = f"`{_shown(new or old)}` {verb}"
        unknown = "the schemas cannot be compared, because "
        return f"{subject}: {unknown if finding.level == 'warning' else ''}{reason}"
    change = _change(finding.kind, old, new)
    return f"{subject}: {change}" if finding.steps else change.replace("the ", "The ", 1)


def _change(kind: str, old: object, new: object) -> str:
    if kind == "enum":
        return _values(old, new)
    if kind == "type":
        return f"the type changes from {_types(old)} to {_types(new)}"
    if kind == "others":
        return f"unknown members are {_shown(new)}, and were {_shown(old)}"
    if kind.startswith("alternative "):
        return f"the {kind} is {'new' if new else 'removed'}"
    missing = _ABSENT.get(kind, "none")
    return f"{kind} changes from {_shown(old, missing)} to {_shown(new, missing)}"


def _subject(steps: Sequence[str]) -> str:
    """Return the name of a value: "the content", "the member `address.city`"."""
    if not steps:
        return "the value"
    path = ""
    for step in steps:
        path += step if step.startswith("[") or not path else f".{step}"
    return f"`{path}`"


def _values(old: object, new: object) -> str:
    before, after = _listed(old), _listed(new)
    if before is None or after is None:
        return f"the values change from {_range(before)} to {_range(after)}"
    parts: list[str] = []
    if added := [each for each in after if each not in before]:
        parts.append(f"{_joined(added)} added")
    if removed := [each for each in before if each not in after]:
        parts.append(f"{_joined(removed)} removed")
    return f"the values change: {', '.join(parts)}"


def _listed(values: object) -> list[str] | None:
    if not isinstance(values, (list, tuple)):
        return None
    return [json.dumps(each, ensure_ascii=False, default=str) for each in values]


def _range(values: list[str] | None) -> str:
    return "any" if values is None else _joined(values)


def _joined(values: Iterable[str]) -> str:
    found = list(values)
    if len(found) > 8:
        found = [*found[:8], f"and {len(found) - 8} more"]
    return ", ".join(found)


def _types(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, tuple) else _shown(value)


def _shown(value: object, missing: str = "none") -> str:
    if value is None or value == "":
        return missing
    if isinstance(value, (list, tuple, frozenset)):
        return " and ".join(sorted(map(str, value))) or missing
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
