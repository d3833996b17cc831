"""`Deprecation`: since when and until when something is deprecated, read and checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from .errors import DeclarationError
from .records import Record

if TYPE_CHECKING:
    Moment = date | datetime | str

__all__ = ["Deprecation", "check_link", "deprecation_of", "moment_of", "text_of"]

_EXAMPLES = "'2026-12-01', '2026-12-01T12:00:00Z', date(2026, 12, 1) or an aware datetime"


class Deprecation(Record):
    """The deprecation of operations: Deprecation (RFC 9745), Sunset (RFC 8594) and 410.

    Attributes:
        since: When it begins, or began.
        sunset: When the operations end; None if that is not decided.
        successor: The operationId or the URL of the operation to use in their place, or "".
        documentation: The URL of a page about it, or "".
        gone: Whether requests after the sunset get 410.
        clock: A function that returns the time in seconds; that of the system if it is None.
    """

    since: datetime
    sunset: datetime | None = None
    successor: str = ""
    documentation: str = ""
    gone: bool = False
    clock: Callable[[], float] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the sunset has passed, so that requests get 410 if `gone` says so."""
        # The function is looked up each time, so that tests may replace it.
        now = (self.clock or time.time)()
        return self.sunset is not None and now >= self.sunset.timestamp()

    @property
    def document(self) -> dict[str, object]:
        """The deprecation as ``x-deprecation`` of an operation."""
        found: dict[str, object] = {"since": text_of(self.since)}
        if self.sunset is not None:
            found |= {"sunset": text_of(self.sunset), "gone": self.gone}
        for name, value in (("successor", self.successor), ("documentation", self.documentation)):
            if value:
                found[name] = value
        return found


def text_of(moment: datetime) -> str:
    """Return a moment in ISO 8601: the date alone if it is midnight in UTC."""
    utc = moment.astimezone(UTC)
    if (utc.hour, utc.minute, utc.second) == (0, 0, 0):
        return utc.date().isoformat()
    return utc.isoformat().replace("+00:00", "Z")


def moment_of(value: object, declared_at: str) -> datetime:
    """Return a declared moment as a datetime in UTC; a date begins at midnight in UTC.

    Raises:
        DeclarationError: The value is not a date, has no time zone, or is a text in another format.
    """
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            raise DeclarationError(f"{declared_at}={value!r} must be {_EXAMPLES}.") from None
    if isinstance(found, datetime):
        if found.tzinfo is None:
            raise DeclarationError(
                f"{declared_at}={value!r} has no time zone. Write tzinfo=UTC, or a date, which "
                "begins at midnight in UTC."
            )
        return found.astimezone(UTC)
    if not isinstance(found, date):
        raise DeclarationError(f"{declared_at}={value!r} must be {_EXAMPLES}.")
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


def check_link(value: object, declared_at: str, *, is_url: bool) -> None:
    """Reject a text that is no target of a Link.

    Args:
        value: The declared text.
        declared_at: The argument, for messages.
        is_url: Whether an operationId is rejected too.

    Raises:
        DeclarationError: It is empty, or has a character that no URL and no operationId has.
    """
    example = "'https://example.com/changes'" if is_url else "'listBooksV2' or '/v2/books'"
    if not isinstance(value, str) or not value:
        raise DeclarationError(f"{declared_at}={value!r} must be a string, such as {example}.")
    if set(value) & set('<>"{} \\^`|') or not value.isprintable() or not value.isascii():
        raise DeclarationError(
            f"{declared_at}={value!r} has a character that no URL has. Write {example}."
        )
    if is_url and not value.startswith(("/", "https://", "http://")):
        raise DeclarationError(f"{declared_at}={value!r} must be a URL, such as {example}.")


def deprecation_of(value: object, declared_at: str) -> Deprecation | Literal[False] | None:
    """Return a declared deprecation; False takes that of an outer level away.

    Raises:
        DeclarationError: The value is neither a deprecation nor False.
    """
    if value is None or value is False or isinstance(value, Deprecation):
        return value
    raise DeclarationError(
        f"{declared_at} must be deprecated(since='2026-12-01') of restkit, or False, got "
        f"{value!r:.80}."
    )
