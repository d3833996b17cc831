"""The programmer's mistakes: raised at start-up or in tests, never answered over HTTP.

The family::

    RestkitError
    ├── DeclarationError     a resource, schema, route or decorator contradicts itself
    │   └── CollisionError   two declarations claim the same name or URL
    ├── SettingError         a setting is unknown or has a wrong value
    ├── MissingExtraError    a feature needs a package that is not installed
    ├── LoadError            the command line cannot find or import the app
    └── ContractError        an answer is outside its Operation's contract

Each message is one sentence or two: what was found and where, what was expected, what to do.
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
    """Is the base of every mistake that restkit reports to the programmer."""


class DeclarationError(RestkitError):
    """Is raised at start-up where a resource, schema, route or decorator contradicts itself."""


class CollisionError(DeclarationError):
    """Is raised at start-up where two declarations claim the same name; names both places."""


class SettingError(RestkitError):
    """Is raised where a setting is unknown or its value is not of the setting's type."""


class MissingExtraError(RestkitError, ImportError):
    """Is raised where a feature needs an extra that is not installed; says which one."""

    def __init__(self, feature: str, extra: str) -> None:
        """Make the error.

        Args:
            feature: What cannot be done, as the beginning of a sentence.
            extra: The name of the extra, as in ``pip install 'restkit[extra]'``.
        """
        super().__init__(
            f"{feature} needs a package that is not installed: pip install 'restkit[{extra}]'"
        )
        self.extra = extra


class LoadError(RestkitError):
    """Is raised by the command line where ``MODULE:APP`` does not lead to an App."""


class ContractError(RestkitError, AssertionError):
    """Is raised in tests and the dev server for an answer outside its Operation's contract."""
