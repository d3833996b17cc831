"""`Method`: one operation of a peer, to be called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .arguments import Arguments, Arranged
from .pages import Pages
from .peer_operation import PeerOperation
from .python_names import python_name
from .reply import Reply

__all__ = ["Method", "Perform"]

Perform = Callable[["Method", Arranged], Reply]
"""Sends the request of a call."""


class Method:
    """One operation of another service: ``stock.reserve(sku="a", quantity=2)``.

    The arguments are the parameters of the operation and the members of its content, by name;
    ``body`` is the whole content.

    Attributes:
        operation: The operation.
    """

    def __init__(self, client: str, url: str, operation: PeerOperation, perform: Perform) -> None:
        """Make the method.

        Args:
            client: The name of the peer, for messages.
            url: Its URL.
            operation: The operation.
            perform: Sends the request.
        """
        self.operation = operation
        self._name = f"{client}.{python_name(operation.operation_id)}"
        self._url = url
        self._arguments = Arguments(f"{self._name}()", operation)
        self._perform = perform

    def __repr__(self) -> str:
        return f"<Method {self._name}: {self.operation.method} {self.operation.path}>"

    def __call__(self, **arguments: object) -> Any:
        """Call the operation and return the content of its response as data.

        If the response is a page of a list, the result is a `Pages`: the items of all pages.

        Raises:
            Problem: The peer responded with a problem, or did not respond.
            TypeError: An argument is unknown, missing, or cannot be written.
        """
        arranged = self._arguments.arrange(arguments)
        if self.operation.items is not None:
            items = self.operation.items
            return Pages[object](self._url, arranged, items, partial(self._perform, self))
        return self._perform(self, arranged).data

    def reply(self, **arguments: object) -> Reply:
        """Call the operation and return its response, with status and headers.

        Raises:
            Problem: The peer responded with a problem, or did not respond.
            TypeError: An argument is unknown, missing, or cannot be written.
        """
        return self._perform(self, self._arguments.arrange(arguments))
