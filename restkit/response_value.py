"""`ResponseValue`: return values of methods that make the response themselves, such as files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from .contract import Failure, Operation, Output, Parameter
from .errors import DeclarationError

if TYPE_CHECKING:
    from .request import Request
    from .response import PlainResponse

__all__ = ["ResponseValue"]


class ResponseValue(ABC):
    """The base of return values that make the response themselves, such as a file.

    The return annotation declares the responses, in the Operation and in the document:
    ``def get(self) -> FileResponse``.
    """

    @classmethod
    @abstractmethod
    def outputs(cls, method: str, media_types: tuple[str, ...] | None) -> tuple[Output, ...]:
        """Return the responses to an HTTP method without the problems, the usual one first.

        Args:
            method: The HTTP method.
            media_types: The media types that the verb declares, None without a declaration.
        """

    @classmethod
    @abstractmethod
    def failures(cls, method: str) -> tuple[Failure, ...]:
        """Return the problems that `respond` raises for requests with a method."""

    @classmethod
    def parameters(cls, method: str) -> tuple[Parameter, ...]:
        """Return the request parameters that `respond` reads, none by default."""
        return ()

    @abstractmethod
    def respond(self, request: Request) -> PlainResponse:
        """Return the response to a request."""

    @classmethod
    def check_declared(cls, operation: Operation) -> None:
        """Reject an Operation whose method returned such a value, but does not declare it.

        Raises:
            DeclarationError: A status is not declared.
        """
        statuses = {each.status for each in cls.outputs(operation.method, None)}
        if not statuses <= operation.statuses:
            raise DeclarationError(
                f"{operation.declared_at} returned a {cls.__name__}, which it does not declare. "
                f"Annotate it: -> {cls.__name__}."
            )
