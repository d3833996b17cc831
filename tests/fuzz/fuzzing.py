"""The decorator of fuzzers, and the texts that several of them draw."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

__all__ = [
    "COUNTS",
    "TARGETS",
    "ascii_texts",
    "fuzz",
    "fuzzer",
    "header_texts",
    "mutated",
    "tokens",
]

EXAMPLES = int(os.environ.get("RESTKIT_FUZZ_EXAMPLES") or 40)
COUNTS: Counter[str] = Counter()
"""How many examples each fuzzer has run."""
TARGETS: dict[str, tuple[Callable[..., None], dict[str, Any]]] = {}

header_texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
"""The values of headers, as WSGI hands them over: bytes as Latin-1."""
ascii_texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
tokens = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=12)


def fuzz(**strategies: Any) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Make a test of a function, which hypothesis calls with many examples."""

    def decorated(function: Callable[..., None]) -> Callable[[], None]:
        TARGETS[function.__name__] = function, strategies
        return fuzzer(function.__name__, EXAMPLES)

    return decorated


def fuzzer(name: str, examples: int, seed: int | None = None) -> Callable[[], None]:
    """Return a fuzzer that runs a number of examples.

    Args:
        name: The name of its function.
        examples: How many.
        seed: Decides which ones.
    """
    function, strategies = TARGETS[name]

    def counted(**drawn: Any) -> None:
        COUNTS[name] += 1
        function(**drawn)

    counted.__name__ = name
    counted.__doc__ = function.__doc__
    counted.__module__ = function.__module__
    test: Any = hypothesis.given(**strategies)(counted)
    # The suite draws the same examples each time; the long runs find what is new.
    test = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=seed is None,
    )(test)
    made: Callable[[], None] = test if seed is None else hypothesis.seed(seed)(test)
    return made


@st.composite
def mutated(draw: st.DrawFn, texts: st.SearchStrategy[Any]) -> Any:
    """Draw a text, and change some places of it: removed, doubled, or another character."""
    text = draw(texts)
    other = '"\\,;=:/*%&[]{}()<>@ \t\x00\x7f\xff0aZ-_.~'
    for _ in range(draw(st.integers(0, 3))):
        if not text:
            break
        at = draw(st.integers(0, len(text) - 1))
        new = draw(st.sampled_from(["", text[at : at + 1] * 2, draw(st.sampled_from(other))]))
        if isinstance(text, bytes) and isinstance(new, str):
            new = new.encode("latin-1")
        elif isinstance(text, str) and isinstance(new, bytes):
            new = new.decode("latin-1")
        text = text[:at] + new + text[at + 1 :]
    return text
