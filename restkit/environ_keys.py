"""The keys that restkit keeps in a WSGI environ, with the parts that set and read each of them."""

from __future__ import annotations

__all__ = [
    "CONTRACT_CHECK",
    "ERROR_FORMATS",
    "FAILED",
    "PAGE_HEADERS",
    "PROCEEDED",
    "RAISED_BY",
    "RESPONDED_BY",
    "ROUTING_ERROR",
    "UNEXPECTED_ERRORS",
]

CONTRACT_CHECK = "restkit.contract"
"""A callable that raises ContractError for a response outside its Operation's contract. The test
client and the development server set it; the dispatcher calls it before the response starts."""

ERROR_FORMATS = "restkit.error_formats"
"""A list of the media types of the problems that became responses. The test client sets and reads
it; the error boundary fills it."""

FAILED = "restkit.failed"
"""True if the response was made of an exception, so that the unit of work is rolled back. `compose`
sets it; sessions drop their changes then."""

PAGE_HEADERS = "restkit.page_headers"
"""The headers of the page that an error format rendered, in place of its own. The page of an
invalid form sets it; the error boundary reads it."""

PROCEEDED = "restkit.proceeded"
"""The status of the response that `proceed` returned to the nearest middleware. `compose` sets and
reads it, to find the middleware that made another response."""

RAISED_BY = "restkit.raised_by"
"""The qualified name of the user's function that raised the exception of a response, if the
contract is checked or the Operation does not declare the problem. The error boundary sets it for
messages."""

RESPONDED_BY = "restkit.responded_by"
"""The name of the middleware that made the response, or changed its status. `compose` sets it for
messages about undeclared responses."""

UNEXPECTED_ERRORS = "restkit.errors"
"""A list of the exceptions that became a 500. The test client and the debugger set it; the error
boundary fills it."""

ROUTING_ERROR = "restkit.routing_error"
"""The exception that routing raised, such as a redirect. The dispatcher sets it and raises it again
inside the middleware of the App whose prefix the URL has."""
