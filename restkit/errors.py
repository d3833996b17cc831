"""The programmer's mistakes: raised at start-up or in tests, never sent over HTTP.

The family::

    RestkitError
    ├── DeclarationError     a resource, schema, route or decorator contradicts itself
    │   └── CollisionError   two declarations claim the same name or URL
    ├── SettingError         a setting is unknown or has a wrong value
    ├── MissingExtraError    a feature needs a package that is not installed
    ├── LoadError            the command line cannot find or import the App
    └── ContractError        a response violates its Operation's contract

Each message is one sentence or two: the finding and its place, the expectation, the remedy.
"""

from __future__ import annotations

__all__ = [
    "CollisionError",
    "ContractError",
    "DeclarationError",
    "LoadError",
    "MissingExtraError",
    "RestkitError",
    "SettingError",
]


class RestkitError(Exception):
    """Raised when a program has a mistake; the base of the other classes."""


class DeclarationError(RestkitError):
    """Raised when a resource, schema, route or decorator contradicts itself, at start-up."""


class CollisionError(DeclarationError):
    """Raised when two declarations claim the same name or URL, at start-up."""


class SettingError(RestkitError):
    """Raised when a setting is unknown or invalid, or its source cannot be read."""


class MissingExtraError(RestkitError, ImportError):
    """Raised when a feature needs an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Make the error.

        Args:
            feature: The feature, as the beginning of a sentence.
            extra: The name of the extra, as in ``pip install 'restkit[extra]'``.
        """
        super().__init__(
            f"{feature} needs a package that is not installed: pip install 'restkit[{extra}]'"
        )
        self.extra = extra


class LoadError(RestkitError):
    """Raised when ``MODULE:APP`` on the command line does not name an App."""


class ContractError(RestkitError, AssertionError):
    """Raised when a response violates its contract, in tests and the development server."""
