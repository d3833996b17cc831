"""The argument TARGET of the commands, and the user's errors as one sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from ..app import App
from ..app_loading import load_app, load_program
from ..errors import LoadError, RestkitError
from ..versioning import Versions

__all__ = ["Mistake", "mistakes", "program_of", "takes_target", "target_of"]


class Mistake(click.ClickException):
    """Raised when the user's program is invalid; click prints it as ``Error: ...``.

    The exit code is 2, as for incorrect usage: 1 is reserved for a command's negative result.
    """

    exit_code = 2


def takes_target(function: Callable[..., None]) -> Callable[..., None]:
    """Add the argument TARGET and ``--traceback`` to a command; its first parameter is the App.

    The App is frozen. An error of its start is shown as one sentence, with ``--traceback`` whole.
    """

    @click.argument("target")
    @click.option(
        "--traceback", "shown", is_flag=True, help="Show the whole traceback of an error."
    )
    @functools.wraps(function)
    def command(target: str, shown: bool, **options: object) -> None:
        function(target_of(target, shown), **options)

    return command


def target_of(target: str, shown: bool = False) -> App:
    """Load an App and freeze it.

    Args:
        target: The App, as for `load_app`.
        shown: Whether an exception propagates unchanged, with its traceback.

    Raises:
        Mistake: The App cannot be loaded, or its declarations are invalid.
    """
    with mistakes(shown):
        app = load_app(target)
        app.freeze()
    return app


def program_of(target: str, shown: bool = False) -> App | Versions:
    """Load an App or Versions, and freeze them; see `target_of`."""
    with mistakes(shown):
        program = load_program(target)
        program.freeze()
    return program


@contextmanager
def mistakes(shown: bool = False) -> Generator[None]:
    """Convert errors of the user's program to `Mistake`.

    Args:
        shown: Whether an exception propagates unchanged, with its traceback.

    Raises:
        Mistake: The program cannot be loaded, or its declarations are invalid.
    """
    try:
        yield
    except LoadError as error:
        if shown and error.__cause__ is not None:
            raise error.__cause__ from None
        more = " --traceback shows all of it." if error.__cause__ is not None else ""
        raise Mistake(f"{error}{more}") from error
    except RestkitError as error:
        if shown:
            raise
        raise Mistake(str(error)) from error
