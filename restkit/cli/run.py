"""``restkit run``: an App on Werkzeug's development server."""

from __future__ import annotations

import errno
import importlib.util
import socket
import warnings
from pathlib import Path
from typing import Any

import click
from werkzeug.serving import is_running_from_reloader, run_simple, select_address_family

from ..app import App
from .development import BrokenProgram, DevelopmentServer, ProblemRequestHandler
from .target import Mistake, target_of

__all__ = ["command"]

_HOSTS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # shown as what a browser can open


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
    "--threads/--no-threads", default=True, help="Answer each request in a thread of its own."
)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of a mistake.")
def command(target: str, host: str, port: int, shown: bool, debugger: bool, **options: Any) -> None:
    """Serve an App for development, each answer checked against its contract."""
    reloads: bool = options["reload"]
    watched = [str(Path(each).resolve()) for each in options["extra_files"]]
    program: DevelopmentServer | BrokenProgram
    try:
        app = target_of(target, shown)
        program = DevelopmentServer(app, debugger=debugger)
    except Mistake as error:
        if not is_running_from_reloader():
            raise
        # NOTE: the reloader ends with its child; a mistake while one edits is shown until it is mended.
        error.show()
        program = BrokenProgram(error.message)
    else:
        if not is_running_from_reloader():
            port = _free_port(host, port)
            click.echo(_greeting(app, host, port))
            _tell_of_the_check(app)
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


def _free_port(host: str, port: int) -> int:
    """Return the port, a free one for 0; that it can be had is tried before anything else starts.

    Raises:
        Mistake: The address is taken, or is none of this machine's.
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
                f"Port {port} on {host} is taken: end what listens there, or choose another with --port."
            ) from error
        raise Mistake(f"{host}:{port} cannot be listened on: {error.strerror}.") from error


def _tell_of_the_check(app: App) -> None:
    """Say once, in a line of its own, what a missing package leaves unchecked; a warning would stand amid requests."""
    if app.settings.contract != "off" and importlib.util.find_spec("jsonschema") is None:
        warnings.filterwarnings("ignore", "The contract check looks only", UserWarning)
        click.echo(
            "Answers are checked by their members; for their values too: pip install 'restkit[verify]'",
            err=True,
        )


def _greeting(app: App, host: str, port: int) -> str:
    shown = _HOSTS.get(host, host)
    url = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    docs = app.settings.docs_url if app.settings.openapi_url is not None else None
    return f"Serving {app.name} at {url}" + (f" (docs at {url}{docs})" if docs else "")
