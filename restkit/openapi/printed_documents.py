"""Documents as they are served: printed once for each form, prefix and audience."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

from ..request import Request
from ..schemas.json_values import watch_lazy_texts
from .audience import Audience, source_of
from .document import build, to_compact_json, to_yaml
from .index_text import to_index
from .markdown import to_markdown

__all__ = ["Form", "Printed", "printed_document"]

Form = Literal["json", "yaml", "markdown", "index"]
"""The forms of a document: two for programs, and two texts for readers."""

_ROOTS = 8
_FORMS: Mapping[Form, Callable[[Mapping[str, object], Mapping[str, str]], bytes]] = {
    "json": lambda document, urls: to_compact_json(document),
    "yaml": lambda document, urls: to_yaml(document).encode(),
    "markdown": lambda document, urls: to_markdown(document).encode(),
    "index": lambda document, urls: to_index(document, urls).encode(),
}


class Printed(NamedTuple):
    """A printed document."""

    body: bytes
    entity_tag: str
    is_translated: bool
    """Whether the document has lazy texts, which may depend on the request's language."""


_documents: WeakKeyDictionary[object, dict[tuple[str, str, Audience | None], Printed]] = (
    WeakKeyDictionary()
)
_lock = threading.Lock()


def printed_document(request: Request, root: str, form: Form, urls: Mapping[str, str]) -> Printed:
    """Return the printed document.

    The document is printed once, as an App that responds does not change; with ``docs_by_caller``
    once for each audience. With lazy texts, which may depend on the language of the request, it is
    printed for each request.

    Args:
        request: The request for it.
        root: The path below which the App responds.
        form: The form of the document.
        urls: The URLs of its other forms, by their titles.
    """
    source, audience = source_of(request)
    with _lock:
        known = _documents.setdefault(request.app, {})
        key = (root, form, audience)
        if key not in known:
            if len(known) >= 2 * _ROOTS:
                known.clear()
            with watch_lazy_texts() as lazy:
                document = build(source, server_root=root)
            body = _FORMS[form](document, urls)
            made = Printed(body, hashlib.sha256(body).hexdigest()[:24], is_translated=bool(lazy))
            if lazy:
                return made
            known[key] = made
        return known[key]
