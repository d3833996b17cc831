"""`enqueue`: tasks that other processes run. `Queue`: tasks that are sent after the commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .declaration_checks import check_plain
from .dependencies import after_commit
from .errors import DeclarationError
from .request import Request

__all__ = ["Queue", "TaskQueue", "enqueue", "queue_of"]


class _App(Protocol):
    """The part of an App that a Queue uses."""

    name: str

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...


class TaskQueue:
    """The base of extensions that take tasks, which `enqueue` finds."""

    def declares(self, task: object, /) -> bool | None:
        """Return whether the task is declared here, None if every task is taken."""
        raise NotImplementedError

    def take(
        self,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        request: Request,
        /,
    ) -> None:
        """Take a task in the unit of work of a request."""
        raise NotImplementedError


class Queue(TaskQueue):
    """A task queue, such as RQ or Celery, whose tasks other processes run.

    ::

        app.install(Queue(rq.Queue(connection=redis).enqueue))

        class Orders(CRUDResource[Order]):
            def create(self, item: Order) -> Order:
                made = super().create(item)
                self.enqueue(send_receipt, made.id)
                return made

    The task is sent after the commit and before the response. If the queue fails, the error is
    logged, and the response stays.
    """

    def __init__(self, send: Callable[..., object]) -> None:
        """Make a queue from the function that sends tasks.

        Args:
            send: A function that takes the task and its arguments.

        Raises:
            DeclarationError: The value is not a plain function.
        """
        if not callable(send):
            raise DeclarationError(
                f"Queue(...) expects a function that sends a task, got {send!r}. Write "
                "Queue(queue.enqueue), for example."
            )
        check_plain(send, "The function of Queue(...)")
        self._send = send

    def declares(self, task: object, /) -> None:
        """Return None: the queue's function takes every task."""

    def take(
        self,
        task: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        request: Request,
        /,
    ) -> None:
        """Send a task after the commit."""
        self.enqueue(task, *args, request=request, **kwargs)

    def install(self, app: object, /) -> None:
        """Do nothing: `enqueue` finds the queue among the App's extensions."""

    def enqueue(
        self, task: object, /, *args: object, request: Request | None = None, **kwargs: object
    ) -> None:
        """Send a task after the commit of a request.

        Args:
            task: The first argument of the queue's function: the task or its name.
            args: The arguments of the task.
            request: The request; the current one by default.
            kwargs: The named arguments of the task.
        """

        def send() -> None:
            self._send(task, *args, **kwargs)

        send.__qualname__ = f"The task {getattr(task, '__qualname__', task)!s}"
        after_commit(send, request=request)


def queue_of(app: _App, task: object) -> TaskQueue:
    """Return the Outbox or Queue of an App that takes a task.

    An Outbox that declares the task comes before a Queue, which takes every one.

    Raises:
        DeclarationError: The App has none, or several.
    """
    queues = [each for each in app.extensions if isinstance(each, TaskQueue)]
    declared = [each for each in queues if each.declares(task)]
    found = declared or [each for each in queues if each.declares(task) is None]
    if len(found) != 1:
        name = getattr(task, "__qualname__", repr(task))
        raise DeclarationError(
            f"The App {app.name!r} has {len(found)} queues for the task {name}, but enqueue needs "
            f"exactly one. Declare it with app.install(Outbox(database, tasks=[{name}])), or "
            "write app.install(Queue(send)); with several queues, call queue.enqueue(task)."
        )
    return found[0]


def enqueue(task: object, /, *args: object, **kwargs: object) -> None:
    """Hand a task of the current request to the App's Outbox or Queue.

    ::

        enqueue(send_receipt, order.id)

    With a `restkit.events.Outbox` that declares the function, the task is a row in the transaction
    of the request, which ``restkit worker`` runs at least once. With a `Queue`, it is sent after
    the commit, and lost if the process ends in between.

    Args:
        task: A function of the Outbox, or an object that the function of the Queue takes.
        args: The arguments of the task: JSON values, if it is a row.
        kwargs: The named arguments of the task.

    Raises:
        RuntimeError: There is no current request.
        DeclarationError: The App has no Outbox or Queue for the task, or several, or the arguments
            do not fit.
    """
    request = Request.current()
    queue_of(request.app, task).take(task, args, kwargs, request)
