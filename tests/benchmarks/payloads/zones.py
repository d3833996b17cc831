"""The names of the time zones, which programs look up; it takes a while to read them."""

from __future__ import annotations

import zoneinfo

__all__ = ["ZONES"]

ZONES = frozenset(zoneinfo.available_timezones())
