"""`ResponseValue`: what a method returns when the value itself knows how to respond."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from .contract import Failure, Operation, Output
from .errors import DeclarationError

if TYPE_CHECKING:
    from .request import Request
    from .response import PlainResponse

__all__ = ["ResponseValue"]


class ResponseValue(ABC):
    """A value that responds to the request itself, such as a file.

    The return annotation declares its responses: ``def get(self) -> FileResponse``. Each of them
    is in the Operation, and so in the document.
    """

    @classmethod
    @abstractmethod
    def outputs(cls, method: str, media_types: tuple[str, ...] | None) -> tuple[Output, ...]:
        """Return the responses to a method that are no problems, the usual one first.

        Args:
            method: The HTTP method.
            media_types: The media types that the verb declares, None without a declaration.
        """

    @classmethod
    @abstractmethod
    def failures(cls, method: str) -> tuple[Failure, ...]:
        """Return the problems that `respond` raises for requests with a method."""

    @abstractmethod
    def respond(self, request: Request) -> PlainResponse:
        """Return the response to a request."""

    @classmethod
    def check_declared(cls, operation: Operation) -> None:
        """Check that an Operation whose method returns such a value declares its responses.

        Raises:
            DeclarationError: A status is not declared.
        """
        statuses = {each.status for each in cls.outputs(operation.method, None)}
        if not statuses <= operation.statuses:
            raise DeclarationError(
                f"{operation.declared_at} returned a {cls.__name__}, which it does not declare. "
                f"Annotate it: -> {cls.__name__}."
            )
