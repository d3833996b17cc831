"""The pytest plugin: the fixture ``client`` for the App of the fixture ``app`` or ``restkit_app``.

The plugin imports the App only when a test requests the fixture, so that a project's own coverage
stays complete and other projects are unaffected. (Measure restkit's own coverage with ``coverage
run -m pytest``: pytest loads its plugins before pytest-cov starts.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from ..app import App
from ..app_loading import load_app
from ..errors import LoadError
from .client import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["app", "client", "pytest_addoption"]

_OPTION = "restkit_app"
_HINT = (
    'define a fixture "app" that returns an App, or set restkit_app = "MODULE:APP" in the pytest '
    "configuration"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--restkit-app`` and the setting ``restkit_app``."""
    text = "the App of the fixture `client`: MODULE:APP, as for restkit run"
    parser.getgroup("restkit").addoption("--restkit-app", metavar="MODULE:APP", help=text)
    parser.addini(_OPTION, text, default="")


@pytest.fixture
def app(request: pytest.FixtureRequest) -> App:
    """Return the App that ``--restkit-app`` or ``restkit_app`` names; override it with your own."""
    target = request.config.getoption("--restkit-app") or request.config.getini(_OPTION)
    if not target:
        pytest.fail(f"restkit: the fixture client has no App: {_HINT}.", pytrace=False)
    try:
        return load_app(target)
    except LoadError as error:
        if error.__cause__ is not None:
            raise  # the cause is in the project's code: show its traceback
        pytest.fail(f"restkit: {error}", pytrace=False)


@pytest.fixture
def client(app: object) -> Client:
    """Return a new `restkit.testing.Client` of the App, which checks responses for conformance."""
    if not callable(app):
        pytest.fail(
            f"restkit: the fixture app returned a {type(app).__name__}, not an App: {_HINT}.",
            pytrace=False,
        )
    return Client(cast("WSGIApplication", app))
