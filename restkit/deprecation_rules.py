"""`deprecated`, the declaration that operations end, for verbs, classes, mounts and Apps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from .declaration_checks import check_flag
from .declarations import is_mounted, set_class_deprecation
from .decorators import declare, needs_call
from .deprecation import Deprecation, check_link, moment_of
from .errors import DeclarationError

if TYPE_CHECKING:
    from .deprecation import Moment

__all__ = ["DeprecatedDecorator", "deprecated"]

F = TypeVar("F", bound=Callable[..., object])


class DeprecatedDecorator(Deprecation):
    """A deprecation, which is also the decorator of a deprecated verb, function or class."""

    def __call__(self, target: F) -> F:
        """Declare it on a verb, a function or a Resource class."""
        if not isinstance(target, type):
            words = {"deprecation": self}
            return declare(target, lambda old: old._replace(words={**old.words, **words}))
        if is_mounted(target):
            raise DeclarationError(
                f"{target.__name__} is mounted already. Write @deprecated below the route."
            )
        set_class_deprecation(target, self)
        return cast(F, target)


@needs_call("@deprecated(since='2026-12-01')")
def deprecated(
    *,
    since: Moment,
    sunset: Moment | None = None,
    successor: str = "",
    documentation: str = "",
    gone: bool = False,
    clock: Callable[[], float] | None = None,
) -> DeprecatedDecorator:
    """Declare that operations are deprecated, and when they end.

    It decorates a verb, a function or a Resource class, and is an argument of `App.add`, of routes,
    of `App.mount` and of `App`: ``app.mount("/v1", v1, deprecated=deprecated(since=...))``. The
    nearest declaration applies; ``deprecated=False`` and ``@operation(deprecated=False)`` keep out
    those of outer levels. Subclasses of a decorated class are not deprecated.

    Every response has the header Deprecation (RFC 9745), with a sunset also Sunset (RFC 8594), and
    a Link to the successor and to the documentation. The document has ``deprecated: true``, the
    headers, the dates and ``x-sunset``.

    Args:
        since: When the deprecation begins, or began: a date, which begins at midnight in UTC, an
            aware datetime, or either of them in ISO 8601.
        sunset: When the operations end. Not before ``since``.
        successor: The operation to use in their place: its operationId, or a URL such as
            ``/v2/books``. The variables of its path must be those of the deprecated one.
        documentation: The URL of a page about the deprecation.
        gone: Whether requests get 410 (Gone) from the sunset on, before anything but routing.
        clock: A function that returns the time in seconds, for tests; ``time.time`` by default.

    Raises:
        DeclarationError: A date has no time zone or is in another format, the sunset is missing
            although ``gone`` is true, or is before ``since``.
    """
    begins = moment_of(since, "@deprecated: since")
    ends = None if sunset is None else moment_of(sunset, "@deprecated: sunset")
    check_flag(gone, "gone of @deprecated")
    if successor != "":
        check_link(successor, "@deprecated: successor", is_url=False)
    if documentation != "":
        check_link(documentation, "@deprecated: documentation", is_url=True)
    if ends is None and gone:
        raise DeclarationError("@deprecated has gone=True, but no sunset. Add sunset='2027-06-01'.")
    if ends is not None and ends < begins:
        raise DeclarationError(
            f"@deprecated has the sunset {sunset!s} before since={since!s}. Give a later sunset "
            "(RFC 9745, section 4)."
        )
    if clock is not None and not callable(clock):
        raise DeclarationError(
            f"@deprecated: clock={clock!r} must be a function that returns seconds, such as "
            "time.time."
        )
    return DeprecatedDecorator(begins, ends, successor, documentation, gone, clock)
