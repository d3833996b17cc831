"""Which entries a target of `App.url_for` means, and the values of their variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..declarations import plain_function
from ..operations.entries import Entry
from ..resource import FunctionResource

__all__ = ["UrlTargets", "rejected_value", "with_outer_values"]


class _Meant:
    """The entries that one target means.

    Attributes:
        all: Their positions.
        by_owner: Their positions by the id of their App.
        is_ranked: Whether one class has several of them, of which the values choose one.
    """

    __slots__ = ("all", "by_owner", "is_ranked")

    def __init__(self) -> None:
        self.all: list[int] = []
        self.by_owner: dict[int, list[int]] = {}
        self.is_ranked = False


class UrlTargets:
    """The entries by the targets of `App.url_for`: looked up, not searched."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Index the entries by name, class, function and operationId."""
        self._entries = entries
        self._meant: dict[object, _Meant] = {}
        self._variables = [entry.pattern.variables for entry in entries]
        for index, entry in enumerate(entries):
            for target in _targets_of(entry):
                meant = self._meant.setdefault(target, _Meant())
                meant.all.append(index)
                meant.by_owner.setdefault(id(entry.owner), []).append(index)
                meant.is_ranked = meant.is_ranked or entry.declared is not None

    def find(self, target: object, owner: object, values: Mapping[str, object]) -> Iterator[int]:
        """Yield the positions of the entries that a target means, the best first.

        Args:
            target: A class, a function, a name or an operationId.
            owner: The App that asks. Its own entries come first.
            values: The values of variables, each of which an entry must have.
        """
        try:
            meant = self._meant.get(plain_function(target))
        except TypeError:  # a target without a hash is none of them
            return
        if meant is None:
            return
        own = meant.by_owner.get(id(owner), ())
        yield from self._fitting(own, values, meant)
        if len(own) < len(meant.all):
            others = (each for each in meant.all if self._entries[each].owner is not owner)
            yield from self._fitting(others, values, meant)

    def _fitting(
        self, indexes: Iterable[int], values: Mapping[str, object], meant: _Meant
    ) -> Iterator[int]:
        """Yield the entries that have every variable of the values, the best first."""
        names = values.keys()
        if not meant.is_ranked:
            # PERF: a name may belong to entries of many Apps; mostly the first of them is meant.
            for index in indexes:
                if names <= self._variables[index]:
                    yield index
            return
        found = [index for index in indexes if names <= self._variables[index]]
        yield from sorted(found, key=lambda index: _distance(self._entries[index], values))


def _targets_of(entry: Entry) -> set[object]:
    """Return the names, classes and functions that refer to an entry."""
    found: set[object] = {entry.name, entry.resource}
    found.update(operation.operation_id for operation in entry.operations)
    if entry.declared is not None:
        found.add(entry.declared)
    if issubclass(entry.resource, FunctionResource):
        found.update(plain_function(operation.function) for operation in entry.operations)
    return found


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
