"""From the value that a method returned to the text of a page."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.meta import find_referenced_templates

from ..contract import Operation, Output
from ..errors import DeclarationError
from ..page import Page
from ..request import Request
from ..resource import Resource
from .environment import TemplateOwner, escapes
from .form_operations import form_operation
from .resource import HTMLResource
from .template_lint import findings
from .templates import Templates, templates_of

if TYPE_CHECKING:
    from ..dispatch.pages import PageRenderer

__all__ = ["context_of", "page_headers", "page_renderer", "renderer_of"]

_NONCE = "restkit.csp_nonce"
_Headers = list[tuple[str, str]]
_BUFFERED = 100  # parts of a template that are one chunk


def page_renderer(app: TemplateOwner, operation: Operation, output: Output) -> PageRenderer:
    """Return the function that renders the page of an output.

    Raises:
        DeclarationError: There is no such template or block, or it cannot be compiled; or the form
            of the page cannot be made.
    """
    page = output.page
    if page is None:
        raise TypeError(f"The status {output.status} of {operation.declared_at} has no page.")
    templates = templates_of(app)
    form = form_operation(app, operation)
    if form is not None:
        from .forms import plan_of  # cold start: forms load marshmallow

        plan_of(app, form)
    headers = _headers(templates, output.media_types)
    if page.streamed:
        return _streaming(templates, page, operation.declared_at, headers)
    render = renderer_of(templates, page, operation.declared_at)

    def render_page(
        request: Request, resource: Resource | None, data: object
    ) -> tuple[str, _Headers]:
        context = context_of(templates, request, resource, data)
        text = render(context)
        nonce = request.environ.get(_NONCE)
        return text, headers if nonce is None else _with_nonce(headers, nonce)

    return render_page


def _streaming(
    templates: Templates, page: Page, declared_at: str, headers: _Headers
) -> PageRenderer:
    """Return the function that renders a page in chunks of some kilobytes."""
    if page.block:
        raise DeclarationError(
            f"{declared_at}: a block is rendered as a whole. Remove block, or streamed = True."
        )
    _line(templates, page.template, declared_at)
    environment = templates.environment

    def stream_page(
        request: Request, resource: Resource | None, data: object
    ) -> tuple[Iterator[str], _Headers]:
        context = context_of(templates, request, resource, data)
        chunks = environment.get_template(page.template).stream(context)
        chunks.enable_buffering(_BUFFERED)
        # The headers are sent before the template asks for the nonce.
        return chunks, _with_nonce(headers, _nonce_of(request)())

    return stream_page


def context_of(
    templates: Templates, request: Request, resource: Resource | None, data: object
) -> dict[str, object]:
    """Return the variables of a page.

    Args:
        templates: The Templates, for their context processors.
        request: The request.
        resource: The resource, whose `HTMLResource.context` is in it; None for a function.
        data: The value that the method returned.
    """
    context: dict[str, object] = {"request": request, "csp_nonce": _nonce_of(request)}
    _add_form(context, request)
    for processor in templates.context_processors:
        context.update(processor(request))
    if isinstance(resource, HTMLResource):
        context.update(resource.context())
    if isinstance(data, Mapping):
        context.update(data)
        context.setdefault("item", data)
    elif isinstance(data, (list, tuple, set, frozenset, Iterator)):
        context["items"] = list(data)
    elif data is not None:
        context["item"] = data
    return context


def _add_form(context: dict[str, object], request: Request) -> None:
    """Add the form of the URL, with its defaults."""
    app, operation = cast("TemplateOwner | None", request.app), request.operation
    if app is None or operation is None:
        return
    found = form_operation(app, operation)
    if found is not None:
        from .forms import initial_form  # cold start: forms load marshmallow

        context["form"] = initial_form(app, request, found)


def page_headers(templates: Templates, request: Request, media_types: tuple[str, ...]) -> _Headers:
    """Return the headers of a page that was rendered."""
    headers, nonce = _headers(templates, media_types), request.environ.get(_NONCE)
    return headers if nonce is None else _with_nonce(headers, nonce)


def renderer_of(
    templates: Templates, page: Page, declared_at: str
) -> Callable[[dict[str, object]], str]:
    """Return the function that renders a page from its variables.

    Raises:
        DeclarationError: There is no such template or block, or it cannot be compiled.
    """
    environment = templates.environment
    line = _line(templates, page.template, declared_at)
    if page.block:
        if not any(page.block in each.blocks for each in line):
            raise DeclarationError(
                f"{declared_at}: the template {page.template!r} has no block {page.block!r}."
            )
        return lambda context: _block(environment.get_template(page.template), line, page, context)
    if not environment.auto_reload:
        return line[0].render
    return lambda context: environment.get_template(page.template).render(context)


def _line(templates: Templates, name: str, declared_at: str) -> list[Template]:
    """Return a template and those that it extends, the base last; compile all that it uses."""
    environment = templates.environment
    try:
        found = [environment.get_template(name)]
        while (parent := _parent(templates, str(found[-1].name))) is not None:
            found.append(environment.get_template(parent))
        _compile_used(templates, name, set())
    except TemplateNotFound as error:
        folders = ", ".join(str(each) for each in templates.folders) or "no folder"
        raise DeclarationError(
            f"{declared_at}: there is no template {str(error.name)!r} in {folders}."
        ) from None
    except TemplateSyntaxError as error:
        raise DeclarationError(
            f"{declared_at}: the template {error.name} cannot be compiled, line {error.lineno}: "
            f"{error.message}"
        ) from None
    return found


def _block(
    template: Template, line: list[Template], page: Page, variables: dict[str, object]
) -> str:
    """Render one block, with the blocks of the templates that the template extends."""
    context = template.new_context(variables)
    for parent in line[1:]:
        for name, function in parent.blocks.items():
            context.blocks.setdefault(name, []).append(function)
    return "".join(context.blocks[page.block][0](context))


def _parent(templates: Templates, name: str) -> str | None:
    """Return the template that a template extends by name, None if it extends none."""
    tree = templates.environment.parse(_loaded(templates, name)[0], name)
    extends = next(tree.find_all(nodes.Extends), None)
    if extends is None or not isinstance(extends.template, nodes.Const):
        return None
    return str(extends.template.value)


def _compile_used(templates: Templates, name: str, seen: set[str]) -> None:
    """Compile the templates that a template includes, imports and extends by name."""
    if name in seen:
        return
    seen.add(name)
    templates.environment.get_template(name)
    source, file, _ = _loaded(templates, name)
    _check(templates, source, file)
    tree = templates.environment.parse(source, name)
    for used in find_referenced_templates(tree):
        if used is not None:
            _compile_used(templates, used, seen)


def _loaded(templates: Templates, name: str) -> tuple[str, str | None, object]:
    """Return the source of a template, and its file."""
    loader = templates.environment.loader
    if loader is None:
        raise TemplateNotFound(name)
    return loader.get_source(templates.environment, name)


def _check(templates: Templates, source: str, file: str | None) -> None:
    """Refuse mistakes in a template of the App's own folders."""
    if not templates.lint or file is None or not escapes(file):
        return
    if not any(Path(file).is_relative_to(each) for each in templates.folders):
        return
    for found in findings(templates.environment, source):
        raise DeclarationError(
            f"{file}, line {found.line}: {found.message}; or say why it is right in a comment on "
            "the line, {# lint: ... #}."
        )


def _headers(templates: Templates, media_types: tuple[str, ...]) -> _Headers:
    """Return the headers of a page."""
    headers = [("X-Content-Type-Options", "nosniff")]
    if "text/html" in media_types or "image/svg+xml" in media_types:
        headers.append(("Referrer-Policy", "strict-origin-when-cross-origin"))
        if templates.policy:
            headers.append(("Content-Security-Policy", templates.policy))
    return headers


def _nonce_of(request: Request) -> Callable[[], str]:
    """Return the function ``csp_nonce`` of a page: the nonce of this response."""

    def csp_nonce() -> str:
        nonce: str | None = request.environ.get(_NONCE)
        if nonce is None:
            nonce = request.environ[_NONCE] = secrets.token_urlsafe(16)
        return nonce

    return csp_nonce


def _with_nonce(headers: _Headers, nonce: str) -> _Headers:
    """Return the headers of a page whose scripts and styles have a nonce."""
    allowed = f"; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'"
    found = dict(headers)
    if "Content-Security-Policy" in found:
        found["Content-Security-Policy"] += allowed
    return list(found.items())
