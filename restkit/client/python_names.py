"""Names of a document as names of Python: ``listItems`` is ``list_items``."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable

__all__ = ["names_of", "python_name"]

_WORDS = "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"


def python_name(wire: str) -> str:
    """Return the name of Python for an operationId, a parameter or a member.

    Words are joined by underscores, in small letters: ``If-Match`` is ``if_match``. A keyword gets
    an underscore: ``class_``.
    """
    text = re.sub(r"\W+", "_", re.sub(_WORDS, "_", wire)).strip("_").lower() or "_"
    if text[0].isdigit():
        text = f"_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def names_of(operation_ids: Iterable[str], taken: Collection[str]) -> dict[str, list[str]]:
    """Return operationIds by their names in Python; a name may have several.

    Args:
        operation_ids: The operationIds.
        taken: The names of the client itself; such an operation gets an underscore.
    """
    found: dict[str, list[str]] = {}
    for each in operation_ids:
        name = python_name(each)
        found.setdefault(f"{name}_" if name in taken else name, []).append(each)
    return found
