"""The pages of Operations as a part of their records, for the document and the contract check."""

from __future__ import annotations

from ...contract import Failure, Header, Operation, Output
from ...contributor import Contribution
from ...error_formats import HTML_ERRORS
from ...http.methods import SAFE_METHODS
from ...operations.contributions import add_contribution
from ...operations.entries import Entry
from ...problems import BadRequest, ContentTooLarge, Forbidden
from ...schemas.form_policy import METHOD_FIELD

__all__ = ["VERBS", "has_page", "with_pages"]

VERBS = ("GET", "QUERY", "POST", "PUT", "PATCH", "DELETE")
"""The verbs that pages show, in their order."""

# Pages of their own, files of any type, and streams without an end.
_NO_PAGE = frozenset({"*/*", "text/html", "text/event-stream"})
_PAGE = "A page that shows the response to a browser."
_VARY = Header("Vary", "What the response depends on: Accept, and more.")
_FAILURES = (
    Failure(Forbidden, "page", "A form of a browsable page was sent by another site."),
    Failure(BadRequest, "page", "A form of a browsable page is malformed."),
    Failure(ContentTooLarge, "page", "A form of a browsable page is too large."),
)


def has_page(operation: Operation) -> bool:
    """Return whether an Operation is shown by a browsable page."""
    return any(each.is_aside and each.description == _PAGE for each in operation.outputs)


def with_pages(entry: Entry) -> Entry:
    """Return an entry whose Operations have pages, if its App is browsable."""
    if not entry.owner.settings.is_browsable:
        return entry
    return entry._replace(operations=tuple(map(_with_page, entry.operations)))


def _with_page(operation: Operation) -> Operation:
    """Return an Operation with a page for each response, and the form that a page sends."""
    types = {each for output in operation.outputs for each in output.media_types}
    if operation.method not in VERBS or types & _NO_PAGE or has_page(operation):
        return operation
    pages: dict[int, Output] = {}
    for output in sorted(operation.outputs, key=lambda each: each.status):
        if not 300 <= output.status < 400:
            # A 204 has no content, so that its page is a 200.
            status = 200 if output.status == 204 else output.status
            page = Output(status, None, ("text/html",), output.headers, _PAGE, is_aside=True)
            pages.setdefault(status, page)
    formats = operation.errors
    if all(each.media_type != "text/html" for each in formats):
        formats = (*formats, HTML_ERRORS)
    operation = operation._replace(errors=formats, outputs=(*operation.outputs, *pages.values()))
    return add_contribution(operation, _contribution(operation), "extension")


def _contribution(operation: Operation) -> Contribution:
    if operation.method in SAFE_METHODS:
        return Contribution(headers=(_VARY,))
    return Contribution(
        headers=(_VARY,),
        failures=_FAILURES,
        description=(
            "A form of its page may send this: a POST that prefers HTML, of a page of this server"
            + (
                "."
                if operation.method == "POST"
                else f", with `{METHOD_FIELD}={operation.method}`."
            )
        ),
    )
