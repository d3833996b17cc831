"""Which entries a target of `App.url_for` means, and the values of their variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..declarations import plain_function
from ..operations.entries import Entry
from ..resource import FunctionResource

__all__ = ["indexes_of", "rejected_value", "with_outer_values"]


def indexes_of(
    target: object, entries: Sequence[Entry], owner: object, values: Mapping[str, object]
) -> Iterator[int]:
    """Yield the positions of the entries that a target means, the best first.

    Args:
        target: A class, a function, a name or an operationId.
        entries: All entries.
        owner: The App that asks. Its own entries come first.
        values: The values of variables, each of which an entry must have.
    """
    found = [
        (entry.owner is not owner, _distance(entry, values), index)
        for index, entry in enumerate(entries)
        if _is_target(entry, target) and values.keys() <= entry.pattern.variables
    ]
    for *_, index in sorted(found):
        yield index


def _is_target(entry: Entry, target: object) -> bool:
    """Return whether a name, class or function refers to an entry."""
    if target in (entry.name, entry.resource, entry.declared):
        return True
    if isinstance(target, str):
        return any(operation.operation_id == target for operation in entry.operations)
    return issubclass(entry.resource, FunctionResource) and any(
        plain_function(operation.function) is plain_function(target)
        for operation in entry.operations
    )


def _distance(entry: Entry, values: Mapping[str, object]) -> int:
    """Return the rank of an entry for `url_for`, less is better.

    Of the URLs of one class, the URL whose path has the most of the values comes first.
    """
    if entry.declared is None:
        return 0
    return -len(values.keys() & {parameter.name for parameter in entry.pattern.parameters})


def with_outer_values(
    entry: Entry, values: Mapping[str, object], outer: Mapping[str, object]
) -> Mapping[str, object]:
    """Return the values of all variables of an entry.

    Args:
        entry: The entry.
        values: The values that were given.
        outer: The values of variables of mounts that the current request has. Without one, the
            default of the mount counts.
    """
    if not entry.pattern.outer:
        return values
    known = {**entry.defaults, **outer}
    whole: dict[str, object] = {}
    for name in entry.pattern.outer:
        if name in known:
            value = known[name]
            whole[name] = value() if callable(value) else value
    return {**whole, **values}


def rejected_value(rule: str, variable: str, value: object) -> str:
    """Return the message about a value whose URL the pattern itself would not match."""
    return (
        f"There is no URL for {rule!r} with {variable}={value!r:.80}: the pattern does not match "
        "this value. Pass a value that its converter accepts."
    )
