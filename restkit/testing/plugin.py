"""The pytest plugin: the fixtures ``client`` and ``rolled_back`` for an App.

The App is that of the fixture ``app`` or of the setting ``restkit_app``.

The plugin imports the App only when a test requests the fixture, so that a project's own coverage
stays complete and other projects are unaffected. (Measure restkit's own coverage with ``coverage
run -m pytest``: pytest loads its plugins before pytest-cov starts.)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Protocol, cast

import pytest

from ..app import App
from ..app_loading import load_app
from ..errors import LoadError
from .client import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["app", "client", "pytest_addoption", "rolled_back"]

# The assertions of the conformance suite show their values, as those of a test do.
pytest.register_assert_rewrite("restkit.testing.conformance")

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


class _RollsBack(Protocol):
    def rolled_back(self) -> AbstractContextManager[object]: ...


@pytest.fixture
def rolled_back(app: object) -> Generator[object]:
    """Undo after the test its and the App's writes to the App's databases and stores in memory.

    Yields:
        A session of the database for the test itself, or the `MemoryStore`; of several, that of the
        first one that is installed.
    """
    extensions: Sequence[object] = getattr(app, "extensions", ())
    found = [cast("_RollsBack", each) for each in extensions if hasattr(each, "rolled_back")]
    if not found:
        pytest.fail(
            "restkit: the fixture rolled_back found no database. Install one on the App of the "
            "fixture app: app.install(Database(...)), or app.install(MemoryStore(...)).",
            pytrace=False,
        )
    with ExitStack() as stack:
        sessions = [stack.enter_context(each.rolled_back()) for each in found]
        yield sessions[0]
