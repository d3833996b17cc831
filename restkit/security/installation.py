"""Checks of the guards that are installed in an App."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ..declaration_checks import texts_of
from ..errors import DeclarationError

__all__ = ["Owner", "check_single", "checked_paths"]


class Owner(Protocol):
    """The part of an App that a guard needs."""

    name: str

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...


def check_single(app: Owner, kind: type, remedy: str) -> None:
    """Reject a guard of which the App has one already.

    Raises:
        DeclarationError: The App has one.
    """
    if any(isinstance(each, kind) for each in app.extensions):
        raise DeclarationError(f"The App {app.name!r} has {kind.__name__} already. {remedy}")


def checked_paths(paths: Collection[str], where: str) -> frozenset[str]:
    """Return exempt paths as a set.

    Raises:
        DeclarationError: One of them is not a path.
    """
    found = frozenset(texts_of(paths, where))
    for each in found:
        if not each.startswith("/") or "<" in each or "?" in each:
            raise DeclarationError(
                f"{where} has {each!r}, which is not a path without variables. Write '/health'."
            )
    return found
