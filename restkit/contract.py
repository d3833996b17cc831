"""The contract of a verb on a URL: one frozen `Operation`, the source of truth for all readers.

The pipeline runs it; the OpenAPI document, the routes table and the contract check read it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from .error_formats import DEFAULT_FORMATS, ErrorFormat
from .media import covering
from .page import Page
from .problems import Problem
from .records import Record
from .response import Outgoing
from .security_scheme import Security

if TYPE_CHECKING:
    from .request import Request
    from .schemas.bound import BoundSchema

__all__ = [
    "Attempt",
    "Contribution",
    "Contributor",
    "Failure",
    "Header",
    "IdempotencyRule",
    "Injectable",
    "Input",
    "Location",
    "Operation",
    "Output",
    "Parameter",
    "PathParameter",
    "offered_types",
]

Location = Literal["body", "query", "headers", "cookies", "form", "files"]


class PathParameter(Record):
    """One variable of the URL pattern, with the JSON Schema of its converter."""

    name: str
    schema: Mapping[str, object]
    description: str = ""


class Header(Record):
    """One declared response header, with the JSON Schema of its value."""

    name: str
    description: str = ""
    schema: Mapping[str, object] = MappingProxyType({"type": "string"})
    required: bool = False


class Attempt(Protocol):
    """One request with an Idempotency-Key."""

    @property
    def kept(self) -> Outgoing | None:
        """The stored response of an earlier request with the key, None if there is none."""
        ...

    def keep(self, response: Outgoing, /) -> Outgoing:
        """Store the response for later requests and return it, before the unit of work ends."""
        ...


@runtime_checkable
class IdempotencyRule(Protocol):
    """The rule by which a client may repeat a request without repeating its effect."""

    @property
    def methods(self) -> Collection[str]:
        """The HTTP methods of the rule, among those that are not idempotent."""
        ...

    @property
    def header(self) -> Header:
        """The request header of the key."""
        ...

    @property
    def replayed(self) -> Header:
        """The header of replayed responses."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that the rule may respond with."""
        ...

    def check(self, request: Request, /) -> None:
        """Reject a request whose key is malformed, or missing although the rule requires it.

        Raises:
            BadRequest: The key is malformed or missing.
        """
        ...

    def begin(self, request: Request, /) -> Attempt | None:
        """Return the attempt of a request with a key, None without one; after the inputs are read.

        Raises:
            Conflict: Another request with the key is in progress.
            UnprocessableContent: The key was used with a different request.
        """
        ...


@runtime_checkable
class Injectable(Protocol):
    """A class whose instances parameters get: ``def get(self, session: Session)``.

    The annotation declares the parameter. Problems that `from_request` raises are declared with
    `raises` on it.
    """

    @classmethod
    def from_request(cls, request: Request, /) -> object:
        """Return the argument for a request, after its inputs are validated."""
        ...


class Input(Record):
    """The values that a verb takes from one location.

    For ``query``, ``headers`` and ``cookies`` the fields of the schema are the parameters;
    ``body``, ``form`` and ``files`` are content of one of ``media_types``. Each of several bodies
    has media types of its own.

    Attributes:
        location: The part of the request that has the values.
        schema: The schema; None for raw content.
        media_types: The media types of content.
        shape: A function that converts loaded data to the annotated class.
        required: Whether the request must have the values.
        convert: A function of (media type, data) that prepares a body for the schema.
        raw: The type of content without a schema.
        max_size: The largest size of content in bytes; the App's settings decide if it is None.
    """

    location: Location
    schema: BoundSchema | None
    media_types: tuple[str, ...] = ()
    shape: Callable[[object], object] | None = None
    required: bool = True
    convert: Callable[[str, object], object] | None = None
    raw: Literal["bytes", "text", "stream"] | None = None
    max_size: int | None = None

    @property
    def bound(self) -> BoundSchema:
        """The schema of parameters, a form or a body that is not raw."""
        if self.schema is None:
            raise TypeError(f"The {self.location} is raw content, which has no schema.")
        return self.schema


class Output(Record):
    """One response of a verb: its status, headers and content, which a page may render."""

    status: int
    schema: BoundSchema | None = None
    media_types: tuple[str, ...] = ("application/json",)
    headers: tuple[Header, ...] = ()
    description: str = ""
    page: Page | None = None

    @property
    def has_content(self) -> bool:
        """Whether the response has content (RFC 9110, 6.4.1: not with 204, 205 and 304)."""
        return self.status not in (204, 205, 304) and bool(self.media_types)


def offered_types(outputs: Sequence[Output]) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () if there is nothing to choose."""
    # A part of a representation (206) is no other representation to choose.
    whole = [output for output in outputs if output.has_content and output.status != 206]
    types = [each for output in whole for each in output.media_types]
    return () if "*/*" in types else tuple(dict.fromkeys(types))


class Failure(Record):
    """One problem that a verb may respond with, and the stage that adds it.

    Attributes:
        problem: The problem class.
        stage: The part of the program that responds, as ``restkit explain`` shows it. It may be any
            word. ``"method"`` is a problem of the verb; in a contribution it becomes the kind of
            the contributing part, such as ``"middleware"``.
        description: When the problem is raised, for the document.
        headers: The headers of the response.
    """

    problem: type[Problem]
    stage: str
    description: str = ""
    headers: tuple[Header, ...] = ()


class Parameter(Record):
    """A request parameter that a middleware or an extension reads, with its JSON Schema."""

    name: str
    location: Literal["query", "header", "cookie"] = "header"
    description: str = ""
    schema: Mapping[str, object] = MappingProxyType({"type": "string"})
    required: bool = False


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
    """

    failures: tuple[Failure, ...] = ()
    headers: tuple[Header, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    security: Security = ()
    extensions: Mapping[str, object] = MappingProxyType({})
    description: str = ""
    middleware: tuple[Callable[..., object], ...] = ()
    outputs: tuple[Output, ...] = ()


@runtime_checkable
class Contributor(Protocol):
    """A part of an App that adds to the Operations that it surrounds.

    An installed extension, a middleware, a problem handler, a factory of `provide` and a security
    scheme may have this method.
    """

    def contribute(self, operation: Operation, /) -> Contribution:
        """Return the additions to an Operation; called at start-up, perhaps more than once."""
        ...


class Operation(Record):
    """The record of one verb on one URL, built once at mount.

    Attributes:
        path: The template as OpenAPI writes it, ``/books/{book_id}``.
        rule: The pattern as it was mounted, ``/books/<int:book_id>``.
        declared_at: The declaration, ``shop.api.Books.get``, for messages.
        operation_id: The operationId that the document prints.
        parameters: Request parameters that surrounding parts read, see `Contribution`.
        surrounding_headers: Headers that surrounding parts add to every response.
        security: Alternatives of combinations of security schemes; empty if it is public.
        injected: The classes of the parameters that get an `Injectable`, by name.
        middleware: The middleware that contributions put around it, the outermost first.
        errors: The formats of its error responses, the default first.
        has_given_id: Whether `operation` declared the operationId. A derived operationId is made
            unique by its path.
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
    surrounding_headers: tuple[Header, ...] = ()
    security: Security = ()
    injected: Mapping[str, type[Injectable]] = MappingProxyType({})
    middleware: tuple[Callable[..., object], ...] = ()
    conditional: bool | Literal["required"] = False
    idempotency: IdempotencyRule | None = None
    examples: Mapping[str, object] = MappingProxyType({})
    extensions: Mapping[str, object] = MappingProxyType({})

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the verb may respond with."""
        declared = {output.status for output in self.outputs}
        return frozenset(declared.union(failure.problem.status for failure in self.failures))

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters of contributions and of security schemes, which no input reads."""
        names = {each.name for each in self.parameters if each.location == "query"}
        for combination in self.security:
            for scheme, _ in combination:
                if (document := scheme.document()).get("in") == "query":
                    names.add(str(document.get("name")))
        return frozenset(names)

    @property
    def schemas(self) -> Iterator[BoundSchema]:
        """The schemas of the inputs and of the outputs."""
        yield from (each.schema for each in self.inputs if each.schema is not None)
        yield from (each.schema for each in self.outputs if each.schema is not None)

    def input(self, location: Location) -> Input | None:
        """Return the input from a location, None if the verb has none there."""
        return next((i for i in self.inputs if i.location == location), None)

    def output(self, status: int, media_type: str = "") -> Output | None:
        """Return the declared output of a status, None if there is none.

        Args:
            status: The status.
            media_type: The preferred media type, if several outputs have the status.
        """
        found = [output for output in self.outputs if output.status == status]
        exact = [output for output in found if media_type in output.media_types]
        ranged = [output for output in found if covering(output.media_types, media_type)]
        return next(iter(exact or ranged or found), None)
