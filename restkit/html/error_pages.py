"""Error pages: the App's own templates by status, and restkit's page where it has none."""

from __future__ import annotations

import logging

from jinja2 import TemplateNotFound

from ..environ_keys import PAGE_HEADERS
from ..error_formats import HTML_ERRORS, PROBLEM_DETAILS, ErrorFormat
from ..error_page import error_page
from ..problems import Problem
from ..request import Request
from .form_operations import form_inputs
from .session import Session
from .session_fields import SESSION
from .templates import DEFAULT_POLICY, templates_of

__all__ = ["PAGE_ERRORS"]

_log = logging.getLogger("restkit")


def _page(problem: Problem, request: Request) -> str:
    """Return a problem as a page: ``errors/404.html``, ``errors/4xx.html``, ``errors/error.html``.

    The page of an invalid form is the form's own. The variables of the others are
    ``problem``, ``status``, ``title``, ``detail``, ``errors`` and ``request``.
    """
    session = request.environ.get(SESSION)
    if isinstance(session, Session):
        session.revert()  # the page says nothing of what the method would have kept
    found = None
    if request.operation is not None and form_inputs(request.operation):
        from .form_pages import form_page  # cold start: forms load marshmallow

        found = form_page(problem, request)
    if found is not None:
        text, request.environ[PAGE_HEADERS] = found
        return text
    status = problem.status
    names = [f"errors/{name}.html" for name in (status, f"{status // 100}xx", "error")]
    templates = templates_of(request.app)
    members = problem.to_dict()
    context: dict[str, object] = {"request": request, "csp_nonce": str, "problem": members}
    try:
        for processor in templates.context_processors:
            context.update(processor(request))
        context.update(
            status=status,
            title=problem.title,
            detail=members.get("detail", ""),
            errors=members.get("errors", []),
        )
        return templates.environment.select_template(names).render(context)
    except TemplateNotFound as error:
        if error.name not in names:
            _log.exception("The error page of the status %d failed", status)
    except Exception:  # noqa: BLE001  # the response stays the error that it is
        _log.exception("The error page of the status %d failed", status)
    return error_page(problem)


def _policy() -> str:
    """Return the policy of pages, which also allows the style of restkit's own page."""
    own = dict(HTML_ERRORS.headers)["Content-Security-Policy"]
    style = own.rpartition("style-src ")[2]
    return f"{DEFAULT_POLICY}; style-src 'self' {style}; img-src 'self' data:"


PAGE_ERRORS = (
    PROBLEM_DETAILS,
    ErrorFormat(
        "text/html",
        None,
        _page,
        headers={**dict(HTML_ERRORS.headers), "Content-Security-Policy": _policy()},
    ),
)
"""The error formats of an App with pages that declares none: problem details, and pages for
clients that prefer ``text/html``."""
