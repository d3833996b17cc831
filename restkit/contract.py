"""The contract of a verb on a URL: one frozen `Operation`, read by everything that speaks of it.

The pipeline runs it; the OpenAPI document, the routes table and the contract check are printed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from .error_formats import DEFAULT_FORMATS, ErrorFormat
from .media import covering
from .problems import Problem
from .response import Outgoing

if TYPE_CHECKING:
    from .request import Request
    from .schemas.bound import BoundSchema

__all__ = [
    "Attempt",
    "Combination",
    "Contribution",
    "Contributor",
    "Failure",
    "Header",
    "IdempotencyRule",
    "Input",
    "Location",
    "Operation",
    "Output",
    "Parameter",
    "PathParameter",
    "Security",
    "SecurityScheme",
    "offered_types",
    "uses_authorization",
]

Location = Literal["body", "query", "headers", "cookies", "form", "files"]


@runtime_checkable
class SecurityScheme(Protocol):
    """A security scheme, which authenticates callers and documents itself."""

    @property
    def name(self) -> str:
        """The key of the scheme under ``components.securitySchemes``."""
        ...

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object (OpenAPI 3.1, section 4.8.27)."""
        ...

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return who calls.

        Raises:
            Unauthorized: There are no valid credentials.
            Forbidden: The credentials lack one of the scopes.
        """
        ...


def uses_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a scheme's credentials are sent in the Authorization header."""
    return scheme.document().get("type") in ("http", "oauth2", "openIdConnect")


class PathParameter(NamedTuple):
    """One variable of the URL pattern, with the JSON Schema of its converter."""

    name: str
    schema: Mapping[str, object]
    description: str = ""


class Header(NamedTuple):
    """One declared response header, with the JSON Schema of its value."""

    name: str
    description: str = ""
    schema: Mapping[str, object] = MappingProxyType({"type": "string"})
    required: bool = False


class Attempt(Protocol):
    """One request with an Idempotency-Key."""

    @property
    def kept(self) -> Outgoing | None:
        """The answer that the request had before; None where it is the first of its key."""
        ...

    def keep(self, response: Outgoing, /) -> Outgoing:
        """Keep the answer for those that come after, and return it; called before the unit of work ends."""
        ...


@runtime_checkable
class IdempotencyRule(Protocol):
    """The rule by which a request may be sent again without being done again."""

    @property
    def methods(self) -> Collection[str]:
        """The verbs that it is for, of those that are not idempotent by themselves."""
        ...

    @property
    def header(self) -> Header:
        """The header of requests."""
        ...

    @property
    def replayed(self) -> Header:
        """The header of answers that were kept."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may answer."""
        ...

    def check(self, request: Request, /) -> None:
        """Refuse a request whose key is malformed, or missing where one is demanded.

        Raises:
            BadRequest: It is.
        """
        ...

    def begin(self, request: Request, /) -> Attempt | None:
        """Return the attempt that a request with a key is, None for one without; its inputs have been read.

        Raises:
            Conflict: Another request with the key is being answered.
            UnprocessableContent: The key came with another request before.
        """
        ...


class Input(NamedTuple):
    """The values that a verb takes from one location.

    For ``query``, ``headers`` and ``cookies`` the fields of the schema are the parameters; ``body``,
    ``form`` and ``files`` are content of one of ``media_types``. Several bodies have media types of
    their own each.

    Attributes:
        location: Where the values stand.
        schema: The schema; None for raw content.
        media_types: The media types of content.
        shape: Makes the class that the parameter's annotation names.
        required: Whether the request must have them.
        convert: Takes (media type, data) of a body that the schema does not load as it stands.
        raw: The form in which content without a schema is handed over.
        max_size: The largest size of content in bytes; the App's settings decide if it is None.
    """

    location: Location
    schema: BoundSchema | None
    media_types: tuple[str, ...] = ()
    shape: Callable[[Any], Any] | None = None
    required: bool = True
    convert: Callable[[str, Any], Any] | None = None
    raw: Literal["bytes", "text", "stream"] | None = None
    max_size: int | None = None

    @property
    def bound(self) -> BoundSchema:
        """The schema of parameters, a form or a body that is not raw."""
        if self.schema is None:
            raise TypeError(f"The {self.location} is raw content, which has no schema.")
        return self.schema


class Output(NamedTuple):
    """One response of a verb: its status, headers and content."""

    status: int
    schema: BoundSchema | None = None
    media_types: tuple[str, ...] = ("application/json",)
    headers: tuple[Header, ...] = ()
    description: str = ""

    @property
    def has_content(self) -> bool:
        """Whether the answer has content (RFC 9110, section 6.4.1: not with 204, 205 and 304)."""
        return self.status not in (204, 205, 304) and bool(self.media_types)


def offered_types(outputs: Sequence[Output]) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () if there is nothing to choose."""
    types = [each for output in outputs if output.has_content for each in output.media_types]
    return () if "*/*" in types else tuple(dict.fromkeys(types))


class Failure(NamedTuple):
    """One problem that a verb may respond with, and the stage that adds it."""

    problem: type[Problem]
    stage: str
    description: str = ""
    headers: tuple[Header, ...] = ()


class Parameter(NamedTuple):
    """A request parameter that a middleware or an extension reads by itself, with its JSON Schema."""

    name: str
    location: Literal["query", "header", "cookie"] = "header"
    description: str = ""
    schema: Mapping[str, object] = MappingProxyType({"type": "string"})
    required: bool = False


Combination = tuple[tuple["SecurityScheme", tuple[str, ...]], ...]
"""Security schemes with their scopes, all of which must accept a request. The empty one is the
anonymous caller, OpenAPI's ``{}``."""

Security = tuple[Combination, ...]
"""Alternatives, of which one must accept a request. An Operation without any is public."""


class Contribution(NamedTuple):
    """The additions of one part of an App to an Operation that it surrounds.

    Attributes:
        failures: The problems that the part may respond with.
        headers: Headers of the responses that pass through it.
        parameters: Request parameters that it reads.
        security: What guards the Operation if neither the verb, its class, a mount nor the App says so.
        extensions: ``x-...`` members of the Operation Object; those of the verb win.
        description: A paragraph for the description.
    """

    failures: tuple[Failure, ...] = ()
    headers: tuple[Header, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    security: Security = ()
    extensions: Mapping[str, object] = MappingProxyType({})
    description: str = ""


@runtime_checkable
class Contributor(Protocol):
    """A part of an App that adds to the Operations that it surrounds.

    An installed extension, a middleware, a problem handler, a factory of `provide` and a security scheme
    may have this method.
    """

    def contribute(self, operation: Operation, /) -> Contribution:
        """Return the additions to an Operation. Called at start-up, more than once; it changes nothing."""
        ...


class Operation(NamedTuple):
    """The record of everything that is known about one verb on one URL, made once at mount.

    Attributes:
        path: The template as OpenAPI writes it, ``/books/{book_id}``.
        rule: The pattern as it was mounted, ``/books/<int:book_id>``.
        declared_at: The declaration, ``shop.api.Books.get``, for messages.
        operation_id: The operationId that the document prints.
        parameters: Request parameters that what surrounds the verb reads, see `Contribution`.
        security: Alternatives of combinations of security schemes; empty if the Operation is public.
        errors: The formats of its error responses, the default first.
        has_given_id: Whether `operation` gave the operationId. A derived one is made unique by its path.
    """

    method: str
    path: str
    rule: str
    resource: type
    function: Callable[..., Any]
    declared_at: str
    host: str = ""
    operation_id: str = ""
    has_given_id: bool = False
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    documented: bool = True
    path_parameters: tuple[PathParameter, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    failures: tuple[Failure, ...] = ()
    errors: tuple[ErrorFormat, ...] = DEFAULT_FORMATS
    parameters: tuple[Parameter, ...] = ()
    security: Security = ()
    conditional: bool | Literal["required"] = False
    idempotency: IdempotencyRule | None = None
    examples: Mapping[str, object] = MappingProxyType({})
    extensions: Mapping[str, object] = MappingProxyType({})

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the verb may answer."""
        return frozenset(
            [o.status for o in self.outputs] + [f.problem.status for f in self.failures]
        )

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters that no input reads: those of contributions, and keys of security schemes."""
        names = {each.name for each in self.parameters if each.location == "query"}
        for combination in self.security:
            for scheme, _ in combination:
                document = scheme.document()
                if document.get("in") == "query":
                    names.add(str(document.get("name")))
        return frozenset(names)

    @property
    def schemas(self) -> Iterator[BoundSchema]:
        """Its schemas, of what it takes and of what it answers."""
        yield from (each.schema for each in self.inputs if each.schema is not None)
        yield from (each.schema for each in self.outputs if each.schema is not None)

    def input(self, location: Location) -> Input | None:
        """Return what the verb takes from a location, None where it takes nothing."""
        return next((i for i in self.inputs if i.location == location), None)

    def output(self, status: int, media_type: str = "") -> Output | None:
        """Return the declared answer of a status, None where there is none.

        Args:
            status: The status.
            media_type: Where several answers of one status are declared, the one that has this type goes first.
        """
        found = [output for output in self.outputs if output.status == status]
        for output in found:
            if media_type in output.media_types:
                return output
        ranged = (output for output in found if covering(output.media_types, media_type))
        return next(ranged, found[0] if found else None)
