"""`Contributor`, the protocol of parts that add to the Operations around which they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from .contract import Failure, Header, Operation, Output, Parameter
from .records import Record
from .security_scheme import Security

__all__ = ["Contribution", "Contributor"]


class Contribution(Record):
    """The additions of one part of an App to an Operation that it surrounds.

    Attributes:
        failures: The problems that the part may respond with.
        headers: Headers of the responses that pass through the part.
        parameters: Request parameters that the part reads.
        security: The default security requirement, if neither the verb, its class, a mount nor the
            App declares one.
        extensions: ``x-...`` members of the Operation Object; those of the verb take precedence.
        description: A paragraph for the description.
        middleware: Middleware around the Operation, outside of that of the App.
        outputs: Responses of the part that are no problems, such as a redirect.
        problem_members: The members that the part adds to problem details, by name, each with its
            JSON Schema.
        media_types: The media types of content in place of others: ``{"application/json":
            ("application/vnd.shop+json",)}``.
    """

    failures: tuple[Failure, ...] = ()
    headers: tuple[Header, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    security: Security = ()
    extensions: Mapping[str, object] = MappingProxyType({})
    description: str = ""
    middleware: tuple[Callable[..., object], ...] = ()
    outputs: tuple[Output, ...] = ()
    problem_members: Mapping[str, object] = MappingProxyType({})
    media_types: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@runtime_checkable
class Contributor(Protocol):
    """A part of an App that adds to the Operations that it surrounds.

    An installed extension, a middleware, a problem handler, a factory of `provide` and a security
    scheme may have this method.
    """

    def contribute(self, operation: Operation, /) -> Contribution:
        """Return the additions to an Operation; called at start-up, perhaps more than once."""
        ...
