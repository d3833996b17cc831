"""`TypedClient`: the base of the clients that ``restkit client`` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self, Unpack

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..contract import Operation
    from ..contributor import Contribution
    from ..request import Request
    from .client import Client
    from .client_options import ClientOptions

__all__ = ["TypedClient"]


class TypedClient:
    """A client whose operations are methods with types.

    It takes the options of a `Client`, and is provided, checked and closed as one.

    Attributes:
        client: The client without types, which also has replies: ``client.get_item.reply(id=1)``.
    """

    _document: ClassVar[str] = ""

    def __init__(self, target: str | WSGIApplication, **options: Unpack[ClientOptions]) -> None:
        """Make a client; no request is sent yet.

        Args:
            target: The URL of the service, or an application in this process.
            options: Those of `Client`.
        """
        from .client import Client  # cold start: a module of many operations is imported quickly

        if self._document and "document" not in options:
            options["document"] = json.loads(self._document)
        self.client: Client = Client(target, **options)

    def _call(
        self,
        operation_id: str,
        parameters: Mapping[str, object],
        body: object = None,
        *,
        has_body: bool = False,
    ) -> object:
        """Call an operation and return its result.

        Args:
            operation_id: The operationId.
            parameters: The parameters by their names in Python; None leaves one out.
            body: The content.
            has_body: Whether there is content.
        """
        method = self.client.operation(operation_id)
        content: dict[str, object] = {"body": body} if has_body else {}
        found: object = method(**parameters, **content)
        return found

    def __call__(self, request: Request, /) -> Iterator[Self]:
        """Yield the client, as a factory of `provide`."""
        from .peer_problems import own_problems  # cold start

        with own_problems(request):
            yield self

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the problems that the other service may cause."""
        return self.client.contribute(operation)

    def check(self) -> bool:
        """Return whether the service responds; see `Client.check`."""
        return self.client.check()

    def close(self) -> None:
        """Close the connections; the next call makes new ones."""
        self.client.close()
