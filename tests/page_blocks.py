"""The blocks of code of a page, and the commands of its dialogues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FENCE", "TITLE", "Block", "blocks_of", "dialogue_of", "pattern_of"]

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([\w./]+)( \(continued\))?"')


@dataclass
class Block:
    """One block of code of a page."""

    language: str
    info: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        language, _, info = match["info"].strip().partition(" ")
        found.append(Block(language, info, match["text"], text.count("\n", 0, match.start()) + 2))
    return found


def dialogue_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a dialogue with the output that the page shows for it.

    A backslash continues a line.
    """
    for part in re.split(r"^\$ ", text.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def pattern_of(expected: str) -> str:
    """Return a regular expression for the output that a page shows.

    ``...`` stands for anything. An indented line continues the one before it, with a blank or
    without.
    """
    return ".*?".join(
        re.escape(part).replace(re.escape("\n "), "(?: ?|\n )")
        for part in expected.strip().split("...")
    )
