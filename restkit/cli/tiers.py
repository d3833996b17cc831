"""The fields of a schema as a table: at which tier each is loaded or dumped, why, and what was generated."""

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
    """Yield the lines that say what becomes of a schema's fields, those of nested schemas below them.

    Args:
        schema: The instance, as it is used.
        side: Whether its loading or its dumping is meant.
        compiled: Whether it is compiled; without that marshmallow takes every field.
        source: Whether the generated Python follows.
    """
    found = explain(schema)
    if not compiled:
        yield "Not compiled: the setting compile_schemas is off, and marshmallow takes every field."
    else:
        yield from _whole(found, side)
    for tag, names in found.hooks.items():
        if tag.endswith(side):
            yield f"{tag}: {', '.join(names)}"
    rows = list(_rows(found, side, compiled, "", (type(schema),)))
    if rows:
        yield from columns(
            [(*_TITLES[side][:3], "WHY" if any(row[3] for row in rows) else ""), *rows]
        )
    else:
        yield "It has no field for this."
    if source and compiled:
        yield from _sources(found, side)


def _whole(found: Explanation, side: Side) -> Iterator[str]:
    if side == "load":
        if found.load_reason:
            yield f"marshmallow loads it whole: {found.load_reason}."
    elif found.dump_reason:
        yield f"marshmallow dumps it whole: {found.dump_reason}."
    elif found.straight_reason:
        yield f"SerializedContent first and written then: {found.straight_reason}."
    else:
        yield "Goes straight from objects to JSON."


def _rows(
    found: Explanation, side: Side, compiled: bool, above: str, seen: tuple[type[Schema], ...]
) -> Iterator[_Row]:
    order = list(found.schema.fields)
    for each in sorted(found.fields, key=lambda each: order.index(each.name)):
        tier, reason = (
            (each.load, each.load_reason) if side == "load" else (each.dump, each.dump_reason)
        )
        if not tier:
            continue
        name = above + each.key
        yield name, each.kind, tier if compiled else "marshmallow", reason if compiled else ""
        if each.nested is not None and type(each.nested) not in seen:
            yield from _rows(
                explain(each.nested), side, compiled, f"{name}.", (*seen, type(each.nested))
            )


def _sources(found: Explanation, side: Side) -> Iterator[str]:
    sources = (
        {"loader": found.load_source}
        if side == "load"
        else {f"dumper, {k}": v for k, v in found.dump_sources.items()}
    )
    for name, text in sources.items():
        if text:
            yield f"The generated {name}:"
            yield from indented(text.strip("\n").splitlines())


def columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as lines whose columns are aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines one step further to the right."""
    return (f"  {line}".rstrip() for line in lines)
