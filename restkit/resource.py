"""The class that users write: its verbs, what they may say of themselves, and the operations they become."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar, cast, overload

from .arguments import check_factory
from .conditional import EntityTag, Outcome, Preconditions, evaluate, format_http_date
from .contract import IdempotencyRule, SecurityScheme
from .errors import DeclarationError
from .middleware import Middleware
from .problems import PreconditionFailed, PreconditionRequired
from .request import Request

if TYPE_CHECKING:
    from .schemas import SchemaLike

__all__ = [
    "VERBS",
    "FunctionResource",
    "Owner",
    "ProblemHandler",
    "Provided",
    "Resource",
    "function_resource",
    "obtain",
    "provide",
    "validators_of",
    "verbs_of",
]

VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
ProblemHandler = Callable[[Any, Request], Any]
T = TypeVar("T")


class Owner(Protocol):
    """Is what a resource knows of its App."""

    name: str
    settings: Any
    overrides: dict[Any, Callable[..., Any]]
    stores: list[Callable[[type], Any]]

    def url_for(self, target: Any, /, *, _external: bool = False, **values: Any) -> str:
        """Return the URL of a resource."""
        ...


class Resource:
    """Is the base of the classes that answer for a URL; one instance a request.

    Write ``get``, ``post``, ``put``, ``patch``, ``delete`` (``head`` and ``options`` come by themselves).

    Attributes:
        request: The request.
        app: The App that it is mounted on.
        schema: The body of post, put and patch, and the answer of every verb that answers.
        methods: The verbs that are mounted, all that the class has where it is None.
        tags: Of its operations in the document.
        conditional: Whether its methods state `entity_tag` or `last_modified`; ``"required"`` also
            demands a precondition of unsafe methods (428).
        idempotency: What lets a POST or PATCH be sent again without being done again: `restkit.limits.Idempotency`.
        documented: Whether it is in the document.
        middleware: Around its methods, the first one outermost.
        problem_handlers: Exception classes and what makes answers of them.
        security: Schemes, each with the scopes it wants where it wants any.
    """

    request: Request
    app: Any

    schema: ClassVar[SchemaLike | None] = None
    methods: ClassVar[Collection[str] | None] = None
    tags: ClassVar[Sequence[str]] = ()
    conditional: ClassVar[bool | Literal["required"]] = False
    idempotency: ClassVar[IdempotencyRule | None] = None
    documented: ClassVar[bool] = True
    middleware: ClassVar[Sequence[Middleware]] = ()
    problem_handlers: ClassVar[Mapping[type[Exception], ProblemHandler]] = {}
    security: ClassVar[Sequence[SecurityScheme | tuple[SecurityScheme, Sequence[str]]]] = ()

    _entity_tag: EntityTag | None = None
    _last_modified: datetime | None = None
    _stated: frozenset[str] = frozenset()
    _renewed: frozenset[str] = frozenset()
    _is_absent: bool = False

    @classmethod
    def places(cls, pattern: str, name: str, app: Owner) -> Sequence[tuple[str, type[Resource], str]]:
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

        In an unsafe method, set it before anything is changed: the first assignment is where If-Match
        and If-None-Match are decided, and raises PreconditionFailed. A later one states the tag of the
        new state, which is the one that is sent. None says that nothing is there yet.
        """
        return self._entity_tag

    @entity_tag.setter
    def entity_tag(self, value: EntityTag | str | int | None) -> None:
        self._entity_tag = None if value is None else EntityTag.of(value)
        self._state("entity_tag", exists=value is not None)

    @property
    def last_modified(self) -> datetime | None:
        """When what the URL names was last changed (RFC 9110, section 8.8.2); an aware datetime.

        Where an unsafe method states `entity_tag` too, state that first: each is decided on when it is stated. What
        is stated after the first statement of the new state belongs to that state too, and decides nothing.
        """
        return self._last_modified

    @last_modified.setter
    def last_modified(self, value: datetime | None) -> None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{type(self).__qualname__}.last_modified wants an aware datetime, not {value!r}.")
        self._last_modified = value
        self._state("last_modified", exists=value is not None or self._entity_tag is not None)

    @property
    def is_stated(self) -> bool:
        """Whether the method stated `entity_tag` or `last_modified`."""
        return bool(self._stated)

    def _state(self, what: str, *, exists: bool) -> None:
        if not self.conditional:
            raise DeclarationError(
                f"{type(self).__qualname__} sets {what}, but does not declare it: write `conditional = True` in it."
            )
        is_first = what not in self._stated
        self._stated = self._stated | {what}
        if self.request.method in ("GET", "HEAD", "OPTIONS"):
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
            raise PreconditionRequired("Send If-Match with the entity tag that you have seen.")
        if given.given and (
            evaluate(self.request.method, given, self._entity_tag, self._last_modified, exists=exists)
            is not Outcome.PROCEED
        ):
            raise PreconditionFailed("What the URL names is not in the state that the request demands.")


def validators_of(resource: Resource, method: str, status: int) -> list[tuple[str, str]]:
    """Return the ETag and Last-Modified of an answer, as headers.

    After a change they are those of the new state only: what was stated again, or once where a POST made
    something (201).
    """
    sent = resource._stated
    if method == "DELETE":
        return []
    if method not in ("GET", "HEAD") and (resource._renewed or not (method == "POST" and status == 201)):
        sent = resource._renewed
    headers: list[tuple[str, str]] = []
    if resource.entity_tag is not None and "entity_tag" in sent:
        headers.append(("ETag", str(resource.entity_tag)))
    if resource.last_modified is not None and "last_modified" in sent:
        headers.append(("Last-Modified", format_http_date(resource.last_modified)))
    return headers


class Provided:
    """Is what was made for one request, in order, with how to close it."""

    __slots__ = ("_closers", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self._closers: list[Generator[Any, None, None]] = []

    def make(self, factory: Callable[..., Any], request: Request, *, wants_request: bool) -> Any:
        """Call a factory, and advance it to its value where it is a generator function's."""
        made = factory(request) if wants_request else factory()
        if isinstance(made, Iterator) and not isinstance(made, types.GeneratorType):
            raise DeclarationError(
                f"The factory {factory!r} returned an iterator; provide wants a value, or a generator function that "
                "yields it once."
            )
        if isinstance(made, types.GeneratorType):
            self._closers.append(made)
            try:
                return next(made)
            except StopIteration:
                raise DeclarationError(
                    f"The factory {made.__qualname__} yields nothing; provide wants one value."
                ) from None
        return made

    def outlast(self, closer: Generator[Any, None, None]) -> None:
        """Have a generator, which is at its ``yield``, closed after everything that is made for the request."""
        self._closers.insert(0, closer)

    def close(self, error: BaseException | None = None) -> None:
        """Close what was made, the last one first; with an error each is told of it at its ``yield``.

        Raises:
            Exception: What a factory raised at its end: a failure to commit is the answer.
        """
        while self._closers:
            closer = self._closers.pop()
            try:
                _finish(closer, error)
            except BaseException as raised:
                if raised is not error:
                    self.close(raised)
                    raise


def _finish(closer: Any, error: BaseException | None) -> None:
    """Advance a factory behind its one ``yield``, or raise the error there."""
    try:
        if error is None:
            next(closer)
        else:
            closer.throw(error)
    except StopIteration:
        return
    closer.close()
    if error is None:
        raise DeclarationError(f"The factory {closer.__qualname__} yields more than once; provide wants one value.")


class Provision(Generic[T]):
    """Is the descriptor that `provide` makes."""

    def __init__(self, factory: Callable[..., Any]) -> None:
        self.factory = factory

    @overload
    def __get__(self, instance: None, owner: type) -> Provision[T]: ...
    @overload
    def __get__(self, instance: Resource, owner: type) -> T: ...
    def __get__(self, instance: Resource | None, owner: type) -> Any:
        """Return the value, made at the first touch of the request."""
        if instance is None:
            return self
        return obtain(self.factory, instance.request, instance.app)


def obtain(factory: Callable[..., Any], request: Request, app: Owner) -> Any:
    """Return what a factory makes for a request, made when it is first asked for; see `provide`.

    Args:
        factory: As `provide` takes it.
        request: Whose value it is, and after which it is closed.
        app: Whose `override` may have a fake in its place.
    """
    if request.provided is None:
        request.provided = Provided()
    values = request.provided.values
    if factory not in values:
        made = app.overrides.get(factory, factory)
        values[factory] = request.provided.make(made, request, wants_request=_wants_request(made))
    return values[factory]


@overload
def provide(factory: Callable[[], Iterator[T]]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[Request], Iterator[T]]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[], T]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[Request], T]) -> Provision[T]: ...
def provide(factory: Callable[..., Any]) -> Provision[Any]:
    """Declare a value that is made once a request, on first touch, and closed after the method.

    ::

        def session() -> Iterator[Session]:
            with Session(engine) as session, session.begin():
                yield session

        class Books(Resource):
            session = provide(session)

    Code after the ``yield`` runs before the response starts; an exception in the method arrives at the ``yield``.

    Args:
        factory: Returns the value, or yields it once; may take the request as its one argument.
    """
    check_factory(factory, "The factory of provide")
    return Provision(factory)


def _wants_request(factory: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def verbs_of(resource: type[Resource]) -> dict[str, Callable[..., Any]]:
    """Return a class's verb methods by their HTTP method, those that ``methods`` leaves on.

    Raises:
        DeclarationError: ``methods`` names what the class does not have, or a verb is not a method.
    """
    place = f"{resource.__module__}.{resource.__qualname__}"
    found: dict[str, Callable[..., Any]] = {}
    for verb in VERBS:
        function = inspect.getattr_static(resource, verb, None)
        if function is None:
            continue
        if isinstance(function, staticmethod) and issubclass(resource, FunctionResource):
            function = function.__func__
        if isinstance(function, (staticmethod, classmethod)) or not callable(function):
            raise DeclarationError(f"{place}.{verb} is not a method; a verb takes self.")
        if inspect.iscoroutinefunction(inspect.unwrap(function)):
            raise DeclarationError(f"{place}.{verb} is async; restkit runs on WSGI: write a plain method.")
        found[verb.upper()] = function
    if resource.methods is not None:
        wanted = {method.upper() for method in resource.methods}
        lacking = wanted - set(found) - {"HEAD", "OPTIONS"}
        if lacking:
            raise DeclarationError(f"{place}.methods names {min(lacking)}, but the class has no such method.")
        found = {method: function for method, function in found.items() if method in wanted}
    if not found:
        raise DeclarationError(f"{place} has no verb; write a method get, post, put, patch or delete.")
    return found


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
    return cast("type[Resource]", type(getattr(function, "__name__", "function"), (FunctionResource,), members))


class FunctionResource(Resource):
    """Is the base of the resources that `function_resource` makes: its verb is a function without ``self``."""
