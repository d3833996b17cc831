"""`MemoryStorage` as a Storage: marks, expiry, and the limits of all callers and of each."""

from __future__ import annotations

import pytest

from restkit import DeclarationError, ServiceUnavailable
from restkit.limits import MemoryStorage
from restkit.request import Request

REQUEST = Request({})
ENTRY = 300  # the bytes that a storage counts for an entry besides its data


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def key_of(number: int, caller: str = "a") -> str:
    """Return a key of a caller as `Idempotency` makes it: 64 digits, the last 16 its caller's."""
    return f"{number:048x}{caller * 16}"


def storage_of(
    clock: Clock | None = None, *, size: int = 4, max_bytes: int = 10_000
) -> MemoryStorage:
    """Return a storage in which one caller may use everything."""
    return MemoryStorage(size, clock or Clock(), max_bytes=max_bytes, share=1)


def is_free(storage: MemoryStorage, key: str) -> bool:
    """Return whether a key was free, and take it."""
    return storage.claim(REQUEST, key, b"mark", 60) is None


def test_a_mark_is_found_until_it_expires() -> None:
    """At the second of its expiry a key is free again."""
    clock = Clock()
    storage = storage_of(clock)
    assert storage.claim(REQUEST, key_of(1), b"first", 10) is None
    clock.now += 9.5
    assert storage.claim(REQUEST, key_of(1), b"second", 10) == b"first"
    clock.now += 0.5
    assert storage.claim(REQUEST, key_of(1), b"third", 10) is None
    assert storage.claim(REQUEST, key_of(1), b"fourth", 10) == b"third"


def test_data_replaces_the_mark_and_has_its_own_expiry() -> None:
    """The stored response is returned for its own number of seconds, from when it is stored."""
    clock = Clock()
    storage = storage_of(clock)
    storage.claim(REQUEST, key_of(1), b"mark", 10)
    clock.now += 5
    storage.keep(REQUEST, key_of(1), b"mark", b"data", 100)
    clock.now += 99
    assert storage.claim(REQUEST, key_of(1), b"mark", 10) == b"data"
    clock.now += 1
    assert storage.claim(REQUEST, key_of(1), b"mark", 10) is None


def test_only_the_owner_of_a_mark_changes_it() -> None:
    """A request whose mark has expired neither stores a response nor releases another's mark."""
    storage = storage_of()
    storage.claim(REQUEST, key_of(1), b"new", 10)
    storage.keep(REQUEST, key_of(1), b"old", b"data", 10)
    storage.release(REQUEST, key_of(1), b"old")
    assert storage.claim(REQUEST, key_of(1), b"other", 10) == b"new"
    storage.keep(REQUEST, key_of(2), b"old", b"data", 10)
    storage.release(REQUEST, key_of(2), b"old")
    assert storage.claim(REQUEST, key_of(2), b"mark", 10) is None
    storage.release(REQUEST, key_of(2), b"mark")
    assert storage.claim(REQUEST, key_of(2), b"again", 10) is None


def test_the_number_of_keys_is_exact() -> None:
    """The last key that fits is taken, the next is a 503, and a released one makes space."""
    storage = storage_of(size=3)
    assert [is_free(storage, key_of(each)) for each in range(3)] == [True] * 3
    with pytest.raises(ServiceUnavailable, match="Retry later"):
        is_free(storage, key_of(3))
    assert not is_free(storage, key_of(0))
    storage.release(REQUEST, key_of(0), b"mark")
    assert is_free(storage, key_of(3))
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(0))


def test_the_number_of_bytes_is_exact() -> None:
    """An entry that fills the storage to its last byte fits; one byte more does not."""
    storage = storage_of(max_bytes=2 * (ENTRY + 4))
    assert is_free(storage, key_of(1))
    assert is_free(storage, key_of(2))
    storage.keep(REQUEST, key_of(1), b"mark", b"data", 60)
    assert storage.claim(REQUEST, key_of(1), b"mark", 60) == b"data"
    storage.keep(REQUEST, key_of(2), b"mark", b"data5", 60)
    assert storage.claim(REQUEST, key_of(2), b"other", 60) == b"mark"
    storage.release(REQUEST, key_of(1), b"mark")  # no longer its mark
    storage.release(REQUEST, key_of(2), b"mark")
    with pytest.raises(ServiceUnavailable):
        storage.claim(REQUEST, key_of(3), b"mark5", 60)
    assert storage.claim(REQUEST, key_of(3), b"mark", 60) is None


def test_a_response_that_does_not_fit_leaves_its_mark_as_long() -> None:
    """The key stays taken for the seconds of the response, so that nothing is done twice."""
    clock = Clock()
    storage = storage_of(clock, max_bytes=ENTRY + 4)
    storage.claim(REQUEST, key_of(1), b"mark", 10)
    storage.keep(REQUEST, key_of(1), b"mark", b"large data", 100)
    clock.now += 99
    assert storage.claim(REQUEST, key_of(1), b"more", 10) == b"mark"
    clock.now += 1
    assert storage.claim(REQUEST, key_of(1), b"more", 10) is None


@pytest.mark.parametrize(("share", "most"), [(0.25, 2), (0.5, 4), (0.05, 1), (1, 8)])
def test_a_caller_has_its_share(share: float, most: int) -> None:
    """A caller has its share of the keys, at least one; others keep theirs."""
    storage = MemoryStorage(8, Clock(), share=share)
    assert [is_free(storage, key_of(each, "a")) for each in range(most)] == [True] * most
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(most, "a"))
    if share < 1:
        assert is_free(storage, key_of(0, "b"))


def test_a_caller_has_its_share_of_the_bytes() -> None:
    """The bytes of one caller are limited as well, and released ones count no more."""
    storage = MemoryStorage(100, Clock(), max_bytes=4 * (ENTRY + 4), share=0.5)
    assert is_free(storage, key_of(1, "a"))
    assert is_free(storage, key_of(2, "a"))
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(3, "a"))
    assert is_free(storage, key_of(3, "b"))
    storage.release(REQUEST, key_of(1, "a"), b"mark")
    assert is_free(storage, key_of(3, "a"))


def test_expired_keys_make_space_once_a_second() -> None:
    """A full storage removes what has expired, at most once a second."""
    clock = Clock()
    storage = storage_of(clock, size=2)
    storage.claim(REQUEST, key_of(1), b"mark", 0.5)
    storage.claim(REQUEST, key_of(2), b"mark", 60)
    clock.now += 0.75
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(3))
    clock.now += 0.25
    assert is_free(storage, key_of(3))
    assert not is_free(storage, key_of(2))
    storage.release(REQUEST, key_of(3), b"mark")
    storage.claim(REQUEST, key_of(3), b"mark", 0.5)
    clock.now += 0.75
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(4))
    clock.now += 0.25
    assert is_free(storage, key_of(4))


def test_expired_keys_make_space_for_a_response() -> None:
    """A response that fits only without expired keys is stored."""
    clock = Clock()
    storage = storage_of(clock, max_bytes=2 * (ENTRY + 4))
    storage.claim(REQUEST, key_of(1), b"mark", 1)
    storage.claim(REQUEST, key_of(2), b"mark", 60)
    clock.now += 1
    storage.keep(REQUEST, key_of(2), b"mark", b"a longer response", 60)
    assert storage.claim(REQUEST, key_of(2), b"mark", 60) == b"a longer response"


@pytest.mark.parametrize(
    "options",
    [{"size": 1, "max_bytes": 1, "share": 1}, {"size": 1, "share": 0.001}],
)
def test_the_smallest_limits_are_accepted(options: dict[str, float]) -> None:
    """A storage of one key, of one byte and of the whole share is made."""
    assert MemoryStorage(**options).transactional is False  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"size": -1}, {"max_bytes": -1}, {"share": -0.5}, {"share": 1.01}]
)
def test_the_message_about_limits_names_them(options: dict[str, float]) -> None:
    """A limit that cannot be is rejected with the three values."""
    with pytest.raises(DeclarationError, match=f"Got .*{next(iter(options.values()))}"):
        MemoryStorage(**options)  # type: ignore[arg-type]


def test_a_full_storage_stores_the_responses_of_its_keys() -> None:
    """The response of the last key that fits replaces its mark."""
    storage = storage_of(size=1)
    assert is_free(storage, key_of(1))
    storage.keep(REQUEST, key_of(1), b"mark", b"data", 60)
    assert storage.claim(REQUEST, key_of(1), b"mark", 60) == b"data"


def test_a_key_that_is_claimed_again_counts_once() -> None:
    """An expired key that is claimed again takes no more space than before."""
    clock = Clock()
    storage = storage_of(clock, size=2, max_bytes=2 * (ENTRY + 4))
    for _ in range(5):
        assert storage.claim(REQUEST, key_of(1), b"mark", 0.25) is None
        clock.now += 0.25
    assert is_free(storage, key_of(2))
    assert is_free(storage, key_of(1))


def test_a_caller_is_known_by_the_last_16_digits() -> None:
    """Callers whose digits differ in any place have shares of their own."""
    storage = MemoryStorage(4, Clock(), share=0.25)
    for caller in ("a" * 16, "b" + "a" * 15, "a" * 15 + "b"):
        assert is_free(storage, "1" * 48 + caller)
        with pytest.raises(ServiceUnavailable):
            is_free(storage, "2" * 48 + caller)


def test_the_default_limits() -> None:
    """A caller may use a quarter of 10,000 keys, and a quarter of 64 MiB."""
    storage = MemoryStorage(clock=Clock())
    assert all(is_free(storage, key_of(each)) for each in range(2500))
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(2500))
    largest = 16 * 1024 * 1024 - ENTRY
    for size, is_stored in ((largest, True), (largest + 1, False)):
        storage = MemoryStorage(clock=Clock())
        assert is_free(storage, key_of(1))
        storage.keep(REQUEST, key_of(1), b"mark", bytes(size), 60)
        found = storage.claim(REQUEST, key_of(1), b"mark", 60)
        assert (found != b"mark") is is_stored


def test_the_limits_of_a_storage_without_options() -> None:
    """A quarter of 10,000 keys for one caller, and a quarter of 64 MiB."""
    storage = MemoryStorage()
    for number in range(2_500):
        assert is_free(storage, key_of(number))
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(2_500))
    assert is_free(storage, key_of(0, "b"))
    for caller, fits in (("c", 0), ("d", 1)):
        storage.claim(REQUEST, key_of(0, caller), b"mark", 60)
        data = bytes(16 * 1024 * 1024 - ENTRY + fits)
        storage.keep(REQUEST, key_of(0, caller), b"mark", data, 60)
        kept = storage.claim(REQUEST, key_of(0, caller), b"other", 60)
        assert kept == (b"mark" if fits else data)


@pytest.mark.parametrize(
    "options",
    [{"size": 0}, {"max_bytes": 0}, {"share": 0}, {"share": -0.1}, {"share": 1.01}],
    ids=repr,
)
def test_limits_that_leave_nothing_are_refused(options: dict[str, float]) -> None:
    says = r"MemoryStorage: size and max_bytes must be above 0, and share above 0 and at most 1\."
    with pytest.raises(DeclarationError, match=says):
        MemoryStorage(**options)  # type: ignore[arg-type]  # that is the test


def test_the_smallest_limits() -> None:
    """One key of one caller, however small its share is."""
    storage = MemoryStorage(1, max_bytes=ENTRY + 4, share=1)
    assert is_free(storage, key_of(1))
    with pytest.raises(ServiceUnavailable):
        is_free(storage, key_of(2))
    shared = MemoryStorage(3, share=0.01)
    assert is_free(shared, key_of(1))
    with pytest.raises(ServiceUnavailable):
        is_free(shared, key_of(2))
    assert is_free(shared, key_of(1, "b"))
