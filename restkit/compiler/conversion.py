"""The lines of a generated loader that accept one value ``v`` of a field."""

from __future__ import annotations

from collections.abc import Callable

from .accept import Accept
from .writer import Writer

__all__ = ["accepted", "write_conversion"]

Bind = Callable[[str, object], str]
"""Adds an object to the generated module under a name that begins with a text; returns the name."""


def accepted(writer: Writer, accept: Accept, bind: Bind) -> tuple[str, str, list[str]]:
    """Write the conversion of ``v`` to ``w``, and return how to know that there is a value.

    Args:
        writer: The writer, in which ``M`` is a name.
        accept: The inline code of the field.
        bind: The function that names objects.

    Returns:
        The name of the loaded value, the expression that is true if there is one, and the
        expressions of the validators.
    """
    names = {name: bind(name, value) for name, value in accept.bound.items()}
    if not accept.made:
        checks = [check.format(w="v", **names) for check in accept.checks]
        return "v", f"({accept.test.format(**names)})", checks
    write_conversion(writer, accept, names)
    return "w", "w is not M", [check.format(w="w", **names) for check in accept.checks]


def write_conversion(writer: Writer, accept: Accept, names: dict[str, str]) -> None:
    """Write the lines that make ``w`` of ``v``; it is M if the field's own method decides."""
    made = accept.made.format(**names)
    writer.line("w = M")
    with writer.block(f"if {accept.test.format(**names)}:"):
        if not accept.raises:
            writer.line(f"w = {made}")
            _write_rest(writer, accept, names)
            return
        with writer.block("try:"):
            writer.line(f"w = {made}")
            _write_rest(writer, accept, names)
        with writer.block("except Exception:"):
            writer.line("w = M")  # the field's own method raises it again, with a message


def _write_rest(writer: Writer, accept: Accept, names: dict[str, str]) -> None:
    if accept.after:
        with writer.block(f"if not ({accept.after.format(w='w', **names)}):"):
            writer.line("w = M")
        if accept.then:
            with writer.block("else:"):
                writer.line(f"w = {accept.then.format(w='w', **names)}")
    elif accept.then:
        writer.line(f"w = {accept.then.format(w='w', **names)}")
