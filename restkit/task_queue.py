"""`Queue`: sends tasks to a task queue after the unit of work of a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from .declaration_checks import check_plain
from .dependencies import after_commit
from .errors import DeclarationError
from .request import Request

__all__ = ["Queue", "queue_of"]


class _App(Protocol):
    """The part of an App that a Queue uses."""

    name: str

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...


class Queue:
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
        after_commit(send, request)


def queue_of(app: _App) -> Queue:
    """Return the queue of an App.

    Raises:
        DeclarationError: The App has none, or several.
    """
    found = [each for each in app.extensions if isinstance(each, Queue)]
    if len(found) != 1:
        raise DeclarationError(
            f"The App {app.name!r} has {len(found)} queues installed, but enqueue needs exactly "
            "one. Write app.install(Queue(send)); with several queues, call queue.enqueue(task)."
        )
    return found[0]
