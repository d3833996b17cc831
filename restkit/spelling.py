"""Names that are probably misspelt."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["misspelt"]

_WORDS = ("path", "mode", "pots")  # proper names, although close to patch, model and post
_PLURALS = {"middlewares": "middleware"}  # as other frameworks call it


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` probably misspells.

    A misspelling has another case, a missing letter, a doubled letter, two swapped letters, or is a
    plural.

    Args:
        name: The name as written.
        known: The names that could have been meant.

    Returns:
        The known name; None if ``name`` is known itself or close to none of the names.
    """
    found = _near(tuple(known)).get(name.lower())
    return None if found is None or name in known or name in _WORDS else found


@functools.cache
def _near(known: tuple[str, ...]) -> Mapping[str, str]:
    """Return every misspelling of the known names, with the name that it misspells."""
    near = {name: meant for name, meant in _PLURALS.items() if meant in known}
    for each in known:
        near |= dict.fromkeys([each, *_misspellings(each)], each)
    return near


def _misspellings(name: str) -> Iterator[str]:
    yield from _without_a_letter(name)
    yield from _with_a_doubled_letter(name)
    yield from _with_swapped_letters(name)


def _with_a_doubled_letter(name: str) -> Iterator[str]:
    return (name[: at + 1] + name[at:] for at in range(len(name)))


def _without_a_letter(name: str) -> Iterator[str]:
    return (name[:at] + name[at + 1 :] for at in range(len(name)))


def _with_swapped_letters(name: str) -> Iterator[str]:
    return (name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1))
