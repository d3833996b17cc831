"""An invalid form as the page that has it, with the sent values and their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from ..contract import Operation
from ..errors import DeclarationError
from ..page import Page
from ..problems import Problem
from ..request import Request
from ..resource import FunctionResource, Resource
from ..response import PlainResponse
from .environment import TemplateOwner
from .form_operations import form_inputs
from .rendering import context_of, page_headers, renderer_of
from .submitted_form import submitted_form
from .templates import templates_of

__all__ = ["form_page", "form_renderer"]

_STATUSES = frozenset({401, 409, 422})


def form_page(problem: Problem, request: Request) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the text and headers of the page of an invalid form.

    Returns:
        None if the problem is not about a form, or the form has no page.
    """
    operation, app = request.operation, cast("TemplateOwner | None", request.app)
    if app is None or operation is None or problem.status not in _STATUSES:
        return None
    page = _page_of(operation)
    if page is None or not request.form_read or not form_inputs(operation):
        return None
    return _rendered(app, request, operation, page, problem)


def form_renderer(app: TemplateOwner, operation: Operation) -> Callable[[Request], PlainResponse]:
    """Return the function that responds with the form that a client sent, with another row.

    Raises:
        DeclarationError: The form has no page.
    """
    page = _page_of(operation)
    if page is None:
        raise DeclarationError(f"{operation.declared_at} shows a form, but has no template.")

    def respond(request: Request) -> PlainResponse:
        text, headers = _rendered(app, request, operation, page, None)
        content = text.encode()
        own = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content)))]
        return PlainResponse(200, [*own, *headers, ("Vary", "Accept")], content)

    return respond


def _rendered(
    app: TemplateOwner, request: Request, operation: Operation, page: Page, problem: Problem | None
) -> tuple[str, list[tuple[str, str]]]:
    """Render the page with the form that was sent, and close its files."""
    templates = templates_of(app)
    try:
        resource = _resource(operation, request)
        context = context_of(templates, request, resource, None)
        context["form"] = submitted_form(app, request, operation, problem)
        context["problem"] = None if problem is None else problem.to_dict()
        text = renderer_of(templates, page, operation.declared_at)(context)
    except BaseException as error:
        if request.provided is not None:
            request.provided.close(error)
        raise
    if request.provided is not None:  # what `context` used, after that of the method is closed
        request.provided.close()
    return text, page_headers(templates, request, page.media_types)


def _page_of(operation: Operation) -> Page | None:
    """Return the page of the class, or else that of the operation."""
    own = cast("type[Resource]", operation.resource)._page()
    pages = (each.page for each in operation.outputs)
    page = own or next((each for each in pages if each), None)
    return None if page is None or page.block else page


def _resource(operation: Operation, request: Request) -> Resource | None:
    kind = cast("type[Resource]", operation.resource)
    if issubclass(kind, FunctionResource):
        return None
    resource = kind()
    resource.request = request
    resource.app = request.app
    return resource
