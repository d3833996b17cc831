"""The class that users write: its verbs, what they may say of themselves, and the operations they become."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, cast

from .contract import IdempotencyRule
from .declaration_checks import check_members, check_plain
from .errors import DeclarationError
from .http.conditional import EntityTag, Outcome, Preconditions, evaluate, format_http_date
from .http.methods import SAFE_METHODS
from .middleware import Middleware
from .problems import PreconditionFailed, PreconditionRequired
from .request import Request
from .requirements import SecurityLike
from .spelling import misspelt

if TYPE_CHECKING:
    from .schemas.bound import SchemaLike

__all__ = [
    "VERBS",
    "FunctionResource",
    "Owner",
    "ProblemHandler",
    "Resource",
    "Schemas",
    "function_resource",
    "validators_of",
    "verbs_of",
]

_WRITTEN = ("get", "post", "put", "patch", "delete", "query")
DECLARED = (
    "schema",
    "conditional",
    "idempotency",
    "documented",
    "middleware",
    "problem_handlers",
    "security",
    "public",
)
"""What a class says of itself whose name, a letter short, is no word that a program may use otherwise."""
VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "query")
ProblemHandler = Callable[[Any, Request], Any]


class Owner(Protocol):
    """The part of an App that a resource knows."""

    name: str
    version: str
    settings: Any
    servers: Sequence[str | Mapping[str, Any]]
    extensions: list[Any]
    overrides: dict[Any, Callable[..., Any]]
    stores: list[Callable[[type], Any]]

    def url_for(self, target: Any, /, *, _external: bool = False, **values: Any) -> str:
        """Return the URL of a resource."""
        ...


class Schemas(NamedTuple):
    """The schemas of a class whose verbs differ: ``schema = Schemas(Book, list=BookRow)``.

    Attributes:
        item: The response of one item, and the default of the others.
        list: An item of a list response.
        create: The body of POST and PUT.
        update: The body of PATCH, of which nothing is required; ``create`` by default.
    """

    item: SchemaLike
    list: SchemaLike | None = None
    create: SchemaLike | None = None
    update: SchemaLike | None = None

    def body(self, method: str) -> SchemaLike:
        """Return the schema of the body of a method."""
        if method == "PATCH" and self.update is not None:
            return self.update
        return self.item if self.create is None else self.create

    def response(self, *, many: bool) -> SchemaLike:
        """Return the schema of a response, of each item if there are many."""
        return self.list if many and self.list is not None else self.item


class Resource:
    """The base of the classes that respond for a URL; one instance a request.

    Write ``get``, ``post``, ``put``, ``patch``, ``delete``, ``query`` (``head`` and ``options``
    come by themselves).

    Attributes:
        request: The request.
        app: The App that it is mounted on.
        schema: The body of post, put and patch, and the answer of every verb that answers.
        methods: The verbs that are mounted, all that the class has where it is None.
        tags: Of its operations in the document.
        conditional: Whether its methods state `entity_tag` or `last_modified`; ``"required"`` also
            demands a precondition of unsafe methods (428).
        idempotency: What lets a POST or PATCH be sent again without being done again:
            `restkit.limits.Idempotency`.
        documented: Whether it is in the document.
        middleware: Around its methods, the first one outermost.
        problem_handlers: Exception classes and what makes answers of them.
        security: The security schemes that guard its verbs, combined with ``|`` and ``&``. By
            default those of the mount or the App.
        public: Whether anybody may call, whatever the mount or the App says.
    """

    request: Request
    app: Owner

    schema: ClassVar[SchemaLike | Schemas | None] = None
    methods: ClassVar[Collection[str] | None] = None
    tags: ClassVar[Sequence[str]] = ()
    conditional: ClassVar[bool | Literal["required"]] = False
    idempotency: ClassVar[IdempotencyRule | None] = None
    documented: ClassVar[bool] = True
    middleware: ClassVar[Sequence[Middleware]] = ()
    problem_handlers: ClassVar[Mapping[type[Exception], ProblemHandler]] = {}
    security: ClassVar[SecurityLike | None] = None
    public: ClassVar[bool] = False

    _entity_tag: EntityTag | None = None
    _last_modified: datetime | None = None
    _stated: frozenset[str] = frozenset()
    _renewed: frozenset[str] = frozenset()
    _is_absent: bool = False

    @classmethod
    def _mount_points(
        cls, pattern: str, name: str, app: Owner
    ) -> Sequence[tuple[str, type[Resource], str]]:
        """Return where the class is mounted when it is added to an App: (URL pattern, class, name) of each place.

        Args:
            pattern: The URL pattern that it is added on.
            name: For `App.url_for`.
            app: The App.
        """
        return [(pattern, cls, name)]

    @property
    def entity_tag(self) -> EntityTag | None:
        """The entity tag of what the URL names now (RFC 9110, section 8.8.3).

        In an unsafe method, set it before anything is changed: the first assignment is where
        If-Match and If-None-Match are decided, and raises PreconditionFailed. A later one states
        the tag of the new state, which is the one that is sent. None says that nothing is there
        yet.
        """
        return self._entity_tag

    @entity_tag.setter
    def entity_tag(self, value: EntityTag | str | int | None) -> None:
        self._entity_tag = None if value is None else EntityTag.of(value)
        self._state("entity_tag", exists=value is not None)

    @property
    def last_modified(self) -> datetime | None:
        """When what the URL names was last changed (RFC 9110, section 8.8.2); an aware datetime.

        Where an unsafe method states `entity_tag` too, state that first: each is decided on when it
        is stated. What is stated after the first statement of the new state belongs to that state
        too, and decides nothing.
        """
        return self._last_modified

    @last_modified.setter
    def last_modified(self, value: datetime | None) -> None:
        if value is not None and value.tzinfo is None:
            raise ValueError(
                f"{type(self).__qualname__}.last_modified must be an aware datetime, got {value!r}."
            )
        self._last_modified = value
        self._state("last_modified", exists=value is not None or self._entity_tag is not None)

    @property
    def is_stated(self) -> bool:
        """Whether the method stated `entity_tag` or `last_modified`."""
        return bool(self._stated)

    def _state(self, what: str, *, exists: bool) -> None:
        if not self.conditional:
            raise DeclarationError(
                f"{type(self).__qualname__} sets {what}, but does not declare it. Write "
                "conditional = True in the class."
            )
        is_first = what not in self._stated
        self._stated = self._stated | {what}
        if self.request.method in SAFE_METHODS:
            return
        if is_first and not self._renewed and not (self._is_absent and exists):
            self._is_absent = self._is_absent or (what == "entity_tag" and not exists)
            self._decide(exists)
        else:
            self._renewed = self._renewed | {what}

    def _decide(self, exists: bool) -> None:
        """Hold the state before the change against the preconditions."""
        given = Preconditions.from_environ(self.request.environ)
        if (
            self.conditional == "required"
            and self.request.method in ("PUT", "PATCH", "DELETE")
            and not given.guards(dated=self._last_modified is not None)
        ):
            raise PreconditionRequired(
                "This request requires a precondition. Send If-Match with the ETag that you "
                "last received."
            )
        if given.given and (
            evaluate(
                self.request.method, given, self._entity_tag, self._last_modified, exists=exists
            )
            is not Outcome.PROCEED
        ):
            raise PreconditionFailed(
                "The resource's current state does not satisfy the request's preconditions."
            )


def validators_of(resource: Resource, method: str, status: int) -> list[tuple[str, str]]:
    """Return the ETag and Last-Modified of an answer, as headers.

    After a change they are those of the new state only: what was stated again, or once where a POST
    made something (201).
    """
    sent = resource._stated
    if method == "DELETE":
        return []
    if method not in SAFE_METHODS and (
        resource._renewed or not (method == "POST" and status == 201)
    ):
        sent = resource._renewed
    headers: list[tuple[str, str]] = []
    if resource.entity_tag is not None and "entity_tag" in sent:
        headers.append(("ETag", str(resource.entity_tag)))
    if resource.last_modified is not None and "last_modified" in sent:
        headers.append(("Last-Modified", format_http_date(resource.last_modified)))
    return headers


def verbs_of(resource: type[Resource]) -> dict[str, Callable[..., Any]]:
    """Return a class's verb methods by their HTTP method, those that ``methods`` leaves on.

    Raises:
        DeclarationError: ``methods`` names what the class does not have, or a verb is not a method.
    """
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    found: dict[str, Callable[..., Any]] = {}
    members: dict[str, Any] = {}
    for base in reversed(resource.__mro__):
        members.update(vars(base))
    for verb in VERBS:
        function = members.get(verb)
        if function is None:
            continue
        if isinstance(function, staticmethod) and issubclass(resource, FunctionResource):
            function = function.__func__
        if isinstance(function, (staticmethod, classmethod)) or not callable(function):
            raise DeclarationError(f"{declared_at}.{verb} is not a method; a verb takes self.")
        check_plain(function, f"{declared_at}.{verb}")
        found[verb.upper()] = function
    _check_spelling(resource, declared_at)
    check_members(resource, VERBS)
    if resource.methods is not None:
        wanted = {method.upper() for method in resource.methods}
        lacking = wanted - set(found) - {"HEAD", "OPTIONS"}
        if lacking:
            raise DeclarationError(
                f"{declared_at}.methods contains {min(lacking)}, but the class has no such method. "
                "Write the method, or remove the name."
            )
        found = {method: function for method, function in found.items() if method in wanted}
    if not found:
        raise DeclarationError(
            f"{declared_at} has no HTTP method. Write a method get, post, put, patch, delete or query."
        )
    return found


def _check_spelling(resource: type[Resource], declared_at: str) -> None:
    """Refuse a method that was meant to be a verb, which would answer 405, and an attribute that would say nothing.

    SECURITY: of ``secuirty = [keys]`` nobody would ever hear; it would let everybody in.
    """
    for each in resource.__mro__[: resource.__mro__.index(Resource)]:
        for name, value in vars(each).items():
            if isinstance(value, types.FunctionType):
                if name not in VERBS and (verb := misspelt(name, _WRITTEN)):
                    raise DeclarationError(
                        f"{declared_at}.{name} is not an HTTP method. Did you mean {verb}? Rename "
                        f"your own method to _{name}."
                    )
            elif meant := misspelt(name, DECLARED):
                raise DeclarationError(
                    f"{declared_at}.{name} is not a restkit attribute. Did you mean {meant}? Rename "
                    f"your own attribute to _{name}."
                )


def function_resource(function: Callable[..., Any], method: str) -> type[Resource]:
    """Make the one-verb Resource of a function.

    Args:
        function: Takes the path parameters and inputs by name; no ``self``.
        method: The verb, in small letters.
    """
    members = {
        method: staticmethod(function),
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": getattr(function, "__qualname__", "function"),
    }
    return cast(
        "type[Resource]",
        type(getattr(function, "__name__", "function"), (FunctionResource,), members),
    )


class FunctionResource(Resource):
    """The base of the resources of functions, whose verb has no ``self``."""
