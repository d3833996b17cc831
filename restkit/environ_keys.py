"""The keys that restkit keeps in a WSGI environ, with the parts that set and read each of them."""

from __future__ import annotations

__all__ = [
    "CACHED",
    "CACHE_BEGUN",
    "CACHE_READ",
    "CONTRACT_CHECK",
    "CORRELATION",
    "DEADLINE",
    "ERROR_FORMATS",
    "FAILED",
    "ON_FLASH",
    "PAGE_HEADERS",
    "PROCEEDED",
    "QUERY_KEYS",
    "RAISED_BY",
    "RESPONDED_BY",
    "ROUTING_ERROR",
    "TIMINGS",
    "TRANSLATOR",
    "UNCOMPRESSED",
    "UNEXPECTED_ERRORS",
]

CACHED = "restkit.cached"
"""True if the content of the response is that of a stored one. The response cache sets it;
compression keeps what it makes of such content."""

CACHE_BEGUN = "restkit.cache_begun"
"""The number of the last change before the request could read data, None if it is not known. The
response cache sets and reads it."""

CACHE_READ = "restkit.cache_read"
"""The tags of what was read for a request before its cache is asked. The step that loads the object
of a request sets it; the response cache reads it."""

CONTRACT_CHECK = "restkit.contract"
"""A callable that raises ContractError for a response outside its Operation's contract. The test
client and the development server set it; the dispatcher calls it before the response starts, and
`emit` has it check the data of events."""

CORRELATION = "restkit.correlation"
"""The ids of the request: its own (``request_id``) and those of the trace. `Service` sets it;
`Request.id`, log lines and requests to other services have them."""

DEADLINE = "restkit.deadline"
"""When the request must be answered, by the monotonic clock, and the Retry-After of the 503. The
limit `Deadline` sets it, and `CallerDeadline` without a Retry-After; the pipeline, units of work
and `seconds_left` read it."""

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

QUERY_KEYS = "restkit.query_keys"
"""A dict of the values of API keys by their query parameters, which are not in the query. Browsable
pages set it, so that no link has the key of who signed in; `APIKey` reads it."""

RAISED_BY = "restkit.raised_by"
"""The qualified name of the user's function that raised the exception of a response, if the
contract is checked or the Operation does not declare the problem. The error boundary sets it for
messages."""

RESPONDED_BY = "restkit.responded_by"
"""The name of the middleware that made the response, or changed its status. `compose` sets it for
messages about undeclared responses."""

UNCOMPRESSED = "restkit.uncompressed"
"""True if the response depends on credentials that browsers send by themselves. `Compression` sets
and reads it."""

UNEXPECTED_ERRORS = "restkit.errors"
"""A list of the exceptions that became a 500. The test client and the debugger set it; the error
boundary fills it."""

ROUTING_ERROR = "restkit.routing_error"
"""The exception that routing raised, such as a redirect. The dispatcher sets it and raises it again
inside the middleware of the App whose prefix the URL has."""

TIMINGS = "restkit.timings"
"""The steps of the request and their nanoseconds, in debug. `Service` sets it, endpoints add to it,
and the header Server-Timing has it."""

TRANSLATOR = "restkit.translator"
"""The language of the request: an object with ``text(text)`` and ``problem(problem)``. Translations
set it; the error boundary and forms read it."""

ON_FLASH = "restkit.on_flash"
"""A function of (request, message, category) that `Session.flash` calls. Signals set it."""

LOADED = "restkit.loaded"
"""The object that ``load`` of a resource returned. The pipeline sets it; `Resource.loaded` reads
it."""
