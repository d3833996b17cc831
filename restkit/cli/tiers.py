"""The fields of a schema as a table: the tier of each, the reason, and the generated code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from marshmallow import Schema

from ..compiler import Explanation, explain

__all__ = ["Side", "columns", "indented", "tiers"]

Side = Literal["load", "dump"]

_Row = tuple[str, str, str, str]
_TITLES = {
    "load": ("FIELD", "TYPE", "LOADED BY", "WHY NOT QUICKER"),
    "dump": ("FIELD", "TYPE", "DUMPED BY", ""),
}


def tiers(
    schema: Schema, side: Side, *, compiled: bool = True, source: bool = False
) -> Iterator[str]:
    """Yield the lines about a schema's fields and, below them, the fields of nested schemas.

    Args:
        schema: The instance that is used.
        side: ``"load"`` or ``"dump"``.
        compiled: Whether it is compiled; otherwise marshmallow handles every field.
        source: Whether the generated Python code follows.
    """
    found = explain(schema)
    if not compiled:
        yield "Not compiled: compile_schemas is off, so marshmallow handles every field."
    else:
        yield from _whole(found, side)
    for tag, names in found.hooks.items():
        if tag.endswith(side):
            yield f"{tag}: {', '.join(names)}"
    rows = list(_rows(found, side, compiled, "", (type(schema),)))
    if rows:
        reasons = any(row[3] for row in rows)
        yield from columns([(*_TITLES[side][:3], "WHY" if reasons else ""), *rows])
    else:
        yield "The schema has no such field."
    if source and compiled:
        yield from _sources(found, side)


def _whole(found: Explanation, side: Side) -> Iterator[str]:
    if side == "load":
        if found.load_reason:
            yield f"marshmallow loads it whole: {found.load_reason}."
    elif found.dump_reason:
        yield f"marshmallow dumps it whole: {found.dump_reason}."
    elif found.straight_reason:
        yield f"Dumped to a dict, then encoded as JSON: {found.straight_reason}."
    else:
        yield "Written directly from objects to JSON."


def _rows(
    found: Explanation, side: Side, compiled: bool, above: str, seen: tuple[type[Schema], ...]
) -> Iterator[_Row]:
    order = list(found.schema.fields)
    for each in sorted(found.fields, key=lambda each: order.index(each.name)):
        tier, reason = each.load, each.load_reason
        if side == "dump":
            tier, reason = each.dump, each.dump_reason
        if not tier:
            continue
        if not compiled:
            tier, reason = "marshmallow", ""
        name = above + each.key
        yield name, each.kind, tier, reason
        if each.nested is not None and type(each.nested) not in seen:
            yield from _rows(
                explain(each.nested), side, compiled, f"{name}.", (*seen, type(each.nested))
            )


def _sources(found: Explanation, side: Side) -> Iterator[str]:
    sources = {"loader": found.load_source}
    if side == "dump":
        sources = {f"dumper, {kind}": text for kind, text in found.dump_sources.items()}
    for name, text in sources.items():
        if text:
            yield f"The generated {name}:"
            yield from indented(text.strip("\n").splitlines())


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as lines whose columns are aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines indented by one level."""
    return (f"  {line}".rstrip() for line in lines)
