"""Events of SQLAlchemy that nobody listens to, found out at little cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from types import MappingProxyType

__all__ = ["Silence"]

_NONE: Mapping[str, int] = MappingProxyType({})


class Silence:
    """Some events, of which it is known whether anybody listens to them now.

    Listeners may be added at any time, so that each request asks. PERF: SQLAlchemy's collections
    of listeners say in Python whether they are empty, at two thousand instructions each. Here they
    are compared with their former state, in two calls that loop in C.
    """

    def __init__(
        self,
        sources: Iterable[tuple[object, Iterable[str]]],
        own: Mapping[str, int] = _NONE,
    ) -> None:
        """Look at the events.

        Args:
            sources: The dispatchers of SQLAlchemy's objects, and the names of events of each.
            own: The number of listeners of restkit itself, for events that have some.
        """
        # Of each event: where its collection is found, the collection, and its two parts.
        self._holders: list[object] = []
        self._names: list[str] = []
        self._collections: list[object] = []
        self._parts: list[Sized] = []
        self._is_known = True
        for dispatch, names in sources:
            for name in names:
                self._add(dispatch, name, own.get(name, 0))
        self._sizes = [len(part) for part in self._parts]

    def _add(self, dispatch: object, name: str, own: int) -> None:
        """Keep an event; that of an engine with options of its own is one of its parent too."""
        parent = getattr(dispatch, "parent", None)
        if parent is None:
            self._keep(dispatch, name, own)
        else:
            self._keep(getattr(dispatch, name), "local", 0)
            self._add(parent, name, own)

    def _keep(self, holder: object, name: str, own: int) -> None:
        collection = getattr(holder, name)
        parts: list[Sized] = [
            getattr(collection, "parent_listeners", ()),  # those of the class
            getattr(collection, "listeners", ()),
        ]
        self._holders.append(holder)
        self._names.append(name)
        self._collections.append(collection)
        self._parts += parts
        if sum(len(part) for part in parts) != own:
            self._is_known = False

    @property
    def holds(self) -> bool:
        """Whether certainly nobody but restkit listens; False if it has to be looked at closely."""
        return (
            self._is_known
            and list(map(getattr, self._holders, self._names)) == self._collections
            and list(map(len, self._parts)) == self._sizes
        )
