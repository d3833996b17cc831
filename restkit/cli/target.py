"""What the commands on an App have in common: the argument TARGET, and mistakes as one sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import click

from ..app import App
from ..app_loading import load_app
from ..errors import LoadError, RestkitError

__all__ = ["Mistake", "mistakes", "takes_target", "target_of"]


class Mistake(click.ClickException):
    """Is a mistake of the user's program, shown as ``Error: ...``.

    The exit code is 2, as for a wrong use of the command: 1 is left for what a command was asked to find out.
    """

    exit_code = 2


def takes_target(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument TARGET and ``--traceback``; it gets the frozen App as its first parameter.

    A mistake at start-up is shown as one sentence; ``--traceback`` shows all of it.
    """

    @click.argument("target")
    @click.option(
        "--traceback", "shown", is_flag=True, help="Show the whole traceback of a mistake."
    )
    @functools.wraps(function)
    def command(target: str, shown: bool, **options: Any) -> Any:
        app = target_of(target, shown)
        return function(app, **options)

    return command


def target_of(target: str, shown: bool = False) -> App:
    """Load an App and freeze it.

    Args:
        target: As `load_app` takes it.
        shown: Whether an exception leaves as it is, with its traceback.

    Raises:
        Mistake: The App cannot be loaded, or has a mistake that shows at start-up.
    """
    with mistakes(shown):
        app = load_app(target)
        app.freeze()
    return app


@contextmanager
def mistakes(shown: bool = False) -> Generator[None]:
    """Turn what is wrong with the user's program into a `Mistake`.

    Args:
        shown: Whether an exception leaves as it is, with its traceback.

    Raises:
        Mistake: The program cannot be loaded, or has a mistake that shows at start-up.
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
