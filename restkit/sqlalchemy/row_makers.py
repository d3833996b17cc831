"""Functions from a cursor's rows to dicts, with the own conversions of SQLAlchemy's types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy import Dialect

from ..compiler.writer import Writer
from .unreadable_values import guarded, quick_conversions

__all__ = ["Description", "Make", "Row", "Types", "row_maker"]

Row = dict[str, object]
"""The attributes of an item by name."""
Types = Sequence[tuple[str, sa.types.TypeEngine[object]]]
"""The attribute and the type of each column."""
Description = Sequence[Sequence[object]]
"""A cursor's description of its columns (PEP 249)."""
Make = Callable[[Sequence[Sequence[object]]], list[Row]]
"""A function from the rows of a cursor to dicts."""


def row_maker(
    types: Types,
    dialect: Dialect,
    description: Description,
    *,
    is_guarded: bool = False,
) -> Make:
    """Generate the function from a cursor's rows to dicts.

    Args:
        types: The attribute and the type of each column.
        dialect: The dialect.
        description: The cursor's description of the columns.
        is_guarded: Whether values that a type cannot read are None, and no exceptions.
    """
    writer = Writer()
    members: list[str] = []
    for number, ((name, kind), column) in enumerate(zip(types, description, strict=True)):
        with quick_conversions():
            convert = kind.dialect_impl(dialect).result_processor(dialect, column[1])
        value = f"v{number}"
        if convert is not None:
            writer.set(f"convert_{number}", guarded(convert, name) if is_guarded else convert)
            value = f"convert_{number}({value})"
        members.append(f"{name!r}: {value}")
    variables = "".join(f"v{number}, " for number in range(len(types)))
    with writer.block("def make(rows):"):
        writer.line(f"return [{{{', '.join(members)}}} for {variables}in rows]")
    made: Make = writer.run("rows of a cursor")["make"]
    return made
