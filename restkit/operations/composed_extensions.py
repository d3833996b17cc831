"""Extensions with a method ``compose``, which is called when everything is declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, cast

__all__ = ["ComposedExtension", "compose_extensions"]


class ComposedExtension(Protocol):
    """An extension that reads the Operations of its App."""

    def compose(self, app: object, /) -> None:
        """Read the complete App; called once, before the first request."""
        ...


class _Extended(Protocol):
    @property
    def extensions(self) -> Sequence[object]: ...


def compose_extensions(apps: Iterable[_Extended]) -> None:
    """Call ``compose`` of the extensions that have it.

    Args:
        apps: The outermost App and those mounted on it.
    """
    for app in apps:
        for extension in app.extensions:
            if callable(getattr(extension, "compose", None)):
                cast("ComposedExtension", extension).compose(app)
