"""`Procrastinate`: tasks as jobs of Procrastinate, in the transaction of the request.

The only module that imports procrastinate.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Protocol, cast

from sqlalchemy.orm import Session

from ..errors import DeclarationError, MissingExtraError
from ..sqlalchemy import Database
from .tasks import Task

try:
    from procrastinate import App
    from procrastinate.tasks import Task as JobTask
except ImportError as error:
    raise MissingExtraError("Procrastinate(...)", "procrastinate") from error

__all__ = ["Procrastinate"]


class _Configured(Protocol):
    def defer(self, **kwargs: object) -> int: ...


class _Job(Protocol):
    """A task of Procrastinate, as far as this module uses it."""

    def configure(self, *, connection: object) -> _Configured: ...


class Procrastinate:
    """The task queue Procrastinate, whose jobs are rows of the same PostgreSQL.

    ::

        jobs = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=...))
        app.install(Outbox(database, tasks=[send_receipt], work=Procrastinate(jobs)))

    `restkit.enqueue` inserts the job in the transaction of the request: a rollback leaves none.
    ``procrastinate worker`` runs the jobs, with its retries, locks and schedules.
    """

    def __init__(self, jobs: object) -> None:
        """Keep the App of Procrastinate.

        Args:
            jobs: The ``procrastinate.App``. The functions of the Outbox become tasks of it, named
                after their import paths. Its own tasks can be enqueued too.

        Raises:
            DeclarationError: It is not such an App.
        """
        if not isinstance(jobs, App):
            raise DeclarationError(
                f"Procrastinate(...) expects a procrastinate.App, got {jobs!r:.80}."
            )
        self._jobs = jobs
        self._tasks: dict[int, _Job] = {}

    def register(self, tasks: Mapping[str, Task], database: Database, /) -> None:
        """Make tasks of functions.

        Raises:
            DeclarationError: The database is not PostgreSQL, or a function has parameters without
                names.
        """
        if database.backend != "postgresql":
            raise DeclarationError(
                f"Procrastinate(...) keeps its jobs in PostgreSQL, but the Database is "
                f"{database.backend}. Leave `work` out: `restkit worker` runs the tasks."
            )
        for path, task in tasks.items():
            _check_named(task, path)
            made: object = self._jobs.task(name=path)(task)
            self._tasks[id(task)] = cast("_Job", made)

    def declares(self, task: object, /) -> bool:
        """Return whether it is a task of the App of Procrastinate."""
        return isinstance(task, JobTask) and task in self._jobs.tasks.values()

    def defer(
        self,
        session: Session,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        /,
    ) -> None:
        """Insert a job in the transaction of a session.

        Raises:
            DeclarationError: The driver of the database is not psycopg.
        """
        connection = session.connection()
        if connection.dialect.driver != "psycopg":
            raise DeclarationError(
                f"Procrastinate(...) needs the driver psycopg for jobs in a transaction, but the "
                f"Database has {connection.dialect.driver}. Write postgresql:// in its URL."
            )
        job = self._tasks.get(id(task)) or cast("_Job", task)
        signature = inspect.signature(cast("Task", task))
        named = dict(zip(signature.parameters, args, strict=False)) | {**kwargs}
        job.configure(connection=connection.connection.driver_connection).defer(**named)


_UNNAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


def _check_named(task: Task, path: str) -> None:
    """Reject a function whose arguments have no names: jobs of Procrastinate have names only.

    Raises:
        DeclarationError: It has such a parameter.
    """
    if any(each.kind in _UNNAMED for each in inspect.signature(task).parameters.values()):
        raise DeclarationError(
            f"Outbox(tasks=...): {path} has parameters without names, which Procrastinate cannot "
            "call. Give each parameter a name: no *args and no /."
        )
