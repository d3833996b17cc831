"""Dependency injection with `provide`: values created once a request, and closed after it."""

from __future__ import annotations

import inspect
import itertools
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, TypeVarTuple, cast, overload

from .after_commit import AfterCommit, open_transactions
from .declaration_checks import check_call, check_factory
from .errors import DeclarationError
from .request import Request

__all__ = [
    "Provided",
    "Provision",
    "after_commit",
    "check_defaults",
    "factories_of",
    "obtain",
    "provide",
]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


if TYPE_CHECKING:

    class _App(Protocol):
        @property
        def overrides(self) -> Mapping[object, Callable[..., object]]: ...

    class _Holder(Protocol):
        request: Request

        @property
        def app(self) -> _App: ...


class Provided:
    """The values provided for one request, in order, and the generators that close them.

    When a value is closed, it is dropped, together with the values whose factories used it. If
    middleware asks for it after ``proceed``, a new value is made, and closed before the response
    starts.

    Attributes:
        after: The functions of `after_commit`, None without one.
        last: The functions of `after_response`.
        values: The values by factory.
    """

    __slots__ = ("_closable", "_closers", "_uses_closable", "after", "last", "values")

    def __init__(self) -> None:
        self.after: AfterCommit | None = None
        self.last: list[Callable[[], object]] = []
        self.values: dict[object, object] = {}
        self._closers: list[Generator[object, None, None]] = []
        self._closable: set[object] = set()  # factories whose value depends on a closer
        self._uses_closable = False  # whether the value that is being made does

    def value(
        self,
        factory: object,
        maker: Callable[..., object],
        request: Request,
        *,
        wants_request: bool,
    ) -> object:
        """Make the value of a factory, and note whether it depends on a value that is closed.

        Args:
            factory: The factory as declared.
            maker: The factory to call: the declared one, or its replacement by `override`.
            request: The request.
            wants_request: Whether ``maker`` takes the request.
        """
        outer, self._uses_closable = self._uses_closable, False
        try:
            made = self.values[factory] = self._make(maker, request, wants_request=wants_request)
            if self._uses_closable:
                self._closable.add(factory)
        finally:
            self._uses_closable = outer or self._uses_closable
        return made

    def known(self, factory: object) -> object:
        """Return the value of a factory that has been made."""
        if factory in self._closable:
            self._uses_closable = True
        return self.values[factory]

    def _make(
        self, factory: Callable[..., object], request: Request, *, wants_request: bool
    ) -> object:
        """Call a factory and return its value; advance a generator to its first value."""
        made = factory(request) if wants_request else factory()
        if isinstance(made, Iterator) and not isinstance(made, types.GeneratorType):
            raise DeclarationError(
                f"The factory {factory!r} returned an iterator. Return the value, or write a "
                "generator function that yields it once."
            )
        if isinstance(made, types.GeneratorType):
            self._closers.append(made)
            self._uses_closable = True
            try:
                return next(made)
            except StopIteration:
                raise DeclarationError(
                    f"The factory {made.__qualname__} yields no value. Yield exactly one."
                ) from None
        return made

    def outlast(self, closer: Generator[object, None, None]) -> None:
        """Close a generator, suspended at its ``yield``, after every other value of the request."""
        self._closers.insert(0, closer)

    def close(self, error: BaseException | None = None) -> None:
        """Close the values in reverse order; raise an error at the ``yield`` of each factory.

        Without an error, the functions of `after_commit` run then.

        Raises:
            Exception: A factory failed after its ``yield``, for example to commit.
        """
        while self._closers:
            closer = self._closers.pop()
            try:
                _finish(closer, error)
            except BaseException as raised:
                if raised is not error:
                    self.close(raised)
                    raise
        for factory in self._closable:
            self.values.pop(factory, None)
        self._closable.clear()
        if self.after is not None:
            after, self.after = self.after, None
            if error is None:
                after.run(self.close)


def _finish(closer: Generator[object, None, None], error: BaseException | None) -> None:
    """Advance a factory past its only ``yield``, or raise the error there."""
    try:
        if error is None:
            next(closer)
        else:
            closer.throw(error)
    except StopIteration:
        return
    closer.close()
    if error is None:
        raise DeclarationError(
            f"The factory {getattr(closer, '__qualname__', closer)} yields more than once. Yield "
            "exactly one value."
        )


class Provision(Generic[T]):
    """The descriptor that `provide` returns: an attribute with one value for each request."""

    def __init__(self, factory: Callable[..., object]) -> None:
        self.factory = factory
        self._wants_request = _wants_request(factory)

    @overload
    def __get__(self, instance: None, owner: type) -> Provision[T]: ...
    @overload
    def __get__(self, instance: _Holder, owner: type) -> T: ...
    def __get__(self, instance: _Holder | None, owner: type) -> Any:
        """Return the value, which is created on first access."""
        if instance is None:
            return self
        return obtain(
            self.factory, instance.request, instance.app, wants_request=self._wants_request
        )


def factories_of(holder: type) -> list[Callable[..., object]]:
    """Return the factories of a class's provided attributes, each once, the class's own first."""
    found: dict[str, object] = {}
    for base in holder.__mro__:
        for name, value in vars(base).items():
            found.setdefault(name, value)
    return list({each.factory: None for each in found.values() if isinstance(each, Provision)})


def check_defaults(function: Callable[..., object], declared_at: str) -> None:
    """Reject `provide` as a parameter's default: the method would get the descriptor.

    Args:
        function: A verb.
        declared_at: The name of the verb, for messages.

    Raises:
        DeclarationError: A default is a value of `provide`.
    """
    defaults = (
        *(getattr(function, "__defaults__", None) or ()),
        *(getattr(function, "__kwdefaults__", None) or {}).values(),
    )
    if any(isinstance(each, Provision) for each in defaults):
        raise DeclarationError(
            f"{declared_at} has provide(...) as a default, which is for attributes of a Resource "
            "class. Write session = provide(...) in the class, and self.session in the method."
        )


def check_factory_defaults(factory: Callable[..., object]) -> None:
    """Reject `provide` as the default of a factory's parameter, for the same reason.

    Raises:
        DeclarationError: A default is the result of `provide`.
    """
    name = getattr(factory, "__qualname__", repr(factory))
    defaults = getattr(factory, "__defaults__", None) or ()
    named = getattr(factory, "__kwdefaults__", None) or {}
    if any(isinstance(each, Provision) for each in (*defaults, *named.values())):
        raise DeclarationError(
            f"The factory {name} has provide(...) as a default, which is for attributes of a "
            "Resource class. Take the request, and call obtain(other_factory, request) in it."
        )


def obtain(
    factory: Callable[..., object],
    request: Request,
    app: _App | None = None,
    *,
    wants_request: bool | None = None,
) -> Any:
    """Return the value of a factory for a request, made on first use; see `provide`.

    Security schemes and middleware call it, since one instance of them serves all requests. The
    value is the one that the resource gets, and is closed with the request.

    Args:
        factory: A factory as for `provide`.
        request: The request, after which the value is closed.
        app: The App whose `override` may replace the factory; by default that of the request.
        wants_request: Whether the factory takes the request; None to look at its signature.

    Raises:
        RuntimeError: The request has no App yet: routing has not run.
    """
    if app is None:
        app = cast("_App | None", request.app)  # None until routing has found the App
        if app is None:
            raise RuntimeError("obtain() needs a request that an App has routed.")
    if request.provided is None:
        request.provided = Provided()
    provided: Provided = request.provided
    if factory in provided.values:
        return provided.known(factory)
    maker = app.overrides.get(factory, factory)
    if maker is not factory or wants_request is None:
        wants_request = _wants_request(maker)
    return provided.value(factory, maker, request, wants_request=wants_request)


def after_commit(
    function: Callable[[*Ts], object], /, *args: *Ts, request: Request | None = None
) -> None:
    """Call a function after the unit of work of a request, before its response starts.

    ::

        after_commit(send_mail, order_id)

    The functions run in the order in which they were added, after every provided value was closed
    without an error, so all transactions are committed. An exception in a function is logged, and
    the response stays. If the request fails, no function runs. If a savepoint is rolled back, the
    functions that were added in it do not run. A streamed response is committed at its end. If the
    process ends first, they are lost; see `restkit.enqueue`.

    Args:
        function: A function.
        args: Its arguments.
        request: The request; the current one by default.

    Raises:
        RuntimeError: There is no current request.
        DeclarationError: The value is not a plain function of these arguments.
    """
    names = tuple(f"argument {number}" for number in range(1, len(args) + 1))
    check_call(function, names, "The function of after_commit")
    of = Request.current() if request is None else request
    if of.provided is None:
        of.provided = Provided()
    provided: Provided = of.provided
    if provided.after is None:
        provided.after = AfterCommit()
    opened = (open_transactions(each) for each in provided.values.values())
    provided.after.add(partial(function, *args), tuple(itertools.chain.from_iterable(opened)))


@overload
def provide(factory: Callable[[], Iterator[T]]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[Request], Iterator[T]]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[], T]) -> Provision[T]: ...
@overload
def provide(factory: Callable[[Request], T]) -> Provision[T]: ...
def provide(factory: Callable[..., object]) -> Provision[Any]:
    """Declare a value that is created once a request, on first access, and closed after the method.

    ::

        def session() -> Iterator[Session]:
            with Session(engine) as session, session.begin():
                yield session

        class Books(Resource):
            session = provide(session)

    Code after the ``yield`` runs before the response starts; an exception in the method is raised
    at the ``yield``. A middleware that asks for a closed value after ``proceed`` gets a new one,
    which is closed before the response starts as well. Declare the problems of a factory with
    `raises` on it: they are documented wherever it is provided.

    Args:
        factory: A function that returns the value, or yields it once; the request is its only
            parameter, if any.
    """
    check_factory(factory, "The factory of provide")
    check_factory_defaults(factory)
    return Provision(factory)


def _wants_request(factory: Callable[..., object]) -> bool:
    plain = factory.__func__ if isinstance(factory, types.MethodType) else factory
    # PERF: a signature costs 100 thousand instructions
    if type(plain) is types.FunctionType and not plain.__dict__:
        return plain.__code__.co_argcount - len(plain.__defaults__ or ()) > (plain is not factory)
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in parameters
    )
