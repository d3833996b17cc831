"""What is made once for a request, on first touch, and closed after it: `provide`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, overload

from .declaration_checks import check_factory
from .errors import DeclarationError
from .request import Request

__all__ = ["Provided", "Provision", "check_defaults", "factories_of", "obtain", "provide"]

T = TypeVar("T")


if TYPE_CHECKING:

    class _App(Protocol):
        @property
        def overrides(self) -> Mapping[Any, Callable[..., Any]]: ...

    class _Holder(Protocol):
        request: Request

        @property
        def app(self) -> _App: ...


class Provided:
    """The values provided for one request, in order, and the generators that close them."""

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
        raise DeclarationError(
            f"The factory {closer.__qualname__} yields more than once; provide wants one value."
        )


class Provision(Generic[T]):
    """The descriptor that `provide` makes."""

    def __init__(self, factory: Callable[..., Any]) -> None:
        self.factory = factory
        self._wants_request = _wants_request(factory)

    @overload
    def __get__(self, instance: None, owner: type) -> Provision[T]: ...
    @overload
    def __get__(self, instance: _Holder, owner: type) -> T: ...
    def __get__(self, instance: _Holder | None, owner: type) -> Any:
        """Return the value, made at the first touch of the request."""
        if instance is None:
            return self
        return obtain(
            self.factory, instance.request, instance.app, wants_request=self._wants_request
        )


def factories_of(holder: type) -> list[Callable[..., Any]]:
    """Return the factories of what a class is provided with, each once, the class's own first."""
    found: dict[str, Any] = {}
    for base in holder.__mro__:
        for name, value in vars(base).items():
            found.setdefault(name, value)
    return list({each.factory: None for each in found.values() if isinstance(each, Provision)})


def check_defaults(function: Callable[..., Any], declared_at: str) -> None:
    """Refuse a value that is provided as a parameter's default: it would arrive as it stands.

    Args:
        function: A verb.
        declared_at: Where it stands, for messages.

    Raises:
        DeclarationError: A default is what `provide` returns.
    """
    defaults = (
        *(getattr(function, "__defaults__", None) or ()),
        *(getattr(function, "__kwdefaults__", None) or {}).values(),
    )
    if any(isinstance(each, Provision) for each in defaults):
        raise DeclarationError(
            f"{declared_at} has provide(...) as a default; it is for the attributes of a Resource class: write "
            "session = provide(...) there, and self.session in the method."
        )


def check_factory_defaults(factory: Callable[..., Any]) -> None:
    """Reject a factory whose parameter has a provided value as its default.

    Raises:
        DeclarationError: A default is what `provide` returns.
    """
    name = getattr(factory, "__qualname__", repr(factory))
    defaults = getattr(factory, "__defaults__", None) or ()
    named = getattr(factory, "__kwdefaults__", None) or {}
    if any(isinstance(each, Provision) for each in (*defaults, *named.values())):
        raise DeclarationError(
            f"The factory {name} has provide(...) as a default, which it would get unresolved. Take the "
            "request, and call obtain(other_factory, request) in it."
        )


def obtain(
    factory: Callable[..., Any],
    request: Request,
    app: _App | None = None,
    *,
    wants_request: bool | None = None,
) -> Any:
    """Return the value of a factory for a request, made on first touch; see `provide`.

    Security schemes and middleware, which have no attributes of one request, use it: the value is
    the same
    one that the resource has, and is closed with the request.

    Args:
        factory: A factory as `provide` takes it.
        request: The request, after which the value is closed.
        app: The App whose `override` may replace the factory; by default that of the request.
        wants_request: Whether the factory takes the request, if that is known.

    Raises:
        RuntimeError: The request belongs to no App: no operation matched its URL.
    """
    if app is None:
        app = cast("_App | None", request.app)  # None until routing has found the App
        if app is None:
            raise RuntimeError("obtain() needs a request that an operation responds to.")
    if request.provided is None:
        request.provided = Provided()
    values = request.provided.values
    if factory not in values:
        maker = app.overrides.get(factory, factory)
        if maker is not factory or wants_request is None:
            wants_request = _wants_request(maker)
        values[factory] = request.provided.make(maker, request, wants_request=wants_request)
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

    Code after the ``yield`` runs before the response starts; an exception in the method arrives at
    the ``yield``.
    What a factory may raise itself is declared with `raises` on it, and documented wherever it is
    provided.

    Args:
        factory: Returns the value, or yields it once; may take the request as its one argument.
    """
    check_factory(factory, "The factory of provide")
    check_factory_defaults(factory)
    return Provision(factory)


def _wants_request(factory: Callable[..., Any]) -> bool:
    plain = factory.__func__ if isinstance(factory, types.MethodType) else factory
    if (
        type(plain) is types.FunctionType and not plain.__dict__
    ):  # PERF: a signature costs 100 thousand instructions
        return plain.__code__.co_argcount - len(plain.__defaults__ or ()) > (plain is not factory)
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in parameters
    )
