"""Examples for strings whose only pattern forbids NUL.

Pages such as Swagger UI make an example of a pattern if there is none: here, random characters.
"""

from __future__ import annotations

from .matching import fits
from .metadata import Keywords

__all__ = ["add_readable_example"]

_WORD = "string"


def add_readable_example(out: Keywords) -> None:
    """Add a word of the permitted length as the example of a string, unless it has an example."""
    if out.keys() & {"examples", "default", "enum", "const"}:
        return
    least, most = out.get("minLength", 0), out.get("maxLength", len(_WORD))
    repeats = -(-least // len(_WORD)) or 1
    word = (_WORD * repeats)[: max(least, min(most, len(_WORD)))]
    if word and least <= 200 and fits(out, word):
        out["examples"] = [word]
