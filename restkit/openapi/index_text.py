"""The index of an API for language models: /llms.txt, by the proposal of llmstxt.org."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .markdown import operations_by_tag
from .schema_words import anchor

__all__ = ["to_index"]

_MARKDOWN = "Documentation as Markdown"
_PARAGRAPH = "\n\n"


def to_index(document: Mapping[str, object], urls: Mapping[str, str]) -> str:
    """Return the index: title, summary, and a link for each operation.

    Args:
        document: A dict of JSON values.
        urls: The URLs of the document's other forms, by their titles.
    """
    return "\n".join(_lines(document, urls)).rstrip() + "\n"


def _lines(document: Mapping[str, object], urls: Mapping[str, str]) -> Iterator[str]:
    info = document["info"]
    known: Mapping[str, object] = info if isinstance(info, Mapping) else {}
    yield f"# {_line(known.get('title'))}"
    yield ""
    yield f"> {_line(str(known.get('description', '')).strip().partition(_PARAGRAPH)[0])}"
    yield ""
    yield f"Version {_line(known.get('version'))}."
    yield ""
    yield "## Documents"
    yield ""
    for title, url in urls.items():
        yield f"- [{title}]({url})"
    yield ""
    page = urls.get(_MARKDOWN, "")
    for tag, operations in operations_by_tag(document):
        yield f"## {_line(tag['name'])}"
        yield ""
        for method, path, operation in operations:
            name = str(operation.get("operationId"))
            ended = " Deprecated." if operation.get("deprecated") else ""
            words = f"`{method} {path}`. {_line(operation.get('summary'))}{ended}"
            yield f"- [{name}]({page}#{anchor(name)}): {words}"
        yield ""


def _line(text: object) -> str:
    return " ".join(str(text or "").split())
