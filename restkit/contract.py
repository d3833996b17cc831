"""The contract of a verb on a URL: one frozen `Operation`, which the pipeline and readers use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from .error_formats import DEFAULT_FORMATS, ErrorFormat
from .media import covering
from .page import Page
from .problems import Problem
from .records import Record
from .response import Outgoing
from .security_scheme import Permission, Security

if TYPE_CHECKING:
    from .cache_rule import CacheUse
    from .deprecation import Deprecation
    from .hidden_fields import OperationMasks
    from .request import Request
    from .schemas.bound import BoundSchema
    from .server_sent_events import EventTypes

__all__ = [
    "Attempt",
    "Failure",
    "Header",
    "IdempotencyRule",
    "Injectable",
    "Input",
    "LimitRule",
    "Limits",
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
        """Reject a request whose key is malformed, or missing although required: BadRequest."""
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

    The annotation declares the parameter, `raises` on `from_request` the problems that it raises.
    """

    @classmethod
    def from_request(cls, request: Request, /) -> object:
        """Return the argument for a request, after its inputs are validated."""
        ...


@runtime_checkable
class LimitRule(Protocol):
    """A limit of requests: `restkit.limits.Rate`, `Failures` or `Concurrency`."""

    @property
    def document(self) -> Mapping[str, object]:
        """The limit as a member of ``x-rate-limits``."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that the limit may respond with."""
        ...

    def applies(self, operation: Operation, /) -> bool:
        """Return whether the limit can apply to an operation."""
        ...


Limits = tuple["LimitRule | EllipsisType", ...]
"""Limits, the nearest first. An Ellipsis at the end keeps out those of outer levels."""


class Input(Record):
    """The values that a verb takes from one location.

    For ``query``, ``headers`` and ``cookies`` the fields of the schema are the parameters; the
    others are content of one of ``media_types``. Each of several bodies has its own.

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
    is_aside: bool = False  # a form that is shown again, which Accept does not choose
    events: EventTypes | None = None

    @property
    def schemas(self) -> Iterator[BoundSchema]:
        """The schemas of the content: one, or those of all events."""
        return filter(None, self.events.schemas.values() if self.events else (self.schema,))

    @property
    def has_content(self) -> bool:
        """Whether the response has content (RFC 9110, 6.4.1: not with 204, 205 and 304)."""
        return self.status not in (204, 205, 304) and bool(self.media_types)


def offered_types(outputs: Sequence[Output]) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () if there is nothing to choose."""
    whole = [each for each in outputs if each.has_content and not each.is_aside]
    # A 206 has a part of the representation that the 200 has, so it adds no media type.
    types = [kind for each in whole if each.status != 206 for kind in each.media_types]
    return () if "*/*" in types else tuple(dict.fromkeys(types))


class Failure(Record):
    """One problem that a verb may respond with, and the stage that adds it.

    Attributes:
        problem: The problem class.
        stage: The part of the program that responds, for ``restkit explain``: any word.
            ``"method"`` in a contribution becomes the kind of the contributing part.
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


class Operation(Record):
    """The record of one verb on one URL, built once at mount.

    Attributes:
        method: The HTTP method, in capital letters.
        path: The template as OpenAPI writes it, ``/books/{book_id}``.
        rule: The pattern as it was mounted, ``/books/<int:book_id>``.
        resource: The Resource class; restkit makes one for a function.
        function: The method of the class, or the function, that responds.
        declared_at: Its qualified name, ``shop.api.Books.get``, for messages.
        host: The pattern of the host, "" for every host.
        path_parameters: The variables of the path, those of mounts too.
        host_parameters: The variables of the host.
        operation_id: The operationId that the document prints.
        inputs: The inputs, each bound to its schema.
        outputs: The responses that are no problems, the one of a plain return value first.
        failures: The problems that any stage may respond with.
        parameters: Request parameters that surrounding parts read, see `restkit.Contribution`.
        problem_members: The members that surrounding parts add to problem details, with schemas.
        surrounding_headers: Headers that surrounding parts add to every response.
        security: Alternatives of combinations of security schemes; empty if it is public.
        limits: The limits of requests, the nearest first.
        cache: How its responses are stored; false if they are not, None if nothing declares it.
        deprecation: Since when and until when it is deprecated; as with ``cache``.
        permission: The rule that decides which callers may make the request, None without one.
        masks: The field masks, by which callers have a view of it; None without one.
        injected: The classes of the parameters that get an `Injectable`, by name.
        middleware: The middleware that contributions put around it, the outermost first.
        errors: The formats of its error responses, the default first.
        conditional: Whether the function sets validators; ``"required"`` demands preconditions.
        idempotency: The rule for repeated requests, None without one.
        examples: Named examples of the request's content.
        extensions: ``x-...`` members of the Operation Object.
        shows_form: Whether its form may ask for itself with another row of a list.
        has_given_id: Whether `operation` declared the operationId. Others are made unique.
        is_probe: Whether orchestrators call it: of the parts of Apps only edge parts are around it.
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
    host_parameters: tuple[PathParameter, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    failures: tuple[Failure, ...] = ()
    errors: tuple[ErrorFormat, ...] = DEFAULT_FORMATS
    parameters: tuple[Parameter, ...] = ()
    problem_members: Mapping[str, object] = MappingProxyType({})
    surrounding_headers: tuple[Header, ...] = ()
    security: Security = ()
    limits: Limits = ()
    cache: CacheUse | None = None
    deprecation: Deprecation | Literal[False] | None = None
    permission: Permission | None = None
    masks: OperationMasks | None = None
    injected: Mapping[str, type[Injectable]] = MappingProxyType({})
    middleware: tuple[Callable[..., object], ...] = ()
    conditional: bool | Literal["required"] = False
    idempotency: IdempotencyRule | None = None
    shows_form: bool = False
    examples: Mapping[str, object] = MappingProxyType({})
    extensions: Mapping[str, object] = MappingProxyType({})
    is_probe: bool = False

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the verb may respond with."""
        declared = {output.status for output in self.outputs}
        return frozenset(declared.union(failure.problem.status for failure in self.failures))

    @property
    def query_names(self) -> frozenset[str]:
        """The query parameters of contributions and of security schemes, which no input reads."""
        names = {each.name for each in self.parameters if each.location == "query"}
        keys = [scheme.document() for each in self.security for scheme, _ in each]
        return frozenset(names.union(str(key["name"]) for key in keys if key.get("in") == "query"))

    @property
    def schemas(self) -> Iterator[BoundSchema]:
        """The schemas of the inputs and of the outputs."""
        yield from (each.schema for each in self.inputs if each.schema is not None)
        yield from (schema for each in self.outputs for schema in each.schemas)

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
