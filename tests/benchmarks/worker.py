"""The process that is measured:
``count`` answers so many requests under callgrind, ``turns`` answers on command.
"""

from __future__ import annotations

import gc
import sys
import time

from .cases import CASES
from .driver import Driver, driver_of
from .switch import Switch

__all__ = ["count", "settle", "turns"]

_WARM = 20


def settle(driver: Driver) -> None:
    """Bring a program to rest: warm, with a garbage collector that knows only what requests make.

    The collector stays on with its default thresholds; what start-up made is frozen, so that a full
    collection falls
    into no measurement by chance.
    """
    driver.run(min(_WARM, driver.case.requests))
    gc.collect()
    gc.freeze()


def count(name: str, case: str, requests: int) -> None:
    """Answer so many requests with callgrind switched on."""
    driver = driver_of(name, CASES[case])
    settle(driver)
    switch = Switch()
    switch.on()
    driver.run(requests)
    switch.off()


def turns(name: str, case: str) -> None:
    """Answer as many requests as each line of standard input says,
    and print the CPU seconds that they took.
    """
    driver = driver_of(name, CASES[case])
    settle(driver)
    print("ready", flush=True)
    for line in sys.stdin:
        requests = int(line)
        before = time.process_time()
        driver.run(requests)
        print(time.process_time() - before, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "count":
        count(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        turns(sys.argv[2], sys.argv[3])
