"""Media types of Operations that a contribution replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..contract import Operation

__all__ = ["with_media_types"]


def with_media_types(operation: Operation, replacements: Mapping[str, Sequence[str]]) -> Operation:
    """Return an Operation whose content has other media types.

    Args:
        operation: The record.
        replacements: The media types, by the one in whose place they are.
    """
    inputs = [
        each._replace(media_types=_replaced(each.media_types, replacements))
        for each in operation.inputs
    ]
    outputs = [
        each._replace(media_types=_replaced(each.media_types, replacements))
        for each in operation.outputs
    ]
    return operation._replace(inputs=tuple(inputs), outputs=tuple(outputs))


def _replaced(
    media_types: Sequence[str], replacements: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    found: list[str] = []
    for each in media_types:
        found += replacements.get(each, (each,))
    return tuple(dict.fromkeys(found))
