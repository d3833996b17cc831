"""Transitions in the document: sentences on fields, and the problem of a wrong change."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cache

from marshmallow import Schema

from ..contract import Failure
from ..errors import DeclarationError
from ..problems import Conflict

__all__ = [
    "DeclaredTransitions",
    "check_transitions",
    "described",
    "transition_failure",
    "transition_texts",
    "value_text",
]

DeclaredTransitions = Mapping[str, Mapping[object, Sequence[object]]]
"""For each attribute, the values that follow a value. The values that follow None are those of new
items; without None, a new item may have any value that is named."""


def value_text(value: object) -> str:
    """Return a value as text; the value of a member of an enumeration."""
    return str(getattr(value, "value", value))


def check_transitions(declared: object, declared_at: str) -> None:
    """Reject a value that is not a mapping of attributes to mappings of values to sequences.

    Raises:
        DeclarationError: It is something else.
    """
    of = declared.items() if isinstance(declared, Mapping) else [("", None)]
    for name, following in of:
        values = following.values() if isinstance(following, Mapping) else [None]
        if not all(isinstance(each, (tuple, list, set, frozenset)) for each in values):
            raise DeclarationError(
                f"{declared_at}.transitions: {name or 'it'} must be a mapping of each value to the "
                "values that may follow: write {'status': {'open': ('closed',), 'closed': ()}}."
            )


def transition_texts(declared: DeclaredTransitions) -> tuple[tuple[str, str], ...]:
    """Return a sentence on the transitions of each attribute, for the document."""
    found: list[tuple[str, str]] = []
    for name, following in declared.items():
        parts: list[str] = []
        for value, after in following.items():
            first = "new" if value is None else f"`{value_text(value)}`"
            parts.append(
                f"{first} to {', '.join(f'`{value_text(each)}`' for each in after) or 'nothing'}"
            )
        found.append((name, f"Allowed changes: {'; '.join(parts)}."))
    return tuple(found)


def transition_failure(declared: DeclaredTransitions) -> Failure:
    """Return the problem of a change that is not declared."""
    texts = " ".join(f"`{name}`: {text}" for name, text in transition_texts(declared))
    return Failure(Conflict, "transitions", f"The state of the item does not allow it. {texts}")


@cache
def described(declared: type[Schema], texts: tuple[tuple[str, str], ...]) -> type[Schema]:
    """Return a copy of a schema class whose fields tell of transitions.

    Args:
        declared: The class.
        texts: The sentence of each attribute.
    """
    members: dict[str, object] = {}
    by_attribute = dict(texts)
    for name, field in declared().fields.items():
        text = by_attribute.get(field.attribute or name)
        if text is not None:
            made = copy.copy(field)
            said = f"{field.metadata.get('description', '')} {text}".strip()
            made.metadata = {**field.metadata, "description": said}
            members[name] = made
    if not members:
        return declared
    meta = type("Meta", (declared.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    return type(declared.__name__, (declared,), {**members, **more})
