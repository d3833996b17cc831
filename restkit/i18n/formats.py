"""Template filters that write numbers and dates as a language does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Protocol

from ..request import Request, current_request

try:
    from babel import Locale, dates, numbers
except ImportError as error:
    from ..errors import MissingExtraError

    raise MissingExtraError("Translations", "i18n") from error

__all__ = ["Formats"]

_Number = int | float | Decimal | str
_Zone = str | tzinfo


class _Texts(Protocol):
    """The part of a catalog that formats need."""

    locale: Locale


class Formats:
    """The filters ``number``, ``percent``, ``currency``, ``date``, ``time`` and ``datetime``."""

    def __init__(
        self, texts: Callable[[], _Texts], timezone: _Zone | Callable[[Request], _Zone]
    ) -> None:
        """Make the filters.

        Args:
            texts: A function that returns the current language.
            timezone: The time zone, or a function of the request that returns it.
        """
        self._texts = texts
        self._timezone = timezone

    def filters(self) -> Mapping[str, Callable[..., str]]:
        """Return the filters by name."""
        return {
            "number": self._number,
            "percent": self._percent,
            "currency": self._currency,
            "date": self._date,
            "time": self._time,
            "datetime": self._datetime,
        }

    def _zone(self) -> tzinfo:
        zone = self._timezone
        if callable(zone):
            request = current_request.get(None)
            zone = "UTC" if request is None else zone(request)
        return dates.get_timezone(zone)

    def _number(self, value: _Number) -> str:
        return str(numbers.format_decimal(value, locale=self._texts().locale))

    def _percent(self, value: _Number) -> str:
        return str(numbers.format_percent(value, locale=self._texts().locale))

    def _currency(self, value: _Number, code: str) -> str:
        return str(numbers.format_currency(value, code, locale=self._texts().locale))

    def _date(self, value: date, format: str = "medium") -> str:
        day = self._local(value) if isinstance(value, datetime) else value
        return str(dates.format_date(day, format, locale=self._texts().locale))

    def _time(self, value: time | datetime, format: str = "medium") -> str:
        zone = self._zone()
        return str(dates.format_time(value, format, tzinfo=zone, locale=self._texts().locale))

    def _datetime(self, value: datetime, format: str = "medium") -> str:
        zone = self._zone()
        return str(dates.format_datetime(value, format, tzinfo=zone, locale=self._texts().locale))

    def _local(self, value: datetime) -> datetime:
        return value if value.tzinfo is None else value.astimezone(self._zone())
