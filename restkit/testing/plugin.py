"""The pytest plugin: the fixture ``client`` of an App that the fixture ``app`` or ``restkit_app`` names.

A project that uses neither notices nothing. What a project's own coverage measures is not touched either: the
App is imported when the fixture is asked for. (restkit's own coverage is measured by ``coverage run -m pytest``,
since pytest loads its plugins before pytest-cov begins to look.)
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from ..app_loading import load_app
from ..errors import LoadError
from .client import Client

__all__ = ["app", "client", "pytest_addoption"]

_OPTION = "restkit_app"
_HINT = 'define a fixture "app" that returns an App, or set restkit_app = "MODULE:APP" in the pytest configuration'


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--restkit-app`` and the setting ``restkit_app``."""
    text = "the App whose client the fixture `client` is: MODULE:APP, as restkit run takes it"
    parser.getgroup("restkit").addoption("--restkit-app", metavar="MODULE:APP", help=text)
    parser.addini(_OPTION, text, default="")


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Any:
    """Return the App that ``--restkit-app`` or ``restkit_app`` names; a fixture of your own stands in for it."""
    target = request.config.getoption("--restkit-app") or request.config.getini(_OPTION)
    if not target:
        pytest.fail(f"restkit: the fixture client knows no App: {_HINT}.", pytrace=False)
    try:
        return load_app(target)
    except LoadError as error:
        if error.__cause__ is not None:
            raise  # its cause is in the project's code, whose traceback helps
        pytest.fail(f"restkit: {error}", pytrace=False)


@pytest.fixture
def client(app: Any) -> Client:
    """Return a `restkit.testing.Client` of the App, with no cookies; each answer is checked against its contract."""
    if not callable(app):
        pytest.fail(
            f"restkit: the fixture app returned a {type(app).__name__}, not an App: {_HINT}.",
            pytrace=False,
        )
    return Client(cast(Any, app))
