"""Where an error is: JSON Pointers (RFC 6901) and parameter names, as an answer may say them."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["plain_name", "pointer"]

# SECURITY: names that a client chose are repeated only if they are short and plain, so that input
# is never echoed at length.
_PLAIN = r"[\w.$@:\[\]-]{1,64}"


# PERF: to look a pointer up takes a tenth of making it.
# SECURITY: indices and unknown names come from clients: few pointers are kept, and none with a name
# that is long.
_pointers: dict[tuple[str | int, ...], str] = {}
_MOST = 2048
_SHORT = 8
_TYPES = frozenset({str, int})


def _is_name(text: str) -> bool:
    """Return whether a text is an identifier, as most names are: quicker than the pattern."""
    return len(text) <= 64 and text.isascii() and text.isidentifier()


def _is_plain(text: str) -> bool:
    return _is_name(text) or re.fullmatch(_PLAIN, text) is not None


def plain_name(name: object) -> str:
    """Return a parameter's name as errors may repeat it: ``""`` if it is long or unusual."""
    text = str(name)
    return text if _is_plain(text) else ""


def pointer(tokens: tuple[str | int, ...]) -> str:
    """Make a JSON Pointer (RFC 6901) of reference tokens.

    A token that a client made up and that is long or has unusual characters ends the pointer at
    its parent, so that input is never echoed at length.

    Args:
        tokens: Member names and array indices, from the outside in.

    Returns:
        The pointer, ``""`` for the whole document.
    """
    known = _pointers.get(tokens)
    if known is None:
        known = _pointer(tokens)
        if len(_pointers) < _MOST and _is_kept(tokens, known):
            _pointers[tokens] = known
    return known


def _is_kept(tokens: tuple[str | int, ...], made: str) -> bool:
    """Return whether a pointer is short, and has all of its tokens: a long one ends it."""
    is_whole = made.count("/") == len(tokens)
    return is_whole and len(tokens) <= _SHORT and _TYPES.issuperset(map(type, tokens))


def _pointer(tokens: Iterable[str | int]) -> str:
    out = ""
    for token in tokens:
        # A plain name has neither "~" nor "/", which would have to be escaped.
        text = str(token)
        if not (type(token) is int or _is_plain(text)):
            break
        out = f"{out}/{text}"
    return out
