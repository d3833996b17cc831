"""`KeySet`: the public keys of an issuer, fetched from its URL (RFC 7517, section 5)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from .fetching import check_url, fetcher
from .jwt_keys import Key, key_of_jwk

__all__ = ["KeySet"]

_log = logging.getLogger("restkit.security")
_MAX_KEYS = 100


class KeySet:
    """The public keys of an issuer (a JWK Set), which are fetched when they are first needed.

    They are fetched again when they are old, and when a token names a key that is not among them:
    then at most once in ``cooldown`` seconds, however many such tokens are sent. If the issuer does
    not respond, the last keys stay in use.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        *,
        max_age: float = 3600,
        cooldown: float = 30,
        timeout: float = 5,
        fetch: Callable[[str], object] | None = None,
    ) -> None:
        """Make a set of keys; nothing is fetched yet.

        Args:
            url: The URL of the JWK Set, https except on this machine, or a function that returns
                it.
            max_age: How long the keys are used before they are fetched again, in seconds.
            cooldown: The time between two fetches for unknown keys or after a failure, in seconds.
            timeout: How long a fetch may take, in seconds.
            fetch: A function of the URL that returns the JWK Set, instead of the one of restkit:
                with a proxy, for example.

        Raises:
            DeclarationError: The URL is not https, or a number is not positive.
        """
        if not callable(url):
            check_url(url, "KeySet")
        for name, value in (("max_age", max_age), ("timeout", timeout)):
            if not value > 0:
                raise DeclarationError(f"KeySet: {name} must be positive, got {value!r}.")
        self._url = url
        self._max_age = max_age
        self._cooldown = cooldown
        self._fetch = fetch or fetcher(timeout)
        self._keys: tuple[Key, ...] | None = None
        self._data: object = None
        self.generation = 0
        """How often other keys have taken the place of keys. Signatures that were verified under
        another number may be of a key that the issuer has withdrawn."""
        self._fetched_at = self._tried_at = -float("inf")
        self._lock = threading.Lock()

    @classmethod
    def of(cls, data: Mapping[str, object]) -> KeySet:
        """Return a set of keys that are known at start-up.

        Args:
            data: A JWK Set: ``{"keys": [...]}``.

        Raises:
            DeclarationError: No key in it verifies signatures.
        """
        keys = _keys_of(data)
        if not keys:
            raise DeclarationError(
                "KeySet.of() expects a JWK Set with public keys: {'keys': [{'kty': 'RSA', ...}]}."
            )
        made = cls(lambda: "", max_age=float("inf"), cooldown=float("inf"))
        made._keys, made._fetched_at, made._tried_at = keys, time.monotonic(), time.monotonic()
        return made

    def find(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """Return the keys that a token may be signed with, fetching them if needed.

        Args:
            key_id: The token's ``kid``, if any.
            algorithm: The token's ``alg``.

        Raises:
            ServiceUnavailable: The keys were never fetched, and the issuer does not respond.
        """
        if time.monotonic() - self._fetched_at > self._max_age:
            self._refresh()
        found = self._known(key_id, algorithm)
        if not found and key_id is not None and self._refresh():
            found = self._known(key_id, algorithm)
        if self._keys is None:
            raise ServiceUnavailable(
                "The keys of the issuer cannot be fetched. Retry later.",
                headers={"Retry-After": str(max(1, round(self._cooldown)))},
            )
        return found

    def _known(self, key_id: str | None, algorithm: str) -> list[Key]:
        return [
            key
            for key in self._keys or ()
            if algorithm in key.algorithms and (key_id is None or key.key_id == key_id)
        ]

    def _refresh(self) -> bool:
        """Fetch the keys, unless that was tried a moment ago; return whether they are new.

        One thread fetches. The others wait for it only if there are no keys yet.
        """
        if not self._lock.acquire(blocking=self._keys is None):
            return False
        try:
            if time.monotonic() - self._tried_at < self._cooldown:
                return False
            self._tried_at = time.monotonic()
            return self._fetch_keys()
        finally:
            self._lock.release()

    def _fetch_keys(self) -> bool:
        try:
            url = self._url if isinstance(self._url, str) else self._url()
            data = self._fetch(url)
            keys = _keys_of(data)
        except Exception as error:  # noqa: BLE001  # the last keys stay in use, whatever fails
            _log.warning("The keys of an issuer cannot be fetched: %s", error)
            return False
        if not keys:
            _log.warning("The JWK Set of an issuer has no key that verifies signatures.")
            return False
        are_others = self._keys is not None and data != self._data
        self._keys, self._data, self._fetched_at = keys, data, time.monotonic()
        # SECURITY: last, so that no signature by an old key is remembered under the new number.
        self.generation += are_others
        return True


def _keys_of(data: object) -> tuple[Key, ...]:
    """Return the keys of a JWK Set that verify signatures; others are ignored (RFC 7517, 5)."""
    listed = data.get("keys") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        return ()
    found = [key_of_jwk(each) for each in listed[:_MAX_KEYS]]
    return tuple(key for key in found if key is not None)
