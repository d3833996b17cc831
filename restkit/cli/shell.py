"""``restkit shell``: a Python shell with the App, a client and a database session."""

from __future__ import annotations

import code
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Protocol, cast

import click

from ..app import App
from ..testing.client import Client
from ..testing.request_context import request_context
from .target import takes_target

__all__ = ["command"]


class _ShellContext(Protocol):
    def shell_context(self) -> AbstractContextManager[Mapping[str, object]]: ...


@click.command()
@takes_target
def command(app: App) -> None:
    """Open a Python shell on an App; a program on standard input is run instead.

    The shell has app, client (restkit.testing.Client of the App), url_for and
    request_context. Installed extensions
    add names: a Database adds database and session.
    """
    names: dict[str, object] = {
        "__name__": "__console__",
        "app": app,
        "client": Client(app, raise_errors=False),
        "url_for": app.url_for,
        "request_context": partial(request_context, app),
    }
    with ExitStack() as stack:
        for extension in app.extensions:
            if hasattr(extension, "shell_context"):
                offering = cast(_ShellContext, extension)
                names |= stack.enter_context(offering.shell_context())
        _run(app, names)


def _run(app: App, names: dict[str, object]) -> None:
    if not sys.stdin.isatty():
        program = compile(sys.stdin.read(), "<stdin>", "exec")
        exec(program, names)  # noqa: S102  # the purpose of the command
        return
    _complete(names)
    shown = [name for name in names if not name.startswith("__")]
    available = f"Available: {', '.join(shown)}."
    banner = f"Python {sys.version.split()[0]}, {app.name} {app.version}\n{available}"
    code.interact(banner=banner, local=names, exitmsg="")


def _complete(names: dict[str, object]) -> None:
    """Let the tab key complete names, if the terminal can."""
    try:
        import readline  # PERF: only a terminal needs it, and not every platform has it
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
