"""``restkit worker``: the process that runs tasks and sends webhooks of the outbox."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

import click

from ..app import App
from ..errors import RestkitError
from .target import Mistake, mistakes, takes_target

__all__ = ["command"]


@click.command()
@takes_target
@click.option("--threads", default=8, type=click.IntRange(min=1), help="The most rows at once.")
@click.option(
    "--lease",
    default=60.0,
    type=click.FloatRange(min=1),
    help="The seconds after which another worker takes the rows of a killed one.",
)
@click.option(
    "--poll", default=1.0, type=click.FloatRange(min=0.01), help="The seconds between two looks."
)
@click.option(
    "--grace",
    default=30.0,
    type=click.FloatRange(min=0),
    help="The seconds that rows in work have after SIGTERM.",
)
@click.option("--once", is_flag=True, help="Work on what is due now, and end.")
def command(app: App, threads: int, lease: float, poll: float, grace: float, once: bool) -> None:
    """Run the tasks and send the webhooks of an App's outbox.

    Each row is done at least once. Run as many workers as you like. SIGTERM and SIGINT end the
    worker when the rows in work are done.
    """
    try:
        from ..events import Worker  # cold start, and an extra
    except ImportError as error:
        raise Mistake(str(error)) from error
    try:
        worker = Worker(app, threads=threads, lease=lease, poll=poll)
    except RestkitError as error:
        raise Mistake(str(error)) from error

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    with app:
        if not logging.getLogger().handlers:  # a Service with logs has added one
            logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
        if once:
            click.echo(f"{worker.run_due()} attempts.")
            return
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, stop)
        click.echo(f"The worker of {app.name} runs, with {threads} threads.")
        sys.stdout.flush()
        with mistakes():
            is_finished = worker.run(grace=grace)
    if not is_finished:
        # Threads that still work would keep the process; their rows are done by another worker.
        click.echo("The grace is over, and rows are left to other workers.", err=True)
        sys.stdout.flush()
        os._exit(1)
