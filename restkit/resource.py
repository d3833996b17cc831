"""`Resource`: the class that users write, with its verbs and attributes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, cast

from .contract import IdempotencyRule, LimitRule
from .environ_keys import LOADED
from .errors import DeclarationError
from .http.methods import SAFE_METHODS
from .member_checks import VERBS, check_members, check_methods, check_verb
from .middleware import Middleware
from .page import Page
from .problems import PreconditionFailed, PreconditionRequired
from .records import Record
from .request import Request

if TYPE_CHECKING:
    from .cache_rule import CacheRule
    from .http.conditional import EntityTag
    from .masks import Masks
    from .permissions import PermissionsLike
    from .requirements import SecurityLike
    from .schemas.bound import SchemaLike

__all__ = [
    "TAG_ALONE",
    "VERBS",
    "FunctionResource",
    "Owner",
    "ProblemHandler",
    "Resource",
    "Schemas",
    "function_resource",
    "verbs_of",
]

ProblemHandler = Callable[[Any, Request], object]
TAG_ALONE = frozenset({"entity_tag"})
"""What a resource has stated that has set its entity tag, and nothing else."""
_METHOD = "REQUEST_METHOD"


class Owner(Protocol):
    """The part of an App that a resource uses."""

    name: str
    version: str
    settings: Any
    servers: Sequence[str | Mapping[str, object]]
    overrides: dict[object, Callable[..., object]]
    stores: list[Callable[[type], Any]]

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...

    def url_for(
        self,
        target: object,
        /,
        *,
        _external: bool = False,
        _query: Mapping[str, object] | None = None,
        **values: object,
    ) -> str:
        """Return the URL of a resource."""
        ...


class Schemas(Record):
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
    """The base of resource classes, which respond for a URL; one instance for each request.

    Write ``get``, ``post``, ``put``, ``patch``, ``delete``, ``query``; the others are derived.

    Attributes:
        request: The request.
        app: The App that the class is mounted on.
        schema: The schema of the body of post, put and patch, and of responses with content.
        methods: The verbs that are mounted; None mounts all verbs of the class.
        tags: The tags of its operations.
        conditional: Whether its methods set validators. ``"required"`` demands preconditions (428).
        idempotency: The rule for repeated POST and PATCH: `restkit.limits.Idempotency`.
        documented: Whether its operations are in the document.
        middleware: The middleware around its methods, the outermost first.
        problem_handlers: The functions that turn exceptions into responses, by exception class.
        security: The security schemes of its verbs; those of the mount or the App by default.
        permission: The permission that callers need; see `access`. A mapping has it for ``read``
            (GET, HEAD, QUERY), ``write``, and methods by name: ``{"write": scope("write"),
            "delete": role("editor")}``.
        public: Whether no credentials are required. Overrides the mount and the App.
        limits: Limits besides those of the mount and the App; ``[]`` takes those away.
        masks: Who may read and write a field, by its name: ``{"cost": role("staff")}``.
        cache: How long responses of GET are stored: `restkit.caching.Cache`, or False.
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
    permission: ClassVar[PermissionsLike | None] = None
    public: ClassVar[bool] = False
    limits: ClassVar[Sequence[LimitRule] | None] = None
    masks: ClassVar[Masks] = {}
    cache: ClassVar[CacheRule | Literal[False] | None] = None

    _any_query: ClassVar[bool] = False  # whether unknown query parameters are accepted
    _is_probe: ClassVar[bool] = False  # whether it stands outside of the parts of its Apps
    _hooks: ClassVar[Sequence[str]] = ()  # methods that a subclass may override, except the verbs
    _entity_tag: EntityTag | None = None
    _last_modified: datetime | None = None
    _stated: frozenset[str] = frozenset()
    _renewed: frozenset[str] = frozenset()
    _is_absent: bool = False

    @classmethod
    def _mount_points(
        cls, pattern: str, name: str, app: Owner
    ) -> Sequence[tuple[str, type[Resource], str]]:
        """Return the (URL pattern, class, name) of each URL that the class is mounted on.

        Args:
            pattern: The URL pattern that the class is added on.
            name: The name for `App.url_for`.
            app: The App.
        """
        return [(pattern, cls, name)]

    @classmethod
    def _narrowed(cls, wanted: Collection[str]) -> Mapping[str, object]:
        """Return the members that change in a subclass with some of the mounted methods."""
        return {"methods": wanted}

    @classmethod
    def _page(cls) -> Page | None:
        """Return the page of the verbs that declare none."""

    def after_commit(self, function: Callable[..., object], /, *args: object) -> None:
        """Call a function after the commit and before the response; see `restkit.after_commit`."""
        from .dependencies import after_commit  # cold start

        after_commit(function, *args, request=self.request)

    def enqueue(self, task: object, /, *args: object, **kwargs: object) -> None:
        """Write a task to the App's Outbox, or send it to its `Queue` after the commit.

        Args:
            task: A function of the Outbox; or the first argument of the queue's function.
            args: The arguments of the task.
            kwargs: The named arguments of the task.

        Raises:
            DeclarationError: The App has no queue, or several.
        """
        from .task_queue import queue_of  # cold start

        queue_of(self.app, task).take(task, args, kwargs, self.request)

    @property
    def entity_tag(self) -> EntityTag | None:
        """The entity tag of the current state (RFC 9110, section 8.8.3), None if there is none yet.

        In an unsafe method, set it before you change anything: the first assignment evaluates
        If-Match and If-None-Match, and may raise PreconditionFailed. Set it again after the change.
        """
        return self._entity_tag

    @entity_tag.setter
    def entity_tag(self, value: EntityTag | str | int | None) -> None:
        self._entity_tag = None if value is None else _entity_tags().of(value)
        if not self._stated and self.conditional and self.request.environ[_METHOD] == "GET":
            self._stated = TAG_ALONE  # PERF: most tags are those of a GET, as `_state` keeps them
        else:
            self._state("entity_tag", exists=value is not None)

    @property
    def last_modified(self) -> datetime | None:
        """The time of the resource's last change, an aware datetime (RFC 9110, section 8.8.2).

        If an unsafe method sets `entity_tag` too, set that first: each first assignment evaluates
        preconditions. Once one of the two is set again, all assignments describe the new state.
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
    def loaded(self) -> Any:
        """The object that `load` returned for this request; a method ``load`` of yours makes it."""
        return self.request.environ[LOADED]

    @property
    def is_stated(self) -> bool:
        """Whether the method has set `entity_tag` or `last_modified`."""
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
        """Evaluate the preconditions against the state before the change."""
        from .http.conditional import Outcome, Preconditions, evaluate, failure_detail  # cold start

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
        if given.given:
            known = self._entity_tag, self._last_modified
            outcome = evaluate(self.request.method, given, *known, exists=exists)
            if outcome is not Outcome.PROCEED:
                raise PreconditionFailed(failure_detail(given))


@cache
def _entity_tags() -> type[EntityTag]:
    from .http.conditional import EntityTag  # cold start

    return EntityTag


def verbs_of(resource: type[Resource]) -> dict[str, Callable[..., object]]:
    """Return a class's verb methods by HTTP method; if ``methods`` is set, only those.

    Raises:
        DeclarationError: A verb is not a method, ``methods`` contains a verb that the class does
            not have, or a member of the class would be ignored.
    """
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    found: dict[str, Callable[..., object]] = {}
    members: dict[str, object] = {}
    for base in reversed(resource.__mro__):
        members.update(vars(base))
    for verb in VERBS:
        value = members.get(verb)
        if value is not None:
            is_function = issubclass(resource, FunctionResource)
            found[verb.upper()] = _verb_of(value, f"{declared_at}.{verb}", is_function)
    check_members(resource, (*VERBS, *resource._hooks))
    if resource.methods is not None:
        wanted = {method.upper() for method in resource.methods}
        check_methods(wanted, found, declared_at)
        found = {method: function for method, function in found.items() if method in wanted}
    if not found:
        raise DeclarationError(
            f"{declared_at} has no HTTP method. Write a method get, post, put, patch, delete or "
            "query."
        )
    return found


def _verb_of(value: object, declared_at: str, is_function: bool) -> Callable[..., object]:
    """Return the function of a verb; reject a value that cannot be one."""
    if isinstance(value, staticmethod) and is_function:
        value = value.__func__
    if isinstance(value, (staticmethod, classmethod)) or not callable(value):
        raise DeclarationError(
            f"{declared_at} must be a plain method with self, got {value!r:.80}. Write one."
        )
    check_verb(value, declared_at)
    return value


def function_resource(
    function: Callable[..., object], method: str, base: type[Resource] | None = None
) -> type[Resource]:
    """Make a Resource class with one verb from a function.

    Args:
        function: A function of the URL variables and inputs by name, without ``self``.
        method: The verb, in lower case.
        base: The base class, `FunctionResource` by default.
    """
    members = {
        method: staticmethod(function),
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": getattr(function, "__qualname__", "function"),
    }
    name = getattr(function, "__name__", "function")
    return cast("type[Resource]", type(name, (base or FunctionResource,), members))


class FunctionResource(Resource):
    """The base of the classes that are made of functions; their verb has no ``self``."""
