"""``restkit shell``: a Python shell with the App and a client of it at hand."""

from __future__ import annotations

import code
import sys
from typing import Any

import click

from ..app import App
from ..testing.client import Client
from .target import takes_target

__all__ = ["command"]


@click.command()
@takes_target
def command(app: App) -> None:
    """Open a Python shell on an App; what is piped in is run as a program.

    In it are app, client (restkit.testing.Client of the App) and url_for.
    """
    names: dict[str, Any] = {
        "__name__": "__console__",
        "app": app,
        "client": Client(app, raise_errors=False),
        "url_for": app.url_for,
    }
    if not sys.stdin.isatty():
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)  # noqa: S102  # running it is what was asked for
        return
    _complete(names)
    banner = f"Python {sys.version.split()[0]}, {app.name} {app.version}\napp, client and url_for are at hand."
    code.interact(banner=banner, local=names, exitmsg="")


def _complete(names: dict[str, Any]) -> None:
    """Let the tab key complete names, where the terminal can."""
    try:
        import readline  # PERF: only a terminal needs it, and not every platform has it
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
