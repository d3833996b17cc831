"""A bound for what must not grow with the square of its input, which would take hours."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["within_a_minute"]

_SECONDS = 60


@contextmanager
def within_a_minute() -> Iterator[None]:
    """Fail where the block takes more than a minute of this process's CPU.

    Each block takes well under a second: this is no measure of speed, and a busy machine passes.
    Nothing is collected within, since a collection walks over all that other tests have left.
    """
    enabled = gc.isenabled()
    gc.disable()
    began = time.process_time()
    try:
        yield
        assert time.process_time() - began < _SECONDS
    finally:
        if enabled:
            gc.enable()
