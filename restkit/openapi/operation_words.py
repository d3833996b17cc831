"""The words of an Operation Object that are made: reason phrases, descriptions, summaries."""

from __future__ import annotations

import re
from http import HTTPStatus

from ..contract import Operation
from ..schemas.json_values import text_value

__all__ = ["operation_description", "reason_phrase", "sentence_of"]


def reason_phrase(status: int) -> str:
    """Return the phrase of a status, such as "Not Found"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def operation_description(op: Operation, summary: str) -> str:
    """Return the description of an operation, with its inputs that are not parameters.

    A description that only repeats the summary is left out.
    """
    said = text_value(op.description).strip() if op.description else ""
    if said.rstrip(".") == summary.rstrip("."):
        said = ""
    if op.idempotency is None or op.idempotency.header.required:
        return said
    header = op.idempotency.header
    words = text_value(header.description)
    words = words[:1].lower() + words[1:]
    return f"{said}\n\nTakes the header `{header.name}`: {words}".strip()


def _lowered(word: str) -> str:
    """Return the word in lower case, unless it is an abbreviation such as "URL"."""
    is_abbreviation = word.isupper() and len(word) > 1
    return word if is_abbreviation else word.lower()


def sentence_of(name: str) -> str:
    """Return an operationId as a sentence: ``listBooks`` is "List books."."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+", name) or [name]
    first, *rest = words
    lower_case = [_lowered(each) for each in rest]
    return " ".join([first[:1].upper() + first[1:], *lower_case]) + "."
