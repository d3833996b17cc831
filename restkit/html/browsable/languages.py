"""The language of a page: that of its reader, if an extension of the App translates texts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

from ...request import Request
from ..environment import TemplateOwner

__all__ = ["speaking"]

Headers = list[tuple[str, str]]


@runtime_checkable
class _Translating(Protocol):
    """An extension that translates the texts of pages."""

    def speaking(self, request: Request, /) -> AbstractContextManager[Headers]:
        """Speak the language of a request while the context lasts, and list the headers of it."""
        ...


@contextmanager
def speaking(app: TemplateOwner, request: Request) -> Generator[Sequence[tuple[str, str]]]:
    """Speak the language of a request while a page is made.

    Yields:
        The headers that say so, complete after the context.
    """
    known = (each for registry in app._registry.line() for each in registry.app.extensions)
    found = next((each for each in known if isinstance(each, _Translating)), None)
    if found is None:
        yield ()
        return
    with found.speaking(request) as headers:
        yield headers
