"""Errors: one family, each a sentence for the programmer, none answered over HTTP as itself."""

from __future__ import annotations

import pytest

from restkit import errors
from restkit.errors import (
    CollisionError,
    ContractError,
    DeclarationError,
    LoadError,
    MissingExtraError,
    RestkitError,
    SettingError,
)


def test_one_family() -> None:
    """Every error that is exported is a RestkitError,
    and has a docstring that says when it is raised.
    """
    assert "DeclarationError" in errors.__all__
    for name in errors.__all__:
        error = getattr(errors, name)
        assert issubclass(error, RestkitError)
        assert error.__doc__.startswith("Raised ")


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (CollisionError, DeclarationError),
        (ContractError, AssertionError),
        (MissingExtraError, ImportError),
        (SettingError, RestkitError),
        (LoadError, RestkitError),
    ],
)
def test_bases(error: type[Exception], base: type[Exception]) -> None:
    """Errors are caught as what they also are: a missing extra as an ImportError, for one."""
    assert issubclass(error, base)


def test_a_missing_extra_says_what_to_install() -> None:
    """The message is the command."""
    error = MissingExtraError("Swagger UI", "swagger")
    assert (
        str(error)
        == "Swagger UI needs a package that is not installed: pip install 'restkit[swagger]'"
    )
    assert error.extra == "swagger"
