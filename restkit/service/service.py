"""`Service`: the extension by which an App runs as one service of many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from ..contract import Operation
from ..contributor import Contribution
from ..declaration_checks import check_call, check_flag, check_mapping, texts_of
from ..dispatch.edge import SERVICE, Layer
from ..errors import DeclarationError
from ..resource import Resource
from .access_log import logged
from .checks import Check, Checks
from .exchange import CONTRIBUTION, correlated, finisher
from .log_setup import LogFormat, add_handler, check_format

if TYPE_CHECKING:
    from ..dispatch.dispatcher import Dispatcher
    from ..dispatch.response_headers import Finish

__all__ = ["Service"]


class _App(Protocol):
    """The part of an App that a Service uses."""

    name: str

    @property
    def extensions(self) -> Sequence[object]: ...

    def add(self, pattern: str, resource: type[Resource], /) -> object: ...

    def lifespan(self, function: Callable[[], Iterator[None]], /) -> object: ...


class Service:
    """One service of many: ``app.install(Service(checks={"database": database.ping}))``.

    ``/livez`` is a 200 while the process responds; it depends on nothing else, so that a slow
    database restarts no process. ``/readyz`` is a 200 if the App has started, is not draining, and
    every critical check holds, and a 503 otherwise. Another check that fails makes the response
    ``"degraded"``, with status 200: a dependency that many processes share should not take all of
    them out of service at once.

    Both are public, without the limits, caches, middleware and extensions of the App, and are
    served for every host and scheme, since probes call processes by IP address.

    Each request has an id, `Request.id`: that of its header ``X-Request-Id``, or a new one. Each
    response has it in the same header. A request also belongs to a trace (W3C Trace Context, Level
    2), which `outgoing_headers` passes on. If mounted Apps have a Service too, the ids are those of
    the outermost one.
    """

    edge_order = SERVICE
    is_of_outermost = True

    def __init__(
        self,
        *,
        checks: Mapping[str, Check] | None = None,
        critical: Collection[str] = (),
        live: str | None = "/livez",
        ready: str | None = "/readyz",
        documented: bool = True,
        logs: LogFormat | None = None,
    ) -> None:
        """Check and keep the options.

        Args:
            checks: Functions without arguments, by name. A check has failed if it returns False,
                raises, or takes longer than a second. Checks run in threads of their own, side by
                side and at most once a second, whatever the number of probes.
            critical: The names of the checks without which the service cannot take requests.
            live: The URL of the liveness probe, None for no such URL.
            ready: The URL of the readiness probe, None for no such URL.
            documented: Whether the URLs are in the OpenAPI document.
            logs: ``"json"`` or ``"text"`` logs each request to ``restkit.access``, after the body
                of its response is closed. While the App runs, the root logger also has a handler of
                that format, if the program has given it none. None logs no requests.

        Raises:
            DeclarationError: A check is not such a function, a critical name has no check, or a URL
                is not a path without variables.
        """
        check_mapping(checks, "Service(checks=...)", '{"database": database.ping}')
        for name, function in (checks or {}).items():
            _check_name(name)
            check_call(function, (), f"The check {name!r} of a Service")
        self._critical = frozenset(texts_of(critical, "Service(critical=...)"))
        if unknown := sorted(self._critical.difference(checks or {})):
            known = ", ".join(map(repr, checks or {})) or "there are none"
            raise DeclarationError(
                f"Service(critical=...) names {unknown[0]!r}, which is not one of the checks: "
                f"{known}."
            )
        check_flag(documented, "Service(documented=...)")
        self._live = _checked_path(live, "live", "/livez")
        self._ready = _checked_path(ready, "ready", "/readyz")
        if logs is not None:
            check_format(logs, "Service(logs=...)")
        self._documented = documented
        self._logs: LogFormat | None = logs
        self._extensions: Sequence[object] = ()
        self._checks = Checks(dict(checks or {}))
        self._has_started = False
        self._is_draining = False

    def install(self, app: _App, /) -> None:
        """Add the URLs.

        Raises:
            DeclarationError: The App has a Service already.
            CollisionError: A resource has one of the URLs.
        """
        if any(isinstance(each, Service) for each in app.extensions):
            raise DeclarationError(
                f"The App {app.name!r} has a Service already. Name all checks in one "
                "Service(checks={...})."
            )
        from .probes import Liveness, Readiness  # cold start: marshmallow

        self._extensions = app.extensions
        app.lifespan(self._logging)
        app.lifespan(self._running)
        if self._live is not None:
            app.add(self._live, self._made(Liveness))
        if self._ready is not None:
            app.add(self._ready, self._made(Readiness))

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers."""
        return CONTRIBUTION

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that sends the id of the request back."""
        return finisher(operation)

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that gives requests their ids."""
        return (Layer(SERVICE, correlated if self._logs is None else logged),)

    def _made(self, base: type[Resource]) -> type[Resource]:
        members = {
            "service": self,
            "documented": self._documented,
            "__doc__": base.__doc__,
            "__module__": base.__module__,
        }
        return cast("type[Resource]", type(base.__name__, (base,), members))

    def _logging(self) -> Iterator[None]:
        root = logging.getLogger()
        if self._logs is None or root.handlers:
            yield
            return
        # `SecretsFilter` finds the handlers at its own start, which may have been before.
        filters = [each for each in self._extensions if isinstance(each, logging.Filter)]
        level = root.level
        handler = add_handler(self._logs, logging.INFO, filters=filters)
        yield
        root.removeHandler(handler)
        root.setLevel(level)

    def _running(self) -> Iterator[None]:
        self._has_started = True
        yield
        self._has_started = False

    @property
    def is_draining(self) -> bool:
        """Whether the service finishes the requests that it has, and should get no others."""
        return self._is_draining

    def drain(self) -> None:
        """Respond with 503 to readiness probes from now on; all other requests are served."""
        self._is_draining = True

    def readiness(self) -> tuple[str, dict[str, bool]]:
        """Return the state of the service, and by name whether each check holds.

        The state is ``"ok"``, ``"degraded"``, ``"failed"``, ``"draining"`` or ``"starting"``. The
        last two are known without the checks.
        """
        if self.is_draining:
            return "draining", {}
        if not self._has_started:
            return "starting", {}
        results = self._checks.results()
        failed = {name for name, holds in results.items() if not holds}
        if failed & self._critical:
            return "failed", results
        return ("degraded" if failed else "ok"), results


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 100:
        raise DeclarationError(
            f"Service(checks=...) has the name {name!r:.120}. A name is a short printable text, "
            "such as 'database'."
        )


def _checked_path(path: object, option: str, example: str) -> str | None:
    """Return the URL of a probe, None for no URL."""
    if path is None:
        return None
    if not isinstance(path, str) or not path.startswith("/") or any(each in path for each in "<?#"):
        raise DeclarationError(
            f"Service({option}=...) must be a path without variables, such as {example!r}, or "
            f"None for no such URL, got {path!r}."
        )
    return path
