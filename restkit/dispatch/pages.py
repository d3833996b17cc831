"""Pages: if Accept chose a page, its template renders the value that the method returned."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, cast

from werkzeug.wrappers import Response as WerkzeugResponse

from ..contract import Operation, Output, offered_types
from ..middleware import Endpoint
from ..page import FormRequested
from ..redirects import Redirect
from ..rendering.returned_tuples import unpacked
from ..request import Request
from ..resource import Owner, Resource
from ..response import HeaderItems, Outgoing, PlainResponse, header_items

__all__ = ["PageRenderer", "rendering", "showing_form"]

PageRenderer = Callable[
    [Request, "Resource | None", object], "tuple[str | Iterator[str], HeaderItems]"
]

_Invoke = Callable[[Request, Mapping[str, object]], "tuple[Resource | None, object]"]
_READY = (WerkzeugResponse, PlainResponse, Redirect)


class _Templates(Protocol):
    """The part of an App that renders pages."""

    def page_renderer(self, operation: Operation, output: Output, /) -> PageRenderer:
        """Return the function that renders the page of an output: its text and headers."""
        ...

    def form_renderer(self, operation: Operation, /) -> Callable[[Request], PlainResponse]:
        """Return the function that responds with the form that a client sent."""
        ...


def showing_form(operation: Operation, app: Owner, respond: Endpoint) -> Endpoint:
    """Make the callable that responds with the form if the form asks for another row of a list.

    Nothing of the form is validated, and the method is not called.

    Args:
        operation: The record.
        app: The App, which has the templates.
        respond: Responds to the other requests.
    """
    render = cast("_Templates", app).form_renderer(operation)

    def call(request: Request) -> Outgoing:
        try:
            return respond(request)
        except FormRequested:
            return render(request)

    return call


def rendering(operation: Operation, app: Owner, invoke: _Invoke) -> _Invoke:
    """Make the callable that calls a method and renders the page of its return value.

    Args:
        operation: The record; at least one of its outputs has a page.
        app: The App, which has the templates.
        invoke: A function that calls the method. It returns the resource (None for a function) and
            the value.
    """
    pages = _pages(operation, app)
    usual = operation.outputs[0].status
    usual_type = next(iter(offered_types(operation.outputs)), "")

    def invoke_and_render(
        request: Request, arguments: Mapping[str, object]
    ) -> tuple[Resource | None, object]:
        resource, value = invoke(request, arguments)
        if isinstance(value, _READY):
            return resource, value
        data, status = value, usual
        headers: HeaderItems = ()
        if type(value) is tuple:
            data, stated, headers = unpacked(value, operation)
            status = usual if stated is None else stated
        render = pages.get((status, request.response_media_type or usual_type))
        if render is None:
            return resource, value
        text, more = render(request, resource, data)
        if not isinstance(text, str):
            text = _committed(request, text)
        return resource, (text, status, _joined(more, headers))

    return invoke_and_render


def _committed(request: Request, chunks: Iterator[str]) -> Iterator[str]:
    """Render the first chunk of a page, end the unit of work, and return all chunks.

    If the first chunk or the commit fails, the status is not sent yet, so the client gets an error
    response.
    """
    first = next(chunks, "")
    if request.provided is not None:
        request.provided.close()
    return itertools.chain((first,), chunks)


def _pages(operation: Operation, app: Owner) -> dict[tuple[int, str], PageRenderer]:
    """Return the renderer of each status and media type that has a page."""
    found: dict[tuple[int, str], PageRenderer] = {}
    for output in operation.outputs:
        if output.page is not None:
            render = cast("_Templates", app).page_renderer(operation, output)
            found.update(((output.status, each), render) for each in output.media_types)
    return found


def _joined(own: HeaderItems, more: HeaderItems) -> HeaderItems:
    """Return the headers of a page with those of the method, which take precedence."""
    if not more:
        return own
    stated = header_items(more)
    names = {name.lower() for name, _ in stated}
    return [*(each for each in header_items(own) if each[0].lower() not in names), *stated]
