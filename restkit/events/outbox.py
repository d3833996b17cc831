"""`Outbox`: tasks and events that are committed with the data, and done by a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Protocol

from sqlalchemy.orm import Session

from ..declaration_checks import check_call
from ..errors import DeclarationError
from ..records import Record
from ..request import Request
from ..sqlalchemy import Database
from ..task_queue import TaskQueue
from .emitting import Emitter
from .event import Event, declared_events
from .outbox_rows import NewRow, Owner, add_row, prepare, unit_of_work
from .tasks import Task, arguments_json, declared_tasks, takes_app

__all__ = ["Message", "Outbox", "Relay"]


class _Row(Protocol):
    """The part of a row that a message is made of."""

    @property
    def message_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def created_at(self) -> int: ...
    @property
    def traceparent(self) -> str | None: ...


class Message(Record):
    """A task or an event of the outbox, as a relay gets it.

    Attributes:
        id: Its id, the same one if it is sent again.
        kind: ``"task"`` or ``"event"``.
        name: The import path of the function (``shop.mails:send``), or the type of the event.
        data: The arguments, ``{"args": [...], "kwargs": {...}}``; or the data of the event.
        created_at: The seconds since 1970 at which it was written.
        traceparent: The trace of the request that wrote it, "" without a `Service`. Hand it on, for
            example as a header of the broker's message.
    """

    id: str
    kind: str
    name: str
    data: object
    created_at: float
    traceparent: str = ""


Relay = Callable[[Message], object]
"""A function that hands a message to a broker, and raises an exception if it could not."""


class Work(Protocol):
    """A task queue in the same database, which takes tasks in place of the outbox."""

    def register(self, tasks: Mapping[str, Task], database: Database, /) -> None:
        """Take the functions of an Outbox, by their import paths.

        Raises:
            DeclarationError: The queue cannot be in the transactions of the database.
        """
        ...

    def declares(self, task: object, /) -> bool:
        """Return whether it is a task that the queue has by itself."""
        ...

    def defer(
        self,
        session: Session,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        /,
    ) -> None:
        """Write a task in the transaction of a session."""
        ...


class Outbox(TaskQueue, Emitter):
    """The tasks and events that requests commit together with their data.

    ::

        app.install(Outbox(database, tasks=[send_receipt]))

        class Orders(CRUDResource[Order]):
            def create(self, item: Order) -> Order:
                made = super().create(item)
                enqueue(send_receipt, made.id)
                return made

    Each is a row of the table ``restkit_outbox``, in the transaction of the request: it is there if
    the data is, and a crash loses neither. ``restkit worker app:app`` runs the functions, each at
    least once.

    Attributes:
        kind: The kind of the rows of its events.
        database: The database.
        tasks: The functions by their import paths.
        relay: The function that gets tasks and events, None if the worker runs the functions.
        work: The task queue that has the tasks in place of the outbox, None without one.
    """

    kind: ClassVar[str] = "relay"

    def __init__(
        self,
        database: object,
        *,
        tasks: Iterable[Task] = (),
        events: Iterable[type[Event]] = (),
        relay: Relay | None = None,
        work: Work | None = None,
    ) -> None:
        """Check and keep the declarations.

        Args:
            database: The `restkit.sqlalchemy.Database` of the App. With ``create=``, it creates the
                table too.
            tasks: The functions that may be enqueued, and that a worker may run. Each stands at the
                top of a module. Arguments are JSON values. A function with a parameter called
                ``app`` gets the App from the worker.
            events: The events that go to the relay.
            relay: A function that a worker calls with the `Message` of each task and event, in
                place of running tasks itself: to hand them to Celery, Dramatiq or a broker.
            work: A task queue in the same database, such as `Procrastinate`, which takes tasks in
                the same transaction and has workers of its own.

        Raises:
            DeclarationError: A function cannot be imported by name, an event has no type or schema,
                or there are events and no relay.
        """
        self.database = prepare(database, "Outbox(...)")
        self.tasks: Mapping[str, Task] = declared_tasks(tasks, "Outbox(tasks=...)")
        self.events = declared_events(events, "Outbox(events=...)")
        if relay is not None:
            check_call(relay, ("message",), "Outbox(relay=...)")
        elif self.events:
            raise DeclarationError(
                "Outbox(events=...) needs a function that sends them: relay=publish. For webhooks, "
                "declare the events in Webhooks(database, events=[...])."
            )
        elif not self.tasks and work is None:
            raise DeclarationError(
                "Outbox(...) has no tasks and no events, so that nothing can be enqueued. Declare "
                "the functions: Outbox(database, tasks=[send_receipt])."
            )
        self.relay = relay
        self.work = work
        if relay is not None or work is not None:
            self._reject_app()
        if work is not None:
            work.register(self.tasks, self.database)
        self._paths = {id(function): path for path, function in self.tasks.items()}

    def _reject_app(self) -> None:
        """Reject functions that take the App: only `restkit worker` passes it."""
        for path, task in self.tasks.items():
            if takes_app(task):
                raise DeclarationError(
                    f"Outbox(tasks=...): {path} has the parameter 'app', which `restkit worker` "
                    "passes, but `relay` and `work` hand tasks to other workers. Remove the "
                    "parameter, and import the App in the function."
                )

    def install(self, app: Owner, /) -> None:
        """Check that the App has one Outbox for each database.

        Raises:
            DeclarationError: The App has an Outbox of the database already.
        """
        others = (each for each in app.extensions if isinstance(each, Outbox))
        if any(each.database is self.database for each in others):
            raise DeclarationError(
                f"The App {app.name!r} has an Outbox of this Database already. Name all functions "
                "and events in one Outbox(database, tasks=[...], events=[...])."
            )

    def declares(self, task: object, /) -> bool:
        """Return whether a function may be enqueued."""
        return id(task) in self._paths or (self.work is not None and self.work.declares(task))

    def take(
        self,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        request: Request,
        /,
    ) -> None:
        """Write a task in the transaction of a request."""
        self._add(task, args, kwargs, request, None)

    def enqueue(
        self,
        task: object,
        /,
        *args: object,
        session: Session | None = None,
        **kwargs: object,
    ) -> None:
        """Write a task in the transaction of the current request, or of a session of your own.

        Args:
            task: One of the functions.
            args: The arguments: JSON values.
            session: A session with a transaction, in programs without a request.
            kwargs: The named arguments.

        Raises:
            DeclarationError: The function is not declared, the arguments do not fit, or there is no
                transaction.
        """
        self._add(task, args, kwargs, None, session)

    def _add(
        self,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        request: Request | None,
        session: Session | None,
    ) -> None:
        name = getattr(task, "__qualname__", repr(task))
        if not self.declares(task) or not callable(task):
            raise DeclarationError(
                f"enqueue({name}): the function is not declared. Write "
                f"Outbox(database, tasks=[{name}])."
            )
        body = arguments_json(task, args, kwargs, name)
        unit = unit_of_work(self.database, request, session, f"enqueue({name})")
        if self.work is not None:
            self.work.defer(unit, task, args, kwargs)
        else:
            add_row(unit, NewRow("task", self._paths[id(task)], body))

    def message_of(self, row: _Row, /) -> Message:
        """Return the message of a row."""
        kind = "task" if row.kind == "task" else "event"
        data: object = json.loads(row.body)
        written, trace = row.created_at / 1000, row.traceparent or ""
        return Message(row.message_id, kind, row.name, data, written, trace)
