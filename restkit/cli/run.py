"""``restkit run``: an App on Werkzeug's development server."""

from __future__ import annotations

import errno
import importlib.util
import ipaddress
import logging
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import click
from werkzeug.serving import is_running_from_reloader, run_simple, select_address_family

from ..app import App
from ..versioning import Versions
from .development import BrokenProgram, DevelopmentServer, ProblemRequestHandler
from .target import Mistake, program_of

__all__ = ["command"]

# By listening address, the address that a browser can open.
_HOSTS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@click.command()
@click.argument("target")
@click.option("--host", default="127.0.0.1", help="The address to listen on; 0.0.0.0 is all.")
@click.option(
    "--port",
    default=8000,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 is a free one.",
)
@click.option("--reload/--no-reload", default=False, help="Start again when a source file changes.")
@click.option(
    "--extra-file",
    "extra_files",
    multiple=True,
    type=click.Path(),
    help="Another file to watch; may be repeated.",
)
@click.option(
    "--debugger", is_flag=True, help="Show exceptions in the browser, with a Python prompt."
)
@click.option(
    "--threads/--no-threads", default=True, help="Handle each request in a thread of its own."
)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(target: str, host: str, port: int, shown: bool, debugger: bool, **options: Any) -> None:
    """Serve an App for development, with each response checked against its contract."""
    reloads: bool = options["reload"]
    if debugger:
        _check_loopback(host)
    watched = [str(Path(each).resolve()) for each in options["extra_files"]]
    program: DevelopmentServer | BrokenProgram
    try:
        app = program_of(target, shown)
        if not reloads or is_running_from_reloader():
            _start(app, shown)
        program = DevelopmentServer(app, debugger=debugger)
    except Mistake as error:
        if not is_running_from_reloader():
            raise
        # NOTE: the reloader ends with its child: serve the error until the source is corrected.
        error.show()
        program = BrokenProgram(error.message)
    else:
        if not is_running_from_reloader():
            port = _free_port(host, port)
            click.echo(_greeting(app, host, port))
            _warn_about_check(app)
    run_simple(
        host,
        port,
        program,
        use_reloader=reloads,
        use_debugger=debugger,
        threaded=options["threads"],
        extra_files=watched,
        request_handler=ProblemRequestHandler,
    )


def _check_loopback(host: str) -> None:
    """Refuse a debugger that other machines reach.

    SECURITY: its prompt runs Python, and a PIN of nine digits is all that guards it.

    Raises:
        Mistake: The address is not one of this machine alone.
    """
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = host == "localhost"
    if not is_own:
        raise Mistake(
            f"--debugger runs Python for whoever reaches {host or 'the port'}. Serve it on "
            "127.0.0.1 alone, and reach it from elsewhere through an SSH tunnel."
        )


def _end(signum: int, frame: object) -> None:
    sys.exit(0)


def _start(app: App | Versions, shown: bool) -> None:
    """Start the App, and show its log; a signal to end lets it stop."""
    if not app.logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        app.logger.addHandler(handler)
        app.logger.setLevel(app.logger.level or logging.INFO)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        app.start()
    except Exception as error:
        if shown:
            raise
        name = type(error).__name__
        raise Mistake(
            f"The App failed to start: {name}: {error}. --traceback shows all of it."
        ) from error


def _free_port(host: str, port: int) -> int:
    """Return the port, a free one for 0, after an attempt to bind it.

    Raises:
        Mistake: The address is in use, or does not belong to this machine.
    """
    family = select_address_family(host, port)
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            found: int = probe.getsockname()[1]
            return found
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Mistake(
                f"Port {port} on {host} is in use. Stop the process that listens there, or choose "
                "another port with --port."
            ) from error
        raise Mistake(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def _warn_about_check(app: App | Versions) -> None:
    """Print once that a missing package limits the check, rather than warn at a request."""
    if app.settings.contract != "off" and importlib.util.find_spec("jsonschema") is None:
        warnings.filterwarnings("ignore", "The contract check looks only", UserWarning)
        click.echo(
            "Only the members of responses are checked; for their values: "
            "pip install 'restkit[verify]'",
            err=True,
        )


def _greeting(app: App | Versions, host: str, port: int) -> str:
    shown = _HOSTS.get(host, host)
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    greeting = f"Serving {app.name} at {url}"
    if app.settings.openapi_url is None or not app.settings.docs_url:
        return greeting
    needs = ", which need credentials" if _is_guarded(app) else ""
    return f"{greeting} (docs at {url}{app.settings.docs_url}{needs})"


def _is_guarded(app: App | Versions) -> bool:
    """Return whether the document and its pages reject callers without credentials."""
    apps = app.apps.values() if isinstance(app, Versions) else (app,)
    if any(each.settings.docs_public for each in apps):
        return False
    rules = [each._registry.access.security for each in apps]
    return all(each and () not in each for each in rules)
