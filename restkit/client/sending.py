"""How a request gets to the peer, and its response back: in time, or not at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx2

from ..peer_calls import OBSERVERS, PeerCall
from ..problems import Problem
from ..records import Record
from .answers import read_content, reply_of
from .breaker import Breaker, Permit
from .deadline import Deadline, deadline_of_calls
from .in_process import ERRORS
from .peer_problems import PeerFailed, PeerTimeout, PeerUnavailable
from .reply import Reply
from .retries import Budget, is_passing, pause_before, seconds_to_wait

__all__ = ["Received", "Sender"]

_log = logging.getLogger("restkit.client")
# With less than this share of the usual time, a time-out says nothing about the peer.
_FAIR_SHARE = 0.1


class Received(Record):
    """A response.

    Attributes:
        reply: The response.
        error: The exception of an application in this process that became a 500.
    """

    reply: Reply
    error: Exception | None = None


class Sender:
    """The sender of requests to one peer.

    Attributes:
        breaker: The breaker, None without one.
    """

    def __init__(
        self,
        peer: str,
        transport: Callable[[], httpx2.BaseTransport],
        *,
        timeout: float,
        retries: int,
        breaker: Breaker | None,
    ) -> None:
        """Keep the way to the peer.

        Args:
            peer: The name of the peer, for messages.
            transport: A function that returns the transport.
            timeout: The usual time of a call in seconds.
            retries: The most retries of a request.
            breaker: The breaker.
        """
        self._peer = peer
        self._transport = transport
        self._timeout = timeout
        self._retries = retries
        self._budget = Budget()
        self.breaker = breaker

    def send(
        self,
        make: Callable[[Deadline], httpx2.Request],
        deadline: Deadline,
        *,
        can_repeat: bool,
    ) -> Received:
        """Send a request, with retries if they are safe, and return the response.

        Args:
            make: A function that makes the request, anew for each try.
            deadline: The deadline of all tries together.
            can_repeat: Whether the request may be sent more than once.

        Raises:
            PeerTimeout: There is no response before the deadline.
            PeerUnavailable: The peer cannot be reached, or its breaker is open.
            PeerFailed: The response cannot be read.
        """
        self._budget.count()
        retry = 0
        while True:
            received: Received | None = None
            failure: Problem | None = None
            wait: float | None = None
            try:
                received = self._try(make, deadline)
                if not is_passing(received.reply):
                    return received
                wait = seconds_to_wait(received.reply)
            except PeerUnavailable as error:
                if error.headers:  # of the breaker
                    raise
                failure = error
            retry += 1
            pause = pause_before(retry, wait)
            if not can_repeat or not self._may_repeat(retry, pause, deadline):
                if failure is not None:
                    raise failure
                if received is not None:
                    return received
            _log.info("The service %s is asked again in %.2f s", self._peer, pause)
            time.sleep(pause)

    def _may_repeat(self, retry: int, pause: float, deadline: Deadline) -> bool:
        return retry <= self._retries and pause < deadline.left() and self._budget.take()

    def _try(self, make: Callable[[Deadline], httpx2.Request], deadline: Deadline) -> Received:
        """Send a request once, and report to the breaker."""
        left = deadline.left()
        if left <= 0:
            raise self._late(deadline)
        permit = None if self.breaker is None else self.breaker.enter(self._peer)
        has_worked: bool | None = None
        began, method = time.perf_counter(), ""
        outcome: Reply | Problem | None = None
        try:
            request = make(deadline)
            method = request.method
            received = self._exchange(request, deadline)
            outcome = received.reply
            has_worked = received.reply.status < 500
        except PeerTimeout as error:
            outcome = error
            has_worked = None if left < self._timeout * _FAIR_SHARE else False
            raise
        except (PeerUnavailable, PeerFailed) as error:
            outcome, has_worked = error, False
            raise
        finally:
            _report(permit, has_worked)
            if OBSERVERS and outcome is not None:
                self._tell(method, outcome, time.perf_counter() - began)
        return received

    def _tell(self, method: str, outcome: Reply | Problem, seconds: float) -> None:
        """Tell the observers of a request that was sent."""
        status, error = None, type(outcome).__name__
        if isinstance(outcome, Reply):
            status, error = outcome.status, ""
        is_open = self.breaker is not None and self.breaker.state != "closed"
        call = PeerCall(self._peer, method, status, error, seconds, is_open)
        for observe in OBSERVERS:
            observe(call)

    def _exchange(self, request: httpx2.Request, deadline: Deadline) -> Received:
        left = deadline.left()
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), left)
        try:
            with deadline_of_calls(deadline):
                response = self._transport().handle_request(request)
                response.request = request
                content = read_content(response)
        except httpx2.TimeoutException as error:
            raise self._late(deadline) from error
        except httpx2.TransportError as error:
            raise PeerUnavailable(f"The service {self._peer} cannot be reached.") from error
        if deadline.left() <= 0:  # an application in this process cannot be interrupted
            raise self._late(deadline)
        errors = response.extensions.get(ERRORS) or [None]
        return Received(reply_of(self._peer, response, content), errors[0])

    def _late(self, deadline: Deadline) -> PeerTimeout:
        return PeerTimeout(
            f"The service {self._peer} did not respond within {deadline.seconds:.3g} seconds."
        )


def _report(permit: Permit | None, has_worked: bool | None) -> None:
    if permit is not None:
        permit.report(has_worked)
