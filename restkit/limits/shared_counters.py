"""The counters of an App in Redis, which its limits use by default: the setting ``redis_url``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..contract import Operation
from ..errors import MissingExtraError
from .counters import Counters
from .rates import Failures, Rate

__all__ = ["share_counters"]


class _Entry(Protocol):
    @property
    def operations(self) -> Sequence[Operation]: ...


def share_counters(url: str, name: str, entries: Iterable[_Entry]) -> None:
    """Let the limits of an App that have no counters of their own count in Redis.

    Args:
        url: The setting ``redis_url``.
        name: The name of the App, which keeps its counts apart from those of other services.
        entries: The mounted resources.

    Raises:
        MissingExtraError: The extra ``redis`` is not installed.
    """
    limits = {each for entry in entries for one in entry.operations for each in one.limits}
    quotas = [each for each in limits if isinstance(each, Rate | Failures)]
    if quotas:
        counters = _counters(url, name)
        for quota in quotas:
            quota.share(counters)


def _counters(url: str, name: str) -> Counters:
    try:
        from .redis_counters import RedisCounters  # an extra
    except MissingExtraError as error:
        raise MissingExtraError("The setting redis_url", "redis") from error
    return RedisCounters(url, prefix=f"restkit:{name}:limits:")
